"""ContactCentre and AgentStates: what keeps the promise in memory, and what keeps it over HTTP."""

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
from switchboard.domain.last_agent import AgentState, Presence
from switchboard.domain.outbound import OutboundRequest
from switchboard.errors import (
    Misconfigured,
    NotFound,
    StateConflict,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from switchboard.ports import AgentStates, ContactCentre
from tests.fakes.contact_centre import InMemoryContactCentre

PROFILES = Path(__file__).parents[2] / "config/ecs"
NOT_AFTER = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
REQUEST = OutboundRequest(
    "out-1", "test", PhoneNumber("+14155550142"), "Customer Care", NOT_AFTER, customer_name="Ada"
)


class World(Protocol):
    """A contact centre, and what happens in it."""

    centre: ContactCentre
    states: AgentStates

    def has_agent(self, extension: str, name: str, state: AgentState) -> None: ...
    def references(self) -> list[str]: ...
    def goes_down(self) -> None: ...
    def loses_the_next_answer(self) -> None: ...


class InMemoryWorld:
    def __init__(self) -> None:
        self.fake = InMemoryContactCentre()
        self.centre: ContactCentre = self.fake
        self.states: AgentStates = self.fake

    def has_agent(self, extension: str, name: str, state: AgentState) -> None:
        self.fake.agents |= {extension: state, name: state}

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

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def _handle(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body: dict[str, Any] = json.loads(raw) if raw else {}
        if self.world.is_down:
            self._send(503, {"error": "restarting"})
        elif self.headers["X-Api-Key"] != "k":
            self._send(401, {"error": "unauthorized"})
        elif self.path == "/ecs-api/calls":
            self._queue(body)
        elif self.path.startswith("/ecs-api/agents/"):
            self._agent(body.get("name") or self.path.split("/")[-1])
        else:
            self._control(*self.path.split("/")[-2:])

    def _queue(self, body: dict[str, Any]) -> None:
        self.world.queued.append(body)
        call_id = f"call-{len(self.world.queued)}"
        self.world.calls[call_id] = "Handling"
        self._done(202, {"call_id": call_id})

    def _agent(self, wanted: str) -> None:
        found = self.world.agents.get(wanted)
        self._done(200 if found else 404, found or {"error": "not_found"})

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
    def __init__(self, profile_of_it: dict[str, Any] | None = None) -> None:
        self._profile = compile_connector(profile_of_it) if profile_of_it else profile("emulator")
        self.queued: list[dict[str, Any]] = []
        self.calls: dict[str, str] = {}
        self.agents: dict[str, dict[str, Any]] = {}
        self.is_down = self.loses_answer = False
        self.centre: ContactCentre
        self.states: AgentStates

    def has_agent(self, extension: str, name: str, state: AgentState) -> None:
        words = {"ready": "Ready", "soon": "Busy", "away": "Break", "offline": "Offline"}
        media = {"voice": "Telephony", "email": "Email"}
        told = {
            "state": words[state.presence],
            "business_processes": sorted(state.queues or ()),
            "media_types": [media[channel] for channel in sorted(state.channels or ())],
        }
        self.agents |= {extension: told, name: told}

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
                self._profile,
                {"base": f"http://127.0.0.1:{server.server_port}"},
                lambda: {"api_key": "k"},
                transport=HttpTransport(allow_loopback=True),
            )
            self.centre = self.states = client
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


MAYA = AgentState("ready", frozenset({"Customer Care"}), frozenset({"voice", "email"}))


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


@pytest.mark.parametrize("presence", ["ready", "soon", "away", "offline"])
def test_an_agent_is_as_the_contact_centre_says(world: World, presence: Presence) -> None:
    state = AgentState(presence, MAYA.queues, MAYA.channels)
    world.has_agent("2001", "Maya Lindqvist", state)

    by_extension = world.states.agent_state(extension="2001", name="", deadline=soon())
    by_name = world.states.agent_state(extension="", name="Maya Lindqvist", deadline=soon())

    assert by_extension == by_name == state


def test_somebody_whom_the_contact_centre_does_not_have_is_nobody(world: World) -> None:
    world.has_agent("2001", "Maya Lindqvist", MAYA)

    told = world.states.agent_state(extension="2999", name="Maya Lindqvist", deadline=soon())

    assert told == AgentState("nobody")


@pytest.mark.parametrize("trouble", ["is down", "loses the answer", "is too late"])
def test_how_agents_are_is_not_known_in_an_outage(world: World, trouble: str) -> None:
    world.has_agent("2001", "Maya Lindqvist", MAYA)
    if trouble == "is down":
        world.goes_down()
    if trouble == "loses the answer":
        world.loses_the_next_answer()
    deadline = Deadline.after(0) if trouble == "is too late" else soon()

    with pytest.raises((UpstreamUnavailable, UpstreamUnknown)):
        world.states.agent_state(extension="2001", name="", deadline=deadline)


def test_a_profile_that_cannot_ask_for_agents_says_nothing_of_them() -> None:
    centre = EcsClient(profile("evolve-ip"), {"base": "https://ecs.example.com"}, dict)

    assert centre.agent_state(extension="2001", name="", deadline=soon()) is None
    assert not centre.tells_agent_states


@pytest.mark.parametrize(
    "said", ["body", "body.state", "{presence: body.state}", "{presence: `7`}"]
)
def test_an_answer_that_says_no_presence_is_not_one(said: str) -> None:
    document = yaml.safe_load((PROFILES / "emulator.yaml").read_text(encoding="utf-8"))
    for step in document["operations"]["agent_state"]["steps"]:
        step["map"] = said
    served = HttpWorld(document)
    with served.served():
        served.has_agent("2001", "Maya Lindqvist", MAYA)

        with pytest.raises(UpstreamUnavailable, match="the answer cannot be read"):
            served.states.agent_state(extension="2001", name="", deadline=soon())


def test_an_answer_may_leave_queues_and_channels_open() -> None:
    document = yaml.safe_load((PROFILES / "emulator.yaml").read_text(encoding="utf-8"))
    for step in document["operations"]["agent_state"]["steps"]:
        step["map"] = "{presence: pick(tables.presences, body.state, `null`), queues: body.none}"
    served = HttpWorld(document)
    with served.served():
        served.has_agent("2001", "Maya Lindqvist", MAYA)

        told = served.states.agent_state(extension="2001", name="", deadline=soon())

    assert told == AgentState("ready")
