"""GET, POST /v1/arrivals/lookup: who is this? Asked by the ECS flow while the phone rings."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.answers import LookupAnswer
from switchboard.contracts.ecs import Arrival
from switchboard.edges.arrival_report import report_lookup
from switchboard.edges.arrivals import receive
from switchboard.edges.flat import flat
from switchboard.edges.http_api import answer, new_api, refuse_other_methods, require_key
from switchboard.observability import logger, metrics
from switchboard.use_cases.arrival_lookup import note_arrival, settle

PATH = "/v1/arrivals/lookup"
api = new_api()
refuse_other_methods(api, PATH, "GET", "POST")


@api.route(
    PATH,
    method=["GET", "POST"],
    summary="Look up an arriving contact",
    tags=["arrivals"],
    openapi_extensions={"x-asks": Arrival, "x-answers": LookupAnswer},
)
def look_up() -> Response[str]:
    require_key(api)
    reception = receive(api, wiring.lookup_configuration)
    lookup = reception.begin_lookup(crms=wiring.asked_crms, stores=wiring.lookup_stores())
    desk_url = reception.desk_url(read_key=wiring.desk_link_key)
    found = lookup.result()
    facts = reception.history_facts(found.match, ledger=wiring.ledger())
    note = note_arrival(
        reception.asked.interaction_id, reception.note(found.match), ledger=wiring.ledger()
    )
    settle([*found.kept, note], reception.deadline)
    values = LookupAnswer.model_validate(reception.lookup_values(found, facts, desk_url=desk_url))
    report_lookup(values, found)
    return answer(flat(values.values()))


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)


wiring.prepare_lookups()
