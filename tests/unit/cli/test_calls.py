"""`switchboard call`: who rings the contact centre hears why, and how to ask more."""

from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from cli import calls
from cli.deployment import Target
from cli.main import app

MORE = ["more: switchboard explain i-1", "      switchboard rules explain --interaction i-1"]


class Answer:
    """An answer of the contact centre."""

    ok = True

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    def json(self) -> dict[str, Any]:
        return self._body


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A call as the contact centre shows it."""
    seen = {
        "has_ended": True,
        "timeline": [{"step": "queued", "detail": "Collections"}],
        "flow_variables": {"reason": "late-payer: days past due is 34 days", "row": "late-payer"},
    }
    monkeypatch.setattr(calls, "local_target", lambda: Target({}, ecs_url="http://ecs.example"))
    monkeypatch.setattr(requests, "post", lambda *_, **__: Answer({"interaction_id": "i-1"}))
    monkeypatch.setattr(requests, "get", lambda *_, **__: Answer(seen))
    return seen


def call() -> list[str]:
    result = CliRunner().invoke(app, ["call", "+14155550142"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_a_call_ends_with_its_reason_and_how_to_ask_more(seen: dict[str, Any]) -> None:
    assert call()[1:] == [
        "  queued: Collections",
        "why: late-payer: days past due is 34 days",
        *MORE,
    ]


def test_a_flow_that_keeps_the_row_alone_is_told_by_it(seen: dict[str, Any]) -> None:
    seen["flow_variables"] = {"row": "late-payer"}

    assert call()[2:] == ["why: late-payer", *MORE]


def test_a_call_that_nobody_decided_has_nothing_to_explain(seen: dict[str, Any]) -> None:
    seen["flow_variables"] = {}

    assert call()[2:] == MORE[:1]


def test_a_call_that_goes_on_is_explained_as_well(
    seen: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen["has_ended"] = False
    monkeypatch.setattr(calls, "_PATIENCE_S", 0.01)

    said = call()

    assert said[2].startswith("  still going on")
    assert said[3:] == ["why: late-payer: days past due is 34 days", *MORE]
