"""GET, POST /v1/arrivals/route: where does this go, and why? It looks up by itself."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.answers import RouteAnswer
from switchboard.contracts.ecs import Arrival
from switchboard.domain.customer import Known
from switchboard.edges.arrivals import receive, routing_values
from switchboard.edges.flat import flat
from switchboard.edges.http_api import answer, new_api, refuse_other_methods, require_key
from switchboard.observability import count, logger, metrics
from switchboard.use_cases.arrival_lookup import note_arrival, outcome_of
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
    match = reception.look_up(crms=wiring.asked_crms(), memory=wiring.lookup_memory())
    ruleset, digest = wiring.ruleset()
    routed = route_interaction(
        outcome=outcome_of(match),
        customer=match.customer if isinstance(match, Known) else None,
        ecs=reception.asked.model_dump(),
        ruleset=ruleset,
        digest=digest,
        ledger=wiring.ledger(),
        deadline=reception.deadline,
        now=reception.now,
    )
    decided = routing_values(routed)
    note_arrival(
        reception.asked.interaction_id,
        reception.note(match, flat(decided)),
        ledger=wiring.ledger(),
        deadline=reception.deadline,
    )
    desk_url = reception.desk_url(read_key=wiring.desk_link_key)
    values = RouteAnswer.model_validate(
        {**reception.lookup_values(match, desk_url=desk_url), **decided}
    )
    count("Routed")
    logger.info(
        "interaction routed",
        outcome=values.outcome,
        source=values.source,
        row=values.row,
        ruleset=values.ruleset,
        ms=values.elapsed_ms,
    )
    return answer(flat(values.values()))


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
