"""An event's sample is played as a delivery would be: its body, its items, and the record read."""

from typing import Any

import pytest
from pydantic import ValidationError

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.samples import run_samples
from tests.unit.connector.examples import ROWS, document
from tests.unit.webhook_cases import notification, outbound_message

ADA = {"id": "C-7", "name": "Ada", "phone": "(415) 555-0142"}
FOUND = {
    "request": {"method": "GET", "url": "https://crm.example.com/customers/C-7"},
    "response": {"body": {"customers": [ADA]}},
}
HEARD = {"event_id": "e-1", "customer_id": "C-7"}


def differences(sample: dict[str, Any], **declaration: Any) -> tuple[str, ...]:
    base = document()
    methods = base["methods"] | {
        "get_customer": {
            "request": {"path": "/customers/${input.customer_id}"},
            "map": ROWS,
            "empty_when": ["not_found"],
        }
    }
    event = {
        "verify": {"scheme": "hubspot_v3", "secret": "hook"},
        "id": "id",
        "accept": "kind == 'call_me'",
        "map": "{customer_id: customer, phone: phone}",
        **declaration,
    }
    file = document(secrets=["hook"], methods=methods, events={"callback": event})
    story = {"name": "somebody wants a call", "event": "callback", **sample}
    (report,) = run_samples(compile_connector(file), [story])
    return report.differences


def item(number: int = 1, **change: Any) -> dict[str, Any]:
    return {"id": f"e-{number}", "kind": "call_me", "customer": "C-7", **change}


def test_a_single_event_is_its_signal() -> None:
    assert differences({"body": item(), "result": HEARD}) == ()
    assert differences({"body": item(kind="closed"), "result": None}) == ()


def test_a_difference_is_shown_with_its_place() -> None:
    assert differences({"body": item(), "result": {"customer_id": "C-8"}}) == (
        "result.customer_id: expected 'C-8', got 'C-7'",
    )


def test_a_list_has_an_entry_for_each_item() -> None:
    sample = {
        "body": [item(), item(2, kind="closed"), item(3, id=None)],
        "result": [HEARD, None, {"unreadable": True}],
    }

    assert differences(sample, each="@") == ()


def test_the_only_item_may_stand_without_the_list() -> None:
    for result in (HEARD, [HEARD]):
        assert differences({"body": [item()], "result": result}, each="@") == ()


def test_the_record_is_read_again_in_the_samples_exchange() -> None:
    sample = {
        "body": item(phone="+1 415 555 0199"),
        "exchange": [FOUND],
        "result": {**HEARD, "phone": "(415) 555-0142", "name": "Ada"},
    }

    assert differences(sample, read="get_customer") == ()
    assert differences({**sample, "exchange": []}, read="get_customer")[0].startswith(
        "one more request was sent: GET https://crm.example.com/customers/C-7"
    )


@pytest.mark.parametrize(
    "response",
    [{"status": 404}, {"body": {"customers": []}}, {"body": {"customers": [ADA, {"id": "C-8"}]}}],
    ids=["not found", "nobody", "several"],
)
def test_a_record_that_is_not_there_is_nobody_to_call(response: dict[str, Any]) -> None:
    sample = {"body": item(), "exchange": [{"response": response}], "result": None}

    assert differences(sample, read="get_customer") == ()


def test_a_crm_that_is_down_is_a_failure_of_the_sample() -> None:
    sample = {
        "body": item(),
        "exchange": [{"response": {"status": 503}}],
        "fails": {"class": "transient"},
    }

    assert differences(sample, read="get_customer") == ()


def test_an_outbound_message_is_given_as_text() -> None:
    verify = {"scheme": "salesforce_om", "organization_id": "00D000000000001EAA"}
    sample = {
        "text": outbound_message(notification(1), notification(2)).decode(),
        "result": [
            {"event_id": "04l000000000001AAA", "customer_id": "003000000000001AAA"},
            {"event_id": "04l000000000002AAA", "phone": "(415) 555-0142"},
        ],
    }

    shape = "{customer_id: sObject.Id, phone: sObject.Phone}"
    selected = "sObject.type == 'Contact'"
    assert differences(sample, verify=verify, id=None, map=shape, accept=selected) == ()


def test_a_body_that_cannot_be_read_is_a_failure() -> None:
    assert differences({"text": "{", "fails": {"class": "invalid"}}) == ()


def test_a_sample_has_one_body() -> None:
    with pytest.raises(ValidationError, match="either `body`"):
        differences({"body": item(), "text": "{}"})
