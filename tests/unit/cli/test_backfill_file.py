"""Files of past interactions, as other systems and people write them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.backfill_checkpoint import Checkpoint, refusals_beside
from cli.backfill_file import opened
from cli.backfill_run import Run
from cli.deployment import Target
from switchboard.contracts.ecs import Trigger
from switchboard.domain.interaction import TriggerKind
from switchboard.domain.report_header import NoReport
from switchboard.use_cases.backfill import Line

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
NUMBER = "+14155550142"
CSV = (
    "Interaction ID;Start;End;Phone;Note\n"
    '77;03/04/2025 10:00:00;03/04/2025 10:03:00;(415) 555-0142;"said ""thanks"",\nand rang off"\n'
    "78;03/04/2025 11:00:00;;(415) 555-0142;\n"
)
COLUMNS = 'id="Interaction ID",started=Start,ended=End,contact=Phone,remarks=Note'


def read(file: Path, columns: str = "", *, from_line: int = 1) -> list[Line]:
    past = opened(file, columns, NEW_YORK)
    return list(past.read(from_line=from_line, now=NOW))


def written(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def fields(line: Line) -> dict[str, str]:
    assert line.past is not None, line.why
    return dict(line.past.event.fields)


def test_an_exported_report_is_read_by_its_columns(tmp_path: Path) -> None:
    first, second = read(written(tmp_path, "calls.csv", CSV), COLUMNS)

    assert (first.number, second.number) == (2, 4)
    assert fields(first) == {
        "started_at": "2025-03-04T15:00:00+00:00",
        "ended_at": "2025-03-04T15:03:00+00:00",
        "contact": "(415) 555-0142",
        "remarks": 'said "thanks",\nand rang off',
    }
    assert first.past
    assert first.past.event.interaction_id == "77"
    assert first.past.event.kind is TriggerKind.INTERACTION_ENDS
    assert second.past
    assert second.past.ended_at == datetime(2025, 3, 4, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_same_is_read_however_it_was_written(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    text = separator.join(("id", "ended", "remarks")) + "\r\n"
    text += separator.join(("1", "2025-03-04T10:00:00Z", "Zoë")) + "\r\n"

    (line,) = read(written(tmp_path, "calls.csv", text.encode(encoding)))

    assert fields(line)["remarks"] == "Zoë"


def test_json_lines_are_read_with_our_names_or_their_short_ones(tmp_path: Path) -> None:
    said = [
        {"interaction_id": "1", "ended_at": "2025-03-04T10:00:00Z", "duration_s": 60, "vip": True},
        {"id": "2", "ended": 1741082400, "note": None},
    ]
    text = "\ufeff" + "\n\n".join(map(json.dumps, said))

    first, second = read(written(tmp_path, "calls.jsonl", text))

    assert (first.number, second.number) == (1, 3)
    assert fields(first)["vip"] == "true"
    assert fields(first)["started_at"] == "2025-03-04T09:59:00+00:00"
    assert fields(second)["ended_at"] == "2025-03-04T10:00:00+00:00"


def test_json_lines_of_another_systems_names_are_read_by_columns(tmp_path: Path) -> None:
    text = json.dumps({"Call ID": "1", "hung up": "2025-03-04T10:00:00Z", "secret": "x"})

    (line,) = read(written(tmp_path, "c.jsonl", text), 'id="Call ID",ended="hung up"')

    assert fields(line).keys() == {"ended_at", "started_at"}


def test_columns_may_stand_in_a_file(tmp_path: Path) -> None:
    columns = written(tmp_path, "columns.yaml", "id: Interaction ID\nended: End\n")
    started = written(tmp_path, "calls.csv", CSV)

    first, second = read(started, str(columns))

    assert fields(first).keys() == {"ended_at", "started_at"}
    assert "does not say when" in second.why


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ('{"interaction_id": "1"}', "does not say when it ended"),
        ('{"ended_at": "2025-03-04T10:00:00Z"}', "Send interaction_id"),
        ('{"id": "a b", "ended": "2025-03-04T10:00:00Z"}', "interaction_id"),
        ('{"id": "1", "ended": "2035-03-04T10:00:00Z"}', "future"),
        ('{"id": "1", "remarks": {"a": 1}}', "must be text"),
        ('{"id": "1", ', "JSON"),
        ("[" * 100_000, "JSON"),
        ('["1"]', "object"),
        ('{"id": "' + "1" * 300_000 + '"}', "too long"),
    ],
)
def test_a_line_that_is_no_past_interaction_says_why_and_the_next_is_read(
    tmp_path: Path, said: str, why: str
) -> None:
    good = '{"id": "9", "ended": "2025-03-04T10:00:00Z"}'

    bad, next_one = read(written(tmp_path, "c.jsonl", f"{said}\n{good}\n"))

    assert bad.past is None
    assert why in bad.why
    assert next_one.past


def test_without_an_id_the_id_is_that_of_the_triggers(tmp_path: Path) -> None:
    said = {"channel": "voice", "contact": NUMBER, "started_at": "03/04/2025 10:00:00"}
    line, unusable = read(
        written(
            tmp_path,
            "c.jsonl",
            "\n".join(map(json.dumps, (said, {**said, "channel": ""}))),
        )
    )

    trigger = Trigger(**said).to_event(
        TriggerKind.INTERACTION_STARTS, received_at=NOW, zone=NEW_YORK
    )
    assert line.past
    assert line.past.event.interaction_id == trigger.interaction_id
    assert "interaction_id" in unusable.why


def test_reading_goes_on_after_a_line(tmp_path: Path) -> None:
    file = written(tmp_path, "calls.csv", CSV)

    assert [line.number for line in read(file, COLUMNS, from_line=3)] == [4]
    assert read(file, COLUMNS, from_line=5) == []


def test_a_column_that_is_none_of_ours_is_kept_as_an_unknown_field_of_a_trigger_is(
    tmp_path: Path,
) -> None:
    said = {"interaction_id": "1", "ended_at": "2025-03-04T10:00:00Z", "Queue Name": "West"}
    trigger = Trigger.model_validate(said).to_event(
        TriggerKind.INTERACTION_ENDS, received_at=NOW, zone=NEW_YORK
    )
    as_csv = written(tmp_path, "c.csv", "\n".join((",".join(said), ",".join(said.values()))))
    as_json = written(tmp_path, "c.jsonl", json.dumps(said))

    for file in (as_csv, as_json):
        (line,) = read(file)
        assert fields(line)["Queue Name"] == trigger.fields["Queue Name"] == "West"
        assert opened(file, "", NEW_YORK).kept == ("Queue Name",)


def test_what_is_not_read_is_known_before_the_first_row_is(tmp_path: Path) -> None:
    by_columns = opened(written(tmp_path, "calls.csv", CSV), "id=Start,ended=End", NEW_YORK)
    nameless = opened(written(tmp_path, "n.csv", "id,ended,\n1,2,3\n"), "", NEW_YORK)
    said = '{"Call ID": "1", "hung up": "2025-03-04T10:00:00Z", "vip": "yes"}\n'
    as_json = opened(written(tmp_path, "c.jsonl", said), 'id="Call ID"', NEW_YORK)

    assert by_columns.unused == ("Interaction ID", "Phone", "Note")
    assert nameless.unused == ("",)
    assert as_json.unused == ("hung up", "vip")


def test_more_columns_than_an_interaction_has_room_for_are_refused_at_once(tmp_path: Path) -> None:
    names = ",".join(f"c{number}" for number in range(500))
    file = written(tmp_path, "wide.csv", f"id,ended,{names}\n1,2025-03-04T10:00:00Z,x\n")

    with pytest.raises(NoReport, match="502 columns, and one interaction has room for 200"):
        opened(file, "", NEW_YORK)
    past = opened(file, "id=id,ended=ended", NEW_YORK)
    assert len(past.unused) == 500


def test_a_field_that_is_said_by_two_names_is_refused_and_the_next_line_is_read(
    tmp_path: Path,
) -> None:
    good = {"id": "9", "ended": "2025-03-04T10:00:00Z"}
    said = ({**good, "interaction_id": "8"}, good)

    bad, next_one = read(written(tmp_path, "c.jsonl", "\n".join(map(json.dumps, said))))

    assert "It says interaction_id twice" in bad.why
    assert next_one.past


def test_a_row_without_anything_that_is_read_is_refused_with_its_line(tmp_path: Path) -> None:
    text = "Agent Of,id,ended\nMaya,1,2025-03-04T10:00:00Z\nTotal,,\n"

    first, totals = read(written(tmp_path, "c.csv", text), "id=id,ended=ended")

    assert first.past
    assert (totals.number, totals.past) == (3, None)


def test_columns_of_a_file_that_name_a_field_twice_are_refused(tmp_path: Path) -> None:
    columns = written(tmp_path, "columns.yaml", "id: Start\nid: End\n")

    with pytest.raises(NoReport, match="id stands twice, lines 1 and 2"):
        opened(written(tmp_path, "c.csv", CSV), str(columns), NEW_YORK)


@pytest.mark.parametrize("name", ["calls.xlsx", "calls", "calls.txt"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(NoReport, match=r"\.csv"):
        opened(written(tmp_path, name, ""), "", NEW_YORK)


@pytest.mark.parametrize("columns", ["=", "id", "nosuch=1", "id=1,interaction_id=2", "/no/such"])
def test_columns_that_cannot_be_meant_are_refused(tmp_path: Path, columns: str) -> None:
    with pytest.raises(NoReport):
        opened(written(tmp_path, "c.csv", CSV), columns, NEW_YORK)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(content=st.binary(max_size=300), name=st.sampled_from(["c.csv", "c.jsonl"]))
def test_whatever_is_in_a_file_ends_in_lines_or_in_a_word(
    tmp_path: Path, content: bytes, name: str
) -> None:
    try:
        found: Sequence[Line] = read(written(tmp_path, name, content))
    except NoReport:
        return
    assert all(bool(line.past) != bool(line.why) for line in found)


def test_a_file_of_many_lines_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    line = '{"id": "%d", "ended": "2025-03-04T10:00:00Z"}\n'
    file.write_text("".join(line % number for number in range(20_000)), encoding="utf-8")
    past = opened(file, "", NEW_YORK)

    lines = past.read(from_line=1, now=NOW)

    assert past.lines == 20_000
    assert next(lines).number == 1
    assert next(lines).number == 2
    lines.close()


def test_what_was_done_is_known_again_for_the_same_file_alone(tmp_path: Path) -> None:
    file = written(tmp_path, "c.csv", CSV)
    digest = opened(file, COLUMNS, NEW_YORK).digest
    done = Checkpoint.beside(file, digest)
    done.line, done.taken = 2, 1
    done.save()

    again = Checkpoint.beside(file, opened(file, COLUMNS, NEW_YORK).digest)
    assert (again.line, again.taken) == (2, 1)
    assert Checkpoint.beside(file, opened(file, "id=Start,ended=End", NEW_YORK).digest).line == 0
    written(tmp_path, "c.csv", CSV + "79;;;;\n")
    assert Checkpoint.beside(file, opened(file, COLUMNS, NEW_YORK).digest).line == 0
    done.forget()
    assert Checkpoint.beside(file, digest).line == 0


def test_what_was_done_for_one_deployment_is_not_left_out_in_another(tmp_path: Path) -> None:
    """Else whoever tries a file on the stage dev loses its beginning in prod."""
    past = opened(written(tmp_path, "c.csv", CSV), COLUMNS, NEW_YORK)
    tried, meant, anew = (
        Run(past, (), (), 2.0, Target({"Interactions": table}, api_url=url))
        for table, url in (("dev", "https://a"), ("prod", "https://a"), ("dev", "https://b"))
    )
    done = tried.done_before()
    done.line = 2
    done.save()

    assert [run.done_before().line for run in (tried, meant, anew)] == [2, 0, 0]


def test_a_file_of_columns_that_is_not_there_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(NoReport, match=r"columns\.yaml: No such file"):
        opened(written(tmp_path, "c.csv", CSV), "no/columns.yaml", NEW_YORK)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"line": "x"}', '{"digest": "d"}', "null"])
def test_half_a_checkpoint_is_none(tmp_path: Path, text: str) -> None:
    written(tmp_path, "c.csv.checkpoint", text)

    assert Checkpoint.beside(tmp_path / "c.csv", "d").line == 0


def test_it_is_saved_at_most_once_a_second(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    done = Checkpoint.beside(file, "d")
    for moment in (1.0, 1.5, 1.9, 2.1):
        done.line += 1
        done.save(moment)
        assert Checkpoint.beside(file, "d").line == (4 if moment > 2 else 1)


def test_refused_lines_are_told_to_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    for goes_on in (False, True):
        with refusals_beside(file, goes_on=goes_on) as refusals:
            refusals.write("line 1: why\n")

    told = tmp_path / "c.csv.refused"
    assert told.read_text("utf-8") == "line 1: why\n" * 2
    assert told.stat().st_mode & 0o077 == 0
