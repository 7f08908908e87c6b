"""Whether a CRM has an interaction's record: what of its answer is believed, and what is not."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.connector.lint import findings
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.errors import Misconfigured, UpstreamRejected, UpstreamUnavailable
from tests.unit.connector.examples import (
    Reaction,
    ScriptedTransport,
    answer,
    compiled,
    document,
    methods,
    soon,
)

ROWS = "body.rows[].{id: id, key: key, revision: revision}"
FIND: dict[str, Any] = {
    "request": {
        "path": "/activities",
        "query": {"key": "${input.id}", "told": "${input.record_id}"},
    },
    "map": ROWS,
    "empty_when": ["not_found"],
}
LIST: dict[str, Any] = {
    "request": {"path": "/activities", "query": {"from": "${input.from}", "to": "${input.to}"}},
    "map": ROWS,
    "page": {"next": "body.next", "into": "query.after", "max_pages": 3},
}
START = datetime(2026, 1, 5, tzinfo=UTC)
END = START + timedelta(days=1)


def crm(*reactions: Reaction, **more: Any) -> tuple[RestCrm, ScriptedTransport]:
    transport = ScriptedTransport(list(reactions))
    reading = {"find_interaction": FIND, "list_interactions": LIST, **more}
    definition = compiled(methods={**methods(), **reading})
    return RestCrm(definition, {}, dict, default_region="US", transport=transport), transport


def rows(*told: dict[str, Any], **more: Any) -> Reaction:
    return answer(json.dumps({"rows": list(told), **more}))


def found(*told: dict[str, Any], record_id: str = "") -> FoundRecord | None:
    built, _ = crm(rows(*told))
    return built.find_record("i-1", record_id=record_id, deadline=soon())


def listed(built: RestCrm, start: datetime = START, deadline: Deadline | None = None) -> list[str]:
    told = built.list_records(start, END, deadline=deadline or soon())
    return [record.key for record in told]


def test_a_record_with_our_key_is_found() -> None:
    assert found({"id": "A-1", "key": "i-1", "revision": 3}) == FoundRecord("A-1", "i-1", 3)


@pytest.mark.parametrize("key", ["i-10", "I-1", " i-1", "", None, True, {}, ["i-1"]])
def test_a_record_with_another_key_is_none(key: object) -> None:
    assert found({"id": "A-1", "key": key}) is None


def test_a_key_and_an_id_may_be_numbers() -> None:
    built, _ = crm(rows({"id": 7, "key": 42}))

    assert built.find_record("42", record_id="", deadline=soon()) == FoundRecord("7", "42")


@pytest.mark.parametrize(
    ("told", "revision"),
    [(3, 3), ("3", 3), (3.0, 3), ("3.0", 3), (None, None), ("", None), ("x", None), (-1, None),
     (True, None), (3.5, None), ("9" * 99, None), ("٣", None)],
)  # fmt: skip
def test_a_revision_is_a_whole_number_or_unknown(told: object, revision: int | None) -> None:
    record = found({"id": "A-1", "key": "i-1", "revision": told})

    assert record is not None
    assert record.revision == revision


def test_two_records_under_one_key_are_told_of_and_ours_is_the_one_we_were_told_of() -> None:
    two = ({"id": "A-1", "key": "i-1"}, {"id": "A-2", "key": "i-1"}, {"id": "A-3", "key": "i-3"})

    assert found(*two) == FoundRecord("A-1", "i-1", copies=2)
    assert found(*two, record_id="A-2") == FoundRecord("A-2", "i-1", copies=2)


def test_a_record_that_is_told_of_twice_is_one() -> None:
    assert found(*[{"id": "A-1", "key": "i-1"}] * 2) == FoundRecord("A-1", "i-1")


def test_a_record_that_we_were_never_told_of_is_asked_for_by_its_key_alone() -> None:
    built, transport = crm(rows())

    assert built.find_record("i-1", record_id="", deadline=soon()) is None
    assert transport.requests[0].url == "https://crm.example.com/activities?key=i-1"


def test_a_class_that_means_empty_is_no_record() -> None:
    built, _ = crm(answer("", status=404))

    assert built.find_record("i-1", record_id="", deadline=soon()) is None


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        "<html>",
        '{"rows": null}',
        '{"rows": {}}',
        '{"rows": [{"key": "i-1"}]}',
        '{"rows": [{"id": "", "key": "i-1"}]}',
    ],
)
def test_an_answer_that_cannot_be_read_is_never_a_missing_record(said: str) -> None:
    built, _ = crm(answer(said), answer(said))

    with pytest.raises(UpstreamUnavailable):
        built.find_record("i-1", record_id="", deadline=soon())
    with pytest.raises(UpstreamUnavailable):
        listed(built)


def test_a_record_that_can_be_asked_for_by_its_number_only_is_not_missing_without_one() -> None:
    by_number = {"request": {"path": "/activities/${input.record_id}"}, "map": ROWS}
    built, transport = crm(find_interaction=by_number)

    with pytest.raises(UpstreamRejected):
        built.find_record("i-1", record_id="", deadline=soon())
    assert transport.requests == []


def test_records_are_listed_page_by_page_and_a_row_without_a_key_is_none_of_ours() -> None:
    built, transport = crm(
        rows({"id": "A-1", "key": "i-1"}, {"id": "A-2", "key": None}, next="p/2"),
        rows({"id": "A-3", "key": "i-3"}),
    )
    told = built.list_records(START, END, deadline=soon())

    assert next(told).key == "i-1"
    assert len(transport.requests) == 1
    assert [record.key for record in told] == ["i-3"]
    assert transport.requests[1].url.endswith("&after=p%2F2")


def test_a_period_is_told_in_utc() -> None:
    built, transport = crm(rows())
    there = timezone(timedelta(hours=-8))

    assert listed(built, START.astimezone(there)) == []
    assert transport.requests[0].url == (
        "https://crm.example.com/activities"
        "?from=2026-01-05T00%3A00%3A00Z&to=2026-01-06T00%3A00%3A00Z"
    )


def test_a_listing_with_more_pages_than_the_file_allows_fails_after_what_it_read() -> None:
    built, _ = crm(*[rows({"id": f"A-{n}", "key": f"i-{n}"}, next=n) for n in range(3)])
    told = built.list_records(START, END, deadline=soon())

    assert [next(told).key for _ in range(3)] == ["i-0", "i-1", "i-2"]
    with pytest.raises(UpstreamUnavailable, match="more pages"):
        next(told)


def test_a_listing_ends_at_the_deadline() -> None:
    built, transport = crm(rows({"id": "A-1", "key": "i-1"}, next=1))
    told = built.list_records(START, END, deadline=Deadline.after(0))

    with pytest.raises(UpstreamUnavailable):
        next(told)
    assert transport.requests == []


def test_a_listing_in_one_answer_needs_no_pages() -> None:
    built, _ = crm(
        rows({"id": "A-1", "key": "i-1"}),
        list_interactions={key: value for key, value in LIST.items() if key != "page"},
    )

    assert listed(built) == ["i-1"]


def test_a_connector_says_what_it_can_be_asked() -> None:
    built, _ = crm()
    bare = RestCrm(compiled(), {}, dict, default_region="US", transport=ScriptedTransport([]))

    assert (built.can_find_records, built.can_list_records) == (True, True)
    assert (bare.can_find_records, bare.can_list_records) == (False, False)
    with pytest.raises(Misconfigured):
        bare.find_record("i-1", record_id="", deadline=soon())
    with pytest.raises(Misconfigured):
        list(bare.list_records(START, END, deadline=soon()))


def test_a_crm_that_orders_revisions_itself_says_so() -> None:
    ordering = compiled(methods=methods(ignores_older=True))
    published_earlier = compiled()
    del published_earlier["methods"]["log_interaction"]["ignores_older"]

    told = [
        RestCrm(each, {}, dict, default_region="US", transport=ScriptedTransport([])).ignores_older
        for each in (ordering, compiled(), published_earlier)
    ]
    assert told == [True, False, False]


def problems(**changed: Any) -> str:
    with pytest.raises(ConnectorMistakes) as caught:
        compiled(methods={**methods(), **changed})
    return "\n".join(caught.value.problems)


@pytest.mark.parametrize(
    "idempotency", ["client_id", "header", "once_token", "search_first", "none"]
)
def test_only_a_crm_that_knows_its_record_again_can_tell_an_older_revision(
    idempotency: str,
) -> None:
    log = methods(ignores_older=True, idempotency=idempotency)["log_interaction"]

    assert "`ignores_older` goes with `idempotency: upsert`" in problems(log_interaction=log)


def test_only_of_writing_one_record_is_it_said_that_older_revisions_are_ignored() -> None:
    assert "belongs to `log_interaction` only" in problems(
        find_interaction={**FIND, "ignores_older": True}
    )


@pytest.mark.parametrize(
    ("name", "method"), [("find_interaction", FIND), ("list_interactions", LIST)]
)
def test_records_are_found_by_a_map_that_makes_rows(name: str, method: dict[str, Any]) -> None:
    step = {"id": "one", "request": method["request"]}

    assert "needs a `map`" in problems(**{name: {"steps": [step]}})


def test_only_a_listing_may_read_many_pages() -> None:
    many = {"next": "body.next", "into": "query.after", "max_pages": 500}
    phone = {**methods()["find_phone"], "page": many}

    compiled(methods={**methods(), "list_interactions": {**LIST, "page": many}})
    assert "methods.find_phone.page.max_pages: at most 20" in problems(find_phone=phone)


def lines(**changed: Any) -> str:
    made = document(methods={**methods(), **changed})
    return "\n".join(str(one) for one in findings(made))


def test_a_reader_of_the_file_asks_for_samples_of_what_is_found_and_of_what_is_not() -> None:
    said = lines(find_interaction=FIND, list_interactions=LIST)

    assert "find_interaction: a record that is there" in said
    assert "find_interaction: none, or only others' (`result: null`)" in said
    assert "list_interactions: a period with records" in said
    assert "nobody calls this method" not in said


def test_a_name_that_a_search_for_records_does_not_see_is_refused() -> None:
    wrong = {**FIND, "request": {"path": "/activities", "query": {"key": "${input.customer.id}"}}}

    assert "there is no `input.customer`" in lines(find_interaction=wrong)
