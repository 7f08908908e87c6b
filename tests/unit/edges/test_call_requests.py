"""The same request is the same id, and nothing waits longer than it was allowed to."""

from datetime import datetime, timedelta

import pytest

from switchboard.contracts.applications import CallRequest
from switchboard.domain.outbound import OutboundRequest
from switchboard.domain.signals import CallBackSignal
from switchboard.edges.call_requests import from_application, from_signal
from switchboard.errors import InvalidRequest
from tests.unit.use_cases.calls import POLICY
from tests.unit.use_cases.people import MOBILE, NOW, after

FIRST_DAY = datetime.fromisoformat("0001-01-01T00:00:00+14:00")
LAST_DAY = datetime.fromisoformat("9999-12-31T23:00:00-12:00")


def asked(
    *,
    key_id: str = "app-1",
    idempotency_key: str = "k-1",
    contact: str = "(415) 555-0142",
    not_after: datetime | None = None,
    not_before: datetime | None = None,
) -> OutboundRequest:
    return from_application(
        CallRequest.model_validate(
            {"contact": contact, "not_after": not_after, "not_before": not_before}
        ),
        key_id=key_id,
        idempotency_key=idempotency_key,
        default_region="US",
        policy=POLICY,
        request_id="r-1",
        now=NOW,
    )


def signalled(event_id: str = "e-1", *, connector: str = "crm", phone: str = "+14155550142") -> str:
    signal = CallBackSignal(event_id, customer_id="C-1", phone=phone)
    return from_signal(
        signal, connector=connector, default_region="US", policy=POLICY, request_id="r", now=NOW
    ).id


def test_the_same_key_is_the_same_request() -> None:
    assert asked().id == asked(contact="+1 415 555 0199").id
    assert asked().number == MOBILE


def test_the_same_key_of_another_caller_is_another_request() -> None:
    ids = {
        asked().id,
        asked(key_id="app-2").id,
        asked(idempotency_key="k-2").id,
    }

    assert len(ids) == 3


def test_the_same_event_delivered_twice_is_one_request() -> None:
    assert signalled() == signalled()
    assert len({signalled(), signalled("e-2"), signalled(connector="other"), asked().id}) == 4


@pytest.mark.parametrize("key", ["", "k" * 201])
def test_without_a_usable_key_of_its_own_a_request_is_refused(key: str) -> None:
    with pytest.raises(InvalidRequest, match="idempotency-key"):
        asked(idempotency_key=key)


@pytest.mark.parametrize("contact", ["", "nobody", "ada@example.com", "911"])
def test_what_is_no_number_is_refused_without_repeating_it(contact: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        asked(contact=contact)
    assert not contact or contact not in str(refused.value)
    with pytest.raises(InvalidRequest):
        signalled(phone=contact)


def test_a_request_that_names_no_last_moment_expires_as_the_policy_says() -> None:
    valid_for = timedelta(seconds=POLICY.request_valid_s)

    assert asked().not_after == NOW + valid_for
    assert asked(not_before=after(3600)).not_after == after(3600) + valid_for


@pytest.mark.parametrize(
    ("not_after", "not_before"), [(FIRST_DAY, None), (LAST_DAY, None), (None, LAST_DAY)]
)
def test_moments_at_the_ends_of_time_are_refused_in_words(
    not_after: datetime | None, not_before: datetime | None
) -> None:
    with pytest.raises(InvalidRequest):
        asked(not_after=not_after, not_before=not_before)


def test_a_beginning_at_the_beginning_of_time_restricts_nothing() -> None:
    assert asked(not_before=FIRST_DAY).not_before == NOW
