"""Every trigger that reaches us is kept: in the ledger, beside it, or for people to look at."""

import base64
import json
import time
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from socket import create_server
from typing import Any, NoReturn
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.edges.trigger_request import Told, told_by
from switchboard.errors import StateBusy, StateUnavailable
from switchboard.observability import Mistake
from switchboard.ports import LedgerRow
from tests.events import read_event, sample_files
from tests.integration.answers import flat_body, is_refused, new_interaction, the_end_of
from tests.integration.canaries import REMARK, leaks
from tests.integration.deployment import Answer, Deployment

ENDS = "/v1/triggers/interaction-ends"
EVENTS = ("interaction-starts", "interaction-ends", "internal-transfer", "segment-change")
NO_TABLE = ("INTERACTIONS_TABLE", "a-table-that-is-not-there")


def tell(switchboard: Deployment, said: dict[str, Any], path: str = ENDS) -> Answer:
    return switchboard.http("POST", path, json_body=said)


def row_of(switchboard: Deployment, interaction_id: str) -> LedgerRow | None:
    table = DynamoDbTable(switchboard.dynamodb, "Interactions")
    return DynamoDbInteractionLedger(table).read(interaction_id)


def kept(switchboard: Deployment, interaction_id: str) -> dict[str, str]:
    row = row_of(switchboard, interaction_id)
    return row.interaction.fields if row else {}


def ledger_down(switchboard: Deployment) -> AbstractContextManager[None]:
    return switchboard.changed(*NO_TABLE)


def sweep(switchboard: Deployment) -> None:
    switchboard.invoke("sweeper", {})


def counted(switchboard: Deployment, metric: str) -> float:
    """How often functions counted it, without further dimensions than their own."""
    lines = [json.loads(line) for line in switchboard.output.getvalue().splitlines() if line]
    return sum(
        sum(line[metric])
        for line in lines
        if metric in line and line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    )


def counted_by(switchboard: Deployment, metric: str, dimension: str) -> list[str]:
    lines = [json.loads(line) for line in switchboard.output.getvalue().splitlines() if line]
    return [line[dimension] for line in lines if metric in line and dimension in line]


def said_aside(switchboard: Deployment, kind: str) -> list[dict[str, Any]]:
    return [json.loads(body) for body in switchboard.put_aside(kind).values()]


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_the_same_in_each_form(switchboard: Deployment, event: str) -> None:
    path = f"/v1/triggers/{event}"
    rows = []
    for form in ("json", "form", "query", "get"):
        interaction = new_interaction()
        said = the_end_of(interaction, segment_state="Talking", duration_s="180")
        sent: dict[str, dict[str, Any]] = {
            "json": {"json_body": {**said, "duration_s": 180}},
            "form": {"body": urlencode(said), "in_base64": True},
            "query": {"query": said, "body": ""},
            "get": {"query": said},
        }
        answer = switchboard.http("GET" if form == "get" else "POST", path, **sent[form])
        assert flat_body(answer)["interaction_id"] == interaction
        rows.append(kept(switchboard, interaction))

    assert rows[0]
    assert rows == [rows[0]] * 4


@pytest.mark.parametrize("undated", [{}, {"occurred_at": ""}])
def test_duplicates_are_answered_the_same(switchboard: Deployment, undated: dict[str, str]) -> None:
    said = the_end_of(new_interaction()) | undated
    first = tell(switchboard, said).json

    again = [tell(switchboard, said), switchboard.http("POST", ENDS, body=urlencode(said))]

    for answer in again:
        assert answer.status == 202
        same = {"accepted", "interaction_id"}
        assert {n: answer.json[n] for n in same} == {n: first[n] for n in same}
        assert answer.json["duplicate"] == "true"


def test_what_was_spilled_is_taken_back_while_the_queues_are_down(switchboard: Deployment) -> None:
    interaction = new_interaction()
    tell(switchboard, the_end_of(new_interaction()))
    with ledger_down(switchboard):
        tell(switchboard, the_end_of(interaction))

    with (
        switchboard.without_aws("sqs"),
        switchboard.later(minutes=2),
        pytest.raises(StateUnavailable),
    ):
        sweep(switchboard)

    assert row_of(switchboard, interaction) is not None
    assert switchboard.put_aside("spill") == {}


