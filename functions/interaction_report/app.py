"""GET /v1/interactions/{id}: is it in the CRM, and if not, why?

GET /v1/customers/{key}/interactions: what were a customer's contacts?
"""

from datetime import UTC, datetime
from typing import Any, Final

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.customer_history import HistoryAnswer, PastInteraction
from switchboard.contracts.interaction_report import KNOWN_FIELDS, InteractionAnswer
from switchboard.edges.history_cursor import cursor_of, places_in
from switchboard.edges.http_api import request_id, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.observability import count, join, logger, metrics, mistakes_without_words
from switchboard.use_cases.customer_history import HISTORY_READ, MOST_ON_A_PAGE, history_of
from switchboard.use_cases.interaction_report import report_on

INTERACTION: Final = "/v1/interactions/<interaction_id>"
HISTORY: Final = "/v1/customers/<key>/interactions"
api = new_api()
refuse_other_methods(api, INTERACTION, "GET")
refuse_other_methods(api, HISTORY, "GET")


@api.get(
    INTERACTION,
    summary="Ask whether an interaction is in the CRM, and if not, why",
    tags=["interactions"],
    openapi_extensions={"x-answers": InteractionAnswer, "x-refuses": [404]},
)
def tell(interaction_id: str) -> Response[str]:
    key_id = require_key(api)
    join(request_id=request_id(api), key_id=key_id)
    report = report_on(
        interaction_id,
        ledger=wiring.ledger(),
        profiles=wiring.posting_profiles(),
        connected=wiring.ways_of_writing(),
        known_names=KNOWN_FIELDS,
        now=datetime.now(UTC),
    )
    count("InteractionTold")
    # Not the id that was asked for: whoever mistypes may type a number.
    logger.info(
        "interaction told",
        interaction_id=report.interaction_id,
        records=[record.standing.value for record in report.records],
    )
    told = InteractionAnswer.of(report, request_id=request_id(api))
    return answer(told.model_dump(mode="json"))


@api.get(
    HISTORY,
    summary="Ask for a customer's contacts over all channels, newest first",
    tags=["interactions"],
    openapi_extensions={
        "x-answers": HistoryAnswer,
        "x-refuses": [404, 422],
        "x-query": {
            "limit": f"At most so many, 1 to {MOST_ON_A_PAGE}; else {HISTORY_READ}.",
            "after": "The `next` of an earlier answer about the same customer.",
        },
    },
)
def tell_history(key: str) -> Response[str]:
    key_id = require_key(api)
    join(request_id=request_id(api), key_id=key_id)
    asked = api.current_event.get_query_string_value
    page = history_of(
        key,
        limit=_number(asked("limit", str(HISTORY_READ))),
        after=places_in(asked("after", ""), key),
        ledger=wiring.ledger(),
        now=datetime.now(UTC),
    )
    count("HistoryTold")
    logger.info("history told", interactions=len(page.rows), is_more=bool(page.after))
    told = HistoryAnswer(
        interactions=[PastInteraction.of(row) for row in page.rows],
        next=cursor_of(key, page.after),
        request_id=request_id(api),
    )
    return answer(told.model_dump(mode="json"))


def _number(text: str) -> int:
    """What is no number is none that anybody may ask for."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.resolve(event, context)
