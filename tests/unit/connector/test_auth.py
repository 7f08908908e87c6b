"""Each way to prove who asks, and how the answers of a token endpoint are read."""

import base64
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from switchboard.adapters.connector.auth import Proof, with_proof
from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.samples import run_samples
from switchboard.adapters.connector.transport import (
    AddressRefusedError,
    HttpAnswer,
    NoAnswerError,
)
from switchboard.basic_credentials import basic_credentials
from switchboard.errors import (
    AddressNotPublic,
    Misconfigured,
    SwitchboardError,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from tests.unit.connector.examples import (
    NOW,
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

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=self.now_s)


def find(built: Engine) -> Any:
    return built.read("find_phone", {"phone": {"nsn": "4155550142"}}, deadline=soon())


def with_oauth(
    *reactions: Reaction, clock: Clock | None = None, **auth: Any
) -> tuple[Engine, ScriptedTransport]:
    return engine(
        *reactions,
        secrets=SECRETS,
        wall_clock=clock or Clock(),
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
        (AddressRefusedError("private"), AddressNotPublic),
        (answer(status=500), UpstreamUnavailable),
        (answer(status=503, headers={"retry-after": "4"}), UpstreamUnavailable),
        (answer("<html>"), UpstreamUnavailable),
        (answer("<html>", status=400), UpstreamUnavailable),
        (answer("<html>", status=403), UpstreamUnavailable),
        (answer(None), UpstreamUnavailable),
        (answer('{"access_token": 7}'), UpstreamUnavailable),
        (answer("[]"), UpstreamUnavailable),
        (answer('{"access_token": "t\\r\\nX-Injected: 1"}'), UpstreamUnavailable),
        (answer('{"access_token": ""}'), UpstreamUnavailable),
        (answer('{"access_token": "t-1"}', status=500), UpstreamUnavailable),
        (answer('{"error": "server_error"}', status=400), UpstreamUnavailable),
        (answer('{"error": "temporarily_unavailable"}', status=401), UpstreamUnavailable),
        (answer(status=302), UpstreamUnavailable),
        (answer(status=404), UpstreamUnavailable),
        (answer(status=400), UpstreamRejected),
        (answer(status=401), UpstreamRejected),
        (answer("<html>", status=401), UpstreamRejected),
        (answer("", status=400), UpstreamRejected),
        (answer('{"error": "invalid_client"}', status=403), UpstreamRejected),
        (answer('{"error": "invalid_code"}', status=200), UpstreamRejected),
        (answer(status=429), UpstreamThrottled),
        (answer('{"error": "Access Denied"}', status=400), UpstreamThrottled),
        (answer('{"error": "access_denied"}', status=400), UpstreamThrottled),
    ],
)
def test_a_token_that_is_not_to_be_had(
    reaction: HttpAnswer | NoAnswerError, kind: type[UpstreamError]
) -> None:
    built, transport = with_oauth(reaction)

    with pytest.raises(UpstreamError) as caught:
        find(built)

    assert type(caught.value) is kind or (
        kind is UpstreamRejected and isinstance(caught.value, UpstreamRejected)
    )
    assert len(transport.requests) == 1
    # Everything but a wrong request may pass: a posting waits, and is not given up.
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("code", "shown"),
    [("invalid_grant", "auth: invalid_grant"), ("user Ada is locked", "auth"), (7, "auth")],
)
def test_a_refused_credential_says_why_in_the_words_of_the_standard_only(
    code: object, shown: str
) -> None:
    document = json.dumps({"error": code, "error_description": "Ada Byron is locked"})
    built, _ = with_oauth(answer(document, status=400))

    with pytest.raises(UpstreamRejected) as caught:
        find(built)

    assert caught.value.detail == shown


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "4"}, 4.0),
        ({"retry-after": "Mon, 05 Jan 2026 12:00:30 GMT"}, 30.0),
        ({}, None),
    ],
)
def test_a_throttling_token_endpoint_says_how_long(
    headers: dict[str, str], wait_s: float | None
) -> None:
    built, _ = with_oauth(answer(status=429, headers=headers))

    with pytest.raises(UpstreamThrottled) as caught:
        find(built)

    assert caught.value.retry_after_s == wait_s


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


