"""A token endpoint that fails, in each way: no call goes out without a token, and none is late."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    AddressNotPublic,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from tests.unit.connector.examples import compiled
from tests.unit.connector.hostile_calls import ADA, NOBODY, RECORD
from tests.unit.connector.hostile_server import LAST, Behaviour, Visit, hostile_server, http

TOKEN = "token-4155550142"
GRANTED = http(f'{{"access_token": "{TOKEN}", "expires_in": 3600}}'.encode())
AUTH = {"scheme": "oauth2_client_credentials", "token_url": "${settings.tokens}/oauth/token"}


@contextmanager
def crm_with(token_url: str, base: str) -> Iterator[RestCrm]:
    definition = compiled(
        settings={"base": {}, "tokens": {}}, secrets=["client_id", "client_secret"], auth=AUTH
    )
    secrets = {"client_id": "client-1", "client_secret": "hush-hush"}
    crm = RestCrm(
        definition,
        {"base": base, "tokens": token_url},
        lambda: secrets,
        default_region="US",
        transport=HttpTransport(allow_loopback=True),
    )
    yield crm
    crm.close()


def failure(behaviour: Behaviour, *, budget_s: float = 2.0, write: bool = False) -> UpstreamError:
    """What a call ends in; not one request reaches the CRM, and nothing secret gets out."""
    with (
        hostile_server(lambda visit: visit.send(NOBODY)) as api,
        hostile_server(behaviour) as tokens,
        crm_with(tokens.base, api.base) as crm,
    ):
        deadline = Deadline.after(budget_s)
        with pytest.raises(UpstreamError) as caught:
            _ = (
                crm.log_interaction(RECORD, deadline=deadline)
                if write
                else crm.find(ADA, deadline=deadline)
            )
    assert api.visits == []
    assert tokens.visits
    assert not any(word in repr(caught.value) for word in ("hush-hush", TOKEN, tokens.base))
    return caught.value


def replying(data: bytes) -> Behaviour:
    return lambda visit: visit.send(data)


UNUSABLE = {
    "500": http(b"", status="500 Internal Server Error"),
    "503 with a page": http(b"<h1>Maintenance</h1>", status="503 Service Unavailable"),
    "a page": http(b"<html>Please log in</html>"),
    "no token": http(b'{"token_type": "bearer", "expires_in": 3600}'),
    "an empty token": http(b'{"access_token": "", "expires_in": 3600}'),
    "no text for a token": http(b'{"access_token": {"a": 1}}'),
    "a token with a line break": http(b'{"access_token": "a\\r\\nX-Admin: yes"}'),
    "a list": http(b"[]"),
    "nothing": http(b""),
    "half of it": GRANTED[:-20],
    "a deep tree": http(b"[" * 100_000),
    "a body that is too large": http(b" " * 3_000_000),
}


@pytest.mark.parametrize("answer", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_an_answer_without_a_token_is_an_outage_and_certain(answer: bytes, write: bool) -> None:
    error = failure(replying(answer), write=write)

    assert isinstance(error, UpstreamUnavailable)
    assert error.retryable


def hang(visit: Visit) -> None:
    visit.hang()


def drip(visit: Visit) -> None:
    visit.drip(GRANTED)


@pytest.mark.parametrize("behaviour", [hang, drip])
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_a_slow_token_takes_no_more_than_the_calls_time(behaviour: Behaviour, write: bool) -> None:
    started_s = time.monotonic()

    error = failure(behaviour, budget_s=0.4, write=write)

    assert isinstance(error, UpstreamUnavailable)
    assert time.monotonic() - started_s < 1.2


@pytest.mark.parametrize("after", range(0, len(GRANTED), 9))
def test_an_answer_that_was_cut_anywhere_gives_no_token(after: int) -> None:
    assert isinstance(failure(replying(GRANTED[:after])), UpstreamUnavailable)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
@pytest.mark.parametrize("target", ["{elsewhere}/oauth/token", "http://169.254.169.254/"])
def test_credentials_do_not_follow_a_redirect(status: str, target: str) -> None:
    with hostile_server(replying(GRANTED)) as elsewhere:
        location = f"Location: {target.format(elsewhere=elsewhere.base)}\r\n"
        error = failure(replying(http(b"", status=status, headers=location)), write=True)

    assert elsewhere.visits == []
    assert error.retryable
    assert not isinstance(error, UpstreamUnknown)


@pytest.mark.parametrize(
    "answer",
    [
        http(b'{"error": "invalid_client"}', status="401 Unauthorized"),
        http(b'{"error": "invalid_client"}', status="400 Bad Request"),
    ],
)
def test_credentials_that_are_refused_are_a_refusal_that_a_person_can_mend(answer: bytes) -> None:
    error = failure(replying(answer), write=True)

    assert isinstance(error, UpstreamRejected | UpstreamThrottled)
    assert error.retryable


def test_a_throttled_token_endpoint_says_how_long_to_wait() -> None:
    answer = http(b"", status="429 Too Many Requests", headers="Retry-After: 7\r\n")

    error = failure(replying(answer))

    assert isinstance(error, UpstreamThrottled)
    assert error.retry_after_s == 7


@pytest.mark.parametrize("expires_in", ["-1", "0", "1e999", '"soon"', "null", "[]", "9" * 400])
def test_an_absurd_lifetime_does_not_spoil_a_good_token(expires_in: str) -> None:
    def granted(visit: Visit) -> None:
        visit.send(http(f'{{"access_token": "{TOKEN}", "expires_in": {expires_in}}}'.encode()))

    with (
        hostile_server(replying(http(b'{"customers": []}', headers=LAST))) as api,
        hostile_server(granted) as tokens,
        crm_with(tokens.base, api.base) as crm,
    ):
        for _ in range(2):
            assert crm.find(ADA, deadline=Deadline.after(2)) == ()

        assert all(f"Authorization: Bearer {TOKEN}".encode() in visit for visit in api.visits)
        assert len(tokens.visits) == 1


def test_a_token_endpoint_inside_the_machine_gets_no_credentials(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It may be another host than the CRM's, so its address is judged, too."""
    definition = compiled(
        settings={"base": {}, "tokens": {}}, secrets=["client_id", "client_secret"], auth=AUTH
    )
    settings: dict[str, Any] = {"base": "https://crm.example.com"}
    with hostile_server(replying(GRANTED)) as inner:
        settings["tokens"] = inner.base
        crm = RestCrm(
            definition,
            settings,
            lambda: {"client_id": "a", "client_secret": "b"},
            default_region="US",
            transport=HttpTransport(),
        )
        with pytest.raises(AddressNotPublic, match="token: its address is not public"):
            crm.find(ADA, deadline=Deadline.after(2))

        assert inner.visits == []
    assert "has a loopback address" in caplog.text
