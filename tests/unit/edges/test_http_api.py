"""Every refusal is one flat object that says what to do."""

import json
from typing import Any

import pytest

from switchboard.edges.resolver import answer, new_api
from switchboard.errors import (
    Misconfigured,
    StateUnavailable,
    SwitchboardError,
    UpstreamThrottled,
    UpstreamUnknown,
)
from tests.unit.edges.requests import call, event


def failing(error: Exception) -> tuple[int, dict[str, Any]]:
    api = new_api()

    @api.get("/fail")
    def fail() -> None:
        raise error

    answered = api.resolve(event(method="GET", path="/fail"), None)  # type: ignore[arg-type]
    return answered["statusCode"], json.loads(answered["body"])


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
def test_a_wrong_method_is_told_the_right_ones(method: str) -> None:
    assert call(event(method=method)) == (
        405,
        {
            "error": "method_not_allowed",
            "message": "Use GET or POST here.",
            "request_id": "r-1",
        },
    )


@pytest.mark.parametrize("path", ["/", "/reads", "/read/more", "/../read", "//read"])
def test_an_unknown_path_is_not_found(path: str) -> None:
    status, answered = call(event(path=path))

    assert status == 404
    assert set(answered) == {"error", "message", "request_id"}


def guarded(authorizer: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
    return call(event(method="GET", path="/guarded", authorizer=authorizer))


def test_whose_key_was_proven_is_known() -> None:
    assert guarded({"key_id": "ecs-1"}) == (200, {"key": "ecs-1"})


@pytest.mark.parametrize(
    ("refusal", "status", "advice"),
    [
        ("missing_key", 401, "Send your key in the header x-switchboard-key."),
        ("unknown_key", 401, "is not valid"),
        ("expired_key", 401, "has expired"),
        ("route_not_allowed", 403, "may not use this route"),
        ("source_not_allowed", 403, "from this address"),
        ("keys_unavailable", 503, "try again shortly"),
        ("something new", 401, "Send your key"),
    ],
)
def test_a_key_that_was_refused_is_told_why(refusal: str, status: int, advice: str) -> None:
    code, answered = guarded({"refusal": refusal})

    assert code == status
    assert advice in answered["message"]


@pytest.mark.parametrize("authorizer", [None, {}, {"key_id": ""}, {"key_id": None}])
def test_without_a_proven_key_nobody_passes(authorizer: dict[str, Any] | None) -> None:
    assert guarded(authorizer)[0] == 401


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StateUnavailable("try again"), 503, "state_unavailable"),
        (UpstreamThrottled("crm", "busy"), 503, "upstream_throttled"),
        (UpstreamUnknown("crm", "no answer"), 504, "upstream_unknown"),
    ],
)
def test_what_stopped_us_is_answered_flat(error: SwitchboardError, status: int, code: str) -> None:
    found, answered = failing(error)

    assert found == status
    assert answered == {"error": code, "message": str(error), "request_id": "r-1"}


def test_our_own_mistakes_are_not_explained_to_callers() -> None:
    status, answered = failing(Misconfigured("secret connectors/crm has no key password"))

    assert status == 503
    assert "password" not in answered["message"]
    assert "log" in answered["message"]


def test_a_bug_stays_loud() -> None:
    with pytest.raises(ZeroDivisionError):
        failing(ZeroDivisionError())


def test_answers_are_never_cached() -> None:
    assert answer({}).headers["cache-control"] == "no-store"
