"""What one run of the posting worker brings with it, and how long things may take in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from switchboard.beside import in_turn
from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.posting import IN_FLIGHT_S, RETRY_AFTER_S, Habits
from switchboard.domain.retry_budget import RetryBudget
from switchboard.errors import Misconfigured
from switchboard.ports import Crm

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Times:
    """How long a worker may take, in seconds.

    One call to a CRM takes `crm_budget_s` at most, and none is begun later than `last_call_after_s`
    into a lease. So nothing is sent any more when the lease ends, with ten seconds to spare for
    clocks that disagree.
    """

    crm_budget_s: float = 15.0
    lease_s: float = 45.0
    last_call_after_s: float = 20.0
    in_flight_s: float = IN_FLIGHT_S
    retry_after_s: tuple[float, ...] = RETRY_AFTER_S
    retry_wait_s: tuple[float, float] = (5.0, 15.0)

    @property
    def sends_until_s(self) -> float:
        """How long after its claim a worker may still send something."""
        return self.last_call_after_s + self.crm_budget_s


class Together(Protocol):
    """How several things are done: at the same time, or one after the other."""

    def __call__(self, works: Sequence[Callable[[], T]], /) -> list[T]: ...


@dataclass(frozen=True, slots=True)
class PostingRun:
    """Who a worker is, how it tells the time, what is drawn by chance.

    A moment is taken when something happens, not when the run began: a CRM may keep us waiting.
    `regions` are those of the numbers that are dialled, as on arrival. `request_ids` names, by
    interaction id, the request that each goes back to; `ambiguity` says by which numbers nobody
    is known. `retry_budgets` gives a connector's; without them every retry may be made. `mistaken`
    are the interactions that our own code failed over.
    """

    token: str
    clock: Callable[[], datetime]
    jitter: float
    default_region: str
    regions: Mapping[str, str]
    request_ids: Mapping[str, str]
    ambiguity: AmbiguityRules = field(default_factory=AmbiguityRules)
    times: Times = field(default_factory=Times)
    together: Together = in_turn
    retry_budgets: Callable[[str], RetryBudget] | None = None
    mistaken: set[str] = field(default_factory=set)

    @contextmanager
    def telling_mistakes(self, interaction_id: str) -> Iterator[None]:
        """Whatever is raised here is a mistake of ours over this interaction, and no other."""
        self.mistaken.add(interaction_id)
        yield
        self.mistaken.discard(interaction_id)

    def habits_of(self, crm: Crm) -> Habits | None:
        """How the CRM takes records; None where its connector writes none at all.

        One that cannot must not stop the others.
        """
        try:
            return Habits(
                idempotency=crm.idempotency,
                settle_s=crm.settle_s,
                ignores_older=crm.ignores_older,
                key_window_s=crm.key_window_s,
                call_s=self.times.sends_until_s,
                in_flight_s=self.times.in_flight_s,
            )
        except Misconfigured:
            return None
