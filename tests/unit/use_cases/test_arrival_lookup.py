"""Who is calling is answered in time from what there is, and an outage never looks like nobody."""

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.customer import (
    Ambiguous,
    Customer,
    CustomerMatch,
    Degraded,
    Known,
    NotAsked,
    Unknown,
)
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import AccountNumber, Identity, read_contact
from switchboard.errors import (
    Misconfigured,
    StateBusy,
    StateUnavailable,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from switchboard.ports import Arrival, Recalled
from switchboard.use_cases.arrival_lookup import (
    LookupRules,
    MatchedBy,
    Question,
    Recognition,
    Stores,
    begin_lookup,
    note_arrival,
    outcome_of,
    settle,
    source_of,
)
from switchboard.use_cases.crm_answers import CacheRules
from tests.fakes.crm import InMemoryCrm
from tests.fakes.findings import InMemoryFindings
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.lookups import InMemoryLookupMemory
from tests.unit.use_cases.people import ADA, BOB, MOBILE, NOW, after

CACHE = CacheRules(fresh_s=60, negative_s=10, renew_s=120, renew_wait_s=1, stale_s=3600, jitter=0)
RULES = LookupRules(cache=CACHE)
DOWN = UpstreamUnavailable("sandbox", "refused the connection")
BY_MOBILE: tuple[tuple[MatchedBy, Identity], ...] = (("contact", MOBILE),)


class SlowCrm(InMemoryCrm):
    """Takes its time, which is real, and ends with the deadline as a CRM's connector does."""

    def __init__(self, takes_s: float, *customers: Customer, connector: str = "slow") -> None:
        super().__init__(customers, connector=connector)
        self.takes_s = takes_s

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        if deadline.remaining_s < self.takes_s:
            time.sleep(deadline.remaining_s)
            raise UpstreamUnavailable(self.connector, "no answer in time")
        time.sleep(self.takes_s)
        return super().find(identity, deadline=deadline)


class StuckCrm(InMemoryCrm):
    """Heeds no deadline at all, until the test is over."""

    def __init__(self) -> None:
        super().__init__(connector="stuck")
        self.let_go = threading.Event()

    def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
        self.let_go.wait(30)
        return ()


class Desk:
    """Asks as an arrival does, at moments of our choice."""

    def __init__(self, *crms: InMemoryCrm, rules: LookupRules = RULES) -> None:
        self.crms: Sequence[InMemoryCrm] = crms or (InMemoryCrm([ADA]),)
        self.memory = InMemoryLookupMemory()
        self.ledger = InMemoryInteractionLedger()
        self.findings = InMemoryFindings()
        self.rules = rules

    def recognise(
        self,
        identities: tuple[tuple[MatchedBy, Identity], ...] = BY_MOBILE,
        *,
        seconds_later: float = 0,
        budget_s: float = 5,
        otherwise: NotAsked = NotAsked("withheld"),  # noqa: B008 - frozen
        business_process: str = "",
        chosen: str = "",
    ) -> Recognition:
        deadline = Deadline.after(budget_s)
        lookup = begin_lookup(
            Question(identities, otherwise, business_process, chosen),
            crms=lambda: self.crms,
            stores=Stores(self.memory, self.ledger, self.findings),
            rules=self.rules,
            deadline=deadline,
            now=after(seconds_later),
        )
        found = lookup.result()
        settle(found.kept, Deadline.after(5))
        return found

    def ask(self, *, seconds_later: float = 0, budget_s: float = 5) -> CustomerMatch:
        return self.recognise(seconds_later=seconds_later, budget_s=budget_s).match


def test_a_caller_with_one_record_is_known() -> None:
    found = Desk().recognise()

    assert (found.match, found.matched_by) == (Known(ADA, "live"), "contact")


def test_a_writer_of_an_email_is_known_by_the_address() -> None:
    asked = read_contact("Ada <ADA@example.com>", default_region="US")

    assert Desk().recognise((("contact", asked),)).match == Known(ADA, "live")  # type: ignore[arg-type]


def test_a_caller_without_a_record_is_unknown() -> None:
    found = Desk(InMemoryCrm()).recognise()

    assert (found.match, found.matched_by) == (Unknown("live"), "")


def test_a_number_of_two_customers_is_nobody_in_particular() -> None:
    assert Desk(InMemoryCrm([ADA, BOB])).ask() == Ambiguous((ADA, BOB), "live")


@pytest.mark.parametrize("why", ["withheld", "unreadable", "internal"])
def test_without_anything_to_go_by_no_crm_is_asked(why: str) -> None:
    desk = Desk()
    otherwise = NotAsked(why)  # type: ignore[arg-type]

    assert desk.recognise((), otherwise=otherwise).match == otherwise
    assert desk.crms[0].lookups == 0


# ── What is remembered ──────────────────────────────────────────────────────────────────────────


def test_an_answer_is_believed_for_a_while_and_then_asked_for_again() -> None:
    desk = Desk()
    desk.ask()

    assert desk.ask(seconds_later=59.9) == Known(ADA, "cache")
    assert desk.crms[0].lookups == 1
    assert desk.ask(seconds_later=120) == Known(ADA, "live")
    assert desk.crms[0].lookups == 2


def test_an_answer_that_is_not_fresh_is_given_at_once_and_renewed_for_the_next_caller() -> None:
    slow = SlowCrm(0.3, ADA)
    desk = Desk(slow, rules=LookupRules(cache=replace(CACHE, renew_wait_s=0.05)))
    desk.ask()
    changed = replace(ADA, attributes={"tier": "low"})
    slow.customers[:] = [changed]

    began_s = time.monotonic()
    assert desk.ask(seconds_later=61) == Known(ADA, "cache")
    assert time.monotonic() - began_s < 0.25
    time.sleep(0.5)
    assert desk.ask(seconds_later=62) == Known(changed, "cache")
    assert slow.lookups == 2


def test_a_renewal_that_is_quick_is_the_answer() -> None:
    desk = Desk()
    desk.ask()
    changed = replace(ADA, attributes={"tier": "low"})
    desk.crms[0].customers[:] = [changed]

    assert desk.ask(seconds_later=61) == Known(changed, "live")


def test_nobody_and_several_are_believed_only_briefly() -> None:
    for customers in ([], [ADA, BOB]):
        desk = Desk(InMemoryCrm(customers))
        before = desk.ask()
        desk.crms[0].customers[:] = [ADA]

        assert outcome_of(desk.ask(seconds_later=9.9)) == outcome_of(before)
        assert desk.ask(seconds_later=11) == Known(ADA, "live")


def test_an_old_nobody_does_not_stand_in_for_a_crm_that_is_down() -> None:
    desk = Desk(InMemoryCrm())
    desk.ask()
    desk.crms[0].failing_with = DOWN

    assert desk.ask(seconds_later=61) == Degraded(DOWN.code)


def test_what_was_asked_for_together_is_not_renewed_together() -> None:
    rules = replace(CACHE, jitter=0.5)

    assert [rules.fresh_for_s((ADA,), chance) for chance in (0, 0.5, 1)] == [60, 45, 30]


@pytest.mark.parametrize(
    "error",
    [
        DOWN,
        UpstreamThrottled("sandbox", "busy"),
        Misconfigured("no secret"),
        StateUnavailable("secrets are down"),
    ],
)
def test_a_crm_that_gives_no_answer_is_not_the_same_as_nobody(error: UpstreamUnavailable) -> None:
    desk = Desk()
    desk.crms[0].failing_with = error

    assert desk.ask() == Degraded(error.code)


def test_while_the_crm_is_down_an_older_answer_helps_until_it_is_too_old() -> None:
    desk = Desk()
    desk.ask()
    desk.crms[0].failing_with = DOWN

    assert desk.ask(seconds_later=3599) == Known(ADA, "stale")
    assert desk.ask(seconds_later=3602) == Degraded("upstream_unavailable")


def test_right_after_a_failure_nobody_else_has_to_wait_for_the_next() -> None:
    desk = Desk()
    desk.crms[0].failing_with = DOWN
    desk.ask()
    desk.crms[0].failing_with = None

    assert desk.ask(seconds_later=1) == Degraded("upstream_unavailable")
    assert desk.crms[0].lookups == 0
    assert desk.ask(seconds_later=3) == Known(ADA, "live")


def test_a_hundred_callers_at_once_are_one_question_to_the_crm() -> None:
    slow = SlowCrm(0.3, ADA)
    desk = Desk(slow)

    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(lambda _: desk.ask(), range(100)))

    assert slow.lookups == 1
    assert {type(answer) for answer in answers} == {Known}
    assert sum(answer.source == "live" for answer in answers) == 1  # type: ignore[union-attr]


