"""`switchboard rules simulate`, as it is typed."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.rules.command import app
from cli.rules.ruleset_file import read_document
from switchboard.adapters.publication_items import digest_of
from tests.unit.simulation.recordings import (
    AS_NOW,
    STAFFING,
    as_text,
    recording,
    ruleset_text,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulate")
    (folder / "day.jsonl").write_text(as_text(recording(1)), encoding="utf-8")
    (folder / "staff.yaml").write_text(STAFFING, encoding="utf-8")
    (folder / "new.yaml").write_text(ruleset_text(AS_NOW), encoding="utf-8")
    return folder


def simulate(folder: Path, *arguments: str, lines: str = "day.jsonl") -> Result:
    files = [str(folder / "new.yaml"), "--recorded", str(folder / lines)]
    terminal = {"COLUMNS": "80", "TERM": "dumb"}
    return CliRunner().invoke(app, ["simulate", *files, *arguments], env=terminal)


def test_the_past_then_the_forecast_then_what_cannot_be_known(folder: Path) -> None:
    found = simulate(folder, "--by", "tier")

    assert found.exit_code == 0, found.output
    past, met, cannot = (
        found.stdout.index(said)
        for said in ("The recorded decisions, simulated 20", "The past is met", "cannot know:")
    )
    assert past < met < found.stdout.rindex("tier high") < cannot
    assert "no --staffing: 18 agents who answered" in found.stdout


def test_eighty_columns_hold_every_figure_in_full(folder: Path) -> None:
    found = simulate(folder)

    assert "…" not in found.stdout
    table = found.stdout[found.stdout.index("The recorded") : found.stdout.index("The past")]
    assert all(len(line) <= 80 for line in table.splitlines())
    assert len(re.findall(r"\d+\.\d\.\.\d+\.\d", table)) == 3 * 5


def test_with_a_staffing_file_nothing_is_guessed_about_the_staff(folder: Path) -> None:
    found = simulate(folder, "--staffing", str(folder / "staff.yaml"))

    assert found.exit_code == 0, found.output
    assert "no --staffing" not in found.stdout


def test_a_program_reads_the_same_as_json(folder: Path) -> None:
    told = json.loads(simulate(folder, "--json", "--by", "tier").stdout)

    assert told["calibrated"] is True
    assert told["runs"] == 20
    assert [one["name"] for one in told["calibration"]] == [
        *("", "general", "vip"),
        *("high", "low", "standard"),
    ]
    high = next(one for one in told["forecast"] if (one["of"], one["name"]) == ("tier", "high"))
    assert high["new"]["service_level"]["low"] <= high["new"]["service_level"]["high"] <= 1
    assert "how callers take other prompts" in told["cannot_know"]


def test_where_the_past_is_not_met_there_is_no_forecast_and_the_exit_code_is_1(
    folder: Path,
) -> None:
    half = STAFFING.replace('"2001", "2003", "2005", "2007", ', "").replace('"2002", "2004", ', "")
    (folder / "half.yaml").write_text(half, encoding="utf-8")

    found = simulate(folder, "--staffing", str(folder / "half.yaml"))

    assert found.exit_code == 1
    assert "No forecast: service level is" in found.stdout
    assert "What would change" not in found.stdout
    told = json.loads(simulate(folder, "--staffing", str(folder / "half.yaml"), "--json").stdout)
    assert told["calibrated"] is False
    assert told["forecast"] == []


def test_fewer_than_twenty_runs_are_not_offered(folder: Path) -> None:
    assert simulate(folder, "--seeds", "19").exit_code == 2


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "switchboard rules recorded"),
        (as_text(recording(1)[:1]), "1 queued contacts with an outcome"),
        (as_text(recording(1))[:-9], "not JSON; is the file cut off?"),
        (as_text([{**recording(1)[0], "waited_s": -1}]), "nothing lasts less than no time"),
        (
            as_text([{**one, "agent": ""} for one in recording(1)]),
            "queue general: 1264 contacts go there, and nobody serves it",
        ),
        (
            as_text([{**one, "abandoned": True, "handled_s": None} for one in recording(1)]),
            "how long calls take is not known",
        ),
        (
            as_text([{**one, "waited_s": 0, "abandoned": False} for one in recording(1)]),
            "the past is too quiet to tell: 0 of 1423 callers",
        ),
    ],
    ids=["empty", "one contact", "cut off", "negative", "no agents", "nobody answered", "quiet"],
)
def test_a_recording_that_tells_too_little_is_an_answer_and_no_crash(
    folder: Path, lines: str, said: str
) -> None:
    (folder / "odd.jsonl").write_text(lines, encoding="utf-8")

    found = simulate(folder, lines="odd.jsonl")

    assert found.exit_code == 1
    assert said in found.stderr
    assert isinstance(found.exception, SystemExit)


def test_a_recording_that_is_not_there_is_said(folder: Path) -> None:
    found = simulate(folder, lines="none.jsonl")

    assert (found.exit_code, "No such file" in found.stderr) == (1, True)


def test_an_attribute_that_is_not_there_is_suggested(folder: Path) -> None:
    found = simulate(folder, "--by", "teir")

    assert found.exit_code == 1
    assert "did you mean 'tier'?" in found.stderr


def test_a_ruleset_that_could_not_be_published_is_not_simulated(folder: Path) -> None:
    (folder / "bad.yaml").write_text(ruleset_text(AS_NOW.replace("vip", "vpi")), encoding="utf-8")

    found = CliRunner().invoke(
        app, ["simulate", str(folder / "bad.yaml"), "--recorded", str(folder / "day.jsonl")]
    )

    assert found.exit_code == 1
    assert "vip" in found.stderr


def test_ecs_does_not_let_priorities_grow_and_it_is_said(folder: Path) -> None:
    growing = AS_NOW.replace("priority: 0", "priority: {start: 0, gain_per_min: 60, max: 100}")
    (folder / "growing.yaml").write_text(ruleset_text(growing), encoding="utf-8")
    files = [str(folder / "growing.yaml"), "--recorded", str(folder / "day.jsonl"), "--json"]

    as_ecs, as_written = (
        json.loads(CliRunner().invoke(app, ["simulate", *files, *more]).stdout)
        for more in ([], ["--as-written"])
    )

    assert any("priorities do not grow here" in note for note in as_ecs["notes"])
    assert any("which ECS does not have" in note for note in as_written["notes"])
    assert as_ecs["forecast"] != as_written["forecast"]


def test_the_ruleset_that_decided_changes_nothing_at_all(folder: Path) -> None:
    """Also where agents were found and dropped, and where ECS has no such priority."""
    priority = "priority: {start: 3, gain_per_min: 9, max: 50}, last_agent: rapport"
    rows = AS_NOW.replace("priority: 0", priority)
    (folder / "same.yaml").write_text(ruleset_text(rows), encoding="utf-8")
    digest = digest_of(read_document(folder / "same.yaml"))
    lines = [
        {**one, "ruleset": digest, "row": "high" if one["queue"] == "vip" else "rest"}
        | ({"priority_seconds": 18, "gain_per_min_s": 54} if one["queue"] == "general" else {})
        for one in recording(1)
    ]
    (folder / "same.jsonl").write_text(as_text(lines), encoding="utf-8")
    files = [str(folder / "same.yaml"), "--recorded", str(folder / "same.jsonl"), "--json"]

    told = json.loads(CliRunner().invoke(app, ["simulate", *files]).stdout)

    assert told["forecast"]
    for one in told["forecast"]:
        assert one["now"] == one["new"]
        assert one["wait_change_s"] == {"mean": 0, "low": 0, "high": 0}


def test_what_was_guessed_of_patience_and_staff_is_said(folder: Path) -> None:
    patient = [
        one for number, one in enumerate(recording(1)) if not one["abandoned"] or number % 8 == 0
    ]
    (folder / "patient.jsonl").write_text(as_text(patient), encoding="utf-8")

    found = simulate(folder, lines="patient.jsonl")

    assert re.search(r"only \d+ callers hung up in the recording", found.stdout)
    assert "fewer than 30 callers hung up in vip" in simulate(folder).stdout
    assert "taken for strays, not for staff of the queue: 2001 in vip" in simulate(folder).stdout


def test_agents_by_name_cannot_be_found_among_extensions_and_it_is_said(folder: Path) -> None:
    named = ruleset_text(AS_NOW).replace("service_level:", "agent_form: name\nservice_level:")
    (folder / "named.yaml").write_text(named, encoding="utf-8")
    files = [str(folder / "named.yaml"), "--recorded", str(folder / "day.jsonl")]

    found = CliRunner().invoke(app, ["simulate", *files])

    assert "no last-agent hit is seen" in found.stdout
