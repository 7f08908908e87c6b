"""SQS: pointers to requests for a call that wait to be dialled."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.edges.work import read_pointer
from switchboard.observability import count, join, logger, metrics, mistakes_without_words
from switchboard.use_cases.outbound_dialing import dial

processor = BatchProcessor(event_type=EventType.SQS)


def place(record: SQSRecord) -> None:
    count("DialingRun")
    pointer = read_pointer(record.body)
    join(request_id=pointer.request_id, outbound_id=pointer.id)
    request = dial(
        pointer.id,
        policy=wiring.contact_policy(),
        centre=wiring.contact_centre(),
        store=wiring.outbound_store(),
        now=datetime.now(UTC),
    )
    if request is None:
        return
    count(f"Outbound{request.state.capitalize()}")
    logger.info(
        "outbound request dialled",
        state=request.state.value,
        reason=request.reason,
        call_id=request.call_id,
    )


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, place, processor, context)
