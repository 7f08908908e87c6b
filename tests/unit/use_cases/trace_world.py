"""One interaction, and everything that can go wrong while it is posted, step by step.

A step is what happens before it, the fate that a worker meets, and who else is given the pointer:
afterwards, beside it, or while it is paused. After the last step all is well and time passes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from switchboard.domain.deadline import Deadline
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged, PostingState
from switchboard.domain.posting_profile import PostingProfile
from switchboard.errors import LeftAlone, UpstreamUnknown
from switchboard.ports import LedgerRow
from tests.unit.use_cases.posting_world import (
    Clock,
    FaultyCrm,
    MortalLedger,
    World,
    Written,
)

# How the CRM answers. Late: nobody waits any more when the CRM gets to it.
OUTCOMES: Final = (
    "written",
    "lost",
    "never arrived",
    "late",
    "throttled",
    "unavailable",
    "left alone",
    "rejected",
)
DEATHS: Final = (
    "dies after read",
    "dies after claim",
    "dies before",
    "dies after",
    "dies after settle",
)
FATES: Final = OUTCOMES + DEATHS
# Who else is given the pointer: nobody but the sweeper, later; another worker, when this one is
# done with it or dead; or another one at the same time.
AFTERWARDS: Final = ("nobody", "another at once", "another after its lease")
AT_ONCE: Final = ("another as it has read", "another as it calls", "another while it is paused")
# With an amendment; and paused for so long that what it sends is sent when its time is over.
TOO_LONG: Final = "another while it is paused before it calls"
BEFORE: Final = ("", "amended", "down", "amended and down")

_LEASE: Final = timedelta(seconds=46)
_CALL: Final = timedelta(seconds=15)
# Less than the worker allows for what is on its way.
_LATE: Final = timedelta(seconds=70)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a CRM makes of a write that is repeated, and of one that is older than what it has."""

    idempotency: Idempotency
    ignores_older: bool = False

    @property
    def searches(self) -> bool:
        """Whether what is sent long after its time may become a second record."""
        return self.idempotency in {Idempotency.SEARCH_FIRST, Idempotency.ONCE_TOKEN}

    @property
    def amends(self) -> bool:
        return self.idempotency not in {Idempotency.NONE, Idempotency.HEADER}

    def may_park(self, trace: "Trace") -> bool:
        """Whether a person may have to decide: the CRM refused it, or nothing tells a repeat."""
        match self.idempotency:
            case Idempotency.NONE:
                return True
            case Idempotency.HEADER if any("down" in step.before for step in trace):
                return True
        return any("rejected" in {step.fate, step.elsewhere} for step in trace)

    def __str__(self) -> str:
        return f"{self.idempotency}{', ignores older' if self.ignores_older else ''}"


KINDS: Final = (*map(Kind, Idempotency), Kind(Idempotency.UPSERT, ignores_older=True))


@dataclass(frozen=True, slots=True)
class Step:
    """`elsewhere` is the fate of the same row at its second connector, where it has one."""

    before: str
    fate: str
    then: str = "nobody"
    elsewhere: str = "written"


Trace = tuple[Step, ...]


class HauntedCrm(FaultyCrm):
    """A CRM of this kind. It has what was sent when it gets to it, answered or not."""

    def __init__(self, kind: Kind, clock: Clock, name: str) -> None:
        super().__init__(clock, kind.idempotency, (), settle_s=120 if kind.searches else 0)
        self.connector = name
        self.ignores_older = kind.ignores_older
        self.takes_older = not kind.ignores_older
        self.when_sent: Callable[[], object] = lambda: None
        self._on_its_way: list[tuple[datetime, InteractionRecord]] = []

    @contextmanager
    def well_meanwhile(self) -> Iterator[None]:
        """What fate stands in the script is somebody else's."""
        script, self._script = self._script, []
        yield
        self._script = script

    def log_interaction(self, record: InteractionRecord, *, deadline: Deadline) -> Logged:
        self.catch_up()
        match self._script[:1]:
            case ["late"]:
                self.meanwhile()
                self._script = []
                self._on_its_way.append((self._clock.now + _LATE, record))
                self._clock.advance(_CALL)
                self.when_sent()
                raise UpstreamUnknown(self.connector, "no answer in time")
            case ["left alone"]:
                self._script = []
                raise LeftAlone(self.connector, retry_after_s=30)
        try:
            return super().log_interaction(record, deadline=deadline)
        except UpstreamUnknown:
            self._clock.advance(_CALL)
            raise
        finally:
            self.when_sent()

    def catch_up(self) -> None:
        """Do what has arrived by now."""
        now = self._clock.now
        for at, record in [each for each in self._on_its_way if each[0] <= now]:
            self._clock.now = at
            if self._write(record):
                # The time to settle is declared from when nobody waits any more.
                self.records[-1].visible_at -= _LATE - _CALL
            self._clock.now = now
        self._on_its_way = [each for each in self._on_its_way if each[0] > now]

    def _finds(self, written: Written, record: InteractionRecord) -> bool:
        """A key is forgotten some time after its first use."""
        made_at = written.visible_at - timedelta(seconds=self.settle_s)
        is_forgotten = self._clock.now >= made_at + timedelta(seconds=self.key_window_s)
        if self.idempotency is Idempotency.HEADER and is_forgotten:
            return False
        return super()._finds(written, record)