# The query key: the one secret that may stand in an address.


def test_a_key_in_the_query_is_percent_encoded() -> None:
    auth = {"scheme": "query", "name": "api_key", "value": "${secret.a}"}
    built, transport = engine(NOBODY, secrets={"a": "k&y=1 é"}, auth=auth, secrets_declared=["a"])

    find(built)

    assert transport.requests[0].url == (
        "https://crm.example.com/customers?phone=4155550142&api_key=k%26y%3D1%20%C3%A9"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example.com/a", "https://x.example.com/a?key=new"),
        ("https://x.example.com/a?b=1&b=2", "https://x.example.com/a?b=1&b=2&key=new"),
        ("https://x.example.com/a?key=old&page=2", "https://x.example.com/a?page=2&key=new"),
        ("https://x.example.com/a?k%65y=old", "https://x.example.com/a?key=new"),
    ],
)
def test_a_key_that_the_server_repeats_in_an_address_is_replaced(url: str, expected: str) -> None:
    request = HttpRequest("GET", url)

    assert with_proof(request, Proof(query={"key": "new"})).url == expected


def test_a_key_of_the_query_cannot_change_its_shape() -> None:
    auth = {"scheme": "query", "name": "key&admin", "value": "${secret.a}"}

    with pytest.raises(ConnectorMistakes):
        compiled(auth=auth, secrets=["a"])


# Refresh tokens and public clients.


REFRESH = {"scheme": "oauth2_refresh", "token_url": "https://login.example.com/token"}


def form_of(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl((request.body or b"").decode(), strict_parsing=True))


def with_refresh(*reactions: Reaction, **auth: Any) -> tuple[Engine, ScriptedTransport]:
    secrets = {**SECRETS, "refresh_token": "r&0"}
    return engine(
        *reactions, secrets=secrets, auth={**REFRESH, **auth}, secrets_declared=list(secrets)
    )


def test_a_refresh_token_is_traded_for_an_access_token() -> None:
    built, transport = with_refresh(TOKEN, NOBODY, scope="read")

    find(built)

    asked, used = transport.requests
    assert asked.url == "https://login.example.com/token"
    assert form_of(asked) == {
        "grant_type": "refresh_token",
        "refresh_token": "r&0",
        "scope": "read",
    }
    assert base64.b64decode(asked.headers["Authorization"][6:]) == b"id%3A1:s%26cret"
    assert used.headers["Authorization"] == "Bearer t-1"


def test_a_public_client_says_who_it_is_and_proves_nothing() -> None:
    built, transport = with_refresh(TOKEN, NOBODY, client_secret=None)

    find(built)

    asked = transport.requests[0]
    assert form_of(asked)["client_id"] == "id:1"
    assert "client_secret" not in form_of(asked)
    assert "Authorization" not in asked.headers


def test_further_fields_and_another_prefix() -> None:
    built, transport = with_refresh(
        answer('{"access_token": "t-1", "token_type": "bearer"}'),
        NOBODY,
        form={"audience": "${settings.base}", "resource": "crm"},
        prefix="Zoho-oauthtoken",
    )

    find(built)

    asked, used = transport.requests
    assert form_of(asked)["audience"] == "https://crm.example.com"
    assert form_of(asked)["resource"] == "crm"
    assert used.headers["Authorization"] == "Zoho-oauthtoken t-1"


def test_a_field_of_the_grant_itself_cannot_be_overwritten() -> None:
    with pytest.raises(ConnectorMistakes, match="grant_type: the grant sets this itself"):
        compiled(auth={**OAUTH, "form": {"grant_type": "password"}}, secrets=list(SECRETS))


@pytest.mark.parametrize("prefix", ["Bearer x", "", "Bea\nrer", "Token token="])
def test_a_prefix_is_one_word(prefix: str) -> None:
    with pytest.raises(ConnectorMistakes, match="prefix"):
        compiled(auth={**OAUTH, "prefix": prefix}, secrets=list(SECRETS))


def test_a_secret_may_not_stand_in_the_token_address() -> None:
    with pytest.raises(ConnectorMistakes, match="may not stand in an address"):
        compiled(
            auth={**OAUTH, "token_url": "https://a.example.com/${secret.client_id}"},
            secrets=list(SECRETS),
        )


