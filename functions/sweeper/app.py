"""Every minute: wake the workers for what was missed, and take in what was spilled."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.domain.deadline import Deadline
from switchboard.edges.trigger_request import take_told, told_by, trigger_in
from switchboard.errors import StateUnavailable, StateUnreadable, SwitchboardError
from switchboard.observability import logger, metrics, mistakes_without_words, tell_mistake
from switchboard.use_cases.sweeper import sweep
from switchboard.use_cases.taking_back import TakenBack, take_back

# Less than the function's timeout, by as much as the last calls may take.
_BUDGET_S: Final = 40.0
# Of that, at least this is left for what was spilled.
_TAKING_BACK_S: Final = 10.0


def take_spilled(deadline: Deadline, now: datetime) -> None:
    """Never fails for an outage: it comes again in a minute."""
    try:
        back = take_back(
            aside=wiring.kept_aside(),
            take=take,
            deadline=deadline,
            token=lambda: uuid4().hex[:12],
        )
    except StateUnavailable as error:
        logger.warning("spilled events cannot be listed", detail=str(error))
        return
    waits_s = (now - back.waiting_since).total_seconds() if back.waiting_since else 0.0
    metrics.add_metric(name="SpillWaits", unit="Seconds", value=max(0.0, waits_s))
    if back != TakenBack():
        metrics.add_metric(name="SpillTakenBack", unit="Count", value=back.kept)
        metrics.add_metric(name="SpillRefused", unit="Count", value=back.refused)
        logger.info("taken back", kept=back.kept, refused=back.refused, waits_s=int(waits_s))


def take(body: bytes) -> None:
    """Read and keep one spilled event, as intake would have done. Safe to repeat.

    A mistake of ours over one of them is told, and passed over: others wait behind it.

    Raises: SwitchboardError.
    """
    try:
        keep(KeptTrigger.read(body))
    except SwitchboardError:
        raise
    except Exception as mistake:  # noqa: BLE001 - as loud, and none behind it waits
        tell_mistake("SpillMistake", mistake)
        raise StateUnreadable("our own code failed over a spilled event; see the log") from None


def keep(sent: KeptTrigger) -> None:
    zone = ZoneInfo(wiring.lookup_settings().time_zone)
    take_told(
        told_by(sent, trigger_in(sent), zone=zone),
        profiles=wiring.known_posting_profiles(),
        ledger=wiring.ledger(),
        queue=wiring.posting_queue(),
        now=datetime.now(UTC),
    )


def wake(request_id: str, deadline: Deadline) -> None:
    swept = sweep(
        ledger=wiring.ledger(),
        outbound=wiring.outbound_store(),
        posting_queue=wiring.posting_queue(),
        dialing_queue=wiring.dialing_queue(),
        request_id=request_id,
        now=datetime.now(UTC),
        deadline=deadline.at_most(_BUDGET_S - _TAKING_BACK_S),
    )
    metrics.add_metric(name="PostingsWoken", unit="Count", value=swept.postings)
    metrics.add_metric(name="CallsWoken", unit="Count", value=swept.calls)
    metrics.add_metric(name="DueUnsent", unit="Count", value=swept.unsent)
    logger.info("swept", postings=swept.postings, calls=swept.calls, unsent=swept.unsent)


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    deadline = Deadline.after(_BUDGET_S)
    try:
        wake(context.aws_request_id, deadline)
    finally:
        # A queue that is down keeps nobody from taking into the ledger what was acknowledged.
        take_spilled(deadline, datetime.now(UTC))
