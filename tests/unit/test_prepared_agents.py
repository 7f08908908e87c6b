"""What a function that prefers agents reads ahead, and from what it asks for their states."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard import wiring
from switchboard.adapters.connector.compile import compile_connector
from switchboard.domain.deadline import Deadline
from switchboard.errors import Misconfigured
from switchboard.ports import Published
from tests.unit.use_cases.test_last_agent import RAPPORT, ruleset

PROFILES = Path(__file__).parents[2] / "config/ecs"


class Secrets:
    def __init__(self) -> None:
        self.were_read: list[str] = []

    def read(self, name: str) -> Mapping[str, str]:
        self.were_read.append(name)
        return {"api_key": "k"}

    def reader(self, name: str) -> Any:
        return lambda: self.read(name)


class Publications:
    """A deployment with this ECS profile, or with none."""

    def __init__(self, profile: str) -> None:
        self._profile = profile

    def find(self, kind: str) -> Published | None:
        if not self._profile or kind != "ecs":
            return None
        text = (PROFILES / f"{self._profile}.yaml").read_text(encoding="utf-8")
        settings = {"base": "https://ecs.example.com"}
        system = {"definition": compile_connector(yaml.safe_load(text)), "settings": settings}
        body = {"format": "ecs/1", "profile": {**system, "region": ""}}
        return Published("ecs", self._profile, body)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Secrets]:
    wiring.forget()
    secrets = Secrets()
    monkeypatch.setattr(wiring, "_secrets", lambda: secrets)
    yield secrets
    monkeypatch.undo()
    wiring.forget()


def deployed(monkeypatch: pytest.MonkeyPatch, *, profile: str, must: tuple[str, ...]) -> None:
    rules = ruleset(replace(RAPPORT, must=must))
    monkeypatch.setattr(wiring, "ruleset", lambda: (rules, "digest"))
    monkeypatch.setattr(wiring, "publications", lambda: Publications(profile))


def test_the_secret_is_read_ahead_where_agents_will_be_asked_for(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(monkeypatch, profile="emulator", must=("logged_in",))

    wiring.prepare_agents()

    assert secrets.were_read == ["ecs"]


@pytest.mark.parametrize(
    ("profile", "must"), [("emulator", ()), ("evolve-ip", ("logged_in",)), ("", ())]
)
def test_nothing_is_read_for_what_will_not_be_asked(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch, profile: str, must: tuple[str, ...]
) -> None:
    deployed(monkeypatch, profile=profile, must=must)

    wiring.prepare_agents()

    assert secrets.were_read == []


def test_a_deployment_without_an_ecs_profile_is_told_which_one_is_missing(
    secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed(monkeypatch, profile="", must=("logged_in",))

    with pytest.raises(Misconfigured, match="no ecs was ever published"):
        wiring.prepare_agents()
    with pytest.raises(Misconfigured):
        wiring.agent_states().agent_state(extension="2001", name="", deadline=Deadline.after(1))
    assert secrets.were_read == []


def test_asking_how_agents_are_loads_no_checker() -> None:
    """A caller waits for every module; pydantic alone would take a tenth of a second."""
    program = (
        "import switchboard.adapters.ecs_client, switchboard.adapters.wary_agent_states, sys; "
        "import switchboard.adapters.dynamodb_agent_load, switchboard.adapters.connector.systems; "
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
