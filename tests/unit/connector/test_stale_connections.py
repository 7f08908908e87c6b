"""The CRM closed a kept connection just as we sent on it: a read is sent once more, nothing else.

Real sockets: the server keeps its first connection open, takes a second request on it, and hangs
up without a byte.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from switchboard.adapters.connector.engine import Shared
from switchboard.adapters.connector.gate import Admitted, Gate, OpenGate
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, HttpTransport, NoAnswerError
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.posting import Logged
from switchboard.errors import UpstreamUnavailable, UpstreamUnknown
from tests.unit.connector.examples import compiled, methods
from tests.unit.connector.hostile_calls import ADA, NOBODY, RECORD
from tests.unit.connector.hostile_server import LAST, HostileServer, Visit, hostile_server, http
from tests.unit.connector.test_tls import LOOPBACK, server_tls, signed_by_itself

FOUND = http(b'{"customers": [{"id": "2", "name": "Ada", "phone": "(415) 555-0142"}]}')
Ending = Callable[[Visit], None]


def close(visit: Visit) -> None:
    """Hangs up politely."""


def reset(visit: Visit) -> None:
    visit.reset()


def hang(visit: Visit) -> None:
    visit.hang()


def half_a_status_line(visit: Visit) -> None:
    visit.send(b"HTTP/1")


@dataclass
class StaleCrm:
    """Answers once on its first connection, which then ends; later ones are as told."""

    ending: Ending = close
    later: Ending = lambda visit: visit.send(FOUND)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    is_stale_once: bool = True

    def serve(self, visit: Visit) -> None:
        self.connections += 1
        self.requests.append(visit.request)
        if self.connections > 1 or not self.is_stale_once:
            self.later(visit)
            return
        visit.send(NOBODY)
        again = visit.connection.recv(65536)
        if again:
            self.requests.append(again)
            self.ending(visit)


class WatchedTransport(HttpTransport):
    """Keeps what each exchange was limited to."""

    def __init__(self) -> None:
        super().__init__(allow_loopback=True)
        self.limits: list[CallLimits] = []

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        self.limits.append(limits)
        return super().exchange(request, limits)


class CountingGate(OpenGate):
    """Lets everything through, and keeps what it hears."""

    def __init__(self) -> None:
        self.entered = 0
        self.heard: list[Outcome | None] = []

    def enter(self, path: str, deadline: Deadline) -> Admitted:
        self.entered += 1
        return super().enter(path, deadline)

    def leave(self, admitted: Admitted, outcome: Outcome | None) -> None:
        self.heard.append(outcome)


@dataclass(frozen=True, slots=True)
class SharedBy(Shared):
    with_gate: CountingGate = field(default_factory=CountingGate)

    def gate(self, *_: Any, **__: Any) -> Gate:
        return self.with_gate


@contextmanager
def connected(
    world: StaleCrm,
    *,
    shared: Shared | None = None,
    transport: HttpTransport | None = None,
    **overrides: Any,
) -> Iterator[RestCrm]:
    """A client that has a kept connection to the server."""
    with hostile_server(world.serve) as server:
        client = RestCrm(
            compiled(settings={"base": {}}, **overrides),
            {"base": server.base},
            dict,
            default_region="US",
            transport=transport or HttpTransport(allow_loopback=True),
            shared=shared,
        )
        assert client.find(ADA, deadline=Deadline.after(2)) == ()
        yield client
        client.close()


def ids(client: RestCrm, *, budget_s: float = 2) -> list[str]:
    return [customer.id for customer in client.find(ADA, deadline=Deadline.after(budget_s))]


@pytest.mark.parametrize("ending", [close, reset])
def test_a_lookup_on_a_kept_connection_that_ends_is_answered_on_a_new_one(ending: Ending) -> None:
    world, transport = StaleCrm(ending), WatchedTransport()

    with connected(world, transport=transport) as client:
        assert ids(client) == ["2"]

    assert len(world.requests) == 3
    assert world.requests[1] == world.requests[2]
    assert world.connections == 2
    assert [limits.on_new_connection for limits in transport.limits] == [False, False, True]


def test_a_lookup_that_asks_by_post_is_a_read_too() -> None:
    search = {**methods()["find_phone"], "request": {"path": "/search", "body": {"q": "ada"}}}
    world = StaleCrm()

    with connected(world, methods={**methods(), "find_phone": search}) as client:
        assert ids(client) == ["2"]

    assert [request.split()[0] for request in world.requests] == [b"POST"] * 3


def test_a_step_of_a_write_that_only_reads_is_sent_again_and_the_write_goes_out_once() -> None:
    steps = [
        {
            "id": "seen",
            "request": {"path": "/activities", "query": {"key": "${literal(input.id)}"}},
            "map": "body.id",
        },
        {
            "id": "made",
            "request": {"method": "POST", "path": "/activities", "body": {"key": "${input.id}"}},
            "map": "{id: body.id, created: `true`}",
        },
    ]
    write = {"idempotency": "search_first", "steps": steps, "map": "steps.made"}
    world = StaleCrm(later=lambda visit: visit.send(http(b'{"id": "A-1"}', headers=LAST)))

    with connected(world, methods={**methods(), "log_interaction": write}) as client:
        logged = client.log_interaction(RECORD, deadline=Deadline.after(2))

    assert logged == Logged("A-1", created=True)
    sent = [request.split()[0] for request in world.requests[1:]]
    assert sent == [b"GET", b"GET", b"POST"]


@pytest.mark.parametrize("ending", [close, reset])
@pytest.mark.parametrize("idempotency", ["upsert", "none"])
def test_a_write_is_never_sent_again_however_safe_its_repeat_is_said_to_be(
    ending: Ending, idempotency: str
) -> None:
    world = StaleCrm(ending)

    with (
        connected(world, methods=methods(idempotency=idempotency)) as client,
        pytest.raises(UpstreamUnknown),
    ):
        client.log_interaction(RECORD, deadline=Deadline.after(2))

    assert [request.split()[0] for request in world.requests] == [b"GET", b"PUT"]


@pytest.mark.parametrize("ending", [close, reset])
def test_a_new_connection_that_ends_is_an_outage_at_once(ending: Ending) -> None:
    world = StaleCrm(later=ending, is_stale_once=False)

    with pytest.raises(UpstreamUnavailable), connected(world):
        pass

    assert world.connections == 1


@pytest.mark.parametrize("later", [close, reset])
def test_a_read_is_sent_no_third_time(later: Ending) -> None:
    world = StaleCrm(later=later)

    with connected(world) as client, pytest.raises(UpstreamUnavailable):
        ids(client)

    assert (len(world.requests), world.connections) == (3, 2)


def test_on_a_new_connection_means_none_that_was_kept_as_those_may_be_stale_too() -> None:
    def keep_answering(visit: Visit) -> None:
        visit.send(NOBODY)
        while visit.connection.recv(65536):
            visit.send(NOBODY)

    limits = CallLimits(Deadline.after(5), 1, 5)
    with hostile_server(keep_answering) as server:
        transport = HttpTransport(allow_loopback=True)
        for _ in range(2):
            transport.exchange(get(server), limits)
        assert len(server.visits) == 1

        transport.exchange(get(server), replace(limits, on_new_connection=True))
        transport.close()

        assert len(server.visits) == 2


def test_an_answer_that_began_is_no_sign_of_a_stale_connection() -> None:
    world = StaleCrm(half_a_status_line)

    with connected(world) as client, pytest.raises(UpstreamUnavailable):
        ids(client)

    assert world.connections == 1


def test_silence_on_a_kept_connection_is_waited_for_and_not_repeated() -> None:
    world = StaleCrm(hang)

    with connected(world, timeouts={"connect_s": 1, "read_s": 0.2}) as client:
        started_s = time.monotonic()
        with pytest.raises(UpstreamUnavailable):
            ids(client, budget_s=2)
        took_s = time.monotonic() - started_s

    assert 0.15 < took_s < 1
    assert world.connections == 1


def test_without_time_left_there_is_no_second_try() -> None:
    clock_s = [0.0]

    def close_when_time_is_up(visit: Visit) -> None:
        clock_s[0] = 10.0

    world, transport = StaleCrm(close_when_time_is_up), WatchedTransport()

    with connected(world, transport=transport) as client, pytest.raises(UpstreamUnavailable):
        client.find(ADA, deadline=Deadline.after(2, clock=lambda: clock_s[0]))

    assert len(transport.limits) == 2
    assert world.connections == 1


def test_the_second_try_ends_at_the_deadline_of_the_first() -> None:
    def close_late(visit: Visit) -> None:
        visit.closing.wait(0.3)

    world = StaleCrm(close_late, later=hang)

    with connected(world) as client:
        started_s = time.monotonic()
        with pytest.raises(UpstreamUnavailable):
            ids(client, budget_s=0.6)
        took_s = time.monotonic() - started_s

    assert world.connections == 2
    assert 0.5 < took_s < 0.6 + 0.3


@pytest.mark.parametrize(
    ("later", "heard"), [(lambda visit: visit.send(FOUND), ErrorClass.OK), (close, None)]
)
def test_the_gate_sees_one_call_and_its_end(later: Ending, heard: ErrorClass | None) -> None:
    shared = SharedBy()
    world = StaleCrm(later=later)

    with connected(world, shared=shared) as client:
        if heard:
            ids(client)
        else:
            with pytest.raises(UpstreamUnavailable):
                ids(client)

    assert len(world.requests) == 3
    assert shared.with_gate.entered == 2
    last = shared.with_gate.heard[-1]
    assert (last and last.error_class) == heard


@pytest.mark.parametrize("ending", [close, reset])
def test_over_tls_a_kept_connection_that_ends_is_told_from_a_new_one(
    tmp_path: Path, ending: Ending
) -> None:
    certificate = signed_by_itself(tmp_path / "server.pem", LOOPBACK)
    world = StaleCrm(ending)
    transport = HttpTransport(ca_bundle=str(certificate), allow_loopback=True)
    limits = CallLimits(Deadline.after(5), 1, 5)
    with hostile_server(world.serve, tls=server_tls(certificate)) as server:
        assert transport.exchange(get(server), limits).status == 200
        with pytest.raises(NoAnswerError) as caught:
            transport.exchange(get(server), limits)
        answer = transport.exchange(get(server), replace(limits, on_new_connection=True))
        transport.close()

    assert (caught.value.sent, caught.value.stale_connection) == (True, True)
    assert answer.status == 200
    assert world.connections == 2


def test_a_refused_connection_is_not_stale() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(NoAnswerError) as caught:
        HttpTransport(allow_loopback=True).exchange(
            HttpRequest("GET", f"http://127.0.0.1:{port}/"), CallLimits(Deadline.after(2), 1, 1)
        )

    assert not caught.value.stale_connection


def get(server: HostileServer) -> HttpRequest:
    return HttpRequest("GET", f"{server.base}/customers")
