"""A delivery is read item by item, and none of them is in another's way."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from switchboard.adapters.connector.events import ConnectorEvent
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.signals import CallBackSignal
from switchboard.edges.webhook_items import (
    READING_S,
    Heard,
    Hint,
    Tally,
    confirmed,
    each_record_once,
    read_delivery,
    take_each,
)
from switchboard.errors import (
    InvalidRequest,
    MalformedRequest,
    Misconfigured,
    StateUnavailable,
    SwitchboardError,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from tests.unit.webhook_cases import (
    delivery,
    event,
    notification,
    outbound_message,
    scheme_event,
)

VERIFY = {"scheme": "zendesk", "secret": "hook"}
ADA = Customer(
    "example", "C-7", "contact", "Ada Byron", phones=("(415) 555-0142", "+44 1632 960001")
)


def listening(**declaration: Any) -> ConnectorEvent:
    return event(
        **{
            "verify": VERIFY,
            "each": "@",
            "accept": "kind == 'call_me'",
            "map": "{customer_id: customer, phone: phone}",
            **declaration,
        }
    )


def item(number: int, **change: Any) -> dict[str, Any]:
    return {"id": f"evt-{number}", "kind": "call_me", "customer": f"C-{number}", **change}


def heard(body: Any, *events: ConnectorEvent) -> Heard:
    return read_delivery(events or (listening(),), delivery(json.dumps(body).encode()))


def ids(result: Heard) -> list[str]:
    return [hint.signal.event_id for hint in result.hints]


def test_every_item_of_a_list_is_heard_by_itself() -> None:
    result = heard([item(1), item(2, kind="closed"), item(3)])

    assert ids(result) == ["evt-1", "evt-3"]
    assert (result.ignored, result.unreadable, result.is_batch) == (1, 0, True)


@pytest.mark.parametrize("bad", [None, 7, "text", [], item(9, id=None), item(9, id="two words")])
def test_an_item_that_cannot_be_read_does_not_lose_the_others(bad: Any) -> None:
    result = heard([item(1), bad, item(2)])

    assert ids(result) == ["evt-1", "evt-2"]
    assert result.unreadable == 1


def test_items_are_found_where_the_connector_says_and_see_the_whole() -> None:
    wrapped = listening(
        each="records[].{id: @}", accept="body.module == 'Contacts'", map="{customer_id: id}"
    )

    result = heard({"module": "Contacts", "records": ["a", "b"]}, wrapped)

    assert [hint.signal.customer_id for hint in result.hints] == ["a", "b"]
    assert heard({"module": "Deals", "records": ["a"]}, wrapped).ignored == 1


@pytest.mark.parametrize("body", [{}, {"records": None}, {"records": {}}, [], "text", None])
def test_a_delivery_without_the_list_is_refused(body: Any) -> None:
    with pytest.raises(MalformedRequest):
        heard(body, listening(each="records"))


def test_an_empty_list_asks_for_nothing() -> None:
    assert heard([]) == Heard((), is_batch=True)


def test_of_several_events_the_first_that_accepts_takes_the_item() -> None:
    other = listening(accept="kind == 'lead' || kind == 'call_me'", read="find_phone")

    result = heard([item(1), item(2, kind="lead"), item(3, kind="x")], listening(), other)

    assert [(hint.signal.event_id, hint.read_by) for hint in result.hints] == [
        ("evt-1", ""),
        ("evt-2", "find_phone"),
    ]
    assert result.ignored == 1


def test_an_event_for_bodies_of_another_shape_is_in_nobodys_way() -> None:
    single = listening(each=None)

    assert ids(heard([item(1)], single, listening())) == ["evt-1"]
    assert heard([item(1)], single, listening()).unreadable == 0
    assert ids(heard(item(2), single, listening())) == ["evt-2"]


@pytest.mark.parametrize("body", ["[1]", '"text"', "{", "NaN", '{"a":' * 100_000, ""])
def test_a_body_that_no_event_can_read_is_refused(body: str) -> None:
    with pytest.raises(MalformedRequest):
        read_delivery([listening(each=None)], delivery(body.encode()))


def test_the_only_item_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="callback of example"):
        heard(item(1, id=None), listening(each=None))


def test_each_notification_of_an_outbound_message_is_an_item() -> None:
    salesforce = scheme_event("salesforce_om", organization_id="${settings.organization}")
    message = outbound_message(notification(1), notification(2))

    result = read_delivery([salesforce], delivery(message))

    assert ids(result) == ["04l000000000001AAA", "04l000000000002AAA"]
    assert result.hints[0].signal.customer_id == "003000000000001AAA"
    assert result.is_batch
    assert result.wants_acknowledgement


def hints(*event_ids: str) -> tuple[Hint, ...]:
    return tuple(Hint(CallBackSignal(event_id)) for event_id in event_ids)


def taking(failures: Mapping[str, SwitchboardError], *, is_batch: bool = True) -> Tally[str]:
    """What becomes of a, b and c; b is nobody's."""

    def take(hint: Hint) -> str | None:
        if failure := failures.get(hint.signal.event_id):
            raise failure
        return None if hint.signal.event_id == "b" else hint.signal.event_id

    return take_each(Heard(hints("a", "b", "c"), ignored=1, is_batch=is_batch), take)