def test_a_hundred_callers_of_a_hanging_crm_are_all_answered_in_time() -> None:
    desk = Desk(SlowCrm(10, ADA))

    with ThreadPoolExecutor(100) as pool:
        began_s = time.monotonic()
        answers = list(pool.map(lambda _: desk.ask(budget_s=0.5), range(100)))

    assert {type(answer) for answer in answers} == {Degraded}
    assert time.monotonic() - began_s < 2


def test_while_the_memory_is_down_the_crm_is_asked() -> None:
    desk = Desk()
    desk.memory.is_down = True

    assert desk.ask() == Known(ADA, "live")
    assert desk.ask() == Known(ADA, "live")


class BusyMemory(InMemoryLookupMemory):
    """As DynamoDB when a thousand write one key: most are sent away, none is told anything."""

    def recall(self, *arguments: object, **more: object) -> Recalled:
        raise StateBusy("too many at once")


def test_a_memory_that_is_too_busy_is_looked_at_again_and_answers() -> None:
    desk = Desk()
    desk.ask()
    remembered, desk.memory = desk.memory, BusyMemory()
    desk.memory._entries = remembered._entries

    assert desk.ask(seconds_later=1) == Known(ADA, "cache")
    assert desk.crms[0].lookups == 1


def test_a_memory_that_stays_too_busy_does_not_keep_us_from_asking() -> None:
    desk = Desk()
    desk.memory = BusyMemory()

    assert desk.ask(budget_s=0.8) == Known(ADA, "live")


