"""An answer that says nothing is no answer: never "not there", and never "nobody"."""

from typing import Any

import pytest

from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.connector.engine import Engine
from switchboard.adapters.connector.lint import findings
from switchboard.errors import UpstreamUnavailable, UpstreamUnknown
from tests.unit.connector.examples import (
    NOW,
    Reaction,
    ScriptedTransport,
    answer,
    compiled,
    document,
    methods,
    soon,
)

A_LIST = "type(body.records) == 'array' && !(body.records[?!(id)])"
NONSENSE = (
    '"ok"', "[]", "{}", "0", "null", "", '{"error": "?"}', '{"records": null}', '{"records": {}}',
    '{"records": [{"id": null}]}', '{"records": [{}]}', '{"records": ["?"]}',
)  # fmt: skip
SEEN = {
    "id": "seen",
    "request": {"path": "/records", "query": {"key": "${input.id}"}},
    "expects": A_LIST,
    "map": "{id: body.records[0].id}",
}
MADE = {
    "id": "made",
    "when": "!(steps.seen.id)",
    "request": {"path": "/records", "body": {"key": "${input.id}"}},
    "map": "{id: body.id}",
}
SEARCHING = {
    "idempotency": "search_first",
    "settle_s": 60,
    "request": None,
    "steps": [SEEN, MADE],
    "map": "{id: steps.made.id || steps.seen.id, created: !(steps.seen.id)}",
}


def built(definition: dict[str, Any], *reactions: Reaction) -> tuple[Engine, ScriptedTransport]:
    transport = ScriptedTransport(list(reactions))
    engine = Engine(definition, {}, dict, transport=transport, wall_clock=lambda: NOW)
    return engine, transport


def writing(*reactions: Reaction, **log: Any) -> tuple[Any, list[str]]:
    """What a write makes of the answers, or the error; and the requests that were sent."""
    definition = compiled(methods=methods(**{**SEARCHING, **log}))
    engine, transport = built(definition, *reactions)
    method = definition["methods"]["log_interaction"]
    try:
        result: Any = engine.write("log_interaction", method, {"id": "i-1"}, deadline=soon())
    except (UpstreamUnavailable, UpstreamUnknown) as error:
        result = type(error)
    return result, [one.method for one in transport.requests]


def warnings(**overrides: Any) -> str:
    return "\n".join(str(one) for one in findings(document(**overrides)) if not one.is_mistake)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_search_that_says_nothing_writes_nothing(nonsense: str) -> None:
    assert writing(answer(nonsense)) == (UpstreamUnavailable, ["GET"])


def test_a_search_that_says_that_nothing_is_there_is_believed() -> None:
    result, sent = writing(answer('{"records": []}'), answer('{"id": "7"}'))

    assert result == {"id": "7", "created": True}
    assert sent == ["GET", "POST"]


def test_a_search_that_finds_the_record_is_believed() -> None:
    assert writing(answer('{"records": [{"id": "7"}]}')) == ({"id": "7", "created": False}, ["GET"])


def test_after_a_step_that_wrote_a_search_that_says_nothing_leaves_it_unknown() -> None:
    first = {"id": "begun", "request": {"path": "/begin", "body": {"key": "${input.id}"}}}

    result, sent = writing(answer(), answer("{}"), steps=[first, SEEN, MADE])

    assert result is UpstreamUnknown
    assert sent == ["POST", "GET"]


def test_a_write_whose_answer_is_not_what_it_should_be_is_unknown() -> None:
    made = {**MADE, "when": None, "expects": "body.id"}

    result, _ = writing(answer('{"error": "?"}'), steps=[made], map="steps.made")

    assert result is UpstreamUnknown


def test_what_cannot_be_evaluated_does_not_hold() -> None:
    seen = {**SEEN, "expects": "length(body.records) >= `0`"}

    assert writing(answer("{}"), steps=[seen, MADE]) == (UpstreamUnavailable, ["GET"])


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_lookup_that_expects_a_record_makes_nobody_of_no_answer(nonsense: str) -> None:
    one = {
        "request": {"path": "/customers/${input.email}"},
        "expects": "body.customer.id",
        "map": "[body.customer][?@].{id: id}",
    }
    engine, _ = built(compiled(methods={**methods(), "find_email": one}), answer(nonsense))

    with pytest.raises(UpstreamUnavailable):
        engine.read("find_email", {"email": "ada@example.com"}, deadline=soon())


def test_each_page_is_held_to_what_is_expected() -> None:
    paged = {
        "request": {"path": "/customers"},
        "expects": "type(body.rows) == 'array'",
        "map": "body.rows || `[]`",
        "page": {"next": "body.next", "into": "query.after"},
    }
    engine, _ = built(
        compiled(methods={**methods(), "find_phone": paged}),
        answer('{"rows": [], "next": "2"}'),
        answer('{"error": "?"}'),
    )

    with pytest.raises(UpstreamUnavailable):
        engine.read("find_phone", {}, deadline=soon())


def test_a_connector_that_an_earlier_version_published_expects_nothing_and_still_runs() -> None:
    definition = compiled(methods=methods(**SEARCHING))
    for method in definition["methods"].values():
        for step in method["steps"]:
            del step["expects"]
    engine, _ = built(definition, answer('{"records": [{"id": "7"}]}'))

    method = definition["methods"]["log_interaction"]
    result = engine.write("log_interaction", method, {"id": "i-1"}, deadline=soon())

    assert result == {"id": "7", "created": False}


def test_a_method_with_steps_says_what_it_expects_at_each() -> None:
    with pytest.raises(ConnectorMistakes, match="each of the `steps` has its own"):
        compiled(methods=methods(**SEARCHING, expects="body.id"))


def test_a_search_that_a_write_depends_on_and_that_believes_anything_is_warned_of() -> None:
    seen = {name: value for name, value in SEEN.items() if name != "expects"}

    lines = warnings(methods=methods(**{**SEARCHING, "steps": [seen, MADE]}))

    assert "methods.log_interaction.steps[0]: what comes later depends on `seen`" in lines
    assert "depends on" not in warnings(methods=methods(**SEARCHING))


def test_a_step_that_nothing_depends_on_needs_no_expectation() -> None:
    looked = {"id": "looked", "request": {"path": "/status"}}
    made = {**MADE, "when": None}

    lines = warnings(methods=methods(**{**SEARCHING, "steps": [looked, made], "map": "steps.made"}))

    assert "depends on" not in lines


def test_an_expectation_that_nonsense_meets_is_warned_of() -> None:
    seen = {**SEEN, "expects": "status == `200`"}

    lines = warnings(methods=methods(**{**SEARCHING, "steps": [seen, MADE]}))

    assert "methods.log_interaction, step seen, expects: it holds for {} too" in lines


@pytest.mark.parametrize(
    "expression", ["[body.customer][?@].{id: id}", "body.customers[].{id: id} || `[]`"]
)
def test_a_lookup_that_makes_nobody_of_nonsense_is_warned_of(expression: str) -> None:
    one = {"request": {"path": "/customers/${input.email}"}, "map": expression}

    lines = warnings(methods={**methods(), "find_email": one})

    assert "methods.find_email: it makes nobody of an answer that says nothing, such as {}" in lines
    assert "makes nobody" not in warnings()


def test_expressions_of_an_expectation_are_read_like_any_other() -> None:
    seen = {**SEEN, "expects": "bdy.records"}

    lines = [
        str(one)
        for one in findings(document(methods=methods(**{**SEARCHING, "steps": [seen, MADE]})))
    ]

    assert any("steps[0].expects: there is no `bdy` here" in line for line in lines)