def test_what_is_about_nobody_is_ignored() -> None:
    tally = taking({})

    assert (tally.taken, tally.ignored, tally.unreadable) == (["a", "c"], 2, 0)
    assert tally.failure is None


@pytest.mark.parametrize(
    "failure", [InvalidRequest("no number"), UpstreamRejected("crm", "invalid")], ids=repr
)
def test_what_can_never_succeed_is_counted_and_the_others_are_taken(
    failure: SwitchboardError,
) -> None:
    tally = taking({"a": failure})

    assert (tally.taken, tally.unreadable, tally.failure) == (["c"], 1, None)


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamUnavailable("crm", "down"),
        UpstreamThrottled("crm", "throttled"),
        StateUnavailable("tables"),
        Misconfigured("a setting"),
    ],
    ids=repr,
)
def test_what_may_succeed_later_brings_the_delivery_again_after_the_others_are_taken(
    failure: SwitchboardError,
) -> None:
    tally = taking({"a": failure})

    assert (tally.taken, tally.unreadable) == (["c"], 0)
    assert tally.failure is failure


def test_a_delivery_of_one_fails_as_its_item_does() -> None:
    with pytest.raises(InvalidRequest):
        taking({"a": InvalidRequest("no number")}, is_batch=False)


HINT = Hint(CallBackSignal("evt-1", customer_id="C-7", phone="+1 415 555 0199"), "get_contact")


class Records:
    """A CRM's records, and how often it was asked."""

    def __init__(self, *customers: Customer, failing_with: UpstreamError | None = None) -> None:
        self.customers = {customer.id: customer for customer in customers}
        self.failing_with = failing_with
        self.asked: list[tuple[str, str]] = []
        self.allowed_s: list[float] = []

    def read(self, method: str, said: Mapping[str, Any], deadline: Deadline) -> Customer | None:
        self.asked.append((method, said.get("customer_id", "")))
        self.allowed_s.append(deadline.remaining_s)
        if self.failing_with:
            raise self.failing_with
        return self.customers.get(said.get("customer_id", ""))


def asked_of(records: Records, hint: Hint = HINT, left_s: float = 60) -> CallBackSignal | None:
    said = {"customer_id": hint.signal.customer_id}
    signal = CallBackSignal(
        hint.signal.event_id, hint.signal.customer_id, hint.signal.phone, said=said
    )
    deadline = Deadline.after(left_s, clock=lambda: 0.0)
    return confirmed(
        Hint(signal, hint.read_by), records.read, deadline=deadline, default_region="US"
    )


def test_the_records_own_number_and_name_replace_the_events() -> None:
    signal = asked_of(Records(ADA))

    assert signal is not None
    assert (signal.phone, signal.name) == ("(415) 555-0142", "Ada Byron")


def test_a_number_that_the_record_has_too_is_the_one_to_call() -> None:
    named = Hint(CallBackSignal("evt-1", "C-7", phone="+441632960001"), "get_contact")

    signal = asked_of(Records(ADA), named)

    assert signal is not None
    assert signal.phone == "+44 1632 960001"


def test_without_a_method_the_event_is_believed() -> None:
    records = Records()

    signal = asked_of(records, Hint(HINT.signal))

    assert signal is not None
    assert signal.phone == "+1 415 555 0199"
    assert records.asked == []


def test_nobody_found_is_nothing_to_do() -> None:
    assert asked_of(Records()) is None


def test_another_record_than_the_events_is_nobody_to_call() -> None:
    other = Records()
    other.customers["C-7"] = Customer("example", "C-8", "contact", "Eve", phones=("+14155550177",))

    with pytest.raises(InvalidRequest):
        asked_of(other)


def test_the_crm_has_five_seconds_or_what_is_left() -> None:
    records = Records(ADA)
    asked_of(records)
    asked_of(records, left_s=2)

    assert records.allowed_s == [READING_S, 2]


def temporary_rejection() -> UpstreamRejected:
    rejection = UpstreamRejected("crm", "auth")
    rejection.retryable = True
    return rejection


@pytest.mark.parametrize(
    ("failure", "status", "is_retryable"),
    [
        (UpstreamUnavailable("crm", "down"), 503, True),
        (UpstreamThrottled("crm", "throttled"), 503, True),
        (temporary_rejection(), 503, True),
        (UpstreamRejected("crm", "invalid"), 502, False),
    ],
    ids=repr,
)
def test_a_crm_that_does_not_answer_brings_the_delivery_again(
    failure: UpstreamError, status: int, is_retryable: bool
) -> None:
    with pytest.raises(UpstreamError) as caught:
        asked_of(Records(failing_with=failure))

    assert (caught.value.http_status, caught.value.retryable) == (status, is_retryable)


def test_a_burst_of_events_about_one_record_asks_the_crm_once() -> None:
    records = Records(ADA)
    read = each_record_once(records.read)

    for said in ({"customer_id": "C-7"}, {"customer_id": "C-7"}, {"customer_id": "C-8"}):
        read("get_contact", said, Deadline.after(5))
    read("get_lead", {"customer_id": "C-7"}, Deadline.after(5))

    assert records.asked == [("get_contact", "C-7"), ("get_contact", "C-8"), ("get_lead", "C-7")]
