"""`switchboard posting check` names every mistake of posting.yaml, and publishing refuses it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.configuration import read_folder
from cli.main import app
from cli.posting.check import checked
from switchboard.errors import Misconfigured

HERE = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "config"
    shutil.copytree(HERE, copy)
    return copy


def write(folder: Path, *profiles: dict[str, Any], **more: Any) -> None:
    document = {"format": "posting/1", "profiles": list(profiles), **more}
    (folder / "posting.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def connect(folder: Path, *uses: str) -> None:
    document = yaml.safe_load((folder / "connectors.yaml").read_text(encoding="utf-8"))
    document["connectors"] += [{"use": use} for use in uses]
    (folder / "connectors.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def own(folder: Path, name: str, **log: Any) -> None:
    """A connector of one's own beside the sandbox, made of it."""
    shipped = HERE.parent / "layers/switchboard/switchboard/connectors/sandbox.yaml"
    document = yaml.safe_load(shipped.read_text(encoding="utf-8"))
    document["id"] = name
    document["samples"] = []
    for method in ("log_interactions", "find_interaction", "list_interactions"):
        document["methods"].pop(method, None)
    document["methods"]["log_interaction"] |= log
    document["methods"]["log_interaction"].pop("ignores_older", None)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    connect(folder, f"{name}.yaml")


def said(folder: Path) -> list[str]:
    """What is found, warnings with their mark."""
    _, found = checked(folder)
    return [f"{'' if one.is_mistake else 'warning: '}{one}" for one in found]


SANDBOX = {"connector": "sandbox"}


def test_what_ships_has_nothing_to_say_about_it() -> None:
    run = CliRunner().invoke(app, ["posting", "check", str(HERE), "--strict"])

    assert (run.exit_code, run.stderr) == (0, "")
    assert run.stdout.endswith("posting.yaml: 1 profile into sandbox\n")


@pytest.mark.parametrize(
    ("profile", "finding"),
    [
        (
            {"connector": "sandbx"},
            "profiles.0.connector: connector 'sandbx' is not in connectors.yaml; did you mean "
            "sandbox? (which has sandbox)",
        ),
        (
            {"fields": {"remark": "${remarks}"}},
            "profiles.0.fields.remark: sandbox never reads `remark`; did you mean `remarks`?",
        ),
        (
            {"fields": {"queue_s": "${queue_s}"}},
            "its log_interaction reads agent_name, business_process, channel, contact,",
        ),
        ({"fields": {"customer": "x"}}, "profiles.0.fields.customer: `customer` is not ECS's"),
        ({"fields": {"record_id": "x"}}, "profiles.0.fields.record_id: `record_id` is not ECS's"),
        (
            {"fields": {"remarks": "${agent_nam || ''}"}},
            "there is no `agent_nam` here; did you mean `agent_name`? (if ECS sends it, name it "
            "under own_fields; a text stands in 'single quotes')",
        ),
        (
            {"fields": {"remarks": "${tables.outcom.PTP}"}},
            "there is no `tables.outcom`",
        ),
        ({"fields": {"remarks": "${uper(remarks)}"}}, "no function `uper`; did you mean `upper`?"),
        ({"fields": {"remarks": "${pick(tables)}"}}, "`pick` takes 3 arguments, not 1"),
        ({"fields": {"remarks": "${lower(duration_s)}"}}, "even of everything that ECS sends"),
        (
            {"fields": {"remarks": "${agent_name}: ${remarks}"}},
            "warning: profiles.0.fields.remarks: it cannot be made while ECS has not sent",
        ),
        ({"only": {"channels": ["emial"]}}, "no channel 'emial'; did you mean email?"),
        ({"only": {"channels": ["pigeon"]}}, "warning: profiles.0.only.channels: no channel"),
        (
            {"never": [{"channels": ["vioce"], "why": "no"}]},
            "profiles.0.never.0.channels: no channel 'vioce'; did you mean voice?",
        ),
        (
            {"only": {"business_processes": ["Customer Cair"]}},
            "warning: profiles.0.only.business_processes: routing.yaml names no 'Customer Cair'; "
            "did you mean Customer Care?",
        ),
        (
            {
                "only": {"channels": ["sms"]},
                "never": [{"channels": ["voice", "sms"], "why": "too short"}],
            },
            "sandbox never writes anything: 'too short' under `never` refuses all",
        ),
        (
            {"record": "segment"},
            "warning: profiles.0.record: the stretch after the last transfer has no record",
        ),
    ],
)
def test_each_mistake_is_named_with_its_place(
    folder: Path, profile: dict[str, Any], finding: str
) -> None:
    write(folder, {**SANDBOX, **profile})

    assert any(finding in one for one in said(folder)), said(folder)


