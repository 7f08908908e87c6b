"""A verified delivery becomes a signal, or nothing, or a plain refusal."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.adapters.connector.compile import ConnectorMistakes, compile_connector
from switchboard.adapters.connector.events import ConnectorEvent, connector_events, weak_events
from switchboard.domain.signals import CallBackSignal
from switchboard.errors import InvalidRequest, MalformedRequest, Misconfigured
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


def test_half_a_character_in_a_name_is_kept_as_a_question_mark() -> None:
    """Our tables refuse it, and the delivery would come again for ever."""
    said = event().document(json.dumps(body(name="Ada \ud83d")).encode())

    signal = event().signal(said, HEADERS)

    assert isinstance(signal, CallBackSignal)
    assert signal.name == "Ada ?"


def test_the_id_can_come_from_the_body() -> None:
    signal = event(id="delivery.id").signal({**body(), "delivery": {"id": 12}}, {})

    assert isinstance(signal, CallBackSignal)
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

    assert isinstance(signal, CallBackSignal)
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
    assert isinstance(signal, CallBackSignal)
    assert isinstance(signal.phone, str)


event_of_any_body = event()


def test_a_signal_does_not_print_the_customer() -> None:
    signal = event().signal(body(), HEADERS)

    assert "5550142" not in repr(signal)
    assert "Ada" not in repr(signal)


def test_an_item_sees_the_whole_delivery_as_body() -> None:
    listed = event(
        each="ids[].{id: @}", id="id", accept="body.module == 'Leads'", map="{customer_id: id}"
    )
    whole = listed.document(b'{"module": "Leads", "ids": ["7", "8"]}')

    signals = [listed.signal(item, {}, whole) for item in listed.items(whole)]

    assert [signal and signal.customer_id for signal in signals] == ["7", "8"]


def test_an_item_cannot_pretend_to_be_the_whole() -> None:
    listed = event(each="@", id="id", accept="body[0].id == 'a'", map="{customer_id: id}")
    forged = [{"id": "x", "body": [{"id": "a"}]}]

    assert listed.signal(forged[0], {}, forged) is None


def test_a_list_may_be_the_body_itself() -> None:
    listed = event(each="@", id="id")

    assert list(listed.items([{"id": 1}, {"id": 2}])) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("document", [{}, {"items": 1}, [], None])
def test_a_list_that_is_not_there_is_refused(document: object) -> None:
    with pytest.raises(MalformedRequest):
        event(each="items", id="id").items(document)


def test_what_the_map_gave_goes_to_the_method_that_reads_the_record() -> None:
    reading = event(read="find_phone", map="{customer_id: data.customer_id, module: type}")

    signal = reading.signal(body(), HEADERS)

    assert isinstance(signal, CallBackSignal)
    assert signal.said == {"customer_id": "7", "module": "status"}
    assert "status" not in repr(signal)


def test_an_event_to_be_read_again_must_say_whose_record() -> None:
    with pytest.raises(InvalidRequest):
        event(read="find_phone").signal(body(customer_id=None), HEADERS)


@pytest.mark.parametrize("raw", [b"", b"{", b"NaN", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedRequest):
        event().document(raw)


def salesforce(**keys: Any) -> dict[str, Any]:
    verify = {"scheme": "salesforce_om", "organization_id": "00D000000000001EAA", **keys}
    return {"verify": verify, "id": None, "accept": None, "map": "{customer_id: sObject.Id}"}


BODY_SECRET = {"scheme": "body_secret", "path": "token", "secret": "hook"}
ZENDESK = {"scheme": "zendesk", "secret": "hook"}


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        ({"id": None, "verify": BODY_SECRET}, "`id` is needed"),
        ({"id": None, "verify": ZENDESK}, "`id` is needed"),
        ({"each": "items"}, "`id` is needed"),
        ({**salesforce(), "each": "items"}, "`each` is for JSON"),
        ({"read": "find_phone", "map": "{phone: data.phone}"}, "`customer_id`"),
        ({"read": "find_phon"}, "did you mean `find_phone`"),
        ({"verify": {"scheme": "zendesk", "secret": "hok"}, "id": "id"}, "did you mean `hook`"),
        ({"verify": {"scheme": "zendesk", "secret": []}, "id": "id"}, "at least 1 item"),
        (salesforce(secret="hook"), "`name` is the query parameter"),
        (salesforce(name="code"), "`name` is the query parameter"),
        (salesforce(name="code", secret="hok"), "did you mean `hook`"),
        (salesforce(organization_id="${secret.hook}"), "a secret may not stand"),
        (salesforce(organization_id="${settings.orgg}"), "`orgg` is used and not declared"),
        ({"each": "items[", "id": "id"}, "each"),
        ({"verify": {**BODY_SECRET, "path": "a..b"}, "id": "id"}, "path"),
        ({"verify": {"scheme": "hubspot", "secret": "hook"}}, "hubspot_v3"),
    ],
    ids=str,
)
def test_a_mistake_in_an_event_is_found_when_the_file_is_built(
    declaration: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConnectorMistakes, match=words):
        event(**declaration)


def test_an_organisations_settings_are_filled_into_the_scheme() -> None:
    file = document(
        secrets=["hook"],
        settings={"base": {"default": "https://crm.example.com"}, "org": {"default": "00D1"}},
        events={"callback": salesforce(organization_id="${settings.org}")},
    )

    (only,) = connector_events(compile_connector(file), {"org": "00D2"})

    assert only.verify["organization_id"] == "00D2"


def test_a_setting_that_cannot_be_filled_in_is_our_own_mistake() -> None:
    with pytest.raises(Misconfigured, match=r"events\.callback\.verify"):
        event(**salesforce(organization_id="${digits(settings.base)}x${settings.base.none}"))


@pytest.mark.parametrize(
    ("declaration", "words"),
    [
        ({"verify": BODY_SECRET, "id": "id"}, ["does not sign the body"]),
        ({"verify": BODY_SECRET, "id": "id", "read": "find_phone"}, []),
        ({"verify": ZENDESK, "id": "id"}, []),
        ({"verify": ZENDESK, "id": "headers.x"}, ["does not sign headers"]),
        (salesforce(), ["does not sign the body", "is no secret"]),
        ({**salesforce(certificate_subject="CN=x"), "read": "find_phone"}, []),
        ({**salesforce(name="code", secret="hook"), "read": "find_phone"}, []),
        ({}, []),
    ],
    ids=str,
)
def test_an_event_that_proves_little_is_pointed_at(
    declaration: dict[str, Any], words: list[str]
) -> None:
    base = {
        "verify": {"scheme": "standard_webhooks", "secret": "hook"},
        "map": "{customer_id: data.customer_id}",
    }
    file = document(secrets=["hook"], events={"callback": {**base, **declaration}})

    warnings = weak_events(compile_connector(file))

    assert len(warnings) == len(words)
    for warning, word in zip(warnings, words, strict=True):
        assert warning.startswith("events.callback: ")
        assert word in warning
