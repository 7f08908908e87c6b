import json

import pytest

from local.ecs_emulator.centre import Container
from local.ecs_emulator.http_call import Reply
from local.ecs_emulator.knobs import Knobs
from local.ecs_emulator.rest_data import Faulted, Returned, read

CONTAINER = Container.model_validate(
    {
        "url": "http://127.0.0.1/",
        "verb": "POST",
        "request_timeout_s": 1,
        "return_values": [
            {"parameter": "tier", "store_in": "flow.tier"},
            {"parameter": "owner", "store_in": "flow.owner"},
        ],
    }
)


def _read(answer: object, **knobs: object) -> Returned | Faulted:
    reply = Reply(200, json.dumps(answer).encode(), elapsed_ms=1)
    return read(reply, CONTAINER, Knobs.model_validate(knobs))


@pytest.mark.parametrize(
    ("knob", "stored"),
    [("keep", {"flow.tier": "high"}), ("clear", {"flow.tier": "high", "flow.owner": None})],
)
def test_a_missing_return_value_is_kept_or_cleared(knob: str, stored: dict[str, str]) -> None:
    assert _read({"tier": "high"}, missing_return_value=knob) == Returned(stored)


def test_a_missing_return_value_can_be_a_fault() -> None:
    outcome = _read({"tier": "high"}, missing_return_value="fault")

    assert isinstance(outcome, Faulted)
    assert outcome.reason == "missing_return_value"


@pytest.mark.parametrize(("knob", "reason"), [("clear", None), ("fault", "missing_return_value")])
def test_a_null_is_its_own_case(knob: str, reason: str | None) -> None:
    outcome = _read({"tier": "high", "owner": None}, null_return_value=knob)

    assert getattr(outcome, "reason", None) == reason


def test_the_case_of_keys_matters_unless_the_knob_says_otherwise() -> None:
    answer = {"TIER": "high", "Owner": "2001"}

    assert _read(answer) == Returned({})
    both = Returned({"flow.tier": "high", "flow.owner": "2001"})
    assert _read(answer, return_value_keys="ignore_case") == both


def test_a_long_value_is_cut() -> None:
    answer = {"tier": "abcdef", "owner": "x"}

    assert _read(answer, return_value_max_length=3) == Returned(
        {"flow.tier": "abc", "flow.owner": "x"}
    )
