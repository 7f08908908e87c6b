"""An interaction arrives: who is it? Answered from memory or the CRMs, always in time."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from traceback import extract_tb
from typing import Final, Literal, assert_never

from switchboard.beside import run_beside
from switchboard.domain.ambiguity import AmbiguityRules, resolve
from switchboard.domain.customer import (
    Ambiguous,
    CustomerMatch,
    Degraded,
    Known,
    NotAsked,
    Source,
    Unknown,
)
from switchboard.domain.deadline import Deadline
from switchboard.domain.findings import Finding, findings_of
from switchboard.domain.identity import Identity
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.ports import Arrival, Crm, Findings, InteractionLedger, LookupMemory
from switchboard.use_cases.crm_answers import Asking, CacheRules, Told

_log = logging.getLogger(__name__)

MatchedBy = Literal["account_number", "contact"]
_DECIDING_S: Final = 0.05
# Many times what our tables take, and little of what a caller has.
_SETTLING_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Question:
    """What an arrival gave of itself: what identifies it, in the order in which it is believed.

    `otherwise` is the answer when nothing does. `chosen` is the record that the caller picked
    from the choices of an earlier answer.
    """

    identities: tuple[tuple[MatchedBy, Identity], ...]
    otherwise: NotAsked
    business_process: str = ""
    chosen: str = ""

    @property
    def when_nobody_is_asked(self) -> CustomerMatch:
        """For CRMs that have no lookup for what was given."""
        is_readable = any(by == "contact" for by, _ in self.identities)
        return Unknown("default") if is_readable else self.otherwise


@dataclass(frozen=True, slots=True)
class LookupRules:
    """How the CRMs are asked, how long an answer is believed, and what several customers mean.

    Together, all CRMs are asked at once; in order, each only when those before know nobody, and
    each gets its share of the time that is left.
    """

    ask_together: bool = False
    cache: CacheRules = field(default_factory=CacheRules)
    ambiguity: AmbiguityRules = field(default_factory=AmbiguityRules)


@dataclass(frozen=True, slots=True)
class Recognition:
    """Who it is, by what, and what each CRM said. `kept` is still being written down."""

    match: CustomerMatch
    matched_by: MatchedBy | Literal[""] = ""
    told: tuple[Told, ...] = ()
    kept: tuple[Future[None], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Stores:
    """Our own tables, as far as a lookup needs them."""

    memory: LookupMemory
    ledger: InteractionLedger
    findings: Findings


@dataclass(frozen=True, slots=True)
class LookingUp:
    """A lookup that has begun; `result` gives the best answer there is at its deadline."""

    _work: Future[Recognition]
    _so_far: Callable[[], Recognition]
    _deadline: Deadline

    def result(self) -> Recognition:
        try:
            return self._work.result(timeout=self._deadline.remaining_s)
        except TimeoutError:
            _log.warning("lookup cut off at its deadline")
        except Exception as mistake:  # noqa: BLE001 - a caller waits, whatever we did wrong
            _log.error("lookup broken off by a mistake of ours: %s", _place_of(mistake))
        return self._so_far()


def begin_lookup(
    question: Question,
    *,
    crms: Callable[[], Sequence[Crm]],
    stores: Stores,
    rules: LookupRules,
    deadline: Deadline,
    now: datetime,
    chance: float = 0.0,
) -> LookingUp:
    """Start finding out who it is, beside whatever else has to be done meanwhile.

    Never fails for a CRM or a table that is down: that is `Degraded`, unless another CRM or an
    earlier answer helps. `chance`, drawn from [0, 1), is for the jitter of the memory.
    """
    # The CRMs get a little less, so that what they do not answer in time can still be decided.
    asking_s = deadline.remaining_s - min(_DECIDING_S, deadline.remaining_s / 4)
    crm_deadline = deadline.at_most(asking_s)
    asking = Asking(stores.memory, rules.cache, crm_deadline, now, deadline.clock(), chance)
    lookup = _Lookup(question, asking, stores, rules, now)
    work = run_beside(lambda: lookup.recognise(crms), name="lookup")
    return LookingUp(work, lookup.so_far, deadline)


def note_arrival(
    interaction_id: str | None, arrival: Arrival, *, ledger: InteractionLedger
) -> "Future[None] | None":
    """Begin to keep what was found for the desk and the posting; None without an interaction.

    A ledger that is down costs the note and never the answer.
    """
    if not interaction_id:
        return None

    def note() -> None:
        try:
            ledger.note_arrival(interaction_id, arrival)
        except StateUnavailable as error:
            _log.warning("arrival not noted: %s", error.code)

    return run_beside(note, name="note")


def settle(writes: Sequence["Future[None] | None"], deadline: Deadline) -> None:
    """Wait for what is being written, because the process may be frozen after the answer.

    A table that hangs costs what it was told, and a caller a moment.
    """
    patience_s = min(deadline.remaining_s, _SETTLING_S)
    done, unfinished = wait([write for write in writes if write], timeout=patience_s)
    for mistake in filter(None, (write.exception() for write in done)):
        _log.error("not kept by a mistake of ours: %s", _place_of(mistake))
    if unfinished:
        _log.warning("answered before %d writes were done", len(unfinished))


def _place_of(mistake: BaseException) -> str:
    """What went wrong and where. Its text is left out: it may hold what a caller sent."""
    places = extract_tb(mistake.__traceback__)
    where = f" at {Path(places[-1].filename).name}:{places[-1].lineno}" if places else ""
    return f"{type(mistake).__name__}{where}"


def outcome_of(match: CustomerMatch) -> str:
    """The word for it in answers to ECS, in logs and in the ledger."""
    match match:
        case Known():
            return "known"
        case Unknown():
            return "unknown"
        case Ambiguous():
            return "ambiguous"
        case NotAsked(reason):
            return reason
        case Degraded():
            return "degraded"
    assert_never(match)


def source_of(match: CustomerMatch) -> Source:
    match match:
        case Known() | Unknown() | Ambiguous():
            return match.source
        case NotAsked() | Degraded():
            return "default"
    assert_never(match)


@dataclass(frozen=True, slots=True)
class _Lookup:
    question: Question
    asking: Asking
    stores: Stores
    rules: LookupRules
    now: datetime

    def recognise(self, crms: Callable[[], Sequence[Crm]]) -> Recognition:
        if not self.question.identities:
            return Recognition(self.question.otherwise)
        try:
            asked = crms()
        except (Misconfigured, StateUnavailable) as error:
            _log.error("no CRM to ask: %s %s", error.code, error)
            return Recognition(Degraded(error.code))
        found = self._found(asked)
        return replace(found, kept=tuple(self.asking.kept))

    def so_far(self) -> Recognition:
        """What can be said at once: an old answer, if there is one."""
        told, kept = tuple(self.asking.told), tuple(self.asking.kept)
        if self.asking.fallback is None:
            return Recognition(Degraded("too_late"), told=told, kept=kept)
        identity, stale = self.asking.fallback
        by = next(by for by, given in self.question.identities if given == identity)
        return Recognition(self._resolved(stale, identity, {}), by, told, kept)

    def _found(self, crms: Sequence[Crm]) -> Recognition:
        """By the first identity that leads to anybody."""
        told: list[Told] = []
        nobody = self.question.when_nobody_is_asked
        left = len(self.question.identities)
        for matched_by, identity in self.question.identities:
            said = list(self._ask(identity, crms, left))
            left -= 1
            if not said:
                continue  # no CRM can be asked by it
            told += said
            match = _first_that_knows(said)
            if isinstance(match, Known | Ambiguous):
                decided = self._decided(match, identity)
                return Recognition(decided, matched_by, tuple(told))
            nobody = nobody if isinstance(nobody, Degraded) else match
        return Recognition(nobody, told=tuple(told))

    def _ask(self, identity: Identity, crms: Sequence[Crm], left: int) -> Iterator[Told]:
        able = [crm for crm in crms if identity.kind in crm.finds]
        if self.rules.ask_together and len(able) > 1:
            yield from self._ask_together(identity, able, left)
        else:
            yield from self._ask_in_order(identity, able, left)

    def _ask_in_order(self, identity: Identity, crms: Sequence[Crm], left: int) -> Iterator[Told]:
        for number, crm in enumerate(crms):
            told = self.asking.about(identity, crm, self._share(left * len(crms) - number))
            yield told
            if isinstance(told.match, Known | Ambiguous):
                return

    def _ask_together(self, identity: Identity, crms: Sequence[Crm], left: int) -> Iterator[Told]:
        """What each said, in the order of the configuration; the first that knows ends it."""
        deadline = self._share(left)
        answers = [
            run_beside(partial(self.asking.about, identity, crm, deadline), name="crm")
            for crm in crms
        ]
        for crm, answer in zip(crms, answers, strict=True):
            try:
                told = answer.result(timeout=deadline.remaining_s)
            except TimeoutError:
                told = Told(crm.connector, Degraded("too_late"), 0)
            yield told
            if isinstance(told.match, Known | Ambiguous):
                return

    def _share(self, steps: int) -> Deadline:
        """One that hangs must leave the others something."""
        deadline = self.asking.deadline
        return deadline.at_most(deadline.remaining_s / max(steps, 1))

    def _decided(self, match: Known | Ambiguous, identity: Identity) -> CustomerMatch:
        """What the rules make of several customers, or of a number that many share."""
        rules = self.rules.ambiguity
        contacts: Mapping[str, datetime] = {}
        if rules.needs_last_contacts(match, self.question.business_process):
            contacts = self._last_contacts(match)
        for finding in findings_of(match, identity, rules=rules):
            self._keep(finding)
        return self._resolved(match, identity, contacts)

    def _resolved(
        self, match: Known | Ambiguous, identity: Identity, contacts: Mapping[str, datetime]
    ) -> CustomerMatch:
        return resolve(
            match,
            identity,
            rules=self.rules.ambiguity,
            business_process=self.question.business_process,
            chosen=self.question.chosen,
            last_contacts=contacts,
        )

    def _last_contacts(self, match: Known | Ambiguous) -> Mapping[str, datetime]:
        """When each was last in contact over all channels; nothing when one cannot be read."""
        customers = match.customers if isinstance(match, Ambiguous) else ()
        reading = [
            run_beside(partial(self.stores.ledger.history, customer.key, limit=1), name="history")
            for customer in customers
        ]
        found: dict[str, datetime] = {}
        try:
            for customer, read in zip(customers, reading, strict=True):
                for row in read.result(timeout=self.asking.deadline.remaining_s + _DECIDING_S):
                    if row.started_at:
                        found[customer.key] = row.started_at
        except (StateUnavailable, TimeoutError):
            _log.warning("last contacts not read")
            return {}
        return found

    def _keep(self, finding: Finding) -> None:
        def keep() -> None:
            try:
                is_first_today = self.stores.findings.keep(finding, now=self.now)
                if finding.kind == "merged" and is_first_today:
                    old, survivor = (record.key for record in finding.records)
                    self.stores.ledger.note_merged(old, survivor, now=self.now)
            except StateUnavailable as error:
                _log.warning("finding not kept: %s", error.code)

        # Nobody waits for it: one that is lost is found again.
        run_beside(keep, name="finding")


def _first_that_knows(told: Sequence[Told]) -> CustomerMatch:
    """The first CRM that knows anybody decides; "nobody" is only said when every CRM said it."""
    answer: CustomerMatch = Unknown()
    for one in told:
        if isinstance(one.match, Known | Ambiguous):
            return one.match
        if not isinstance(answer, Degraded):
            answer = one.match
    return answer
