"""What was written into a real application is found there again, by our key."""

import contextlib
import uuid

import pytest

from local.peers import RunningCrm, SeededCustomer
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.errors import UpstreamUnavailable, UpstreamUnknown
from tests.peers.our_side import connected
from tests.peers.test_log import LosesOneAnswer, log, log_through, record

pytestmark = pytest.mark.peer


@pytest.fixture
def interaction() -> str:
    return f"i-{uuid.uuid4().hex}"


def look(crm: RestCrm, interaction: str, record_id: str = "") -> FoundRecord | None:
    return crm.find_record(interaction, record_id=record_id, deadline=Deadline.after(15))


@pytest.mark.parametrize("told", [True, False])
def test_a_record_is_found_in_its_latest_revision(
    switchboard: RestCrm, ada: SeededCustomer, interaction: str, told: bool
) -> None:
    log(switchboard, record(interaction, ada))
    logged = log(switchboard, record(interaction, ada, revision=2, disposition_code="SALE"))

    found = look(switchboard, interaction, logged.record_id if told else "")

    assert found is not None
    assert (found.record_id, found.key, found.copies) == (logged.record_id, interaction, 1)
    assert found.revision in {2, None}


def test_a_record_that_was_not_written_is_not_found(
    switchboard: RestCrm, ada: SeededCustomer, interaction: str
) -> None:
    logged = log(switchboard, record(interaction + "0", ada))

    assert look(switchboard, interaction, logged.record_id) is None


@pytest.mark.parametrize("tail", ['a"]%', "a\\b", "a_b", "a%b", "a' OR 1=1 --", "/../x?y=&z#"])
def test_an_id_full_of_operators_finds_its_own_record_and_no_other(
    switchboard: RestCrm, ada: SeededCustomer, interaction: str, tail: str
) -> None:
    hostile = f"{interaction}{tail}"
    assert look(switchboard, hostile) is None

    logged = log(switchboard, record(hostile, ada))

    found = look(switchboard, hostile)
    assert found is not None
    assert (found.record_id, found.copies) == (logged.record_id, 1)


@pytest.mark.parametrize(("one", "other"), [("ab", "AB"), ("a%b", "a-b"), ("a_b", "axb")])
def test_ids_that_a_wildcard_or_case_would_confuse_are_not_found_for_one_another(
    switchboard: RestCrm, ada: SeededCustomer, interaction: str, one: str, other: str
) -> None:
    log(switchboard, record(interaction + other, ada))

    assert look(switchboard, interaction + one) is None


@pytest.mark.parametrize("exchanges_before", range(3))
def test_a_record_whose_answer_was_lost_is_found_as_soon_as_the_next_attempt_is_done(
    crm: RunningCrm,
    switchboard: RestCrm,
    ada: SeededCustomer,
    interaction: str,
    exchanges_before: int,
) -> None:
    broken = record(interaction, ada)
    with contextlib.suppress(UpstreamUnknown, UpstreamUnavailable):
        log_through(LosesOneAnswer(exchanges_before), crm, broken)

    logged = log(switchboard, broken)

    found = look(switchboard, interaction)
    assert found is not None
    assert (found.record_id, found.copies) == (logged.record_id, 1)


def test_an_application_that_is_not_there_is_no_missing_record(
    crm: RunningCrm, interaction: str
) -> None:
    with connected(crm, LosesOneAnswer(0)) as ours, pytest.raises(UpstreamUnavailable):
        look(ours, interaction)
