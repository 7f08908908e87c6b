"""What stands in the application after a contact, seen through the application's own API."""

import contextlib
import uuid

import pytest

from local.peers import RunningCrm, SeededCustomer
from local.peers.roundup import Roundup
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import (
    HttpAnswer,
    HttpTransport,
    NoAnswerError,
    Transport,
)
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.posting import InteractionRecord, Logged
from switchboard.errors import UpstreamRejected, UpstreamUnavailable, UpstreamUnknown
from tests.peers.our_side import connected

pytestmark = pytest.mark.peer

CALL = {
    "channel": "voice",
    "direction": "inbound",
    "contact": "+14155550142",
    "business_process": "Sales",
    "agent_name": "Bob",
    "started_at": "2026-11-23T10:00:00+00:00",
    "duration_s": "125",
}
HOSTILE = (
    "\"quoted\" 'single' ]} % _ \\ ${input.id} <b>&amp;\nnext line\ttab 😀 \u202eright-to-left"
)


@pytest.fixture
def interaction() -> str:
    return f"i-{uuid.uuid4().hex}"


def record(
    interaction: str, customer: SeededCustomer | None, *, revision: int = 1, **fields: str
) -> InteractionRecord:
    owner = Customer("peer", customer.id, "customer", customer.name) if customer else None
    return InteractionRecord(interaction, revision, {**CALL, **fields}, owner)


def log(crm: RestCrm, what: InteractionRecord) -> Logged:
    return crm.log_interaction(what, deadline=Deadline.after(15))


def standing(crm: RunningCrm, ada: SeededCustomer, interaction: str) -> list[str]:
    """The records of the interaction. Its id ends at something that is no part of an id."""
    ends = (f'"{interaction}"', f"Interaction {interaction},")
    return [text for text in crm.activities(ada) if any(end in text for end in ends)]