def test_a_herd_at_a_busy_memory_is_still_one_question_to_the_crm() -> None:
    class BusyAtFirst(InMemoryLookupMemory):
        """Lets one through, and is too busy to tell the others for a while."""

        def __init__(self) -> None:
            super().__init__()
            self.tries = 0

        def recall(
            self, connector: str, identity: Identity, *, now: datetime, lease_s: float
        ) -> Recalled:
            self.tries += 1
            if 1 < self.tries < 60:
                raise StateBusy("too many at once")
            return super().recall(connector, identity, now=now, lease_s=lease_s)

    slow = SlowCrm(0.3, ADA)
    desk = Desk(slow)
    desk.memory = BusyAtFirst()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: desk.ask(), range(20)))

    assert slow.lookups == 1
    assert {type(answer) for answer in answers} == {Known}


def test_a_setting_that_forgets_at_once_does_not_hold_callers_up() -> None:
    desk = Desk(rules=LookupRules(cache=replace(CACHE, stale_s=0)))
    desk.ask()

    assert desk.ask(seconds_later=1) == Known(ADA, "cache")


def test_several_customers_bridge_an_outage_only_briefly() -> None:
    desk = Desk(InMemoryCrm([ADA, BOB]))
    desk.ask()
    desk.crms[0].failing_with = DOWN

    assert isinstance(desk.ask(seconds_later=100), Ambiguous)
    assert isinstance(desk.ask(seconds_later=130), Degraded)


