"""Every night, in runs an hour apart: does every CRM have what came yesterday?"""

import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.domain.compared_record import DIFFERENCES, Compared, Verdict
from switchboard.observability import count, logger, metrics, mistakes_without_words
from switchboard.use_cases.asked_crm import ComparisonTerms
from switchboard.use_cases.comparison import Comparison
from switchboard.use_cases.reconciliation import Night, reconcile

# Questions to one CRM: 36,000 an hour of which it works a quarter, so 100,000 take half a day.
ASKS_PER_S: Final = 10.0
# The last question may take its whole time, and how far it is must be kept after it.
_STOPS_BEFORE_S: Final = 75.0
_METRICS: Final = {
    Verdict.MISSING: "MissingInCrm",
    Verdict.NEVER_TRIED: "NeverTriedInCrm",
    Verdict.OVERDUE: "OverdueForCrm",
    Verdict.PARKED: "ParkedForCrm",
    Verdict.UNSETTLED: "UnsettledInCrm",
    Verdict.OLDER: "OlderInCrm",
    Verdict.OTHER_RECORD: "OtherRecordInCrm",
    Verdict.DOUBLED: "DoubledInCrm",
    Verdict.UNEXPECTED: "UnexpectedInCrm",
    Verdict.WAITING: "WaitingForCrm",
    Verdict.UNANSWERED: "UnansweredByCrm",
}


def tell(compared: Compared, *, counted: Counter[Verdict]) -> None:
    """Count one record, and log what differs. Ids alone: nothing of a person is known here."""
    counted[compared.verdict] += 1
    if compared.is_difference:
        logger.warning(
            "ledger and CRM differ",
            difference=compared.verdict.value,
            interaction_id=compared.interaction_id,
            connector=compared.connector,
            part=compared.part,
            record_id=compared.record_id,
            found_id=compared.found_id,
            why=compared.why,
        )


def remaining_s(context: LambdaContext) -> float:
    return context.get_remaining_time_in_millis() / 1000 - _STOPS_BEFORE_S


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    clock = partial(datetime.now, UTC)
    comparison = Comparison(
        ledger=wiring.ledger(),
        days=wiring.days_of_ledger(),
        crms=wiring.crms(),
        profiles=wiring.posting_profiles(),
        terms=ComparisonTerms(
            clock=clock,
            sleep=time.sleep,
            asks_per_s=ASKS_PER_S,
            has_time_for=lambda wait_s: remaining_s(context) > wait_s,
        ),
    )
    counted = Counter[Verdict]()
    night = reconcile(
        comparison,
        kept=wiring.reconciliation_progress(),
        tell=partial(tell, counted=counted),
        clock=clock,
        is_time_up=lambda: remaining_s(context) <= 0,
    )
    measure(counted)
    told_of(night, comparison)


def measure(counted: Counter[Verdict]) -> None:
    count("ReconciliationCompared", counted.total())
    count("ReconciliationDifferences", sum(counted[each] for each in DIFFERENCES))
    for verdict, name in _METRICS.items():
        if counted[verdict]:
            count(name, counted[verdict])


def told_of(night: Night, comparison: Comparison) -> None:
    """How far it came, in one line, and what nobody can say."""
    if night.stopped:
        count("ReconciliationStopped")
        logger.error("reconciliation stopped, goes on within the hour", why=night.stopped)
    progress = night.progress
    if progress is None:
        return
    for connector, why in comparison.cannot_be_asked().items():
        logger.warning("records cannot be compared", connector=connector, why=why)
    logger.info(
        "compared with the CRMs",
        day=progress.day.isoformat(),
        is_done=progress.is_done,
        differences=sum(progress.counts.get(each, 0) for each in DIFFERENCES),
        counts=dict(sorted(progress.counts.items())),
    )