def test_a_contact_becomes_a_record_that_a_person_can_read(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    logged = log(
        switchboard, record(interaction, ada, disposition_code="SALE", remarks="Wants two.")
    )

    assert logged.created
    (text,) = standing(crm, ada, interaction)
    for said in ("inbound", "voice", "Sales", "125 s", "agent Bob", "SALE", "Wants two."):
        assert said in text


def test_a_contact_of_which_little_is_known_is_logged_all_the_same(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    customer = Customer("peer", ada.id, "customer", ada.name)

    assert log(switchboard, InteractionRecord(interaction, 1, {}, customer)).created
    (text,) = standing(crm, ada, interaction)
    assert "null" not in text


def test_the_same_revision_logged_twice_is_one_record(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    first = log(switchboard, record(interaction, ada))
    second = log(switchboard, record(interaction, ada))

    assert (first.created, second.created) == (True, False)
    assert first.record_id == second.record_id
    assert len(standing(crm, ada, interaction)) == 1


def test_a_late_disposition_and_remark_replace_the_record(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    log(switchboard, record(interaction, ada))
    late = record(interaction, ada, revision=2, disposition_code="SALE", remarks="Wants two.")

    assert not log(switchboard, late).created
    (text,) = standing(crm, ada, interaction)
    assert "SALE" in text
    assert "Wants two." in text


def test_a_hostile_remark_stands_as_it_was_written_and_is_found_again(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    log(switchboard, record(interaction, ada, remarks=HOSTILE))
    log(switchboard, record(interaction, ada, revision=2, remarks=HOSTILE, disposition_code="X"))

    (text,) = standing(crm, ada, interaction)
    assert HOSTILE in text


@pytest.mark.parametrize("tail", ['a"]%', "a\\b", "a_b", "a%b", "a' OR 1=1 --", "/../x?y=&z#"])
def test_an_id_full_of_operators_is_found_again(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str, tail: str
) -> None:
    hostile = f"{interaction}{tail}"
    log(switchboard, record(hostile, ada))

    assert not log(switchboard, record(hostile, ada, revision=2)).created
    assert len(standing(crm, ada, hostile)) == 1


@pytest.mark.parametrize(("one", "other"), [("ab", "AB"), ("a%b", "a-b"), ("a_b", "axb")])
def test_ids_that_a_wildcard_or_case_would_confuse_are_two_records(
    switchboard: RestCrm, ada: SeededCustomer, interaction: str, one: str, other: str
) -> None:
    first = log(switchboard, record(interaction + other, ada))
    second = log(switchboard, record(interaction + one, ada))

    assert second.created
    assert second.record_id != first.record_id
    assert not log(switchboard, record(interaction + one, ada)).created


class LosesOneAnswer:
    """A connection that breaks once: after the server acted, before we heard of it."""

    def __init__(self, exchanges_before: int) -> None:
        self._left = exchanges_before
        self._transport = HttpTransport(allow_loopback=True)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        answer = self._transport.exchange(request, limits)
        self._left -= 1
        if self._left == -1:
            raise NoAnswerError("no answer in time", sent=True)
        return answer

    def close(self) -> None:
        self._transport.close()


def log_through(transport: Transport, crm: RunningCrm, what: InteractionRecord) -> None:
    with connected(crm, transport) as ours:
        log(ours, what)


@pytest.mark.parametrize("revisions_before", [0, 1, 2])
@pytest.mark.parametrize("exchanges_before", range(4))
def test_an_attempt_that_broke_anywhere_leaves_one_record_after_the_next(
    crm: RunningCrm,
    switchboard: RestCrm,
    ada: SeededCustomer,
    interaction: str,
    exchanges_before: int,
    revisions_before: int,
) -> None:
    for revision in range(revisions_before):
        log(switchboard, record(interaction, ada, revision=revision + 1))
    newest = record(interaction, ada, revision=revisions_before + 1, remarks="the newest")
    with contextlib.suppress(UpstreamUnknown, UpstreamUnavailable):
        log_through(LosesOneAnswer(exchanges_before), crm, newest)

    log(switchboard, newest)

    (text,) = standing(crm, ada, interaction)
    assert "the newest" in text


def test_two_broken_attempts_in_a_row_leave_one_record_after_the_next(
    crm: RunningCrm, switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    log(switchboard, record(interaction, ada))
    for revision in (2, 3):
        broken = record(interaction, ada, revision=revision)
        with pytest.raises((UpstreamUnknown, UpstreamUnavailable)):
            log_through(LosesOneAnswer(1), crm, broken)

    log(switchboard, record(interaction, ada, revision=4, remarks="the newest"))

    (text,) = standing(crm, ada, interaction)
    assert "the newest" in text


def test_a_customer_who_is_not_there_is_refused_without_a_word_about_the_contact(
    switchboard: RestCrm, interaction: str
) -> None:
    gone = SeededCustomer("999999", "Nobody", "+14155550199", "nobody@example.com")

    with pytest.raises(UpstreamRejected) as refused:
        log(switchboard, record(interaction, gone, remarks="secret"))

    assert "secret" not in str(refused.value)
    assert CALL["contact"] not in str(refused.value)


def test_roundup_files_a_contact_of_which_nobody_knows_the_customer(
    switchboard_on_roundup: RestCrm, interaction: str
) -> None:
    switchboard = switchboard_on_roundup

    assert not switchboard.needs_customer
    assert log(switchboard, record(interaction, None)).created
    assert not log(switchboard, record(interaction, None)).created


def test_roundup_gives_the_issue_to_a_customer_who_is_known_later_and_mails_nobody(
    running_roundup: Roundup, switchboard_on_roundup: RestCrm, interaction: str
) -> None:
    ada = running_roundup.seed()
    first = log(switchboard_on_roundup, record(interaction, None, remarks="known to nobody"))
    assert standing(running_roundup, ada, interaction) == []

    for _ in range(2):
        again = record(interaction, ada, remarks="known to nobody")
        assert log(switchboard_on_roundup, again) == Logged(first.record_id, created=False)

    assert len(standing(running_roundup, ada, interaction)) == 1
    assert "known to nobody" not in running_roundup.mails()


def test_roundup_mails_a_colleagues_message_to_the_customer_but_no_remark_of_an_agent(
    running_roundup: Roundup, switchboard_on_roundup: RestCrm, interaction: str
) -> None:
    ada = running_roundup.seed()

    running_roundup.open_issue(ada, "Your order", "It is on its way.")
    log(switchboard_on_roundup, record(interaction, ada, remarks="a private remark"))

    assert "It is on its way." in running_roundup.mails()
    assert "a private remark" not in running_roundup.mails()
