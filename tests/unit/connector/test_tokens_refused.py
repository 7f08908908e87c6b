"""A credential that is refused again and again is tried no more, until a person acts."""

import threading
import time
from collections.abc import Mapping
from datetime import datetime
from queue import SimpleQueue
from typing import Any

import pytest

from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.table_patience import Beside
from switchboard.adapters.connector.token_store import (
    REFUSED_FOR_S,
    TRIED_AGAIN_AFTER_S,
    CredentialState,
    TokenStore,
)
from switchboard.adapters.connector.transport import HttpAnswer
from switchboard.beside import run_beside
from switchboard.errors import (
    CredentialRefused,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
)
from switchboard.observability import logger
from tests.fakes.beside import run_at_once
from tests.fakes.tokens import InMemoryTokens, TokenServer
from tests.unit.connector.examples import (
    Reaction,
    ScriptedTransport,
    answer,
    compiled,
    soon,
)
from tests.unit.connector.token_workers import Clock

GOOD, REFUSED, BUSY = answer('{"customers": []}'), answer(status=401), answer(status=503)
KEY = {"scheme": "header", "name": "X-Key", "value": "${secret.key}"}
OAUTH = {"scheme": "oauth2_client_credentials", "token_url": "${settings.base}/oauth/token"}
CLIENT = {"client_id": "id", "client_secret": "s3cret"}
REFRESH = {"scheme": "oauth2_refresh", "token_url": "${settings.base}/oauth/token"}


class World:
    """Workers of one connector, which share the store, the secret and the clock.

    What runs beside a caller is done at once: a slow machine is not to look like a slow table.
    """

    beside: Beside = staticmethod(run_at_once)

    def __init__(self, auth: Mapping[str, Any], transport: Any, **secrets: str) -> None:
        self.secrets = secrets
        self.refusals_heard = 0
        self.store: TokenStore = InMemoryTokens()
        self.clock = Clock()
        self.transport = transport
        self._definition = compiled(auth=dict(auth), secrets=list(secrets))

    def worker(self, lane: Lane = Lane.LOOKUP) -> Engine:
        return Engine(
            self._definition,
            {},
            lambda: self.secrets,
            transport=self.transport,
            wall_clock=self.clock,
            shared=Shared(lane=lane, tokens=self.store, beside=self.beside),
            on_refusal=self._hear_of_refusal,
        )

    def _hear_of_refusal(self) -> None:
        self.refusals_heard += 1


def with_key(*reactions: Reaction) -> World:
    return World(KEY, ScriptedTransport(list(reactions)), key="k-1")


def with_tokens(server: TokenServer) -> World:
    secrets = {"client_id": "id", "client_secret": "s3cret"}
    if server.rotates:
        return World(REFRESH, server, **secrets, refresh_token="refresh-0")
    return World(OAUTH, server, **secrets)


def find(worker: Engine) -> Any:
    return worker.read("find_phone", {"phone": {"nsn": "1"}}, deadline=soon())


def is_refused(world: World, worker: Engine, times: int) -> None:
    """So many refusals with time between them: the third is no moment's mishap any more."""
    for _ in range(times):
        with pytest.raises(UpstreamRejected):
            find(worker)
        world.clock.now_s += REFUSED_FOR_S / 2


def is_blocked(worker: Engine) -> bool:
    try:
        find(worker)
    except CredentialRefused:
        return True
    except UpstreamError:
        return False
    return False


def test_after_three_refusals_nothing_is_sent() -> None:
    world = with_key(*[REFUSED] * 3)
    worker = world.worker()
    is_refused(world, worker, 3)

    with pytest.raises(CredentialRefused) as caught:
        find(worker)

    assert len(world.transport.requests) == 3
    assert caught.value.retryable
    assert caught.value.retry_after_s == 900
    assert "switchboard connector resume example" in str(caught.value)
    assert caught.value.reason == "credential_refused"


def test_refusals_of_all_workers_count_together() -> None:
    world = with_key(*[REFUSED] * 3)
    for _ in range(3):
        is_refused(world, world.worker(), 1)

    assert is_blocked(world.worker())