def test_a_mistake_of_ours_is_loud_in_the_log_and_no_reason_to_leave_a_caller_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class BrokenCrm(InMemoryCrm):
        def find(self, identity: Identity, *, deadline: Deadline) -> tuple[Customer, ...]:
            raise KeyError(str(identity.canonical))

    assert isinstance(Desk(BrokenCrm()).ask(), Degraded)
    assert "KeyError at test_arrival_lookup.py" in caplog.text
    assert "0142" not in caplog.text


# ── Several CRMs, several identities ────────────────────────────────────────────────────────────


def both_ways(*crms: InMemoryCrm) -> list[Desk]:
    return [Desk(*crms, rules=LookupRules(ask_together=way, cache=CACHE)) for way in (False, True)]


def test_the_first_crm_that_knows_anybody_decides() -> None:
    for desk in both_ways(
        InMemoryCrm(connector="first"),
        InMemoryCrm([ADA], connector="second"),
        InMemoryCrm([BOB], connector="third"),
    ):
        assert desk.ask() == Known(ADA, "live")


def test_in_order_those_after_it_are_not_asked() -> None:
    desk = Desk(InMemoryCrm([ADA], connector="first"), InMemoryCrm([BOB], connector="second"))
    desk.ask()

    assert desk.crms[1].lookups == 0


def test_together_they_take_as_long_as_the_slowest() -> None:
    crms = [SlowCrm(0.3, connector=name) for name in ("a", "b", "c")]
    desk = Desk(*crms, rules=LookupRules(ask_together=True, cache=CACHE))

    began_s = time.monotonic()
    assert desk.ask() == Unknown("live")
    assert time.monotonic() - began_s < 0.7


def test_nobody_is_said_only_when_every_crm_said_it() -> None:
    down, other = InMemoryCrm(connector="down"), InMemoryCrm(connector="other")
    down.failing_with = DOWN

    for desk in (*both_ways(down, other), *both_ways(other, down)):
        assert desk.ask() == Degraded("upstream_unavailable")


def test_one_crm_that_hangs_does_not_hide_what_another_knows() -> None:
    for desk in both_ways(SlowCrm(10), InMemoryCrm([ADA], connector="other")):
        assert desk.ask(budget_s=0.8) == Known(ADA, "live")


def test_answers_of_two_crms_are_kept_apart() -> None:
    first, second = InMemoryCrm(connector="first"), InMemoryCrm([ADA], connector="second")
    desk = Desk(first, second)
    desk.ask()

    assert desk.ask(seconds_later=5) == Known(ADA, "cache")
    assert (first.lookups, second.lookups) == (1, 1)


def test_what_each_crm_said_is_told() -> None:
    down, other = InMemoryCrm(connector="down"), InMemoryCrm([ADA], connector="other")
    down.failing_with = DOWN

    told = Desk(down, other).recognise().told

    assert [(one.connector, one.source) for one in told] == [
        ("down", "upstream_unavailable"), ("other", "live"),
    ]  # fmt: skip


ACCOUNT = AccountNumber("C1001")
BY_BOTH: tuple[tuple[MatchedBy, Identity], ...] = (("account_number", ACCOUNT), *BY_MOBILE)


def test_the_first_identity_that_leads_to_anybody_counts() -> None:
    ada_by_account = replace(ADA, phones=(), accounts=("C-1001",))

    by_account = Desk(InMemoryCrm([ada_by_account, BOB])).recognise(BY_BOTH)
    by_contact = Desk(InMemoryCrm([BOB])).recognise(BY_BOTH)

    assert (by_account.match, by_account.matched_by) == (Known(ada_by_account), "account_number")
    assert (by_contact.match, by_contact.matched_by) == (Known(BOB), "contact")


