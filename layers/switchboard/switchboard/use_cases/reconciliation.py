"""Every night: compare what came yesterday with the CRMs, over as many runs as it takes."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from switchboard.domain.compared_record import Compared
from switchboard.domain.reconciliation_progress import Progress, next_progress
from switchboard.errors import StateUnavailable
from switchboard.ports import ReconciliationProgress
from switchboard.use_cases.asked_crm import CannotGoOn
from switchboard.use_cases.comparison import Comparison

_KEPT_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Night:
    """How far a run came. `stopped` says why it ended before the day did; empty for lack of time.

    `progress` is None when there was nothing to do.
    """

    progress: Progress | None
    stopped: str = ""


def reconcile(
    comparison: Comparison,
    *,
    kept: ReconciliationProgress,
    tell: Callable[[Compared], None],
    clock: Callable[[], datetime],
    is_time_up: Callable[[], bool],
) -> Night:
    """Go on where the run before stopped, until every whole day is compared or the time is up.

    Each difference is told once, or twice where a run died between telling and keeping.
    """
    reached: Progress | None = None
    try:
        while (progress := next_progress(kept.read(), now=clock())) and not is_time_up():
            run = _Run(comparison, kept, tell, clock, is_time_up, progress)
            try:
                run.day()
            finally:
                reached = run.progress
            if not reached.is_done:
                return Night(reached)
    except CannotGoOn as stopped:
        return Night(reached, str(stopped))
    except StateUnavailable as error:
        return Night(reached, error.code)
    return Night(reached)


@dataclass(slots=True)
class _Run:
    comparison: Comparison
    kept: ReconciliationProgress
    tell: Callable[[Compared], None]
    clock: Callable[[], datetime]
    is_time_up: Callable[[], bool]
    progress: Progress

    def day(self) -> None:
        if self.is_time_up():
            return
        unknown = list(self.comparison.listed(self.progress.day))
        if not self.progress.is_listed:
            self._count("", unknown)
            self.progress = replace(self.progress, is_listed=True)
            self._keep()
        try:
            self._interactions()
        except CannotGoOn:
            # What was compared until a CRM went down need not be asked again.
            self._keep()
            raise
        self._keep()

    def _interactions(self) -> None:
        compared = self.comparison.compared(self.progress.day, after=self.progress.after)
        for number, (interaction_id, told) in enumerate(compared, start=1):
            self._count(interaction_id, told)
            if number % _KEPT_EVERY == 0:
                self._keep()
            if self.is_time_up():
                return
        self.progress = replace(self.progress, is_done=True)

    def _count(self, interaction_id: str, told: Iterable[Compared]) -> None:
        counts = Counter[str]()
        for one in told:
            counts[one.verdict.value] += 1
            self.tell(one)
        self.progress = self.progress.with_one(interaction_id, counts)

    def _keep(self) -> None:
        self.kept.keep(self.progress, now=self.clock())
