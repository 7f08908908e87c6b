"""One CRM asked about one identity: from memory where it can be, live where it must.

Who asks at the same moment as somebody else waits for that answer. An answer that is no longer
fresh, and not yet old, is given while it is renewed beside the call.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeGuard

from switchboard.beside import run_beside
from switchboard.domain.customer import (
    Ambiguous,
    Customer,
    Degraded,
    Known,
    Source,
    Unknown,
    match_customers,
)
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Identity
from switchboard.errors import Misconfigured, StateBusy, StateUnavailable, UpstreamError
from switchboard.ports import Crm, LookupMemory, Recalled, RememberedCustomers

_log = logging.getLogger(__name__)

CrmMatch = Known | Unknown | Ambiguous | Degraded

_NO_ANSWER: Final = (UpstreamError, Misconfigured, StateUnavailable)
# After a failure nobody asks for so long: who calls in between is answered at once.
_PAUSE_AFTER_FAILURE_S: Final = 2.0
_LOOK_AGAIN_S: Final = (0.05, 0.1, 0.2)


@dataclass(frozen=True, slots=True)
class CacheRules:
    """How long a CRM's answer is believed, in seconds.

    A known customer is fresh for `fresh_s`; "nobody", and several customers, only for
    `negative_s`. Both are shortened by up to `jitter` of themselves, so that what was asked for
    together is not renewed together. Until `renew_s` an answer is given while it is renewed, for
    which the caller waits at most `renew_wait_s`; after that the CRM is asked first. While the
    CRM is down, an answer up to `stale_s` old beats none.
    """

    fresh_s: int = 60
    negative_s: int = 10
    renew_s: int = 300
    renew_wait_s: float = 0.3
    stale_s: int = 86_400
    jitter: float = 0.1

    def fresh_for_s(self, customers: tuple[Customer, ...], chance: float) -> float:
        """`chance` is drawn from [0, 1)."""
        longest_s = self.fresh_s if len(customers) == 1 else self.negative_s
        return longest_s * (1 - self.jitter * chance)

    @property
    def keep_s(self) -> int:
        """How long an answer is worth keeping."""
        return max(self.stale_s, self.renew_s, self.fresh_s, self.negative_s)

    def may_wait(
        self, remembered: RememberedCustomers | None, now: datetime
    ) -> TypeGuard[RememberedCustomers]:
        """Whether an answer that is not fresh may be given while it is renewed."""
        return (
            remembered is not None
            and len(remembered.customers) == 1
            and _age(remembered, now) < _seconds(self.renew_s)
        )

    def bridges(
        self, remembered: RememberedCustomers | None, now: datetime
    ) -> TypeGuard[RememberedCustomers]:
        """Whether an old answer may stand in for a CRM that gives none. An old "nobody" may not.

        Several customers may for as long as one may be given unasked: no change of theirs finds
        what is remembered of them all.
        """
        if remembered is None or not remembered.customers:
            return False
        only = len(remembered.customers) == 1
        longest_s = self.stale_s if only else min(self.stale_s, self.renew_s)
        return _age(remembered, now) < _seconds(longest_s)


@dataclass(frozen=True, slots=True)
class Told:
    """What one CRM said of one identity, and how long that took."""

    connector: str
    match: CrmMatch
    took_ms: int

    @property
    def source(self) -> str:
        """live, cache or stale; or the code of the error that left us without an answer."""
        match self.match:
            case Degraded(reason):
                return reason
            case answered:
                return answered.source


@dataclass(slots=True)
class Asking:
    """One arrival's asking. `now` is the moment at `began_s` on the deadline's clock.

    `chance`, drawn from [0, 1), is for the jitter. `kept` are answers that are being written
    down: wait for them before the process is frozen. `told` is what CRMs have said so far, and
    `fallback` an old answer, for when nothing better is in time.
    """

    memory: LookupMemory
    rules: CacheRules
    deadline: Deadline
    now: datetime
    began_s: float
    chance: float = 0.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)
    kept: list[Future[None]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    fallback: tuple[Identity, Known | Ambiguous] | None = None

    def about(self, identity: Identity, crm: Crm, deadline: Deadline) -> Told:
        """Who it is in this CRM. Never raises for a CRM or a memory that is down."""
        began_s = self.deadline.clock()
        match = self._match(identity, crm, deadline)
        told = Told(crm.connector, match, round((self.deadline.clock() - began_s) * 1000))
        self.told.append(told)
        return told

    def _match(self, identity: Identity, crm: Crm, deadline: Deadline) -> CrmMatch:
        recalled = self._recalled(crm, identity, deadline)
        old = recalled.remembered
        if old and self.now < old.fresh_until:
            return _matched(old, identity, crm, "cache")
        if self.rules.bridges(old, self.now):
            self._fall_back_on(_matched(old, identity, crm, "stale"), identity)
        if recalled.has_failed:
            return self._without_answer(old, identity, crm, "upstream_unavailable")
        if self.rules.may_wait(old, self.now):
            return self._while_renewed(crm, identity, old, deadline, is_ours=recalled.is_ours)
        return self._asked_first(crm, identity, old, deadline)

    def _fall_back_on(self, stale: Known | Unknown | Ambiguous, identity: Identity) -> None:
        if self.fallback is None and not isinstance(stale, Unknown):
            self.fallback = (identity, stale)

    def _recalled(self, crm: Crm, identity: Identity, deadline: Deadline) -> Recalled:
        """What is remembered, once it is up to us to ask or there is something to go by.

        A memory that does not answer leaves the asking to us.
        """
        waits = iter(_LOOK_AGAIN_S)
        wait_s = next(waits)
        # So many at once for one key that the table cannot keep up: one of them asks the CRM.
        busy_until_s = deadline.clock() + deadline.remaining_s / 2
        try:
            recalled = self._claimed(crm, identity, deadline, busy_until_s)
            while self._waits_for_another(recalled):
                if deadline.remaining_s <= wait_s:
                    return replace(recalled, has_failed=True)
                self.sleep(wait_s * (1 + self.chance))
                wait_s = next(waits, wait_s)
                # Looking costs a small part of what trying for the lease costs.
                recalled = self._looked_at(crm, identity, deadline, busy_until_s)
                if self._waits_for_another(recalled) and not recalled.is_asked:
                    recalled = self._claimed(crm, identity, deadline, busy_until_s)
        except StateUnavailable as error:
            _log.warning("lookup memory not used: %s", error.code)
            return Recalled(is_ours=True)
        return recalled

    def _claimed(
        self, crm: Crm, identity: Identity, deadline: Deadline, busy_until_s: float
    ) -> Recalled:
        lease_s = max(deadline.remaining_s, _LOOK_AGAIN_S[0])
        try:
            return self.memory.recall(crm.connector, identity, now=self._by_now, lease_s=lease_s)
        except StateBusy:
            if deadline.clock() >= busy_until_s:
                raise
            return Recalled(is_asked=True)

    def _looked_at(
        self, crm: Crm, identity: Identity, deadline: Deadline, busy_until_s: float
    ) -> Recalled:
        try:
            return self.memory.look(crm.connector, identity, now=self._by_now)
        except StateBusy:
            if deadline.clock() >= busy_until_s:
                raise
            return Recalled(is_asked=True)

    def _waits_for_another(self, recalled: Recalled) -> bool:
        old, now = recalled.remembered, self._by_now
        is_fresh = old is not None and now < old.fresh_until
        is_settled = recalled.is_ours or recalled.has_failed
        return not (is_settled or is_fresh or self.rules.may_wait(old, now))

    @property
    def _by_now(self) -> datetime:
        return self.now + _seconds(self.deadline.clock() - self.began_s)

    def _asked_first(
        self, crm: Crm, identity: Identity, old: RememberedCustomers | None, deadline: Deadline
    ) -> CrmMatch:
        try:
            customers = self._ask(crm, identity, deadline)
        except _NO_ANSWER as error:
            return self._without_answer(old, identity, crm, error.code)
        return match_customers(customers, identity, default_region=crm.default_region)

    def _while_renewed(
        self,
        crm: Crm,
        identity: Identity,
        old: RememberedCustomers,
        deadline: Deadline,
        *,
        is_ours: bool,
    ) -> CrmMatch:
        """The new answer if it comes soon, else the old one; the renewal goes on beside us."""
        if not is_ours:
            return _matched(old, identity, crm, "cache")
        renewal = run_beside(
            lambda: self._ask(crm, identity, deadline, is_renewal=True), name="renewal"
        )
        try:
            wait_s = min(self.rules.renew_wait_s, deadline.remaining_s)
            customers = renewal.result(timeout=wait_s)
        except (TimeoutError, *_NO_ANSWER):
            return _matched(old, identity, crm, "cache")
        return match_customers(customers, identity, default_region=crm.default_region)

    def _ask(
        self, crm: Crm, identity: Identity, deadline: Deadline, *, is_renewal: bool = False
    ) -> tuple[Customer, ...]:
        """The CRM's answer, which is remembered; so is that there was none.

        A renewal that ends late may have been frozen meanwhile, which says nothing of the CRM.
        """
        asked_at = self._by_now
        try:
            customers = crm.find(identity, deadline=deadline)
        except _NO_ANSWER as error:
            _log.warning("crm lookup failed: %s %s", crm.connector, error.code)
            if not (is_renewal and deadline.has_passed):
                self._keep(lambda: self._note_failure(crm, identity))
            raise
        self._keep(lambda: self._remember(crm, identity, customers, asked_at))
        return customers

    def _keep(self, write: Callable[[], None]) -> None:
        """Beside the answer, which need not wait for it."""
        self.kept.append(run_beside(write, name="keeping"))

    def _remember(
        self, crm: Crm, identity: Identity, customers: tuple[Customer, ...], asked_at: datetime
    ) -> None:
        try:
            self.memory.remember(
                crm.connector,
                identity,
                customers,
                asked_at=asked_at,
                fresh_s=self.rules.fresh_for_s(customers, self.chance),
                keep_s=self.rules.keep_s,
            )
        except StateUnavailable as error:
            _log.warning("lookup not remembered: %s", error.code)

    def _note_failure(self, crm: Crm, identity: Identity) -> None:
        try:
            self.memory.note_failure(
                crm.connector, identity, now=self._by_now, pause_s=_PAUSE_AFTER_FAILURE_S
            )
        except StateUnavailable as error:
            _log.warning("failed lookup not noted: %s", error.code)

    def _without_answer(
        self, old: RememberedCustomers | None, identity: Identity, crm: Crm, reason: str
    ) -> CrmMatch:
        if self.rules.bridges(old, self.now):
            return _matched(old, identity, crm, "stale")
        return Degraded(reason)


def _matched(
    remembered: RememberedCustomers, identity: Identity, crm: Crm, source: Source
) -> Known | Unknown | Ambiguous:
    match = match_customers(remembered.customers, identity, default_region=crm.default_region)
    return replace(match, source=source)


def _age(remembered: RememberedCustomers, now: datetime) -> timedelta:
    return now - remembered.looked_up_at


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
