"""Each way to prove who asks; tokens are fetched when needed and renewed once."""

import base64
import threading
from typing import Any

import pytest

from switchboard.adapters.connector.engine import Engine
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.errors import (
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from tests.unit.connector.examples import (
    Reaction,
    ScriptedTransport,
    answer,
    compiled,
    engine,
    soon,
)

NOBODY = answer('{"customers": []}')
TOKEN = answer('{"access_token": "t-1", "expires_in": 100}')
SECRETS = {"client_id": "id:1", "client_secret": "s&cret"}
OAUTH = {
    "scheme": "oauth2_client_credentials",
    "token_url": "${settings.base}/oauth/token",
    "scope": "read write",
}


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def find(built: Engine) -> Any:
    return built.read("find_phone", {"phone": {"nsn": "4155550142"}}, deadline=soon())


def with_oauth(
    *reactions: Reaction, clock: Clock | None = None, **auth: Any
) -> tuple[Engine, ScriptedTransport]:
    return engine(
        *reactions,
        secrets=SECRETS,
        clock=clock or Clock(),
        auth={**OAUTH, **auth},
        secrets_declared=list(SECRETS),
    )


def authorizations(transport: ScriptedTransport) -> list[str]:
    return [request.headers.get("Authorization", "") for request in transport.requests]


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"scheme": "header", "name": "X-Key", "value": "k ${secret.a}"}, "X-Key", "k s-a"),
        ({"scheme": "bearer", "token": "${secret.a}"}, "Authorization", "Bearer s-a"),
        (
            {"scheme": "basic", "username": "me", "password": "${secret.a}"},
            "Authorization",
            "Basic " + base64.b64encode(b"me:s-a").decode(),
        ),
    ],
)
def test_fixed_proofs(auth: dict[str, str], header: str, value: str) -> None:
    built, transport = engine(NOBODY, secrets={"a": "s-a"}, auth=auth, secrets_declared=["a"])

    find(built)

    assert transport.requests[0].headers[header] == value


def test_a_token_is_fetched_once_and_used_until_most_of_its_life_is_over() -> None:
    clock = Clock()
    second = answer('{"access_token": "t-2", "expires_in": 100}')
    built, transport = with_oauth(TOKEN, NOBODY, NOBODY, second, NOBODY, clock=clock)

    find(built)
    clock.now_s = 79
    find(built)
    clock.now_s = 80
    find(built)

    assert authorizations(transport)[1:] == [
        "Bearer t-1",
        "Bearer t-1",
        authorizations(transport)[0],
        "Bearer t-2",
    ]


def test_client_credentials_by_basic_are_form_encoded_first() -> None:
    built, transport = with_oauth(TOKEN, NOBODY)

    find(built)

    asked = transport.requests[0]
    assert asked.url == "https://crm.example.com/oauth/token"
    assert asked.body == b"grant_type=client_credentials&scope=read+write"
    assert base64.b64decode(asked.headers["Authorization"][6:]) == b"id%3A1:s%26cret"


def test_client_credentials_in_the_body() -> None:
    built, transport = with_oauth(TOKEN, NOBODY, client_auth="body", scope=None)

    find(built)

    asked = transport.requests[0]
    assert b"client_id=id%3A1&client_secret=s%26cret" in (asked.body or b"")
    assert "Authorization" not in asked.headers


def test_a_refused_token_is_renewed_once() -> None:
    second = answer('{"access_token": "t-2"}')
    built, transport = with_oauth(TOKEN, answer(status=401), second, NOBODY)

    assert find(built) == []
    assert authorizations(transport)[3] == "Bearer t-2"


def test_a_second_refusal_is_final() -> None:
    built, transport = with_oauth(TOKEN, answer(status=401), TOKEN, answer(status=401))

    with pytest.raises(UpstreamRejected) as caught:
        find(built)

    assert caught.value.detail == "auth"
    assert len(transport.requests) == 4


@pytest.mark.parametrize(
    ("reaction", "kind"),
    [
        (NoAnswerError("lost", sent=True), UpstreamUnavailable),
        (answer(status=500), UpstreamUnavailable),
        (answer("<html>"), UpstreamUnavailable),
        (answer('{"access_token": 7}'), UpstreamUnavailable),
        (answer("[]"), UpstreamUnavailable),
        (answer('{"access_token": "t\\r\\nX-Injected: 1"}'), UpstreamUnavailable),
        (answer('{"access_token": ""}'), UpstreamUnavailable),
        (answer(status=400), UpstreamRejected),
        (answer(status=401), UpstreamRejected),
        (answer(status=302), UpstreamRejected),
        (answer(status=429, headers={"retry-after": "4"}), UpstreamThrottled),
    ],
)
def test_a_token_that_is_not_to_be_had(
    reaction: HttpAnswer | NoAnswerError, kind: type[UpstreamError]
) -> None:
    built, transport = with_oauth(reaction)

    with pytest.raises(kind) as caught:
        find(built)

    assert len(transport.requests) == 1
    assert "s&cret" not in str(caught.value)


@pytest.mark.parametrize("said", ["NaN", "-1", "0", '"\u00b2"', "1e999", "true", "null", "[]"])
def test_a_lifetime_that_makes_no_sense_is_replaced_by_the_default(said: str) -> None:
    clock = Clock()
    odd = answer(f'{{"access_token": "t-1", "expires_in": {said}}}')
    built, transport = with_oauth(odd, NOBODY, NOBODY, TOKEN, NOBODY, clock=clock)

    find(built)
    clock.now_s = 3600 * 0.8 - 1
    find(built)
    assert len(transport.requests) == 3
    clock.now_s = 3600 * 0.8
    find(built)
    assert len(transport.requests) == 5


def test_ten_threads_without_a_token_fetch_one() -> None:
    def react(request: HttpRequest) -> HttpAnswer:
        return TOKEN if request.url.endswith("/oauth/token") else NOBODY

    built, transport = with_oauth(*[react] * 30)
    threads = [threading.Thread(target=find, args=(built,)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(request.url.endswith("/oauth/token") for request in transport.requests) == 1
    assert len(transport.requests) == 11


def test_the_token_address_is_held_to_the_same_rule_as_the_server() -> None:
    definition = compiled(
        auth={**OAUTH, "token_url": "http://login.example.com/token"}, secrets=list(SECRETS)
    )

    with pytest.raises(Exception, match="use https"):
        Engine(definition, {}, lambda: SECRETS)
