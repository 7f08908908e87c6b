"""GET, POST /v1/arrivals/lookup: who is this? Asked by the ECS flow while the phone rings."""

from switchboard import quiet_start  # first, because it stops the search for garbage

# isort: split

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.edges.arrival_report import report_lookup
from switchboard.edges.arrivals import receive
from switchboard.edges.direct_api import DirectApi
from switchboard.edges.flat import flat
from switchboard.edges.http_api import require_key
from switchboard.observability import logger, metrics, mistakes_without_words
from switchboard.use_cases.arrival_lookup import note_arrival, settle

PATH = "/v1/arrivals/lookup"
api = DirectApi(PATH, "GET", "POST")


@api.answers(
    summary="Look up an arriving contact",
    tags=["arrivals"],
    openapi_extensions={"x-asks": "ecs.Arrival", "x-answers": "answers.LookupAnswer"},
)
def look_up() -> dict[str, str]:
    require_key(api)
    reception = receive(api, wiring.lookup_settings)
    lookup = reception.begin_lookup(crms=wiring.asked_crms, stores=wiring.lookup_stores())
    desk_url = reception.desk_url(read_key=wiring.desk_link_key)
    found = lookup.result()
    facts = reception.history_facts(found.match, ledger=wiring.ledger())
    note = note_arrival(
        reception.asked.interaction_id, reception.note(found.match), ledger=wiring.ledger()
    )
    settle([*found.kept, note], reception.deadline)
    said = flat(reception.lookup_values(found, facts, desk_url=desk_url))
    report_lookup(said, found)
    return said


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    return api.resolve(event)


wiring.prepare_lookups()
quiet_start.end()
