"""Mistakes in a file are found before it is published, and named with their place."""

import json
from typing import Any

import pytest

from switchboard.adapters.connector.compile import ConnectorMistakes, compile_connector
from switchboard.errors import Misconfigured
from tests.unit.connector.examples import document, methods


def problems(changed: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(ConnectorMistakes) as caught:
        compile_connector(changed)
    return caught.value.problems


def with_request(**request: Any) -> dict[str, Any]:
    return document(
        methods={**methods(), "find_email": {"request": {"path": "/x", **request}, "map": "body"}}
    )


def with_event(**changes: Any) -> dict[str, Any]:
    event = {
        "verify": {"scheme": "standard_webhooks", "secret": "${secret.hook}"},
        "map": "{phone: data.phone}",
    }
    return document(secrets=["hook"], events={"callback": {**event, **changes}})


def test_a_compiled_file_is_plain_json_without_its_samples() -> None:
    compiled = compile_connector(document(samples=[{"name": "x", "find": "phone", "value": "1"}]))

    assert json.loads(json.dumps(compiled)) == compiled
    assert "samples" not in compiled


def test_a_single_request_becomes_a_method_of_one_step() -> None:
    steps = compile_connector(document())["methods"]["log_interaction"]["steps"]

    assert [step["request"]["method"] for step in steps] == ["PUT"]


def test_a_body_makes_a_post_unless_the_file_says_otherwise() -> None:
    compiled = compile_connector(with_request(body={"a": 1}))

    assert compiled["methods"]["find_email"]["steps"][0]["request"]["method"] == "POST"


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("lookup", "lookups"), ("timeout", "timeouts"), ("erors", "errors"), ("qqq", None)],
)
def test_an_unknown_key_is_refused_with_the_nearest_right_one(
    key: str, nearest: str | None
) -> None:
    hint = f"; did you mean `{nearest}`?" if nearest else ""

    assert problems(document(**{key: {}})) == (f"{key}: unknown key{hint}",)


@pytest.mark.parametrize(
    ("changed", "place", "nearest"),
    [
        ({"timeouts": {"connect": 1}}, "timeouts.connect", "connect_s"),
        ({"limits": [{"concurency": 1}]}, "limits.0", "concurrency"),
        ({"settings": {"base": {"defalt": "x"}}}, "settings.base.defalt", "default"),
        ({"lookups": {"by_emial": []}}, "lookups.by_emial", "by_email"),
    ],
)
def test_the_nearest_right_key_is_one_that_this_place_takes(
    changed: dict[str, Any], place: str, nearest: str
) -> None:
    (line,) = [one for one in problems(document(**changed)) if "unknown key" in one]

    assert line.startswith(place)
    assert line.endswith(f"did you mean `{nearest}`?")


