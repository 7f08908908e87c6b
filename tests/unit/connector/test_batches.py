"""Several records in one call: what the answer says of each, and what it leaves open."""

import json
from typing import Any

import pytest

from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.posting import InteractionRecord, Logged
from switchboard.errors import (
    SwitchboardError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from tests.unit.connector.examples import (
    Reaction,
    ScriptedTransport,
    answer,
    compiled,
    methods,
    soon,
)

BATCH = {
    "idempotency": "upsert",
    "batch": {"most": 100},
    "request": {
        "path": "/activities/batch",
        "body": {
            "inputs": {
                "for_each": "input.records",
                "make": {"id": "${item.id}", "note": "${item.remarks}"},
            }
        },
    },
    "map": "body.results[].{key: key, id: id, created: created, class: class, code: code}",
}
RECORDS = [InteractionRecord(each, 1, {"remarks": f"said {each}"}) for each in ("i-1", "i-2")]


def crm(*reactions: Reaction, **batch: Any) -> tuple[RestCrm, ScriptedTransport]:
    transport = ScriptedTransport(list(reactions))
    definition = compiled(methods={**methods(), "log_interactions": {**BATCH, **batch}})
    return RestCrm(definition, {}, dict, default_region="US", transport=transport), transport


def told_of(*results: Any, **batch: Any) -> list[Logged | str]:
    built, _ = crm(answer(json.dumps({"results": results})), **batch)
    said = built.log_interactions(RECORDS, deadline=soon())
    return [type(each).__name__ if isinstance(each, SwitchboardError) else each for each in said]


def test_all_records_go_in_one_request() -> None:
    built, transport = crm(answer('{"results": [{"id": "A-1"}, {"id": "A-2", "created": true}]}'))

    said = built.log_interactions(RECORDS, deadline=soon())

    assert said == [Logged("A-1", created=False), Logged("A-2", created=True)]
    (request,) = transport.requests
    assert json.loads(request.body or b"") == {
        "inputs": [{"id": "i-1", "note": "said i-1"}, {"id": "i-2", "note": "said i-2"}]
    }


def test_rows_that_echo_our_id_may_come_in_any_order() -> None:
    rows = [{"key": "i-2", "id": "A-2"}, {"key": "i-1", "id": "A-1"}]

    assert told_of(*rows) == [Logged("A-1", created=False), Logged("A-2", created=False)]


def test_a_record_that_the_answer_leaves_out_is_unknown() -> None:
    assert told_of({"key": "i-1", "id": "A-1"}) == [
        Logged("A-1", created=False),
        UpstreamUnknown.__name__,
    ]


def test_without_ids_and_with_another_number_of_rows_nothing_is_known() -> None:
    assert told_of({"id": "A-1"}, map="body.results[].{id: id}") == [
        UpstreamUnknown.__name__
    ] * len(RECORDS)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"class": "throttled"}, UpstreamThrottled.__name__),
        ({"class": "quota_exhausted"}, UpstreamThrottled.__name__),
        ({"class": "transient"}, UpstreamUnavailable.__name__),
        ({"class": "invalid", "code": "BAD_FIELD"}, "ClassifiedRejection"),
        ({"class": "nonsense"}, UpstreamUnknown.__name__),
        ({"class": "ok"}, UpstreamUnknown.__name__),
        ({"class": "duplicate", "id": "A-9"}, Logged("A-9", created=False)),
        ({"class": "duplicate"}, Logged("i-1", created=False)),
        ({"class": "ok", "id": 7, "created": True}, Logged("7", created=True)),
    ],
)
def test_each_record_has_an_outcome_of_its_own(row: dict[str, Any], told: Logged | str) -> None:
    first, second = told_of({"key": "i-1", **row}, {"key": "i-2", "id": "A-2"})

    assert first == told
    assert second == Logged("A-2", created=False)


def test_a_text_of_the_crms_is_no_code() -> None:
    row = {"key": "i-1", "class": "invalid", "code": "Ada Byron is no valid name"}
    built, _ = crm(answer(json.dumps({"results": [row, {"key": "i-2", "id": "A-2"}]})))

    rejected, _ = built.log_interactions(RECORDS, deadline=soon())

    assert isinstance(rejected, UpstreamRejected)
    assert "Ada" not in str(rejected)


@pytest.mark.parametrize("content", ['{"results": "none"}', "<html>", '{"results": null}'])
def test_an_answer_without_a_list_leaves_all_of_them_unknown(content: str) -> None:
    built, _ = crm(answer(content))

    with pytest.raises(UpstreamUnknown):
        built.log_interactions(RECORDS, deadline=soon())


def test_a_connector_says_how_many_it_takes() -> None:
    assert crm()[0].batch_most == 100
    assert RestCrm(compiled(), {}, dict, default_region="US").batch_most == 1


@pytest.mark.parametrize(
    ("batch", "log", "mistake"),
    [
        ({"idempotency": "search_first"}, {}, "written again after a lost answer"),
        ({}, {"idempotency": "none"}, "written again after a lost answer"),
        ({"batch": None}, {}, "`batch` belongs to `log_interactions`"),
        ({"batch": {"most": 1}}, {}, "greater than or equal to 2"),
    ],
)
def test_a_batch_that_could_double_records_is_refused(
    batch: dict[str, Any], log: dict[str, Any], mistake: str
) -> None:
    with pytest.raises(ConnectorMistakes, match=mistake):
        compiled(methods={**methods(**log), "log_interactions": {**BATCH, **batch}})
