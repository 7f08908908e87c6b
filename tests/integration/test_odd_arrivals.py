"""Whatever ECS sends while a caller waits, there is an answer that it can read, and it says what
was wrong without repeating it."""

import json
from typing import Any

import pytest

from switchboard.contracts.answers import LookupAnswer, RouteAnswer
from switchboard.edges.ecs_request import MOST_FIELDS
from switchboard.edges.http_api import LARGEST_BODY
from tests.integration.answers import flat_body, new_interaction
from tests.integration.canaries import NUMBER, STRANGER
from tests.integration.deployment import Deployment

LOOKUP, ROUTE = "/v1/arrivals/lookup", "/v1/arrivals/route"
BOTH = pytest.mark.parametrize("path", [LOOKUP, ROUTE])
KEYS = {LOOKUP: set(LookupAnswer.model_fields), ROUTE: set(RouteAnswer.model_fields)}
NO_BODIES: dict[str, Any] = {
    "cut": "{",
    "list": "[1]",
    "text": '"text"',
    "nan": '{"contact": NaN}',
    "cut in data": '{"contact": "' + NUMBER,
    "deep": '{"a":' * 50_000,
    "no form": "neither json nor form",
    "half a form": "contact=1&b",
    "no utf-8": b"\xff\xfe{",
    "too large": json.dumps({"contact": NUMBER}).ljust(LARGEST_BODY + 1),
}


def ask(switchboard: Deployment, path: str, body: Any, **more: Any) -> dict[str, str]:
    """What ECS reads; every key is there."""
    sent = {"body": body} if isinstance(body, str | bytes) else {"json_body": body}
    answer = switchboard.http("POST", path, **sent, **more)
    assert answer.status == 200, answer.text
    values = flat_body(answer)
    named = set(switchboard.documents["lookup"]["attributes"])
    if path == ROUTE:
        named |= {f"flag_{flag}" for flag in switchboard.documents["routing"]["names"]["flags"]}
    assert set(values) == KEYS[path] | named
    return values


@BOTH
@pytest.mark.parametrize("name", NO_BODIES)
def test_a_body_that_cannot_be_read_is_answered_as_unreadable(
    switchboard: Deployment, path: str, name: str
) -> None:
    body = NO_BODIES[name]

    values = ask(switchboard, path, body, in_base64=isinstance(body, bytes))

    assert (values["outcome"], values["source"]) == ("unreadable", "default")
    assert values["problem"].startswith(("The body", "Send at most"))
    assert NUMBER not in json.dumps(values)


@BOTH
def test_a_body_that_is_no_base64_is_answered(switchboard: Deployment, path: str) -> None:
    values = ask(switchboard, path, b"", in_base64=True)

    assert (values["outcome"], values["problem"]) == ("withheld", "")


@BOTH
def test_what_the_query_says_is_believed_beside_an_unreadable_body(
    switchboard: Deployment, path: str
) -> None:
    values = ask(switchboard, path, "{", query={"contact": NUMBER})

    assert (values["outcome"], values["customer_id"]) == ("known", "sandbox:C-1001")
    assert "JSON" in values["problem"]


@BOTH
@pytest.mark.parametrize("identifier", ["with space", "ü", "x" * 129, "a\nb"])
def test_an_interaction_id_that_cannot_be_one_is_left_out(
    switchboard: Deployment, path: str, identifier: str
) -> None:
    values = ask(switchboard, path, {"contact": NUMBER, "interaction_id": identifier})

    assert (values["outcome"], values["screen_pop_url"]) == ("known", "")
    assert values["problem"].startswith("interaction_id: ")
    assert identifier not in values["problem"]


@BOTH
@pytest.mark.parametrize("value", [["a", "list"], {"an": "object"}, "x" * 10_001])
def test_a_value_that_is_not_flat_costs_nothing_but_itself(
    switchboard: Deployment, path: str, value: Any
) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}

    values = ask(switchboard, path, {**asked, "business_process": value})

    assert (values["outcome"], bool(values["screen_pop_url"])) == ("known", True)
    assert values["problem"].startswith("business_process ")


@BOTH
@pytest.mark.parametrize("value", [["+14155550199"], {"number": STRANGER}, "9" * 10_001])
def test_a_contact_that_is_not_flat_is_unreadable_and_not_repeated(
    switchboard: Deployment, path: str, value: Any
) -> None:
    values = ask(switchboard, path, {"contact": value})

    assert values["outcome"] == "unreadable"
    assert values["problem"].startswith("contact ")
    assert "99" not in values["problem"]


@BOTH
@pytest.mark.parametrize("as_form", [True, False])
def test_of_too_many_parameters_ours_are_read(
    switchboard: Deployment, path: str, as_form: bool
) -> None:
    many = {f"p{number}": "x" for number in range(MOST_FIELDS)} | {"contact": NUMBER}
    form = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in many.items())

    values = ask(switchboard, path, form if as_form else many)

    assert values["outcome"] == "known"
    assert values["problem"] == f"Send at most {MOST_FIELDS} parameters."


@BOTH
def test_of_too_much_text_ours_is_read(switchboard: Deployment, path: str) -> None:
    much = {f"p{number}": "x" * 9_000 for number in range(9)} | {"contact": NUMBER}

    values = ask(switchboard, path, much)

    assert values["outcome"] == "known"
    assert values["problem"] == "Send at most 64 KiB of text in one event."


@BOTH
def test_a_name_that_holds_a_number_is_not_repeated(switchboard: Deployment, path: str) -> None:
    values = ask(switchboard, path, {"contact": NUMBER, STRANGER: ["x"]})

    assert values["problem"].startswith("A parameter ")
    assert STRANGER not in json.dumps(values)


@BOTH
@pytest.mark.parametrize("value", [7, 1.5, True, None, "", 10**400, "\x00", "\ud800"])
def test_any_scalar_has_an_answer(switchboard: Deployment, path: str, value: Any) -> None:
    values = ask(switchboard, path, {"contact": value, "channel": value, "budget_ms": value})

    assert values["outcome"] in {"withheld", "unreadable", "unknown", "internal"}


@BOTH
def test_nothing_wrong_is_no_problem(switchboard: Deployment, path: str) -> None:
    assert ask(switchboard, path, {"contact": NUMBER})["problem"] == ""
