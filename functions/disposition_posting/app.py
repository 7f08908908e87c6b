"""SQS: pointers to interactions whose result belongs into a CRM."""

import random
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

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
from switchboard.observability import count, join, logger, metrics
from switchboard.use_cases.disposition_posting import PostingRun, post_interaction

processor = BatchProcessor(event_type=EventType.SQS)


def post(record: SQSRecord) -> None:
    count("PostingRun")
    pointer = read_pointer(record.body)
    join(request_id=pointer.request_id, interaction_id=pointer.id)
    run = PostingRun(
        token=uuid4().hex,
        clock=partial(datetime.now, UTC),
        jitter=random.random(),  # noqa: S311  spreads retries, protects nothing
        default_region=wiring.lookup_configuration().default_region,
        request_id=pointer.request_id,
    )
    postings = post_interaction(
        pointer.id,
        ledger=wiring.ledger(),
        crms=wiring.crms(),
        profiles=wiring.posting_profiles(),
        queue=wiring.posting_queue(),
        run=run,
    )
    for posting in postings:
        count(f"Posting{posting.state.capitalize()}")
        logger.info(
            "interaction posted",
            connector=posting.connector,
            state=posting.state.value,
            revision=posting.revision,
            attempts=posting.attempts,
            reason=posting.reason,
            record_id=posting.record_id,
        )


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event, post, processor, context)
