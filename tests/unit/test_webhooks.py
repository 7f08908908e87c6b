"""Only an authentic delivery passes, by every scheme; everything else is the same refusal."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from switchboard.edges.webhook_schemes import SCHEMES, Delivery
from switchboard.edges.webhooks import authentic_events, verify
from switchboard.errors import Misconfigured, Unauthorized
from tests.unit.webhook_cases import (
    BODY,
    BY_NAME,
    CASES,
    NEW_SECRET,
    ORGANIZATION,
    QUERY,
    SECRET,
    Case,
    delivery,
    notification,
    outbound_message,
    scheme_event,
)

REFUSAL = "the signature of this webhook is not valid; send it signed and in time"
every_scheme = pytest.mark.parametrize("case", CASES, ids=str)
TIMED = [BY_NAME[name] for name in ("standard_webhooks", "hubspot_v3", "zendesk")]
every_timed_scheme = pytest.mark.parametrize("case", TIMED, ids=str)
SIGNING = [case for case in CASES if case.signs_body]


def is_authentic(
    case: Case, changed: Delivery | None = None, secrets: Mapping[str, str] | None = None
) -> bool:
    """Every refusal must be the same one."""
    try:
        verify(
            case.event,
            case.delivery if changed is None else changed,
            case.secrets if secrets is None else secrets,
        )
    except Unauthorized as refusal:
        return str(refusal) != REFUSAL
    return True


def test_every_scheme_has_a_case() -> None:
    assert {case.name for case in CASES} == set(SCHEMES)


@every_scheme
def test_what_the_vendors_formula_signs_is_authentic(case: Case) -> None:
    assert is_authentic(case)


@every_scheme
def test_two_secrets_are_live_while_one_is_changed(case: Case) -> None:
    (old,) = case.secrets.values()

    assert is_authentic(case, secrets={"hook": NEW_SECRET, "hook_previous": old})
    assert is_authentic(case, secrets={"hook": old, "hook_previous": NEW_SECRET})
    assert not is_authentic(case, secrets={"hook": NEW_SECRET})


@every_scheme
@pytest.mark.parametrize("secrets", [{}, {"hook": ""}, {"other": SECRET}])
def test_without_a_secret_nothing_is_authentic(case: Case, secrets: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match="hook"):
        is_authentic(case, secrets=secrets)


@pytest.mark.parametrize(
    ("case", "header"), [(case, header) for case in CASES for header in case.proofs], ids=str
)
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "x",
        "v1,",
        "v1",
        "-1",
        "1e9",
        "\uff19",
        "1614265330.0",
        "9" * 400,
        "\ud800",
        "é",
        "?",
    ],
)
def test_a_header_that_is_wrong_or_missing_is_refused(
    case: Case, header: str, value: str | None
) -> None:
    assert not is_authentic(case, case.with_headers(**{header: value}))


@every_timed_scheme
@pytest.mark.parametrize("late_s", [-300, -299, 0, 300])
def test_within_five_minutes_either_way_it_is_in_time(case: Case, late_s: int) -> None:
    assert is_authentic(case, later(case, late_s))


@every_timed_scheme
@pytest.mark.parametrize("late_s", [-301, 301, 10**7, -(10**7)])
def test_too_old_or_from_the_future_is_refused(case: Case, late_s: int) -> None:
    assert not is_authentic(case, later(case, late_s))


@every_timed_scheme
def test_the_tolerance_is_the_connectors(case: Case) -> None:
    strict = replace(case, event=scheme_event(case.name, tolerance_s=10))

    assert is_authentic(strict, later(case, 10))
    assert not is_authentic(strict, later(case, 11))


def later(case: Case, seconds: int) -> Delivery:
    arrived = case.delivery.received_at + timedelta(seconds=seconds)
    return replace(case.delivery, received_at=arrived)


@pytest.mark.parametrize("case", SIGNING, ids=str)
@given(position=st.integers(0, len(BODY) * 8 - 1))
def test_a_single_changed_bit_of_the_body_is_refused(case: Case, position: int) -> None:
    assert not is_authentic(case, replace(case.delivery, raw_body=flipped(BODY, position)))


@pytest.mark.parametrize(
    ("case", "header"), [(case, header) for case in CASES for header in case.proofs], ids=str
)
@given(data=st.data())
def test_a_single_changed_bit_of_a_proof_is_refused(
    case: Case, header: str, data: st.DataObject
) -> None:
    proof = case.delivery.headers[header].encode()
    changed = flipped(proof, data.draw(st.integers(0, len(proof) * 8 - 1))).decode("latin-1")

    assert not is_authentic(case, case.with_headers(**{header: changed}))


@given(position=st.integers(0, len(QUERY) * 8 - 1))
def test_a_single_changed_bit_of_an_address_that_is_signed_is_refused(position: int) -> None:
    changed = flipped(QUERY.encode(), position).decode("latin-1")
    # "%2f" and "%2F" are the same address to HubSpot, which signs what they stand for.
    assume(changed.upper() != QUERY.upper() or "%2f" not in changed)

    hubspot = BY_NAME["hubspot_v3"]
    assert not is_authentic(hubspot, replace(hubspot.delivery, query=changed))


def flipped(raw: bytes, position: int) -> bytes:
    changed = bytearray(raw)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


ANY_TEXT = st.text() | st.sampled_from(
    ["v1,AAAA", "Basic ", SECRET[:-1], SECRET.lower(), "2026-01-05T12:00:00", "1767614400"]
)
HEADERS = st.dictionaries(
    st.sampled_from(sorted({name for case in CASES for name in case.proofs})), ANY_TEXT
)


@every_scheme
@given(headers=HEADERS, body=st.binary(), query=ANY_TEXT, subject=ANY_TEXT)
def test_no_forgery_passes_and_none_is_an_error_of_ours(
    case: Case, headers: dict[str, str], body: bytes, query: str, subject: str
) -> None:
    forged = replace(
        delivery(body, headers), query=query, certificate_subject=subject, method="POST"
    )
    assert not is_authentic(case, forged)


@pytest.mark.parametrize("case", [case for case in CASES if case.proofs], ids=str)
@given(headers=HEADERS, body=st.sampled_from([BODY, b"", b"{}"]) | st.binary())
def test_a_valid_delivery_with_anything_else_in_place_of_a_part_is_refused(
    case: Case, headers: dict[str, str], body: bytes
) -> None:
    changed = {name: value for name, value in headers.items() if name in case.proofs}
    other_body = body != case.delivery.raw_body and case.signs_body
    assume(other_body or any(case.delivery.headers[n] != v for n, v in changed.items()))
    merged = {**case.delivery.headers, **changed}

    raw = body if case.signs_body else case.delivery.raw_body
    assert not is_authentic(case, replace(case.delivery, headers=merged, raw_body=raw))


def test_the_published_vector_of_standard_webhooks_is_authentic() -> None:
    secret, body = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    published = replace(
        delivery(
            body,
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1a,abc v1,AAAA "
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
        ),
        received_at=delivery().received_at.fromtimestamp(1614265330, delivery().received_at.tzinfo),
    )

    for text in (secret, f"whsec_{secret}"):
        verify(scheme_event("standard_webhooks"), published, {"hook": text})


def test_a_signature_of_another_version_is_refused() -> None:
    case = BY_NAME["standard_webhooks"]
    other = case.delivery.headers["webhook-signature"].replace("v1,", "v2,")

    assert not is_authentic(case, case.with_headers(webhook_signature=other))


def test_a_vector_of_hubspot_made_with_openssl_is_authentic() -> None:
    """printf '%s' "POST<address, decoded><body>1767614400000" | openssl dgst -sha256 -hmac …

    HubSpot's own Python client makes the same of it.
    """
    body = b'[{"eventId":1,"subscriptionType":"contact.propertyChange","objectId":123}]'
    headers = {
        "x-hubspot-request-timestamp": "1767614400000",
        "x-hubspot-signature-v3": "1niw6cA3xH/ECW/rMboI8tKIuf7QmdPVSh9BJicj2Dk=",
    }
    sent = replace(
        delivery(body, headers), path="/v1/webhooks/hubspot", query="from=a%2Fb%3ac&x=%20y"
    )

    verify(scheme_event("hubspot_v3"), sent, {"hook": "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"})


def test_a_vector_of_zendesk_made_with_openssl_is_authentic() -> None:
    headers = {
        "x-zendesk-webhook-signature-timestamp": "2026-01-05T12:00:00Z",
        "x-zendesk-webhook-signature": "0RMDSHpEvHknMYUGRPUtwTLW2epE7WhfjzeGuh3OTZ8=",
    }
    # The signing secret that Zendesk documents for tests.
    secrets = {"hook": "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="}

    verify(
        scheme_event("zendesk"), delivery(b'{"id":"evt-1","detail":{"id":"7"}}', headers), secrets
    )


def test_a_vector_of_espo_made_with_openssl_is_authentic() -> None:
    headers = {
        "signature": "NjVhMWIyYzNkNGU1ZjZhN2I6ZGRlZGIyOWFmZTM3Njc3Yjc1NjZlY2JlMmYzNGNiZjc5"
        "NzJiZjIwZWQyNzUxMGMyZGM1OTM1ODIwMTgzZDI4MA=="
    }
    body = b'[{"id":"contact-1","modifiedAt":"2026-01-05 12:00:00"}]'

    for keys in ({}, {"webhook_id": "65a1b2c3d4e5f6a7b"}):
        verify(scheme_event("espo", **keys), delivery(body, headers), {"hook": "espo-webhook-key"})


def test_another_webhook_of_the_same_espo_is_refused_where_one_is_named() -> None:
    case = BY_NAME["espo"]
    another = replace(case, event=scheme_event("espo", webhook_id="another"))

    assert not is_authentic(another)


@pytest.mark.parametrize("method", ["GET", "PUT", "post", ""])
def test_the_method_is_part_of_what_hubspot_signs(method: str) -> None:
    case = BY_NAME["hubspot_v3"]

    assert not is_authentic(case, replace(case.delivery, method=method))


@pytest.mark.parametrize(
    "change",
    [{"host": "other.example.com"}, {"path": "/v1/webhooks/other"}, {"query": ""}, {"query": "a"}],
    ids=str,
)
def test_a_right_signature_over_another_address_is_refused(change: dict[str, Any]) -> None:
    case = BY_NAME["hubspot_v3"]

    assert not is_authentic(case, replace(case.delivery, **change))


def test_the_address_is_what_the_caller_used_where_a_setting_says_so() -> None:
    case = BY_NAME["hubspot_v3"]
    behind = replace(case.delivery, host="abc.execute-api.example.com")

    for base_url in ("https://crm.example.com", "https://crm.example.com/"):
        assert is_authentic(replace(case, event=scheme_event(case.name, base_url=base_url)), behind)
    assert is_authentic(replace(case, event=scheme_event(case.name, base_url="${settings.public}")))
    assert not is_authentic(case, behind)


def test_two_characters_that_hubspot_does_not_decode_stay_encoded() -> None:
    case = BY_NAME["hubspot_v3"]

    # %252F is a text that holds "%2F"; decoding it twice would make another address of it.
    for query in ("from=a%252Fb&code=c2VjcmV0", "from=a%2Fb%26code=c2VjcmV0"):
        assert not is_authentic(case, replace(case.delivery, query=query))


@pytest.mark.parametrize(
    ("stamp", "is_good"),
    [
        ("2026-01-05T12:00:00Z", True),
        ("2026-01-05T13:00:00.5+01:00", True),
        ("2026-01-05T12:00:00", False),
        ("2026-01-05", False),
        ("0001-01-01T00:00:00+23:59", False),
        ("yesterday", False),
    ],
)
def test_a_moment_must_name_its_offset_even_when_it_is_signed(stamp: str, is_good: bool) -> None:
    case = BY_NAME["zendesk"]
    mac = hmac.digest(SECRET.encode(), stamp.encode() + BODY, "sha256")
    signed = case.with_headers(
        x_zendesk_webhook_signature=base64.b64encode(mac).decode(),
        x_zendesk_webhook_signature_timestamp=stamp,
    )

    assert is_authentic(case, signed) is is_good


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=",
        "code=c2VjcmV",
        "CODE=c2VjcmV0",
        "code=c2VjcmV0&code=c2VjcmV0",
        "code=x&code=c2VjcmV0",
        "c2VjcmV0",
        "&" * 200 + "code=c2VjcmV0" + "&a=b" * 200,
    ],
)
def test_a_query_secret_is_given_once_and_exactly(query: str) -> None:
    for name in ("query_secret", "salesforce_om"):
        case = BY_NAME[name]
        assert not is_authentic(case, replace(case.delivery, query=query))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"{",
        b"\xff",
        b"[" * 100_000,
        b'{"token": null}',
        b'{"token": ["a"]}',
        b'{"token": ""}',
        b'{"token": 1}',
        b'{"token": NaN}',
        b'{"token": "\\ud800"}',
    ],
    ids=lambda body: body[:16].decode("latin-1"),
)
def test_a_body_without_the_secret_is_refused_whatever_it_is(body: bytes) -> None:
    case = BY_NAME["body_secret"]

    assert not is_authentic(case, replace(case.delivery, raw_body=body))


def test_a_number_in_the_body_is_no_secret_even_if_its_digits_are() -> None:
    case = BY_NAME["body_secret"]
    number = replace(case.delivery, raw_body=b'{"token": 12345}')

    assert not is_authentic(case, number, {"hook": "12345"})


def test_an_organisation_may_be_written_with_fifteen_characters() -> None:
    case = BY_NAME["salesforce_om"]
    keys = {"certificate_subject": "", "organization_id": ORGANIZATION[:15]}
    short = replace(case, event=scheme_event("salesforce_om", **keys), secrets={})

    assert is_authentic(short)
    for other in ("00D000000000002EAA", ORGANIZATION[:14], ORGANIZATION.lower(), ""):
        body = outbound_message(notification(), organization=other)
        assert not is_authentic(short, replace(case.delivery, raw_body=body))


@pytest.mark.parametrize(
    "change",
    [
        {"certificate_subject": ""},
        {"certificate_subject": "CN=proxy.salesforce.com"},
        {"query": "code=wrong"},
        {"raw_body": outbound_message(notification(), organization="00D000000000002EAA")},
        {"raw_body": outbound_message(notification())[:-9]},
        {"raw_body": BODY},
    ],
    ids=str,
)
def test_an_outbound_message_is_authentic_only_as_a_whole(change: dict[str, Any]) -> None:
    case = BY_NAME["salesforce_om"]

    assert not is_authentic(case, replace(case.delivery, **change))


def test_an_organisation_that_is_not_set_is_our_own_mistake() -> None:
    case = BY_NAME["salesforce_om"]
    unset = replace(case, event=scheme_event("salesforce_om", organization_id="${settings.public}"))

    with pytest.raises(Misconfigured, match="organisation"):
        is_authentic(unset)


def test_user_name_and_password_are_both_needed() -> None:
    case = BY_NAME["basic"]

    for text in (f"other:{SECRET}", "crm:", f":{SECRET}", SECRET):
        header = "Basic " + base64.b64encode(text.encode()).decode()
        assert not is_authentic(case, case.with_headers(authorization=header))


@pytest.mark.parametrize("secret", ["not base64 !", "whsec_"])
def test_a_broken_secret_is_our_own_mistake_and_is_not_shown(secret: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        is_authentic(BY_NAME["standard_webhooks"], secrets={"hook": secret})

    assert "not base64 !" not in str(caught.value)


def test_one_scheme_of_several_is_enough_and_the_others_are_not_believed() -> None:
    case = BY_NAME["zendesk"]
    events = [BY_NAME["header_secret"].event, case.event]

    assert authentic_events(events, case.delivery, case.secrets) == [case.event]


def test_an_event_that_cannot_be_checked_is_in_nobody_elses_way() -> None:
    case = BY_NAME["zendesk"]
    unset = scheme_event("zendesk", secret="other")

    assert authentic_events([unset, case.event], case.delivery, case.secrets) == [case.event]
    with pytest.raises(Misconfigured):
        authentic_events([unset], case.delivery, case.secrets)


def test_a_delivery_that_satisfies_no_scheme_is_refused() -> None:
    with pytest.raises(Unauthorized):
        authentic_events([case.event for case in TIMED], delivery(), {"hook": SECRET})


def test_neither_secrets_nor_bodies_are_printed() -> None:
    shown = repr(BY_NAME["hubspot_v3"].delivery)

    assert "call_me" not in shown
    assert "c2VjcmV0" not in shown
    assert "x-hubspot" not in shown
