"""A verified delivery becomes a signal, or nothing, or a plain refusal."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.events import ConnectorEvent, connector_events
from switchboard.domain.signals import CallBackSignal
from switchboard.errors import InvalidRequest
from tests.unit.connector.examples import document

HEADERS = {"Webhook-ID": "msg_1"}
DATA = {"customer_id": 7, "status": "call_me_back", "phone": "(415) 555-0142", "name": "Ada"}


def event(**changes: Any) -> ConnectorEvent:
    declaration = {
        "verify": {"scheme": "standard_webhooks", "secret": "hook"},
        "accept": "type == 'status' && data.status == 'call_me_back'",
        "map": "{customer_id: data.customer_id, phone: data.phone, name: data.name, "
        "business_process: tables.process.sales, call_after: data.call_after}",
        **changes,
    }
    file = document(
        secrets=["hook"],
        tables={"process": {"sales": "Sales callback"}},
        events={"callback": declaration},
    )
    (only,) = connector_events(compile_connector(file), {})
    return only


def body(**data: Any) -> dict[str, Any]:
    return {"type": "status", "data": {**DATA, **data}}


def test_an_accepted_event_is_a_signal() -> None:
    signal = event().signal(body(call_after="2026-01-05T18:00:00Z"), HEADERS)

    assert signal == CallBackSignal(
        event_id="msg_1",
        customer_id="7",
        phone="(415) 555-0142",
        name="Ada",
        business_process="Sales callback",
        call_after=datetime(2026, 1, 5, 18, tzinfo=UTC),
    )


def test_the_id_can_come_from_the_body() -> None:
    signal = event(id="delivery.id").signal({**body(), "delivery": {"id": 12}}, {})

    assert signal is not None
    assert signal.event_id == "12"


@pytest.mark.parametrize("other", [{}, {"type": "status", "data": None}, body(status="closed")])
def test_another_event_is_nothing(other: dict[str, Any]) -> None:
    assert event().signal(other, HEADERS) is None


@pytest.mark.parametrize(
    ("said", "headers"),
    [
        (body(), {}),
        (body(), {"webhook-id": "x" * 300}),
        (body(), {"webhook-id": "two words"}),
        (body(call_after="tomorrow"), HEADERS),
        (body(call_after="2026-01-05T18:00:00"), HEADERS),
        (body(call_after=1767636000), HEADERS),
    ],
)
def test_an_accepted_event_that_cannot_be_read_is_refused(
    said: dict[str, Any], headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidRequest, match="callback of example") as caught:
        event().signal(said, headers)

    assert "5550142" not in str(caught.value)


@pytest.mark.parametrize("said", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(said: object) -> None:
    with pytest.raises(InvalidRequest):
        event().signal(said, HEADERS)


def test_a_body_cannot_pretend_to_be_headers_or_settings() -> None:
    forged = {**body(), "headers": {"webhook-id": "forged"}, "tables": {"process": {"sales": "x"}}}

    signal = event().signal(forged, HEADERS)

    assert signal is not None
    assert (signal.event_id, signal.business_process) == ("msg_1", "Sales callback")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(DATA)), JSON), JSON)
def test_any_body_is_a_signal_nothing_or_a_refusal(data: dict[str, Any], more: Any) -> None:
    said = {"type": "status", "data": {**data, "status": "call_me_back", "call_after": more}}
    try:
        signal = event_of_any_body.signal(said, HEADERS)
    except InvalidRequest:
        return
    assert signal is not None
    assert isinstance(signal.phone, str)


event_of_any_body = event()


def test_a_signal_does_not_print_the_customer() -> None:
    signal = event().signal(body(), HEADERS)

    assert "5550142" not in repr(signal)
    assert "Ada" not in repr(signal)
