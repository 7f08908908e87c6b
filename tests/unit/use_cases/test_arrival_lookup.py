"""Who is calling is answered in time from what there is, and an outage never looks like nobody."""

import logging

import pytest

from switchboard.domain.customer import (
    Ambiguous,
    CustomerMatch,
    Degraded,
    Known,
    NotAsked,
    Unknown,
)
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Contact, Unreadable, Withheld, read_contact
from switchboard.errors import (
    Misconfigured,
    StateUnavailable,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from switchboard.ports import Arrival
from switchboard.use_cases.arrival_lookup import (
    LookupRules,
    look_up_customer,
    note_arrival,
    outcome_of,
    source_of,
)
from tests.fakes.crm import InMemoryCrm
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.fakes.lookups import InMemoryLookupMemory
from tests.unit.use_cases.people import ADA, BOB, MOBILE, NOW, after

RULES = LookupRules(default_region="US", fresh_s=60, negative_s=10, stale_s=3600)
DOWN = UpstreamUnavailable("sandbox", "refused the connection")


class Reception:
    def __init__(self, *crms: InMemoryCrm) -> None:
        self.crms = crms or (InMemoryCrm([ADA]),)
        self.memory = InMemoryLookupMemory(clock=NOW.timestamp)

    def ask(
        self, contact: Contact = MOBILE, *, seconds_later: float = 0, budget_s: float = 5
    ) -> CustomerMatch:
        return look_up_customer(
            contact,
            crms=self.crms,
            memory=self.memory,
            rules=RULES,
            deadline=Deadline.after(budget_s),
            now=after(seconds_later),
        )


def test_a_caller_with_one_record_is_known() -> None:
    assert Reception().ask() == Known(ADA, "live")


def test_a_writer_of_an_email_is_known_by_the_address() -> None:
    asked = read_contact("Ada <ADA@example.com>", default_region="US")

    assert Reception().ask(asked) == Known(ADA, "live")


def test_a_caller_without_a_record_is_unknown() -> None:
    assert Reception(InMemoryCrm()).ask() == Unknown("live")


def test_a_number_of_two_customers_is_nobody_in_particular() -> None:
    assert Reception(InMemoryCrm([ADA, BOB])).ask() == Ambiguous((ADA, BOB), "live")


@pytest.mark.parametrize(
    ("contact", "reason"), [(Withheld(), "withheld"), (Unreadable(), "unreadable")]
)
def test_without_a_number_no_crm_is_asked(contact: Contact, reason: str) -> None:
    reception = Reception()

    match = reception.ask(contact)

    assert isinstance(match, NotAsked)
    assert match.reason == reason
    assert reception.crms[0].lookups == 0


def test_an_answer_is_believed_for_a_while_and_then_asked_for_again() -> None:
    reception = Reception()
    reception.ask()

    assert reception.ask(seconds_later=59.9) == Known(ADA, "cache")
    assert reception.ask(seconds_later=60) == Known(ADA, "live")
    assert reception.crms[0].lookups == 2


def test_nobody_is_believed_only_briefly() -> None:
    reception = Reception(InMemoryCrm())
    reception.ask()
    reception.crms[0].customers.append(ADA)

    assert reception.ask(seconds_later=9.9) == Unknown("cache")
    assert reception.ask(seconds_later=10) == Known(ADA, "live")


def test_an_old_nobody_does_not_stand_in_for_a_crm_that_is_down() -> None:
    reception = Reception(InMemoryCrm())
    reception.ask()
    reception.crms[0].failing_with = DOWN

    assert reception.ask(seconds_later=60) == Degraded(DOWN.code)


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
    reception = Reception()
    reception.crms[0].failing_with = error

    assert reception.ask() == Degraded(error.code)


def test_no_time_left_is_degraded_too() -> None:
    assert Reception().ask(budget_s=0) == Degraded("upstream_unavailable")


def test_while_the_crm_is_down_an_older_answer_helps_until_it_is_too_old() -> None:
    reception = Reception()
    reception.ask()
    reception.crms[0].failing_with = DOWN

    assert reception.ask(seconds_later=3599) == Known(ADA, "stale")
    assert reception.ask(seconds_later=3600) == Degraded("upstream_unavailable")


def test_a_failure_is_never_remembered() -> None:
    reception = Reception()
    reception.crms[0].failing_with = DOWN
    reception.ask()
    reception.crms[0].failing_with = None

    assert reception.ask(seconds_later=1) == Known(ADA, "live")


def test_while_the_memory_is_down_the_crm_is_asked() -> None:
    reception = Reception()
    reception.memory.is_down = True

    assert reception.ask() == Known(ADA, "live")
    assert reception.ask() == Known(ADA, "live")


def test_the_first_crm_that_knows_anybody_decides() -> None:
    first, second = InMemoryCrm(connector="first"), InMemoryCrm([ADA], connector="second")
    third = InMemoryCrm([BOB], connector="third")

    assert Reception(first, second, third).ask() == Known(ADA, "live")
    assert third.lookups == 0


def test_nobody_is_said_only_when_every_crm_said_it() -> None:
    down, other = InMemoryCrm(connector="down"), InMemoryCrm(connector="other")
    down.failing_with = DOWN

    assert Reception(down, other).ask() == Degraded("upstream_unavailable")
    assert Reception(other, down).ask() == Degraded("upstream_unavailable")


def test_one_crm_that_is_down_does_not_hide_what_another_knows() -> None:
    down, other = InMemoryCrm(connector="down"), InMemoryCrm([ADA], connector="other")
    down.failing_with = DOWN

    assert Reception(down, other).ask() == Known(ADA, "live")


def test_answers_of_two_crms_are_kept_apart() -> None:
    first, second = InMemoryCrm(connector="first"), InMemoryCrm([ADA], connector="second")
    reception = Reception(first, second)
    reception.ask()

    assert reception.ask(seconds_later=5) == Known(ADA, "cache")
    assert (first.lookups, second.lookups) == (1, 1)


def test_a_number_never_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    reception = Reception()
    reception.memory.is_down = True
    reception.crms[0].failing_with = DOWN

    reception.ask()

    assert len(caplog.records) == 2
    assert "0142" not in caplog.text


@pytest.mark.parametrize(
    ("match", "outcome", "source"),
    [
        (Known(ADA, "cache"), "known", "cache"),
        (Unknown("stale"), "unknown", "stale"),
        (Ambiguous((ADA, BOB)), "ambiguous", "live"),
        (NotAsked("withheld"), "withheld", "default"),
        (NotAsked("unreadable"), "unreadable", "default"),
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

    note_arrival("i-1", ARRIVAL, ledger=ledger, deadline=Deadline.after(1))

    row = ledger.read("i-1")
    assert row is not None
    assert row.arrival == ARRIVAL


def test_a_ledger_that_is_down_or_a_missing_id_never_spoils_the_answer() -> None:
    ledger = InMemoryInteractionLedger()
    note_arrival(None, ARRIVAL, ledger=ledger, deadline=Deadline.after(1))
    note_arrival("", ARRIVAL, ledger=ledger, deadline=Deadline.after(1))
    ledger.is_down = True

    note_arrival("i-1", ARRIVAL, ledger=ledger, deadline=Deadline.after(1))

    ledger.is_down = False
    assert ledger.read("i-1") is None


def test_what_is_late_is_not_noted_and_not_remembered() -> None:
    ledger, reception = InMemoryInteractionLedger(), Reception()

    reception.ask(budget_s=0)
    note_arrival("i-1", ARRIVAL, ledger=ledger, deadline=Deadline.after(0))

    assert ledger.read("i-1") is None
    assert reception.memory.recall("sandbox", MOBILE) is None
