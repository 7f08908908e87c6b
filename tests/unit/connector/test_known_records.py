"""A record that the CRM has told us the number of is read by it before it is searched for."""

import json
from typing import Any

import pytest

from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.posting import InteractionRecord, Logged
from switchboard.errors import SwitchboardError, UpstreamRejected, UpstreamUnavailable
from tests.unit.connector.examples import (
    Reaction,
    ScriptedTransport,
    answer,
    compiled,
    document,
    methods,
    soon,
)

TOLD: dict[str, Any] = {
    "id": "told",
    "when": "input.record_id",
    "request": {"path": "/activities/${input.record_id}"},
    "expects": "body.id",
    "map": "{id: rows_with([body], 'key', input.id)[0].id}",
    "empty_when": ["not_found"],
}
SEARCHED: dict[str, Any] = {
    "id": "seen",
    "when": "!(steps.told.id)",
    "request": {"path": "/customers/${input.customer.id || 'nobody'}/activities"},
    "expects": "type(body.rows) == 'array'",
    "map": "{id: rows_with(body.rows, 'key', input.id)[0].id}",
}
MADE: dict[str, Any] = {
    "id": "made",
    "when": "!(steps.told.id || steps.seen.id)",
    "request": {"path": "/activities", "body": {"key": "${input.id}"}},
}
CHANGED: dict[str, Any] = {
    "id": "changed",
    "when": "steps.told.id || steps.seen.id",
    "request": {
        "method": "PATCH",
        "path": "/activities/${steps.told.id || steps.seen.id}",
        "body": {"remarks": "${input.remarks}"},
    },
}
LOG: dict[str, Any] = {
    "idempotency": "search_first",
    "steps": [TOLD, SEARCHED, MADE, CHANGED],
    "map": (
        "{id: text(steps.made.id || steps.told.id || steps.seen.id), "
        "created: !(steps.told.id || steps.seen.id)}"
    ),
}
OURS = {"id": 7, "key": "i-1"}
NOT_THERE = answer(status=404)


def told(value: object) -> Reaction:
    return answer(json.dumps(value))


def log(record_id: str, *reactions: Reaction) -> tuple[Logged, list[str]]:
    transport = ScriptedTransport(list(reactions))
    definition = compiled(methods={**methods(), "log_interaction": LOG})
    crm = RestCrm(definition, {}, dict, default_region="US", transport=transport)
    record = InteractionRecord("i-1", 2, {"remarks": "yes"}, record_id=record_id)
    logged = crm.log_interaction(record, deadline=soon())
    return logged, [f"{each.method} {each.url[23:]}" for each in transport.requests]


def test_it_is_changed_without_a_search() -> None:
    logged, requests = log("7", told(OURS), told({}))

    assert logged == Logged("7", created=False)
    assert requests == ["GET /activities/7", "PATCH /activities/7"]


def test_one_that_nobody_was_told_of_is_searched_for() -> None:
    logged, requests = log("", told({"rows": [OURS]}), told({}))

    assert logged == Logged("7", created=False)
    assert requests == ["GET /customers/nobody/activities", "PATCH /activities/7"]


@pytest.mark.parametrize("gone", [404, 410])
def test_when_it_is_gone_it_is_searched_for(gone: int) -> None:
    logged, requests = log("6", answer(status=gone), told({"rows": [OURS]}), told({}))

    assert logged == Logged("7", created=False)
    assert requests[1:] == ["GET /customers/nobody/activities", "PATCH /activities/7"]


def test_when_it_is_nowhere_it_is_made_again() -> None:
    logged, _ = log("6", NOT_THERE, told({"rows": []}), told({"id": 8}))

    assert logged == Logged("8", created=True)


def test_a_number_that_is_another_records_by_now_leads_to_no_change_of_it() -> None:
    _, requests = log("6", told({"id": 6, "key": "i-9"}), told({"rows": []}), told({"id": 8}))

    assert requests[-1] == "POST /activities"


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (answer(status=403), UpstreamRejected),
        (answer(status=503), UpstreamUnavailable),
        (told({"error": "?"}), UpstreamUnavailable),
        (answer("nonsense"), UpstreamUnavailable),
    ],
)
def test_an_answer_that_does_not_say_that_it_is_gone_writes_nothing(
    said: Reaction, kind: type[SwitchboardError]
) -> None:
    with pytest.raises(kind):
        log("7", said)


def test_a_step_that_writes_cannot_call_a_refusal_nothing() -> None:
    steps = [{**CHANGED, "empty_when": ["not_found"]}]
    wrong = document(methods=methods(request=None, map=None, steps=steps))

    with pytest.raises(ConnectorMistakes, match="a step that only asks"):
        compiled(**wrong)


def test_a_step_that_asks_by_post_can() -> None:
    asks = {"path": "/search", "body": {"key": "${input.id}"}}
    step = {"id": "seen", "request": asks, "reads": True, "empty_when": ["not_found"]}
    definition = compiled(methods=methods(request=None, steps=[step]))

    assert definition["methods"]["log_interaction"]["steps"][0]["empty_when"] == ["not_found"]


def test_a_connector_that_was_published_before_this_goes_on() -> None:
    definition = compiled(methods={**methods(), "log_interaction": LOG})
    for step in definition["methods"]["log_interaction"]["steps"]:
        del step["empty_when"]
    transport = ScriptedTransport([NOT_THERE])
    crm = RestCrm(definition, {}, dict, default_region="US", transport=transport)

    with pytest.raises(UpstreamRejected, match="not_found"):
        crm.log_interaction(InteractionRecord("i-1", 2, {}, record_id="7"), deadline=soon())