def test_what_the_ledger_cannot_take_is_acknowledged_and_taken_back(
    switchboard: Deployment,
) -> None:
    interaction = new_interaction()
    with ledger_down(switchboard):
        answer = tell(switchboard, the_end_of(interaction))
        assert row_of(switchboard, interaction) is None

    assert flat_body(answer) | {"request_id": ""} == {
        "accepted": "true",
        "duplicate": "false",
        "interaction_id": interaction,
        "request_id": "",
    }
    assert len(switchboard.put_aside("spill")) == 1
    assert counted(switchboard, "TriggerSpilled") == 1

    sweep(switchboard)

    assert kept(switchboard, interaction)["disposition_code"] == "Resolved"
    assert switchboard.put_aside("spill") == {}
    assert counted(switchboard, "SpillTakenBack") == 1
    assert switchboard.deliver("disposition_posting") == [_pointer(answer, interaction)]
    assert switchboard.activity(interaction)


def _pointer(answer: Answer, interaction: str) -> str:
    return json.dumps({"v": 1, "id": interaction, "request_id": answer.json["request_id"]})


def test_spilled_events_of_one_interaction_become_one_document(switchboard: Deployment) -> None:
    interaction = new_interaction()
    early = {"occurred_at": "2026-01-05T10:00:00-05:00", "business_process": "Reception"}
    with ledger_down(switchboard):
        tell(switchboard, the_end_of(interaction))
        tell(switchboard, the_end_of(interaction, **early), "/v1/triggers/interaction-starts")
        tell(switchboard, the_end_of(interaction))
    tell(switchboard, the_end_of(interaction, remarks="told afterwards", occurred_at=""))

    sweep(switchboard)

    assert kept(switchboard, interaction)["business_process"] == "Customer Care"
    assert kept(switchboard, interaction)["remarks"] == "told afterwards"
    assert switchboard.put_aside("spill") == {}


def test_a_mistake_of_ours_over_one_spilled_event_keeps_no_other_waiting(
    switchboard: Deployment,
) -> None:
    doomed, other = new_interaction(), new_interaction()
    with ledger_down(switchboard):
        tell(switchboard, the_end_of(doomed))
        tell(switchboard, the_end_of(other))

    def told_by_mistake(sent: KeptTrigger, *args: Any, **options: Any) -> Told:
        if doomed.encode() in sent.body:
            raise KeyError(REMARK)
        return told_by(sent, *args, **options)

    with patch("functions.sweeper.app.told_by", told_by_mistake):
        sweep(switchboard)

    assert (kept(switchboard, doomed), len(switchboard.put_aside("spill"))) == ({}, 1)
    assert kept(switchboard, other)
    assert counted(switchboard, "SpillMistake") == 1
    assert leaks(switchboard.output.getvalue()) == []


def test_an_undated_event_is_taken_back_as_of_when_it_came(switchboard: Deployment) -> None:
    interaction = new_interaction()
    with ledger_down(switchboard):
        tell(switchboard, the_end_of(interaction, occurred_at="", remarks="before"))
    tell(switchboard, the_end_of(interaction, occurred_at="", remarks="after"))

    with switchboard.later(minutes=10):
        sweep(switchboard)

    assert kept(switchboard, interaction)["remarks"] == "after"


@pytest.mark.parametrize("variable", ["INTERACTIONS_TABLE", "CONFIG_TABLE"])
def test_an_event_without_an_id_is_spilled_too(switchboard: Deployment, variable: str) -> None:
    said = the_end_of("")
    direct = tell(switchboard, {**said, "contact": "+14155550160"}).json["interaction_id"]
    asked = {**said, "contact": "+14155550160"}

    with patch.object(switchboard, "_warm", ""), switchboard.changed(variable, "not-there"):
        answer = switchboard.invoke("trigger_intake", _guarded(asked))
    sweep(switchboard)

    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["interaction_id"] in {direct, ""}
    assert switchboard.put_aside("spill") == {}
    assert counted(switchboard, "SpillTakenBack") == 1


def _guarded(said: dict[str, Any]) -> dict[str, Any]:
    """A request whose key was proven, by an authorizer that could read its table."""
    (sample,) = [f for f in sample_files() if f.match("trigger_intake/interaction_ends.json")]
    return {**read_event(sample), "body": json.dumps(said), "isBase64Encoded": False}


def test_while_the_ledger_is_down_what_was_spilled_waits(switchboard: Deployment) -> None:
    with ledger_down(switchboard):
        for _ in range(3):
            tell(switchboard, the_end_of(new_interaction()))
        before = switchboard.put_aside("spill")
        with switchboard.later(minutes=20):
            _sweep_beside_a_table_that_is_down(switchboard)

    assert switchboard.put_aside("spill") == before
    (waits_s,) = [
        line["SpillWaits"][0]
        for line in map(json.loads, switchboard.output.getvalue().splitlines())
        if "SpillWaits" in line
    ]
    assert waits_s > 900


