"""A tester that finds nothing may be blind: here promises are broken on purpose, all at once."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest

from tests.api.gateway import Asked, Gateway, Given
from tests.api.tester import ApiTester, Verdict, seed

pytestmark = pytest.mark.api
FEW: Final = 4

Break = Callable[[Given], Given]


class Lenient:
    """Who is refused gets the answer of the last one who was not."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = statuses
        self._last: Given | None = None

    def __call__(self, given: Given) -> Given:
        if given.status < 300:
            self._last = given
        return self._last if self._last and given.status in self._statuses else given


def without(header: str) -> Break:
    return lambda given: replace(given, headers=_other(given.headers, header))


def with_status(status: int) -> Break:
    return lambda given: replace(given, status=status)


def as_html(given: Given) -> Given:
    headers = {**_other(given.headers, "content-type"), "content-type": "text/html"}
    return replace(given, headers=headers)


def with_a_list(given: Given) -> Given:
    if given.status != 200:
        return given
    body: dict[str, Any] = json.loads(given.body)
    return replace(given, body=json.dumps({**body, "tier": ["high", "low"]}))


def _other(headers: Mapping[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in headers.items() if key.lower() != name}


@dataclass(frozen=True)
class Broken:
    """Where a promise is broken, how, and what the tester has to call it there."""

    method: str
    path: str
    how: Break
    said: tuple[str, str]

    def is_asked(self, asked: Asked) -> bool:
        return asked.method == self.method and asked.path.startswith(self.path)

    def __str__(self) -> str:
        return self.said[1]


ARRIVALS, TRIGGERS, REQUESTS = "/v1/arrivals", "/v1/triggers/", "/v1/outbound-requests"
BROKEN: Final = (
    Broken("GET", f"{ARRIVALS}/lookup", with_a_list,
           (f"GET {ARRIVALS}/lookup", "ST108 Response violates schema")),
    Broken("POST", f"{ARRIVALS}/lookup", Lenient(401),
           (f"POST {ARRIVALS}/lookup", "ST401 API accepts requests without authentication")),
    Broken("GET", f"{ARRIVALS}/route", as_html,
           (f"GET {ARRIVALS}/route", "ST105 Undocumented Content-Type")),
    Broken("POST", f"{ARRIVALS}/route", Lenient(403),
           (f"POST {ARRIVALS}/route", "ST901 Custom check failed: `KeyOfAnotherRoute`")),
    Broken("GET", TRIGGERS, without("cache-control"),
           (f"GET {TRIGGERS}{{event}}", "ST107 Missing required response headers")),
    Broken("POST", TRIGGERS, Lenient(400, 422),
           (f"POST {TRIGGERS}{{event}}", "ST201 Schema-violating request accepted")),
    Broken("POST", REQUESTS, with_status(500),
           (f"POST {REQUESTS}", "ST101 Server error")),
    Broken("POST", "/v1/webhooks/", with_status(418),
           ("POST /v1/webhooks/{connector}", "ST103 Undocumented status code")),
    Broken("DELETE", REQUESTS, with_status(409),
           ("Run checks", "ST901 Custom check failed: `EverythingIsDone`")),
    Broken("TRACE", "/v1/calls/", without("allow"),
           ("TRACE /v1/calls/{call_id}/{action}", "ST204 Wrong response to undeclared method")),
)  # fmt: skip


@pytest.fixture(scope="module")
def verdict(gateway: Gateway, tester: ApiTester) -> Verdict:
    def spoil(asked: Asked, given: Given) -> Given:
        for broken in BROKEN:
            if broken.is_asked(asked):
                return broken.how(given)
        return given

    gateway.spoil = spoil
    return tester.run(seed=seed(), examples=FEW, phases=["coverage", "fuzzing"])


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_a_broken_promise_is_seen(verdict: Verdict, broken: Broken) -> None:
    assert not verdict.is_good
    assert broken.said in verdict.failures, verdict.text


def test_what_keeps_its_promises_is_not_blamed(verdict: Verdict) -> None:
    blamed = {place for place, _ in verdict.failures}

    assert "GET /desk/{token}" not in blamed
    assert "POST /v1/calls/{call_id}/{action}" not in blamed
