"""GET, POST /v1/arrivals/route: where does this go, and why? It looks up by itself."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.answers import RouteAnswer
from switchboard.contracts.ecs import Arrival
from switchboard.domain.customer import Known
from switchboard.edges.arrival_report import report_lookup
from switchboard.edges.arrivals import receive, routing_values
from switchboard.edges.flat import flat
from switchboard.edges.http_api import answer, new_api, refuse_other_methods, require_key
from switchboard.observability import logger, metrics
from switchboard.use_cases.arrival_lookup import note_arrival, outcome_of, settle
from switchboard.use_cases.customer_history import history_facts
from switchboard.use_cases.routing_decision import route_interaction

PATH = "/v1/arrivals/route"
api = new_api()
refuse_other_methods(api, PATH, "GET", "POST")


@api.route(
    PATH,
    method=["GET", "POST"],
    summary="Route an arriving contact",
    tags=["arrivals"],
    openapi_extensions={"x-asks": Arrival, "x-answers": RouteAnswer},
)
def route() -> Response[str]:
    require_key(api)
    reception = receive(api, wiring.lookup_configuration)
    lookup = reception.begin_lookup(crms=wiring.asked_crms, stores=wiring.lookup_stores())
    desk_url = reception.desk_url(read_key=wiring.desk_link_key)
    ruleset, digest = wiring.ruleset()
    found = lookup.result()
    past = reception.history(found.match, ledger=wiring.ledger())
    routed = route_interaction(
        outcome=outcome_of(found.match),
        customer=found.match.customer if isinstance(found.match, Known) else None,
        ecs=reception.asked.model_dump(),
        ruleset=ruleset,
        digest=digest,
        past=past,
        now=reception.now,
    )
    decided = routing_values(routed)
    note = note_arrival(
        reception.asked.interaction_id,
        reception.note(found.match, flat(decided)),
        ledger=wiring.ledger(),
    )
    settle([*found.kept, note], reception.deadline)
    facts = history_facts(past, reception.now)
    known = reception.lookup_values(found, facts, desk_url=desk_url)
    values = RouteAnswer.model_validate({**known, **decided})
    report_lookup(values, found, {"row": values.row, "ruleset": values.ruleset})
    return answer(flat(values.values()))


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)


wiring.prepare_lookups(wiring.ruleset)