def test_a_worker_hears_of_a_block_within_half_a_minute() -> None:
    world = with_key(GOOD, *[REFUSED] * 3)
    quiet = world.worker()
    find(quiet)
    is_refused(world, world.worker(), 3)

    assert is_blocked(quiet)


def test_a_moment_in_which_everybody_is_refused_blocks_nobody() -> None:
    world = with_key(*[GOOD] * 5, *[REFUSED] * 5, GOOD)
    workers = [world.worker() for _ in range(5)]
    for worker in workers:
        find(worker)
    for worker in workers:
        with pytest.raises(UpstreamRejected):
            find(worker)
    world.clock.now_s += TRIED_AGAIN_AFTER_S

    assert find(world.worker()) == []


def outcomes_of(worker: Engine) -> str:
    try:
        find(worker)
    except UpstreamError as error:
        return error.reason
    return "ok"


def test_a_refused_key_is_tried_once_in_five_seconds_by_all_workers_together() -> None:
    world = with_key(*[REFUSED] * 600)
    workers = [world.worker() for _ in range(20)]
    for _ in range(40):
        for worker in workers:
            assert outcomes_of(worker) != "ok"
        world.clock.now_s += 1

    # One each five seconds, until half a minute shows that it is for good.
    assert len(world.transport.requests) == 7
    assert {outcomes_of(worker) for worker in workers} == {"credential_refused"}


def test_workers_that_were_served_a_moment_ago_try_a_revoked_key_once_each() -> None:
    world = with_key(*[GOOD] * 20, *[REFUSED] * 600)
    workers = [world.worker() for _ in range(20)]
    for worker in workers:
        find(worker)
    for _ in range(40):
        for worker in workers:
            assert outcomes_of(worker) != "ok"
        world.clock.now_s += 1

    assert len(world.transport.requests) <= 20 + 20 + 6


def test_who_does_not_try_a_doubted_key_is_told_to_wait() -> None:
    world = with_key(REFUSED)
    worker = world.worker()
    is_refused(world, worker, 1)
    world.clock.now_s -= REFUSED_FOR_S / 2 - 2

    for one in (worker, world.worker()):
        with pytest.raises(UpstreamThrottled) as caught:
            find(one)
        assert caught.value.retry_after_s == TRIED_AGAIN_AFTER_S - 2


def test_a_key_that_is_accepted_again_is_everybodys_at_once() -> None:
    world = with_key(*[REFUSED] * 3, *[GOOD] * 4)
    workers = [world.worker() for _ in range(3)]
    is_refused(world, workers[0], 1)
    assert [outcomes_of(worker) for worker in workers] == [
        "auth",
        "upstream_throttled",
        "upstream_throttled",
    ]
    world.clock.now_s += TRIED_AGAIN_AFTER_S
    assert outcomes_of(workers[1]) == "auth"
    world.clock.now_s += TRIED_AGAIN_AFTER_S
    assert outcomes_of(workers[2]) == "ok"

    assert [outcomes_of(worker) for worker in (workers[2], world.worker())] == ["ok", "ok"]
    world.clock.now_s += TRIED_AGAIN_AFTER_S
    assert outcomes_of(workers[1]) == "ok"


def test_a_worker_that_died_with_its_try_is_followed_by_another() -> None:
    def dies(_: HttpRequest) -> HttpAnswer:
        raise KeyboardInterrupt

    world = with_key(REFUSED, dies, GOOD)
    is_refused(world, world.worker(), 1)
    with pytest.raises(KeyboardInterrupt):
        find(world.worker())
    assert outcomes_of(world.worker()) == "upstream_throttled"
    world.clock.now_s += TRIED_AGAIN_AFTER_S

    assert find(world.worker()) == []


def test_without_our_table_a_doubted_key_is_tried() -> None:
    world = with_key(REFUSED, GOOD)
    world.store = store = InMemoryTokens()
    worker = world.worker()
    is_refused(world, worker, 1)
    store.is_down = True

    assert find(worker) == []


