"""Whatever the contact centre's API does, a caller loses a moment and the preference, no more."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.ecs_client import EcsClient
from switchboard.adapters.wary_agent_states import WaryAgentStates
from switchboard.domain.last_agent import AgentChoice
from switchboard.use_cases.last_agent import MOST_S
from tests.unit.connector.hostile_server import Behaviour, Visit, hostile_server, http
from tests.unit.use_cases.test_last_agent import Floor

PROFILE = Path(__file__).parents[3] / "config/ecs/emulator.yaml"
READY = b'{"state": "Ready", "business_processes": ["Customer Care"], "media_types": ["Telephony"]}'


def hang(visit: Visit) -> None:
    visit.hang()


def drip(visit: Visit) -> None:
    visit.drip(http(READY))


def reset(visit: Visit) -> None:
    visit.reset()


def html(visit: Visit) -> None:
    visit.send(http(b"<html>Please log in</html>"))


def broken(visit: Visit) -> None:
    visit.send(http(b'{"error": "internal"}', status="500 Oh"))


def another_json(visit: Visit) -> None:
    visit.send(http(b'[{"state": {"state": []}}]'))


def ready(visit: Visit) -> None:
    visit.send(http(READY))


@contextmanager
def caller(behaviour: Behaviour) -> Iterator[tuple["Caller", list[bytes]]]:
    with hostile_server(behaviour) as server:
        definition = compile_connector(yaml.safe_load(PROFILE.read_text(encoding="utf-8")))
        client = EcsClient(
            definition,
            {"base": server.base},
            lambda: {"api_key": "k"},
            transport=HttpTransport(allow_loopback=True),
        )
        yield Caller(client), server.visits
        client.close()


class Caller:
    """Ada calls again and again, after 2001 had her last time."""

    def __init__(self, client: EcsClient) -> None:
        self._floor = Floor()
        self._floor.talked(2, "2001")
        self._wary = WaryAgentStates(lambda: client, clock=time.time)

    def calls(self) -> tuple[AgentChoice, float]:
        started = time.monotonic()
        choice = self._floor.choice(customer=None, states=lambda: self._wary)
        return choice, time.monotonic() - started


def test_a_contact_centre_that_works_is_asked_over_http() -> None:
    with caller(ready) as (ada, visits):
        choice, _ = ada.calls()

    assert choice.prefers == "2001"
    assert visits[0].startswith(b"GET /ecs-api/agents/2001 ")


@pytest.mark.parametrize("behaviour", [hang, drip, reset, html, broken, another_json])
def test_a_caller_is_routed_in_time_and_the_next_does_not_even_ask(behaviour: Behaviour) -> None:
    with caller(behaviour) as (ada, visits):
        choice, first_s = ada.calls()
        asked = len(visits)
        time.sleep(0.3)
        _, second_s = ada.calls()

        assert choice.prefers == "2001", "the profile says: try if unknown"
        assert first_s < MOST_S + 0.1
        assert second_s < 0.15
        assert asked == len(visits) == 1