class WatchedLedger(MortalLedger):
    """Others can be let in when a worker has read, or it dies then."""

    def __init__(self) -> None:
        super().__init__()
        self.when_read: Callable[[], object] = lambda: None

    def read_many(self, interaction_ids: Sequence[str]) -> dict[str, LedgerRow]:
        rows = super().read_many(interaction_ids)
        self._survive("read")
        meanwhile, self.when_read = self.when_read, lambda: None
        meanwhile()
        return rows


class TraceWorld(World):
    """Plays traces. Every CRM is of the same kind."""

    def __init__(self, kind: Kind, connectors: Sequence[str] = ("sandbox",)) -> None:
        super().__init__(profiles=tuple(map(PostingProfile, connectors)))
        self.kind = kind
        self.ledger: WatchedLedger = WatchedLedger()
        self.haunted = [HauntedCrm(kind, self.clock, name) for name in connectors]
        self.crms = {crm.connector: crm for crm in self.haunted}

    def end_call(self, **fields: str) -> None:
        """With an address: to read a number takes most of the time of a trace."""
        super().end_call(**{"channel": "email", "contact": "ada@example.com", **fields})

    def play(self, trace: "Trace") -> str:
        """What it must not have ended in; empty when it ended well."""
        self.end_call()
        for step in trace:
            self._prepare(step.before)
            self._take(step)
            self._hand_on(step.then)
        self._rest()
        may_park = self.kind.may_park(trace)
        return next(filter(None, (self._wrong_in(crm, may_park) for crm in self.haunted)), "")

    def _rest(self) -> None:
        """All is well from now on."""
        self.settle()
        self.clock.advance(timedelta(hours=1))
        for crm in self.haunted:
            crm.catch_up()
        self.settle()

    def _prepare(self, before: str) -> None:
        if "amended" in before:
            self.amend()
        if "down" in before:
            self._be_down()

    def _be_down(self) -> None:
        """For so long that a CRM forgets a key."""
        for crm in self.haunted:
            crm.is_down = True
        for _ in range(6):
            self.clock.advance(timedelta(minutes=30))
            self._sweep()
        for crm in self.haunted:
            crm.is_down = False

    def _take(self, step: Step) -> None:
        crm = self.haunted[0]
        self._let_another_in(step.then, crm)
        with self._dying(step.fate):
            crm.next_fate("written" if step.fate in _OF_LEDGER else step.fate)
            for other in self.haunted[1:]:
                other.next_fate(step.elsewhere)
            self.work()
        for each in self.haunted:
            each.next_fate("written")
        crm.meanwhile = crm.when_sent = self.ledger.when_read = lambda: None

    @contextmanager
    def _dying(self, fate: str) -> Iterator[None]:
        self.ledger.dies_after = _OF_LEDGER.get(fate, "")
        yield
        self.ledger.dies_after = ""

    def _let_another_in(self, then: str, crm: HauntedCrm) -> None:
        def another() -> None:
            crm.meanwhile = crm.when_sent = lambda: None
            dies_after, self.ledger.dies_after = self.ledger.dies_after, ""
            with crm.well_meanwhile():
                self.work()
            self.ledger.dies_after = dies_after

        def after_a_pause() -> None:
            self.clock.advance(_LEASE)
            another()

        def after_too_long() -> None:
            crm.meanwhile = lambda: None
            self.amend()
            self.clock.advance(_LEASE + _LATE)
            another()

        match then:
            case "another as it has read":
                self.ledger.when_read = another
            case "another as it calls":
                crm.meanwhile = another
            case "another while it is paused":
                crm.when_sent = after_a_pause
            case _ if then == TOO_LONG:
                crm.meanwhile = after_too_long

    def _hand_on(self, then: str) -> None:
        match then:
            case "another at once":
                self.work()
            case "another after its lease":
                self.clock.advance(_LEASE)
                self.work()

    def _wrong_in(self, crm: HauntedCrm, may_park: bool) -> str:
        row = self.ledger.read("i-1")
        posting = row.postings.get(crm.connector) if row else None
        if row is None or posting is None:
            return "nothing came of it"
        if posting.state not in {PostingState.DONE, PostingState.PARKED}:
            return f"left {posting.state}"
        if len(crm.records) > 1:
            return f"{len(crm.records)} records"
        if posting.state is PostingState.PARKED:
            return "" if may_park else f"parked: {posting.reason}"
        if not crm.records:
            return "no record, and it says done"
        if self.kind.amends and crm.records[0].record.fields != row.interaction.fields:
            return "an older version stands in the CRM"
        return ""


_OF_LEDGER: Final = {
    "dies after read": "read",
    "dies after claim": "claim",
    "dies after settle": "settle",
}