def test_a_caller_does_not_wait_for_a_slow_table_to_say_how_the_key_fares() -> None:
    goes_on = threading.Event()

    class HeldUp(InMemoryTokens):
        def read_credential(self, system: str, *, now: datetime) -> CredentialState | None:
            goes_on.wait(5)
            return super().read_credential(system, now=now)

    world = with_key(GOOD, GOOD)
    world.store, world.beside = HeldUp(), run_beside
    worker, started_s = world.worker(), time.monotonic()
    find(worker)
    first_s, started_s = time.monotonic() - started_s, time.monotonic()
    find(worker)
    goes_on.set()

    assert 0.2 < first_s < 2
    assert time.monotonic() - started_s < 2


def test_a_refused_grant_is_not_asked_for_again_for_a_while() -> None:
    server = TokenServer(refuses="invalid_client")
    world = with_tokens(server)
    with pytest.raises(UpstreamRejected):
        find(world.worker())

    with pytest.raises(UpstreamUnavailable):
        find(world.worker())

    assert len(server.asked) == 1


def test_an_answer_between_refusals_begins_the_count_anew() -> None:
    world = with_key(REFUSED, REFUSED, GOOD, REFUSED, REFUSED, GOOD)
    worker = world.worker()
    is_refused(world, worker, 2)
    find(worker)
    is_refused(world, worker, 2)

    assert find(worker) == []


def test_a_gateway_that_is_busy_says_nothing_of_the_credential() -> None:
    world = with_key(REFUSED, REFUSED, BUSY, REFUSED)
    worker = world.worker()
    is_refused(world, worker, 2)
    assert not is_blocked(worker)
    world.clock.now_s += TRIED_AGAIN_AFTER_S
    is_refused(world, worker, 1)

    assert is_blocked(worker)


def test_an_accepted_credential_writes_nothing_when_there_is_nothing_to_end() -> None:
    store = InMemoryTokens()
    world = with_key(*[GOOD] * 20)
    world.store = store
    worker = world.worker()
    for _ in range(20):
        find(worker)

    assert store.calls == 1


def test_another_value_in_the_secret_is_tried_at_once() -> None:
    world = with_key(*[REFUSED] * 3, GOOD)
    worker = world.worker()
    is_refused(world, worker, 3)
    assert is_blocked(worker)

    world.secrets["key"] = "k-2"

    assert find(worker) == []


def test_the_old_value_stays_blocked_for_who_still_holds_it() -> None:
    world = with_key(*[REFUSED] * 3, GOOD, GOOD)
    is_refused(world, world.worker(), 3)
    world.secrets["key"] = "k-2"
    find(world.worker())
    world.secrets["key"] = "k-1"

    assert is_blocked(world.worker())


def test_a_person_resumes_it() -> None:
    world = with_key(*[REFUSED] * 3, GOOD)
    worker = world.worker()
    is_refused(world, worker, 3)
    assert is_blocked(worker)

    assert world.store.unblock("example")
    world.clock.now_s += 30

    assert find(worker) == []


def test_a_posting_goes_on_two_seconds_after_a_person_resumed_it() -> None:
    world = with_key(*[REFUSED] * 3, GOOD)
    is_refused(world, world.worker(), 3)
    worker = world.worker(Lane.POSTING)
    assert is_blocked(worker)

    assert world.store.unblock("example")
    world.clock.now_s += 2

    assert find(worker) == []


@pytest.mark.parametrize("auth", [KEY, OAUTH])
def test_a_refusal_is_heard_of_where_it_happens_and_wherever_it_is_respected(
    auth: Mapping[str, Any],
) -> None:
    """So that whoever keeps a copy of the secret looks whether it was replaced."""
    world = World(auth, ScriptedTransport([REFUSED] * 3), key="k-1", **CLIENT)
    is_refused(world, world.worker(), 1)
    assert world.refusals_heard
    is_refused(world, world.worker(), 2)
    world.refusals_heard = 0

    assert is_blocked(world.worker())

    assert world.refusals_heard == 1


def test_of_a_credential_that_is_accepted_no_refusal_is_heard() -> None:
    world = with_key(REFUSED, GOOD, GOOD)
    is_refused(world, world.worker(), 1)
    find(world.worker())
    world.refusals_heard = 0

    find(world.worker())

    assert world.refusals_heard == 0


def test_a_connector_without_a_credential_cannot_be_blocked() -> None:
    world = World({"scheme": "none"}, ScriptedTransport([REFUSED] * 5))
    world.store = store = InMemoryTokens()

    is_refused(world, world.worker(), 5)

    assert store.calls == 0