def _sweep_beside_a_table_that_is_down(switchboard: Deployment) -> None:
    """What is due cannot be read either; that must not keep anybody from the rest."""
    with patch("functions.sweeper.app.sweep") as nothing_due:
        nothing_due.return_value.postings = nothing_due.return_value.calls = 0
        nothing_due.return_value.unsent = 0
        sweep(switchboard)


def test_when_neither_place_takes_it_ecs_is_told(switchboard: Deployment) -> None:
    with ledger_down(switchboard), switchboard.without_aws("s3"):
        answer = tell(switchboard, the_end_of(new_interaction()))

    assert is_refused(answer, 503, "state_unavailable")
    assert counted(switchboard, "TriggerNotKept") == 1
    assert answer.took_s < 8


@pytest.mark.parametrize("services", [["dynamodb"], ["dynamodb", "s3"]], ids=str)
def test_whatever_hangs_ecs_is_answered_in_time(
    switchboard: Deployment, services: list[str]
) -> None:
    """Within the function's 15 seconds, with room for a slower machine."""
    with ExitStack() as hanging:
        for service in services:
            port = hanging.enter_context(create_server(("127.0.0.1", 0))).getsockname()[1]
            variable = f"AWS_ENDPOINT_URL_{service.upper()}"
            hanging.enter_context(switchboard.changed(variable, f"http://127.0.0.1:{port}"))
        started = time.monotonic()
        answer = switchboard.invoke("trigger_intake", _guarded(the_end_of(new_interaction())))
        took_s = time.monotonic() - started

    assert answer["statusCode"] == (503 if "s3" in services else 202)
    assert took_s < 9


def test_a_second_place_that_is_down_hurts_nobody_who_does_not_need_it(
    switchboard: Deployment,
) -> None:
    with switchboard.without_aws("s3"):
        answer = tell(switchboard, the_end_of(new_interaction()))
        sweep(switchboard)

    assert answer.status == 202
    assert "spilled events cannot be listed" in switchboard.output.getvalue()


