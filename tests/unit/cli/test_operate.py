"""What the commands say to the person who types them."""

import stat
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from cli import operate, publishing
from cli.deployment import Target, local_target
from cli.main import app
from tests.fakes.config import InMemoryPublications
from tests.unit.use_cases.people import NOW

HERE = Path(__file__).resolve().parents[3] / "config"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_a_good_ruleset_is_counted() -> None:
    code, said = run("rules", "check", str(HERE / "routing.yaml"))

    assert code == 0
    assert "32 rows, every one of them can decide; nobody falls through; 19 stories kept" in said


def test_a_bad_ruleset_is_explained_and_fails(tmp_path: Path) -> None:
    file = tmp_path / "routing.yaml"
    file.write_text(
        (HERE / "routing.yaml").read_text("utf-8").replace("tier: high}", "tier: hgih}")
    )

    code, said = run("rules", "check", str(file))

    assert code == 1
    assert "did you mean 'high'?" in said
    assert "Traceback" not in said


def test_a_folder_that_is_not_there_is_explained(tmp_path: Path) -> None:
    code, said = run("publish", str(tmp_path))

    assert code == 1
    assert "lookup.yaml" in said


def test_a_running_switchboard_is_found_by_other_commands_of_its_owner_only(
    tmp_path: Path,
) -> None:
    file = tmp_path / "run" / "run.json"
    target = Target({"Config": "table"}, endpoint="http://127.0.0.1:4566", key="ecs-1.secret")

    target.save(file)

    assert local_target(file) == target
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "secret" not in repr(target)


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"no": 1}'])
def test_where_none_runs_it_says_how_to_start_one(
    tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.json"
    if content is not None:
        file.write_text(content)

    with pytest.raises(typer.Exit) as stopped:
        local_target(file)
    assert stopped.value.exit_code == 2
    assert "make run" in capsys.readouterr().err


def test_a_made_up_contact_is_explained_row_by_row() -> None:
    facts = ("--given", "crm_ok=true", "--given", "tier=high", "--given", "channel=voice")
    code, said = run("rules", "explain", str(HERE / "routing.yaml"), *facts)

    assert code == 0
    assert "not crm-down: crm ok is true, needs false" in said
    assert "decided by high-value: tier is high" in said
    assert "  Business Process Customer Care, demand Premier" in said
    assert "  last agent preferred by owner" in said


@pytest.mark.parametrize(
    ("fact", "advice"),
    [("tier", "write name=value"), ("teir=high", "did you mean 'tier'?"),
     ("last_contact=-2x", "not a length of time")],
)  # fmt: skip
def test_a_fact_that_is_none_is_explained(fact: str, advice: str) -> None:
    code, said = run("rules", "explain", str(HERE / "routing.yaml"), "--given", fact)

    assert code == 1
    assert advice in said
    assert "Traceback" not in said


def test_publishing_a_folder_says_whose_rules_go(monkeypatch: pytest.MonkeyPatch) -> None:
    here = InMemoryPublications()
    old = here.publish("routing", {"format": "routing/1"}, now=NOW, by="Grace Hopper")
    monkeypatch.setattr(operate, "target", lambda _stack: Target({}))
    monkeypatch.setattr(publishing, "publications_of", lambda _target: here)

    code, said = run("publish", str(HERE))
    _, again = run("publish", str(HERE))

    assert code == 0
    assert f"instead of {old}, published 2026-03-04 17:00 UTC by Grace Hopper" in said
    assert "switchboard rules rollback" in said
    assert "instead of" not in again