def test_a_block_does_not_depend_on_the_store_being_there() -> None:
    world = with_key(REFUSED, GOOD)
    world.store = store = InMemoryTokens()
    store.is_down = True
    worker = world.worker()

    is_refused(world, worker, 1)

    assert find(worker) == []


def test_callers_do_not_wait_again_and_again_for_a_table_that_is_down() -> None:
    world = with_key(*[GOOD] * 10)
    world.store = store = InMemoryTokens()
    store.is_down = True
    worker = world.worker()

    for _ in range(5):
        find(worker)
    assert store.calls == 1

    world.clock.now_s += 5
    find(worker)
    assert store.calls == 2


def test_a_caller_does_not_wait_while_what_was_known_a_moment_ago_is_read_again() -> None:
    goes_on, read_by = threading.Event(), SimpleQueue[int]()

    class HeldUp(InMemoryTokens):
        def read_credential(self, system: str, *, now: datetime) -> CredentialState | None:
            read_by.put(threading.get_ident())
            goes_on.wait(5)
            return super().read_credential(system, now=now)

    world = with_key(*[GOOD] * 4)
    world.store, world.beside = HeldUp(), run_beside
    worker = world.worker()
    goes_on.set()
    find(worker)
    goes_on.clear()

    for seconds in (29, 2, 3):
        world.clock.now_s += seconds
        started_s = time.monotonic()
        find(worker)
        assert time.monotonic() - started_s < 2
    # Whoever reads beside us may begin later than we are done.
    readers = {read_by.get(timeout=5) for _ in range(2)}
    goes_on.set()

    assert read_by.empty()
    assert threading.get_ident() not in readers


# Tokens.


def test_a_refused_grant_is_asked_for_three_times() -> None:
    server = TokenServer(refuses="invalid_client")
    world = with_tokens(server)
    for _ in range(3):
        is_refused(world, world.worker(), 1)

    assert is_blocked(world.worker())
    assert len(server.asked) == 3
    assert server.seen == []


def test_a_new_token_that_is_refused_as_well_counts() -> None:
    server = TokenServer(before_answer=lambda: server.revoke_tokens())
    world = with_tokens(server)
    worker = world.worker()

    is_refused(world, worker, 3)

    assert is_blocked(worker)
    assert len(server.seen) == 6


def test_a_renewed_token_that_works_counts_nothing() -> None:
    server = TokenServer()
    world = with_tokens(server)
    worker = world.worker()
    for _ in range(5):
        server.revoke_tokens()
        assert find(worker) == []


def test_a_person_resumes_a_connector_with_tokens() -> None:
    server = TokenServer(refuses="invalid_grant")
    world = with_tokens(server)
    worker = world.worker()
    is_refused(world, worker, 3)
    assert is_blocked(worker)
    server.refuses = ""

    world.store.unblock("example")
    world.clock.now_s += 30

    assert find(worker) == []


def test_a_refresh_token_that_was_lost_with_its_worker_shows_as_a_refused_credential() -> None:
    server = TokenServer(rotates=True)
    world = with_tokens(server)

    def dies() -> None:
        raise KeyboardInterrupt

    server.before_answer = dies
    with pytest.raises(KeyboardInterrupt):
        find(world.worker())
    server.before_answer = lambda: None
    world.clock.now_s = 10

    is_refused(world, world.worker(), 3)

    assert is_blocked(world.worker())
    world.secrets["refresh_token"] = server.refresh_token
    assert find(world.worker()) == []


# What a person sees.


def test_a_block_is_logged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(logger, "error", lambda message, **facts: said.append((message, facts)))
    world = with_key(*[REFUSED] * 6)
    worker = world.worker()
    is_refused(world, worker, 3)
    assert [is_blocked(worker) for _ in range(5)] == [True] * 5

    ((message, facts),) = said
    assert message == "credential refused"
    assert facts["connector"] == "example"
    assert facts["refusals"] == 3
    assert "k-1" not in str(said)

    world.store.unblock("example")
    world.clock.now_s += 30
    is_refused(world, worker, 3)
    assert len(said) == 2