REFUSED: dict[str, tuple[str | bytes, int, str]] = {
    "cut": ('{"interaction_id": "i-1", "contact": "+14155550142"', 400, "malformed_request"),
    "xml": ("<Interaction><Id>1</Id></Interaction>", 400, "malformed_request"),
    "nested": ('{"interaction_id": "i-1", "remarks": ["a"]}', 422, "invalid_request"),
    "no id": ('{"contact": "+14155550142"}', 422, "invalid_request"),
    "too large": (b"x" * (256 * 1024 + 1), 413, "request_too_large"),
    "too long": (json.dumps({f"f{n}": "x" * 9000 for n in range(9)}), 413, "request_too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_kept_as_it_was_sent(switchboard: Deployment, name: str) -> None:
    body, status, code = REFUSED[name]

    answer = switchboard.http(
        "POST",
        ENDS,
        body=body,
        query={"site": "west"},
        headers={"content-type": "text/plain"},
        in_base64=isinstance(body, bytes),
    )

    assert is_refused(answer, status, code)
    (said,) = said_aside(switchboard, "refused")
    assert (said["event"], said["error"]) == ("interaction-ends", code)
    assert said["query"] == {"site": "west"}
    assert said["content_type"] == "text/plain"
    assert said["request_id"] == answer.json["request_id"]
    assert switchboard.key not in json.dumps(said)
    assert counted(switchboard, "TriggerRefused") == 1
    assert counted_by(switchboard, "TriggerRefused", "code") == [code]


def test_an_event_over_which_our_own_code_fails_is_kept_for_who_mends_it(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise KeyError(REMARK)

    monkeypatch.setattr("functions.trigger_intake.app.take_told", fail)
    interaction = new_interaction()
    with pytest.raises(Mistake) as told:
        tell(switchboard, the_end_of(interaction))

    assert str(told.value) == "KeyError"
    ((key, put),) = switchboard.put_aside("refused").items()
    assert ".interaction-ends.our_mistake." in key
    assert json.loads(base64.b64decode(json.loads(put)["body"]))["interaction_id"] == interaction


@pytest.mark.parametrize(
    ("path", "key", "status"),
    [
        (ENDS, "", 401),
        (ENDS, "nobody.secret", 401),
        ("/v1/triggers/interaction-vanishes", None, 404),
    ],
)
def test_of_strangers_nothing_is_kept(
    switchboard: Deployment, path: str, key: str | None, status: int
) -> None:
    assert switchboard.http("POST", path, body="<x/>", key=key).status == status
    assert switchboard.http("PUT", path, body="<x/>", key=key).status in {status, 405}

    assert switchboard.put_aside("refused") == {}


def test_a_contradiction_is_refused_kept_and_reported(switchboard: Deployment) -> None:
    said = the_end_of(new_interaction())
    tell(switchboard, said)

    answer = tell(switchboard, {**said, "channel": "email", "remarks": "another one's"})

    assert is_refused(answer, 409, "conflict")
    assert len(switchboard.put_aside("refused")) == 1
    assert counted(switchboard, "TriggerContradicted") == 1
    assert kept(switchboard, said["interaction_id"])["channel"] == "voice"
    (line,) = [
        line
        for line in map(json.loads, switchboard.output.getvalue().splitlines())
        if line.get("message") == "trigger contradicts its interaction"
    ]
    assert line["level"] == "ERROR"
    assert line["interaction_id"] == said["interaction_id"]
    assert "channel" in line["detail"]


def test_a_contradiction_among_the_spilled_ends_with_the_refused(switchboard: Deployment) -> None:
    said = the_end_of(new_interaction())
    with ledger_down(switchboard):
        tell(switchboard, said)
        tell(switchboard, {**said, "channel": "email"})

    sweep(switchboard)

    assert kept(switchboard, said["interaction_id"])["channel"] == "voice"
    assert switchboard.put_aside("spill") == {}
    assert len(switchboard.put_aside("refused")) == 1
    assert counted(switchboard, "SpillRefused") == 1


def told_of(switchboard: Deployment, interaction_id: str) -> list[tuple[int, str]]:
    """The triggers that `explain` tells: which revision each made, and how it was refused."""
    row = row_of(switchboard, interaction_id)
    return [(note.revision, note.refused) for note in row.triggers] if row else []


def no_room_for_notes(*_: object) -> NoReturn:
    raise StateBusy("writing Interactions: ThrottlingException")


def test_every_trigger_of_an_interaction_is_told(switchboard: Deployment) -> None:
    said = the_end_of(new_interaction())
    interaction = said["interaction_id"]

    tell(switchboard, said)
    tell(switchboard, said)
    tell(switchboard, {**said, "channel": "email"})
    with ledger_down(switchboard):
        tell(switchboard, said)
        tell(switchboard, {**said, "channel": "email"})
    sweep(switchboard)

    told = [(1, ""), (0, ""), (0, "conflict"), (0, ""), (0, "conflict")]
    assert told_of(switchboard, interaction) == told


def test_a_repeat_that_cannot_be_noted_is_answered_the_same_and_noted_later(
    switchboard: Deployment,
) -> None:
    said = the_end_of(new_interaction())
    tell(switchboard, said)

    with patch.object(DynamoDbTable, "change", no_room_for_notes):
        answer = tell(switchboard, said)
    sweep(switchboard)

    assert (answer.status, answer.json["duplicate"]) == (202, "true")
    assert told_of(switchboard, said["interaction_id"]) == [(1, ""), (0, "")]
    assert switchboard.put_aside("spill") == {}


def test_a_repeat_that_can_be_noted_nowhere_is_answered_the_same_and_counted(
    switchboard: Deployment,
) -> None:
    said = the_end_of(new_interaction())
    tell(switchboard, said)

    with switchboard.without_aws("s3"), patch.object(DynamoDbTable, "change", no_room_for_notes):
        answer = tell(switchboard, said)

    assert (answer.status, answer.json["duplicate"]) == (202, "true")
    assert counted(switchboard, "TriggerNotNoted") == 1
    assert counted(switchboard, "TriggerNotKept") == 0


def test_a_contradiction_that_cannot_be_noted_is_refused_later(switchboard: Deployment) -> None:
    said = the_end_of(new_interaction())
    tell(switchboard, said)

    with patch.object(DynamoDbTable, "change", no_room_for_notes):
        answer = tell(switchboard, {**said, "channel": "email"})
    assert switchboard.put_aside("refused") == {}
    sweep(switchboard)

    assert answer.status == 202
    assert told_of(switchboard, said["interaction_id"]) == [(1, ""), (0, "conflict")]
    assert len(switchboard.put_aside("refused")) == 1


def test_a_document_that_outgrows_its_row_is_refused_and_the_event_kept(
    switchboard: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    # moto counts what stands in a row and what replaces it together, so half the size must do.
    monkeypatch.setattr("switchboard.adapters.dynamodb_ledger.LARGEST_DOCUMENT", 150_000)
    interaction = new_interaction()
    parts = [{f"part_{n}_{m}": "x" * 9_900 for m in range(6)} for n in range(4)]

    answers = [tell(switchboard, the_end_of(interaction, **part)) for part in parts]

    assert [answer.status for answer in answers] == [202, 202, 413, 413]
    assert is_refused(answers[-1], 413, "request_too_large")
    assert len(switchboard.put_aside("refused")) == 2
    assert kept(switchboard, interaction)["disposition_code"] == "Resolved"
    assert tell(switchboard, the_end_of(interaction, remarks="small", occurred_at="")).status == 202


def test_when_what_is_refused_cannot_be_kept_the_answer_is_the_same(
    switchboard: Deployment,
) -> None:
    with switchboard.without_aws("s3"):
        answer = switchboard.http("POST", ENDS, body="<x/>")

    assert is_refused(answer, 400, "malformed_request")
    assert counted(switchboard, "RefusedNotKept") == 1
    assert answer.took_s < 5


@pytest.mark.parametrize(
    ("later", "odd"),
    [(timedelta(hours=1), ["ahead"]), (timedelta(days=-8), ["old"]), (timedelta(0), [])],
)
def test_a_clock_that_is_odd_is_counted(
    switchboard: Deployment, later: timedelta, odd: list[str]
) -> None:
    said = (datetime.now(UTC) + later).isoformat()

    answer = tell(switchboard, the_end_of(new_interaction(), occurred_at=said))

    assert answer.status == 202
    assert counted_by(switchboard, "TriggerClockOdd", "how") == odd


def test_while_nobody_can_say_what_is_wanted_every_stretch_is_kept(
    switchboard: Deployment,
) -> None:
    switchboard.publish(**switchboard.documents)  # so that it is all there again afterwards
    switchboard.dynamodb.delete_item(TableName="Config", Key={"id": {"S": "active#posting"}})
    interaction = new_interaction()

    for event in EVENTS:
        answer = tell(switchboard, the_end_of(interaction), f"/v1/triggers/{event}")
        assert answer.status == 202

    row = row_of(switchboard, interaction)
    assert row is not None
    segments = row.interaction.segments.values()
    stretches = {kind.value for segment in segments for kind in segment.kinds}
    assert stretches == {"internal-transfer", "segment-change"}
    assert switchboard.put_aside("spill") == {}


def test_no_personal_data_stands_in_a_key_of_what_was_put_aside(switchboard: Deployment) -> None:
    said = the_end_of(new_interaction(), customer_id="ada@example.com")
    with ledger_down(switchboard):
        tell(switchboard, said)
        switchboard.http("POST", ENDS, query=said)
    switchboard.http("POST", ENDS, body="contact=+14155550142&Ada Byron")
    tell(switchboard, {**said, "interaction_id": "+1 415 555 0142"})

    spilled, refused = switchboard.put_aside("spill"), switchboard.put_aside("refused")

    assert (len(spilled), len(refused)) == (2, 2)
    assert leaks("\n".join([*spilled, *refused])) == []
    assert said["interaction_id"] not in "\n".join([*spilled, *refused])


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
BODIES = (
    st.binary(max_size=200)
    | st.text(max_size=200)
    | st.dictionaries(
        st.sampled_from(["interaction_id", "contact", "channel", "started_at", "occurred_at", "x"]),
        SCALARS | st.lists(SCALARS, max_size=2),
    ).map(json.dumps)
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    BODIES,
    st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
    st.sampled_from(EVENTS),
    st.booleans(),
)
def test_no_body_is_answered_as_a_mistake_of_ours(
    switchboard: Deployment, body: str | bytes, query: dict[str, str], event: str, is_down: bool
) -> None:
    query = {name: value for name, value in query.items() if _is_writable(name + value)}
    sent = {"body": body, "query": query, "in_base64": isinstance(body, bytes)}
    if is_down:
        with ledger_down(switchboard):
            answer = switchboard.http("POST", f"/v1/triggers/{event}", **sent)  # type: ignore[arg-type]
    else:
        answer = switchboard.http("POST", f"/v1/triggers/{event}", **sent)  # type: ignore[arg-type]

    assert answer.status in {202, 400, 409, 413, 422}, answer.text


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
