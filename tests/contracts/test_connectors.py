"""Every connector and ECS profile of the repository compiles, and its samples play."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.events import weak_events
from switchboard.adapters.connector.samples import run_samples
from switchboard.edges.webhook_schemes import SCHEMES

ROOT = Path(__file__).parents[2]
CONNECTORS = sorted((ROOT / "layers/switchboard/switchboard/connectors").glob("*.yaml"))
PROFILES = sorted((ROOT / "config/ecs").glob("*.yaml"))
FILES = [*CONNECTORS, *PROFILES]
ERROR_CLASSES = {"auth", "forbidden", "not_found", "invalid", "throttled", "transient", "unknown"}


@cache
def document(file: Path) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return read


def samples() -> list[Any]:
    return [
        pytest.param(file, sample, id=f"{file.stem}: {sample['name']}")
        for file in FILES
        for sample in document(file).get("samples", [])
    ]


def test_the_sandbox_and_both_profiles_are_there() -> None:
    assert {"sandbox", "emulator", "evolve-ip"} <= {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_compiles_under_its_own_name(file: Path) -> None:
    assert compile_connector(document(file))["id"].endswith(file.stem)


@pytest.mark.parametrize(("file", "sample"), samples())
def test_a_sample_plays_as_written(file: Path, sample: dict[str, Any]) -> None:
    (report,) = run_samples(compile_connector(document(file)), [sample])

    assert report.differences == ()


@pytest.mark.parametrize("file", CONNECTORS, ids=lambda file: file.stem)
def test_a_connector_can_be_asked_for_what_it_wrote(file: Path) -> None:
    """Without it, nobody can tell what stands in that CRM: reconciliation leaves it out."""
    assert "find_interaction" in compile_connector(document(file))["methods"]


@pytest.mark.parametrize("file", CONNECTORS, ids=lambda file: file.stem)
def test_a_connector_finds_by_both_keys_and_logs(file: Path) -> None:
    compiled = compile_connector(document(file))

    assert compiled["lookups"]["by_phone"]
    assert compiled["lookups"]["by_email"]
    assert "log_interaction" in compiled["methods"]
    assert compiled["link"]


@pytest.mark.parametrize("file", CONNECTORS, ids=lambda file: file.stem)
def test_an_event_that_asks_for_calls_is_authenticated_and_selected(file: Path) -> None:
    definition = compile_connector(document(file))

    assert weak_events(definition) == []
    for event in definition["events"].values():
        assert event["verify"]["scheme"] in SCHEMES
        assert event["accept"]


def test_the_sandbox_shows_every_error_class() -> None:
    sandbox = next(file for file in CONNECTORS if file.stem == "sandbox")
    shown = {
        sample["fails"]["class"] for sample in document(sandbox)["samples"] if "fails" in sample
    }

    assert shown == ERROR_CLASSES


def test_the_profile_for_the_real_contact_centre_guesses_nothing() -> None:
    profile = compile_connector(document(ROOT / "config/ecs/evolve-ip.yaml"))

    assert profile["operations"] == {}
    assert profile["needed_secrets"] == []


def test_what_runs_in_lambda_loads_neither_a_yaml_reader_nor_pydantic() -> None:
    program = (
        "import sys, switchboard.adapters.rest_crm, switchboard.adapters.ecs_client, "
        "switchboard.adapters.connector.events, switchboard.edges.webhooks; "
        "print({'yaml', 'pydantic', 'boto3'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert done.stdout.strip() == b"set()"