def test_every_mistake_has_a_line_with_its_place() -> None:
    changed = document(timeouts={"connect_ss": 1}, errors=[{"when": "status ==", "class": "gone"}])

    lines = problems(changed)

    assert any(line.startswith("timeouts.connect_ss: unknown key") for line in lines)
    assert any(line.startswith("errors.0.when:") for line in lines)
    assert any(line.startswith("errors.0.class:") for line in lines)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (document(connector=2), "connector: "),
        (document(id="Has Spaces"), "id: "),
        (document(server="${settings.base"), "closing brace"),
        (document(server="${settings.}"), "server: "),
        (document(server="${settings.bse}"), "did you mean `base`?"),
        (document(headers={"X-A": "${secret.key}"}), "secrets: `key` is used and not declared"),
        (document(headers={"X A": "b"}), "no name of a header"),
        (document(headers={"X-A\r\nX-B": "b"}), "no name of a header"),
        (document(secrets=["k"], link="https://x/${secret.k}"), "may not stand in an address"),
        (document(secrets=["a", "a"]), "named twice"),
        (document(lookups={"by_phone": ["find_fone"]}), "did you mean `find_phone`?"),
        (document(auth={"scheme": "digest"}), "auth: "),
        (document(settings={"base": {"type": "integer", "default": "x"}}), "not of type integer"),
        (document(samples=[{"name": "x"}]), "give one of"),
        (document(tables={"a": {"b": []}}), "tables.a.b"),
        (with_request(path="customers"), "begins with /"),
        (with_request(path="/a?b=${input.c}"), "holds no query"),
        (with_request(path="/a b"), "holds no query"),
        (with_request(query={"key": "${secret.key}"}), "may not stand in an address"),
        (with_request(url="${steps.x}"), "either `path` or `url`"),
        (with_request(body={"${input.a}": 1}), "must be plain text"),
        (with_request(body={"a": [{"b": "${not an expression}"}]}), "body: "),
        (with_request(body="${pick(tables.none, input.a, 'x')}"), "tables: `none`"),
        (with_event(verify={"scheme": "standard_webhooks", "secret": "hok"}), "`hook`?"),
        (
            with_event(verify={"scheme": "basic", "username": "me", "secret": "hook"}),
            "`id` is needed",
        ),
        (with_event(map="{phone: "), "events.callback.map"),
    ],
)
def test_a_mistake_is_named(changed: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(problems(changed))


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ({}, "either `request` or `steps`"),
        ({"request": {"path": "/x"}, "steps": [{"id": "a", "request": {"path": "/x"}}]}, "either"),
        ({"steps": [{"id": "a", "request": {"path": "/x"}}] * 2}, "same id"),
        ({"request": {"path": "/x"}, "idempotency": "maybe"}, "idempotency"),
        ({"request": {"path": "/x"}, "settle_s": -1}, "settle_s"),
        ({"request": {"path": "/x"}, "key_window_s": 60}, "`idempotency: header`"),
        (
            {"request": {"path": "/x"}, "idempotency": "upsert", "key_window_s": 7200},
            "`key_window_s` goes with",
        ),
        ({"request": {"path": "/x"}, "idempotency": "header", "key_window_s": 0}, "key_window_s"),
    ],
)
def test_a_wrong_method_is_named(method: dict[str, Any], expected: str) -> None:
    assert expected in "\n".join(problems(document(methods={**methods(), "other": method})))


def test_a_lookup_without_a_mapping_is_refused() -> None:
    changed = document(methods={**methods(), "find_email": {"request": {"path": "/x"}}})

    assert "needs a `map`" in problems(changed)[0]


def test_mistakes_stop_a_publication() -> None:
    with pytest.raises(Misconfigured):
        compile_connector({"connector": 1})


def test_a_message_never_quotes_a_value_of_the_file() -> None:
    lines = problems(document(auth={"scheme": "bearer", "token": 4155550142}))

    assert "4155550142" not in "\n".join(lines)


def test_a_profile_of_the_contact_centre_speaks_the_same_language() -> None:
    profile = {
        "ecs_profile": 1,
        "id": "centre",
        "server": "https://ecs.example.com",
        "operations": {"hold": {"request": {"method": "POST", "path": "/${input.call_id}/hold"}}},
    }

    assert compile_connector(profile)["operations"]["hold"]["idempotency"] == "none"
    lines = problems({**profile, "operations": {"holdd": profile["operations"]["hold"]}})  # type: ignore[index]
    assert lines[0].startswith("operations.holdd")


@pytest.mark.parametrize(
    "wanted",
    [
        {
            "auth": {"scheme": "oauth2_refresh", "token_url": "https://ecs.example.com/token"},
            "secrets": ["client_id", "client_secret", "refresh_token"],
        },
        {"limits": [{"concurrency": 5}]},
    ],
    ids=["a token that is replaced", "limits"],
)
def test_a_profile_is_not_promised_what_only_connectors_get(wanted: dict[str, Any]) -> None:
    profile = {"ecs_profile": 1, "id": "centre", "server": "https://ecs.example.com"}

    (line,) = problems({**profile, **wanted})

    assert "for connectors" in line


def test_only_secrets_of_outgoing_calls_are_needed_for_them() -> None:
    compiled = compile_connector(
        {**with_event(), "secrets": ["hook", "key"], "headers": {"X-Key": "${secret.key}"}}
    )

    assert compiled["needed_secrets"] == ["key"]
