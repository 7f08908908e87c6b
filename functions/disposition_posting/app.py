"""SQS: pointers to interactions whose result belongs into a CRM."""

import random
from collections.abc import Sequence
from contextlib import suppress
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
from switchboard.edges.work import Pointer, read_pointer
from switchboard.errors import StateUnavailable
from switchboard.observability import count, join, logger, metrics
from switchboard.use_cases.disposition_posting import Posted, PostingRun, post_interactions

processor = BatchProcessor(event_type=EventType.SQS)


def post(pointers: Sequence[Pointer]) -> dict[str, Posted]:
    """Post what a batch of messages points at; CRMs that take several records get them at once."""
    lookup = wiring.lookup_settings()
    run = PostingRun(
        token=uuid4().hex,
        clock=partial(datetime.now, UTC),
        jitter=random.random(),  # noqa: S311  spreads retries, protects nothing
        default_region=lookup.default_region,
        regions=lookup.regions_by_dialed_number,
        request_ids={pointer.id: pointer.request_id for pointer in pointers},
        ambiguity=lookup.rules.ambiguity,
    )
    return post_interactions(
        [pointer.id for pointer in pointers],
        ledger=wiring.ledger(),
        crms=wiring.crms(),
        profiles=wiring.posting_profiles(),
        queue=wiring.posting_queue(),
        once=wiring.once_store(),
        memory=wiring.lookup_memory(),
        run=run,
    )


def tell(record: SQSRecord, *, posted: dict[str, Posted]) -> None:
    """Log what became of one message; a message whose turn was lost comes again."""
    count("PostingRun")
    pointer = read_pointer(record.body)
    join(request_id=pointer.request_id, interaction_id=pointer.id)
    postings = posted[pointer.id]
    if isinstance(postings, StateUnavailable):
        raise postings
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


def readable(event: dict[str, Any]) -> list[Pointer]:
    """The pointers of a batch. One that cannot be read fails alone, when it is told."""
    pointers = []
    for record in event["Records"]:
        with suppress(ValueError):
            pointers.append(read_pointer(record["body"]))
    return pointers


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    count("PostingBatch")
    pointers = readable(event)
    posted = post(pointers) if pointers else {}
    return process_partial_response(event, partial(tell, posted=posted), processor, context)
