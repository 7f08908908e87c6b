"""GET, POST /v1/arrivals/lookup: who is this? Asked by the ECS flow while the phone rings."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.answers import LookupAnswer
from switchboard.contracts.ecs import Arrival
from switchboard.edges.arrivals import receive
from switchboard.edges.flat import flat
from switchboard.edges.http_api import answer, new_api, refuse_other_methods, require_key
from switchboard.observability import count, logger, metrics
from switchboard.use_cases.arrival_lookup import note_arrival, outcome_of

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
    match = reception.look_up(crms=wiring.asked_crms(), memory=wiring.lookup_memory())
    note_arrival(
        reception.asked.interaction_id,
        reception.note(match),
        ledger=wiring.ledger(),
        deadline=reception.deadline,
    )
    desk_url = reception.desk_url(read_key=wiring.desk_link_key)
    values = LookupAnswer.model_validate(reception.lookup_values(match, desk_url=desk_url))
    count(f"Caller{outcome_of(match).capitalize()}")
    logger.info(
        "caller looked up", outcome=values.outcome, source=values.source, ms=values.elapsed_ms
    )
    return answer(flat(values.values()))


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