def test_a_changed_secret_makes_another_token() -> None:
    secrets = dict(SECRETS)
    transport = ScriptedTransport([TOKEN, NOBODY, NOBODY, TOKEN, NOBODY])
    definition = compiled(auth=OAUTH, secrets=list(SECRETS))
    built = Engine(definition, {}, lambda: secrets, transport=transport)
    find(built)
    find(built)

    secrets["client_secret"] = "another"
    find(built)

    assert base64.b64decode(transport.requests[3].headers["Authorization"][6:]) == b"id%3A1:another"


# The server that a token is for.


@pytest.mark.parametrize("said", ["https://crm.example.com", "https://CRM.example.com/x", None])
def test_a_token_for_our_server_is_used(said: str | None) -> None:
    token = answer(json.dumps({"access_token": "t-1", "api_domain": said}))
    built, _ = with_oauth(token, NOBODY, token_server="api_domain")

    assert find(built) == []


@pytest.mark.parametrize("expression", ["api_domain", "body.api_domain"])
@pytest.mark.parametrize("said", ["https://crm.example.eu", "http://crm.example.com", 7, "", "crm"])
def test_a_token_for_another_server_is_not_used(expression: str, said: object) -> None:
    token = answer(json.dumps({"access_token": "t-1", "api_domain": said}))
    built, transport = with_oauth(token, token_server=expression)

    with pytest.raises(Misconfigured, match="another server or data centre"):
        find(built)
    with pytest.raises(Misconfigured, match="another server or data centre"):
        find(built)

    assert len(transport.requests) == 1


# A statement about ourselves.


class PaperSigner:
    """Signs legibly."""

    def sign(self, key: str, message: bytes) -> bytes:
        return f"signed with {key}".encode()


JWT = {
    "scheme": "oauth2_jwt_bearer",
    "token_url": "https://login.example.com/token",
    "issuer": "${secret.client_id}",
    "subject": "${settings.user}",
    "audience": "https://login.example.com",
    "signing_key": "${settings.key}",
}


def with_jwt(*reactions: Reaction, **auth: Any) -> tuple[Engine, ScriptedTransport]:
    transport = ScriptedTransport(list(reactions))
    settings = {"user": "robot@example.com", "key": "alias/crm", "base": "https://crm.example.com"}
    definition = compiled(
        auth={**JWT, **auth}, secrets=list(SECRETS), settings={name: {} for name in settings}
    )
    built = Engine(
        definition,
        settings,
        lambda: SECRETS,
        transport=transport,
        wall_clock=lambda: NOW,
        shared=Shared(signer=PaperSigner()),
    )
    return built, transport


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_signed_statement_is_traded_for_a_token() -> None:
    built, transport = with_jwt(TOKEN, NOBODY)

    find(built)

    form = form_of(transport.requests[0])
    header, claims, signature = (decoded(part) for part in form["assertion"].split("."))
    assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert form.keys() == {"grant_type", "assertion"}
    assert "Authorization" not in transport.requests[0].headers
    assert json.loads(header) == {"alg": "RS256", "typ": "JWT"}
    said = json.loads(claims)
    assert said.pop("jti")
    assert said == {
        "iss": "id:1",
        "sub": "robot@example.com",
        "aud": "https://login.example.com",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 180,
    }
    assert signature == b"signed with alias/crm"


def test_the_audience_is_the_token_endpoint_unless_it_is_given() -> None:
    built, transport = with_jwt(TOKEN, NOBODY, audience=None)

    find(built)

    claims = decoded(form_of(transport.requests[0])["assertion"].split(".")[1])
    assert json.loads(claims)["aud"] == "https://login.example.com/token"


def test_no_two_statements_are_the_same() -> None:
    built, transport = with_jwt(TOKEN, answer(status=401), TOKEN, NOBODY)

    find(built)

    first, second = (form_of(transport.requests[n])["assertion"] for n in (0, 2))
    assert first != second


def test_without_a_signer_a_person_is_told() -> None:
    definition = compiled(auth={**JWT, "subject": "me", "signing_key": "k"}, secrets=list(SECRETS))
    built = Engine(definition, {}, lambda: SECRETS, transport=ScriptedTransport([]))

    with pytest.raises(Misconfigured, match="nothing here can sign"):
        find(built)


