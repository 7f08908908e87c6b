"""Only an authentic delivery passes; everything else is the same refusal."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.edges.webhooks import sign_standard, verify
from switchboard.errors import Misconfigured, Unauthorized

# The published test vector of the Standard Webhooks libraries.
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SIGNED_AT = 1614265330
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(SIGNED_AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}
STANDARD = {"scheme": "standard_webhooks", "secret": "hook"}
HEADER = {"scheme": "header_secret", "header": "X-Hook-Token", "secret": "hook"}
BASIC = {"scheme": "basic", "username": "crm", "secret": "hook"}


def check(
    scheme: dict[str, Any] = STANDARD,
    headers: dict[str, str] = HEADERS,
    *,
    body: bytes = BODY,
    secrets: dict[str, str] | None = None,
    seconds_later: float = 0,
) -> None:
    verify(
        scheme,
        headers=headers,
        raw_body=body,
        secrets={"hook": SECRET} if secrets is None else secrets,
        now=datetime.fromtimestamp(SIGNED_AT + seconds_later, UTC),
    )


def refused(*arguments: Any, **changes: Any) -> bool:
    with pytest.raises(Unauthorized):
        check(*arguments, **changes)
    return True


@pytest.mark.parametrize("secret", [SECRET, f"whsec_{SECRET}"])
def test_the_published_vector_is_authentic(secret: str) -> None:
    check(secrets={"hook": secret})


def test_names_of_headers_are_read_in_any_case() -> None:
    check(headers={name.title(): value for name, value in HEADERS.items()})


def test_our_signature_is_the_one_that_the_specification_describes() -> None:
    key = base64.b64decode(SECRET)
    digest = hmac.new(key, b"m.1." + BODY, hashlib.sha256).digest()

    assert sign_standard(SECRET, message_id="m", timestamp=1, raw_body=BODY) == (
        f"v1,{base64.b64encode(digest).decode()}"
    )


def test_one_right_signature_among_several_is_enough() -> None:
    several = f"v1a,abc v1,AAAA {HEADERS['webhook-signature']}"

    check(headers={**HEADERS, "webhook-signature": several})


def test_two_secrets_are_live_while_one_is_changed() -> None:
    new = "whsec_" + base64.b64encode(b"a new secret of ours").decode()

    check(secrets={"hook": new, "hook_previous": SECRET})
    check({**STANDARD, "secret": ["other", "hook"]}, secrets={"other": new, "hook": SECRET})
    assert refused(secrets={"hook": new})


@pytest.mark.parametrize("seconds_later", [-300, 0, 300])
def test_within_five_minutes_either_way_it_is_in_time(seconds_later: int) -> None:
    check(seconds_later=seconds_later)


@pytest.mark.parametrize("seconds_later", [-301, 301, 10**7])
def test_too_old_or_from_the_future_is_refused(seconds_later: int) -> None:
    assert refused(seconds_later=seconds_later)


@pytest.mark.parametrize("name", sorted(HEADERS))
@pytest.mark.parametrize(
    "value", ["", "x", "v1,", "v1", "-1", "1e9", "\uff19", "1614265330.0", "9" * 400, "\ud800", "é"]
)
def test_a_header_that_is_wrong_is_refused(name: str, value: str) -> None:
    assert refused(headers={**HEADERS, name: value})


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_a_header_that_is_missing_is_refused(name: str) -> None:
    assert refused(headers={key: value for key, value in HEADERS.items() if key != name})


def test_a_changed_body_is_refused() -> None:
    assert refused(body=BODY + b" ")


def test_a_signature_of_another_version_is_refused() -> None:
    other = HEADERS["webhook-signature"].replace("v1,", "v2,")

    assert refused(headers={**HEADERS, "webhook-signature": other})


@given(st.dictionaries(st.sampled_from(sorted(HEADERS)), st.text()), st.binary())
def test_no_forgery_passes_and_none_is_an_error_of_ours(
    headers: dict[str, str], body: bytes
) -> None:
    changed = {**HEADERS, **headers}
    if changed == HEADERS and body == BODY:
        return
    assert refused(headers=changed, body=body)


@given(st.integers(0, len(BODY) * 8 - 1))
def test_a_single_changed_bit_is_refused(position: int) -> None:
    changed = bytearray(BODY)
    changed[position // 8] ^= 1 << position % 8

    assert refused(body=bytes(changed))


def test_a_header_secret() -> None:
    check(HEADER, {"x-hook-token": SECRET})

    assert refused(HEADER, {"x-hook-token": SECRET + "x"})
    assert refused(HEADER, {"x-hook-token": ""})
    assert refused(HEADER, {})


def test_user_name_and_password() -> None:
    def basic(text: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}

    check(BASIC, basic(f"crm:{SECRET}"))

    assert refused(BASIC, basic(f"other:{SECRET}"))
    assert refused(BASIC, basic("crm:"))
    assert refused(BASIC, {"Authorization": "Basic ???"})
    assert refused(BASIC, {})


@pytest.mark.parametrize("scheme", [STANDARD, HEADER, BASIC])
@pytest.mark.parametrize("secrets", [{}, {"hook": ""}, {"other": SECRET}])
def test_without_a_secret_nothing_is_authentic(
    scheme: dict[str, Any], secrets: dict[str, str]
) -> None:
    with pytest.raises(Misconfigured, match="hook"):
        check(scheme, secrets=secrets)


@pytest.mark.parametrize("secret", ["not base64 !", "whsec_"])
def test_a_broken_secret_is_our_own_mistake_and_is_not_shown(secret: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        check(secrets={"hook": secret})

    assert "not base64 !" not in str(caught.value)