def test_a_crm_that_cannot_be_asked_by_account_is_not_asked_by_it() -> None:
    crm = InMemoryCrm([BOB])
    crm.finds = frozenset({"phone", "email"})
    desk = Desk(crm)

    assert desk.recognise(BY_BOTH).matched_by == "contact"
    assert crm.lookups == 1


def test_what_no_crm_can_be_asked_by_leaves_the_contact_what_it_was() -> None:
    crm = InMemoryCrm([ADA])
    crm.finds = frozenset()
    desk = Desk(crm)
    by_account: tuple[tuple[MatchedBy, Identity], ...] = (("account_number", ACCOUNT),)

    assert desk.recognise(by_account).match == NotAsked("withheld")
    assert desk.recognise(BY_BOTH).match == Unknown("default")


# ── Several customers ───────────────────────────────────────────────────────────────────────────


def test_the_business_process_says_who_of_several_it_is() -> None:
    company = replace(BOB, kind="account")
    rules = AmbiguityRules(by_business_process={"Collections": "account_first"})
    desk = Desk(InMemoryCrm([ADA, company]), rules=LookupRules(cache=CACHE, ambiguity=rules))

    found = desk.recognise(business_process="Collections").match
    assert found == Known(company, "live", among=2, resolved_by="account_first")
    assert isinstance(desk.recognise(business_process="Sales").match, Ambiguous)


def test_the_callers_choice_counts_among_those_who_have_the_number_and_no_others() -> None:
    desk = Desk(InMemoryCrm([ADA, BOB]))

    chosen = desk.recognise(chosen=BOB.key).match
    assert chosen == Known(BOB, "live", among=2, resolved_by="choice")
    assert isinstance(desk.recognise(chosen="sandbox:stranger").match, Ambiguous)


def test_the_latest_contact_is_read_from_our_own_ledger_and_its_outage_is_no_guess() -> None:
    rules = LookupRules(cache=CACHE, ambiguity=AmbiguityRules(policy="latest"))
    desk = Desk(InMemoryCrm([ADA, BOB]), rules=rules)
    desk.ledger.is_down = True

    assert isinstance(desk.ask(), Ambiguous)


# ── In time ─────────────────────────────────────────────────────────────────────────────────────


def test_no_time_left_is_degraded_too() -> None:
    assert isinstance(Desk().ask(budget_s=0), Degraded)


def test_whatever_heeds_no_deadline_is_left_behind() -> None:
    stuck = StuckCrm()
    desk = Desk(stuck)

    began_s = time.monotonic()
    lookup = begin_lookup(
        Question(BY_MOBILE, NotAsked("withheld")),
        crms=lambda: desk.crms,
        stores=Stores(desk.memory, desk.ledger, desk.findings),
        rules=RULES,
        deadline=Deadline.after(0.3),
        now=NOW,
    )
    match = lookup.result().match
    took_s = time.monotonic() - began_s
    stuck.let_go.set()

    assert match == Degraded("too_late")
    assert took_s < 0.5


def test_what_was_known_before_is_the_answer_when_nothing_else_is_in_time() -> None:
    stuck = StuckCrm()
    desk = Desk(stuck)
    desk.memory.remember("stuck", MOBILE, (ADA,), asked_at=NOW, fresh_s=1, keep_s=3600)

    lookup = begin_lookup(
        Question(BY_MOBILE, NotAsked("withheld")),
        crms=lambda: desk.crms,
        stores=Stores(desk.memory, desk.ledger, desk.findings),
        rules=RULES,
        deadline=Deadline.after(0.3),
        now=NOW + timedelta(minutes=10),
    )
    match = lookup.result().match
    stuck.let_go.set()

    assert match == Known(ADA, "stale")


