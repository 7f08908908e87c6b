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
from switchboard.beside import side_by_side
from switchboard.edges.work import Pointer, read_pointer
from switchboard.errors import SwitchboardError
from switchboard.observability import (
    count,
    join,
    logger,
    metrics,
    mistakes_without_words,
    tell_mistake,
)
from switchboard.use_cases.disposition_posting import post_interactions
from switchboard.use_cases.posting_quarantine import quarantine
from switchboard.use_cases.posting_run import PostingRun, Times
from switchboard.use_cases.posting_work import Posted

# bench/posting.py shortens the waits.
TIMES = Times()
processor = BatchProcessor(event_type=EventType.SQS)


def post(pointers: Sequence[Pointer]) -> dict[str, Posted]:
    """Post what a batch of messages points at; CRMs that take several records get them at once.

    A mistake of ours over one interaction must not cost the others their turn: it is noted, and the
    interaction left to a person after a few times. Where nobody can tell which it was over, and
    where the others were not come to, each is posted alone.
    """
    ids = [pointer.id for pointer in pointers]
    try:
        run = new_run(pointers)
    except SwitchboardError as error:
        return dict.fromkeys(ids, error)
    try:
        return post_together(ids, run)
    except SwitchboardError as error:
        return dict.fromkeys(ids, error)
    except Exception as mistake:  # noqa: BLE001 - told loudly, and by the alarm on PostingMistake
        tell_mistake("PostingMistake", mistake)
        alone = side_by_side([partial(post_alone, each, run) for each in ids])
        return dict(zip(ids, alone, strict=True))


def post_alone(interaction_id: str, run: PostingRun) -> Posted:
    # One that we failed over is not tried again now: what it left must settle first.
    if interaction_id in run.mistaken:
        return note_mistake(interaction_id, run)
    try:
        return post_together([interaction_id], run)[interaction_id]
    except SwitchboardError as error:
        return error
    except Exception as mistake:  # noqa: BLE001 - as above
        tell_mistake("PostingMistake", mistake)
        return note_mistake(interaction_id, run)


def note_mistake(interaction_id: str, run: PostingRun) -> Posted:
    try:
        is_left = quarantine(
            interaction_id,
            ledger=wiring.ledger(),
            crms=wiring.crms(),
            profiles=wiring.posting_profiles(),
            run=run,
        )
    except SwitchboardError as error:
        return error
    if is_left:
        count("PostingQuarantined")
        logger.error("our own code failed over it several times", interaction_id=interaction_id)
    return ()


def post_together(interaction_ids: Sequence[str], run: PostingRun) -> dict[str, Posted]:
    return post_interactions(
        interaction_ids,
        ledger=wiring.ledger(),
        crms=wiring.crms(),
        profiles=wiring.posting_profiles(),
        queue=wiring.posting_queue(),
        once=wiring.once_store(),
        memory=wiring.lookup_memory(),
        run=run,
    )


def new_run(pointers: Sequence[Pointer]) -> PostingRun:
    lookup = wiring.lookup_settings()
    return PostingRun(
        token=uuid4().hex,
        clock=partial(datetime.now, UTC),
        jitter=random.random(),  # noqa: S311  spreads retries, protects nothing
        default_region=lookup.default_region,
        regions=lookup.regions_by_dialed_number,
        request_ids={pointer.id: pointer.request_id for pointer in pointers},
        ambiguity=lookup.rules.ambiguity,
        times=TIMES,
        together=side_by_side,
        retry_budgets=wiring.retry_budget,
    )


def tell(record: SQSRecord, *, posted: dict[str, Posted]) -> None:
    """Log what became of one message. What could not be read or kept is due in the ledger all the
    same, so no message has to come again for it; one that is no pointer fails, and is a mistake."""
    count("PostingRun")
    pointer = read_pointer(record.body)
    join(request_id=pointer.request_id, interaction_id=pointer.id)
    postings = posted[pointer.id]
    if isinstance(postings, SwitchboardError):
        count("PostingNotPossible")
        logger.error("not posted now, the sweeper brings it again", detail=str(postings))
        return
    for posting in postings:
        count(f"Posting{posting.state.capitalize()}")
        logger.info(
            "interaction posted",
            connector=posting.connector,
            part=posting.part,
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


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    count("PostingBatch")
    pointers = readable(event)
    posted = post(pointers) if pointers else {}
    return process_partial_response(event, partial(tell, posted=posted), processor, context)
