"""ContactCentre: what keeps the promise in memory, and the adapter that keeps it over HTTP."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.ecs_client import EcsClient
from switchboard.domain.call_control import CallAction, CallCommand
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import (
    Misconfigured,
    NotFound,
    StateConflict,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from switchboard.ports import ContactCentre
from tests.fakes.contact_centre import InMemoryContactCentre

PROFILES = Path(__file__).parents[2] / "config/ecs"
NOT_AFTER = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
REQUEST = OutboundRequest(
    "out-1", "test", PhoneNumber("+14155550142"), "Customer Care", NOT_AFTER, customer_name="Ada"
)


class World(Protocol):
    """A contact centre, and what happens in it."""

    centre: ContactCentre

    def references(self) -> list[str]: ...
    def goes_down(self) -> None: ...
    def loses_the_next_answer(self) -> None: ...


class InMemoryWorld:
    def __init__(self) -> None:
        self.fake = InMemoryContactCentre()
        self.centre: ContactCentre = self.fake

    def references(self) -> list[str]:
        return [request.id for request in self.fake.dialled]

    def goes_down(self) -> None:
        self.fake.failing_with = UpstreamUnavailable("ecs", "transient")

    def loses_the_next_answer(self) -> None:
        self.fake.lost_answers = 1


class Application(BaseHTTPRequestHandler):
    """Just enough of the emulator's own API."""

    protocol_version = "HTTP/1.1"
    world: "HttpWorld"

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body: dict[str, Any] = json.loads(raw) if raw else {}
        if self.world.is_down:
            self._send(503, {"error": "restarting"})
        elif self.headers["X-Api-Key"] != "k":
            self._send(401, {"error": "unauthorized"})
        elif self.path == "/ecs-api/calls":
            self._queue(body)
        else:
            self._control(*self.path.split("/")[-2:])

    def _queue(self, body: dict[str, Any]) -> None:
        self.world.queued.append(body)
        call_id = f"call-{len(self.world.queued)}"
        self.world.calls[call_id] = "Handling"
        self._done(202, {"call_id": call_id})

    def _control(self, call_id: str, action: str) -> None:
        state = self.world.calls.get(call_id)
        moves = {
            ("hold", "Handling"): "On Hold",
            ("retrieve", "On Hold"): "Handling",
            ("transfer", "Handling"): "Handling",
            ("hang-up", "Handling"): "Wrap Up",
        }
        if state is None:
            self._send(404, {"error": "not_found"})
        elif (action, state) not in moves:
            self._send(409, {"error": "invalid_state", "state": state})
        else:
            self.world.calls[call_id] = moves[action, state]
            self._done(200, {"interaction_id": call_id, "state": moves[action, state]})

    def _done(self, status: int, document: object) -> None:
        if self.world.loses_answer:
            self.world.loses_answer = False
            self.close_connection = True
            return
        self._send(status, document)

    def _send(self, status: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


class HttpWorld:
    def __init__(self) -> None:
        self.queued: list[dict[str, Any]] = []
        self.calls: dict[str, str] = {}
        self.is_down = self.loses_answer = False
        self.centre: ContactCentre

    def references(self) -> list[str]:
        return [body["reference"] for body in self.queued]

    def goes_down(self) -> None:
        self.is_down = True

    def loses_the_next_answer(self) -> None:
        self.loses_answer = True

    @contextmanager
    def served(self) -> Iterator["HttpWorld"]:
        handler = type("ThisApplication", (Application,), {"world": self})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            client = EcsClient(
                profile("emulator"),
                {"base": f"http://127.0.0.1:{server.server_port}"},
                lambda: {"api_key": "k"},
                transport=HttpTransport(allow_loopback=True),
            )
            self.centre = client
            yield self
            client.close()
            server.shutdown()
            thread.join()


def profile(name: str) -> dict[str, Any]:
    text = (PROFILES / f"{name}.yaml").read_text(encoding="utf-8")
    return compile_connector(yaml.safe_load(text))


@pytest.fixture(params=["in_memory", "http"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in_memory":
        yield InMemoryWorld()
        return
    with HttpWorld().served() as served:
        yield served


def soon() -> Deadline:
    return Deadline.after(5)


def control(world: World, call_id: str, action: CallAction) -> str:
    command = CallCommand("cmd-1", call_id, action, NOT_AFTER, target="2002")
    return world.centre.control(command, deadline=soon())


def queued(world: World) -> str:
    return world.centre.queue_call(REQUEST, deadline=soon())


def test_a_queued_call_has_an_id_and_carries_our_reference(world: World) -> None:
    assert queued(world) == "call-1"
    assert world.references() == ["out-1"]


def test_a_lost_answer_is_unknown_and_the_call_may_ring(world: World) -> None:
    world.loses_the_next_answer()

    with pytest.raises(UpstreamUnknown):
        queued(world)

    assert world.references() == ["out-1"]


def test_an_outage_rings_nobody(world: World) -> None:
    world.goes_down()

    with pytest.raises(UpstreamUnavailable):
        queued(world)

    assert world.references() == []


def test_after_the_deadline_nobody_is_rung(world: World) -> None:
    with pytest.raises(UpstreamUnavailable):
        world.centre.queue_call(REQUEST, deadline=Deadline.after(0))

    assert world.references() == []


def test_a_call_is_held_retrieved_transferred_and_hung_up(world: World) -> None:
    call_id = queued(world)
    actions = [CallAction.HOLD, CallAction.RETRIEVE, CallAction.TRANSFER, CallAction.HANG_UP]

    states = [control(world, call_id, action) for action in actions]

    assert states == ["On Hold", "Handling", "Handling", "Wrap Up"]


def test_an_action_that_the_state_forbids_is_a_conflict(world: World) -> None:
    with pytest.raises(StateConflict):
        control(world, queued(world), CallAction.RETRIEVE)


def test_a_call_that_nobody_knows_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        control(world, "call-9", CallAction.HOLD)


def test_an_action_whose_answer_was_lost_is_unknown(world: World) -> None:
    call_id = queued(world)
    world.loses_the_next_answer()

    with pytest.raises(UpstreamUnknown):
        control(world, call_id, CallAction.HOLD)


@pytest.mark.parametrize("action", list(CallAction))
def test_what_the_profile_does_not_map_is_refused_by_name(action: CallAction) -> None:
    centre = EcsClient(profile("evolve-ip"), {"base": "https://ecs.example.com"}, dict)
    command = CallCommand("cmd-1", "call-1", action, NOT_AFTER)

    with pytest.raises(Misconfigured, match=f"{action.value} is not configured in the ECS profile"):
        centre.control(command, deadline=soon())


def test_calls_cannot_be_queued_either() -> None:
    centre = EcsClient(profile("evolve-ip"), {"base": "https://ecs.example.com"}, dict)

    with pytest.raises(Misconfigured, match="queue_call is not configured in the ECS profile"):
        centre.queue_call(REQUEST, deadline=soon())