def test_an_old_answer_that_leaves_at_the_deadline_is_judged_by_the_same_rules() -> None:
    stuck = StuckCrm()
    shared = AmbiguityRules(shared_numbers=frozenset({MOBILE.e164}))
    desk = Desk(stuck, rules=LookupRules(cache=CACHE, ambiguity=shared))
    desk.memory.remember("stuck", MOBILE, (ADA,), asked_at=NOW, fresh_s=1, keep_s=3600)

    found = desk.recognise(seconds_later=600, budget_s=0.3)
    stuck.let_go.set()

    assert isinstance(found.match, Ambiguous)
    assert found.matched_by == "contact"


def test_crms_that_cannot_be_built_are_an_outage() -> None:
    def nothing_published() -> Sequence[InMemoryCrm]:
        raise Misconfigured("no connectors were ever published")

    desk = Desk()
    lookup = begin_lookup(
        Question(BY_MOBILE, NotAsked("withheld")),
        crms=nothing_published,
        stores=Stores(desk.memory, desk.ledger, desk.findings),
        rules=RULES,
        deadline=Deadline.after(1),
        now=NOW,
    )

    assert lookup.result().match == Degraded("misconfigured")


def test_a_number_never_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    desk = Desk()
    desk.memory.is_down = True
    desk.crms[0].failing_with = DOWN

    desk.ask()

    assert caplog.records
    assert "0142" not in caplog.text


@pytest.mark.parametrize(
    ("match", "outcome", "source"),
    [
        (Known(ADA, "cache"), "known", "cache"),
        (Unknown("stale"), "unknown", "stale"),
        (Ambiguous((ADA, BOB)), "ambiguous", "live"),
        (NotAsked("withheld"), "withheld", "default"),
        (NotAsked("unreadable"), "unreadable", "default"),
        (NotAsked("internal"), "internal", "default"),
        (Degraded("upstream_unavailable"), "degraded", "default"),
    ],
)
def test_every_match_has_a_word_and_a_source(
    match: CustomerMatch, outcome: str, source: str
) -> None:
    assert (outcome_of(match), source_of(match)) == (outcome, source)


ARRIVAL = Arrival("r-1", NOW, "known", customer=ADA)


def test_an_arrival_is_noted_for_the_desk() -> None:
    ledger = InMemoryInteractionLedger()

    settle([note_arrival("i-1", ARRIVAL, ledger=ledger)], Deadline.after(1))

    row = ledger.read("i-1")
    assert row is not None
    assert row.arrival == ARRIVAL


def test_a_ledger_that_is_down_or_a_missing_id_never_spoils_the_answer() -> None:
    ledger = InMemoryInteractionLedger()
    assert note_arrival(None, ARRIVAL, ledger=ledger) is None
    assert note_arrival("", ARRIVAL, ledger=ledger) is None
    ledger.is_down = True

    settle([note_arrival("i-1", ARRIVAL, ledger=ledger)], Deadline.after(1))

    ledger.is_down = False
    assert ledger.read("i-1") is None


def test_nobody_waits_for_a_ledger_that_hangs() -> None:
    class StuckLedger(InMemoryInteractionLedger):
        def note_arrival(self, interaction_id: str, arrival: Arrival) -> None:
            let_go.wait(30)

    let_go = threading.Event()
    began_s = time.monotonic()
    settle([note_arrival("i-1", ARRIVAL, ledger=StuckLedger())], Deadline.after(0.1))
    took_s = time.monotonic() - began_s
    let_go.set()

    assert took_s < 0.4


def test_a_merged_records_contacts_are_its_survivors_from_then_on() -> None:
    merged = replace(BOB, merged_into=ADA.id)
    desk = Desk(InMemoryCrm([ADA, merged]))
    desk.ledger.note_arrival("i-1", Arrival("r", NOW, "known", customer=BOB))

    assert desk.ask() == Known(ADA, "live")

    give_up_at_s = time.monotonic() + 5
    while not desk.ledger.history(ADA.key, limit=5) and time.monotonic() < give_up_at_s:
        time.sleep(0.005)  # nobody waits for what is noted beside the answer
    assert [row.interaction.id for row in desk.ledger.history(ADA.key, limit=5)] == ["i-1"]