def test_every_mistake_is_named_in_one_run_and_publishing_refuses_the_same(folder: Path) -> None:
    write(
        folder,
        {**SANDBOX, "fields": {"remark": "x", "remarks": "${uper(remarks)}"}},
        {"connector": "tryton"},
        {**SANDBOX, "id": "late"},
        tables={"unused": {"a": "b"}},
    )

    run = CliRunner().invoke(app, ["posting", "check", str(folder)])
    with pytest.raises(Misconfigured) as refused:
        read_folder(folder)

    assert run.exit_code == 1
    mistakes = [line for line in run.stderr.splitlines() if "warning: " not in line]
    assert len(mistakes) == 4
    assert mistakes == str(refused.value).splitlines()
    assert "tables.unused: no template reads it" in run.stderr


def test_a_warning_fails_only_where_that_is_asked_for(folder: Path) -> None:
    write(folder, {**SANDBOX, "only": {"channels": ["pigeon"]}})

    lenient = CliRunner().invoke(app, ["posting", "check", str(folder)])
    strict = CliRunner().invoke(app, ["posting", "check", str(folder), "--strict"])

    assert (lenient.exit_code, strict.exit_code) == (0, 1)
    assert "warning: profiles.0.only.channels" in lenient.stderr


def test_a_file_that_cannot_be_read_is_told_without_a_traceback(folder: Path) -> None:
    (folder / "posting.yaml").write_text("format: posting/1\nprofiles: 3\n", encoding="utf-8")

    run = CliRunner().invoke(app, ["posting", "check", str(folder)])

    assert run.exit_code == 1
    assert "posting.yaml: profiles: " in run.stderr


@pytest.mark.parametrize(
    ("first", "second", "is_hidden"),
    [
        ({}, {"only": {"channels": ["voice"]}}, True),
        ({"only": {"channels": ["voice"]}}, {}, False),
        ({"only": {"channels": ["voice", "sms"]}}, {"only": {"channels": ["Voice"]}}, True),
        ({}, {"record": "segment"}, False),
        ({"record": "segment"}, {"record": "segment", "segment_states": ["Handling"]}, False),
        (
            {"record": "segment", "segment_states": ["Handling", "Wrap Up"]},
            {"record": "segment", "segment_states": ["handling"]},
            True,
        ),
        ({"never": [{"agents": ["9000"], "why": "no"}]}, {}, False),
        (
            {"never": [{"agents": ["9000"], "why": "no"}]},
            {"never": [{"agents": ["9000", "9001"], "why": "no"}]},
            True,
        ),
    ],
)
def test_a_profile_that_an_earlier_one_leaves_nothing_is_named(
    folder: Path, first: dict[str, Any], second: dict[str, Any], is_hidden: bool
) -> None:
    write(folder, {**SANDBOX, "id": "first", **first}, {**SANDBOX, "id": "second", **second})

    hidden = "profiles.1: second never gets a record: first before it takes every one"
    assert any(hidden in one for one in said(folder)) is is_hidden


def test_a_field_of_ones_own_may_be_read_once_it_is_named(folder: Path) -> None:
    profile = {**SANDBOX, "fields": {"remarks": "${ticket_number || remarks || ''}"}}
    write(folder, profile)
    before = said(folder)
    write(folder, profile, own_fields=["ticket_number"])

    assert any("no `ticket_number` here" in one for one in before)
    assert said(folder) == []


@pytest.mark.parametrize(
    ("log", "profile", "finding"),
    [
        (
            {"needs_customer": True},
            {},
            "warning: profiles.0.unknown_customer: mine can only write on somebody's record",
        ),
        ({"needs_customer": True}, {"unknown_customer": "attach"}, ""),
        ({"needs_customer": True}, {"unknown_customer": "create"}, ""),
        (
            {"idempotency": "none"},
            {"when": "transfer"},
            "so the record of an interaction that is transferred never gets its end",
        ),
        (
            {"idempotency": "header"},
            {},
            "warning: profiles.0.when: mine cannot add to a record that is written",
        ),
        ({"idempotency": "none"}, {"when": "wrap_up"}, ""),
        (
            {"idempotency": "none"},
            {"when": "wrap_up", "unknown_customer": "attach"},
            "so nobody is attached later",
        ),
        ({"idempotency": "upsert"}, {"when": "transfer"}, ""),
    ],
)
def test_what_a_connector_cannot_do_is_said(
    folder: Path, log: dict[str, Any], profile: dict[str, Any], finding: str
) -> None:
    own(folder, "mine", **log)
    write(folder, {"connector": "mine", **profile})

    found = said(folder)
    assert any(finding in one for one in found) if finding else found == [], found


def test_a_field_that_the_connector_takes_as_a_whole_may_have_any_name(folder: Path) -> None:
    own(folder, "mine")
    document = yaml.safe_load((folder / "mine.yaml").read_text(encoding="utf-8"))
    document["methods"]["log_interaction"]["request"]["body"] = {"all": "${json(input)}"}
    (folder / "mine.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    write(folder, {"connector": "mine", "when": "wrap_up", "fields": {"anything": "1"}})

    assert said(folder) == []