# What nobody may read.


LEAKS = ("s&cret", "s%26cret", "czo", "t-1", "r&0", "login.example.com", "signed with")


@contextmanager
def listening(level: int = logging.DEBUG) -> Iterator[list[str]]:
    """Everything that is logged anywhere, as text."""
    lines: list[str] = []
    handler = logging.Handler(level)
    handler.emit = lambda record: lines.append(f"{record.getMessage()} {record.__dict__}")  # type: ignore[method-assign]
    known = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for logger in known:
        logger.addHandler(handler)
    try:
        yield lines
    finally:
        for logger in known:
            logger.removeHandler(handler)


def leaks_in(text: str) -> list[str]:
    return [secret for secret in LEAKS if secret in text]


@pytest.mark.parametrize(
    "reaction",
    [
        answer('{"error": "invalid_grant", "error_description": "r&0 of s&cret"}', status=400),
        answer("s&cret", status=500),
        answer("t-1 <html>"),
        answer('{"access_token": "t-1", "api_domain": "https://login.example.com"}'),
        answer("r&0", status=429, headers={"retry-after": "s&cret"}),
        NoAnswerError("lost", sent=True),
    ],
)
def test_no_secret_token_or_address_is_in_an_error_or_a_log(
    reaction: HttpAnswer | NoAnswerError,
) -> None:
    built, _ = with_refresh(*[reaction] * 4, token_server="api_domain")

    with listening() as lines:
        for _ in range(4):
            with pytest.raises(SwitchboardError) as caught:
                find(built)
            error: BaseException | None = caught.value
            while error:
                assert leaks_in(f"{error} {error!r} {vars(error)}") == []
                error = error.__cause__ or (
                    None if error.__suppress_context__ else error.__context__
                )

    assert leaks_in(" ".join(lines)) == []


def test_no_secret_or_token_is_in_a_repr() -> None:
    built, transport = with_refresh(TOKEN, NOBODY)
    find(built)
    auth: Any = built._exchanger._auth
    scope = {"secret": {**SECRETS, "refresh_token": "r&0"}, "settings": {}}
    credentials = auth.reader.read(scope)
    proof = auth.apply(scope, None)

    shown = [auth, auth.tokens, auth.tokens._held, credentials, proof, *transport.requests]

    assert proof.headers["Authorization"] == "Bearer t-1"
    assert leaks_in(" ".join(repr(each) for each in shown)) == []


def test_a_fixed_credential_is_in_no_repr() -> None:
    auth = {"scheme": "basic", "username": "me", "password": "s&cret ${secret.a}"}
    built, _ = engine(NOBODY, secrets={"a": "t-1"}, auth=auth, secrets_declared=["a"])
    credential: Any = built._exchanger._auth

    proof = credential.apply({"secret": {"a": "t-1"}, "settings": {}}, None)

    assert leaks_in(f"{credential!r} {proof!r}") == []


def test_a_value_that_cannot_stand_in_a_header_is_told_without_it() -> None:
    auth = {"scheme": "bearer", "token": "${secret.a}"}
    built, _ = engine(secrets={"a": "s&cret\r\nX: 1"}, auth=auth, secrets_declared=["a"])

    with pytest.raises(Misconfigured, match="the auth of example: a control character") as caught:
        find(built)

    assert leaks_in(str(caught.value)) == []


def test_the_samples_of_a_connector_that_signs_can_be_played() -> None:
    definition = compiled(auth={**JWT, "subject": "me", "signing_key": "k"}, secrets=list(SECRETS))
    sample = {
        "name": "found",
        "find": "phone",
        "value": "+14155550142",
        "exchange": [
            {
                "request": {"headers": {"Authorization": "Bearer token-of-the-sample"}},
                "response": {"body": {"customers": []}},
            }
        ],
        "result": [],
    }

    (report,) = run_samples(definition, [sample])

    assert report.differences == ()


def test_half_a_character_in_a_password_is_sent_and_is_no_other_password() -> None:
    """A secret is JSON, and JSON can hold one."""
    whole, half, other = (basic_credentials("ada", text) for text in ("😀", "\ud83d", "\ud83e"))

    assert len({whole, half, other}) == 3
