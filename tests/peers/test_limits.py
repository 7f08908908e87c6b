"""Roundup's own limit of calls, and what workers make of what it says."""

from collections.abc import Iterator

import pytest

from local.peers import roundup
from local.peers.roundup import Roundup
from switchboard.adapters.connector.engine import Shared
from switchboard.errors import UpstreamThrottled
from tests.fakes.pacing import InMemoryPacingStore
from tests.peers.our_side import HOME, CountingTransport, connected, find, free_port

pytestmark = pytest.mark.peer


Credential = dict[str, str]


@pytest.fixture(scope="module")
def roundup_and_its_users(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Roundup, list[Credential]]]:
    """Roundup counts each user's calls by themselves, and remembers them over a restart."""
    state = tmp_path_factory.mktemp("limited")
    with roundup.start(HOME, free_port(), print, state=state) as running:
        running.seed()
        users = [running.issue_credential() for _ in range(2)]
    with roundup.start(HOME, free_port(), print, state=state, calls_per_minute=1) as running:
        yield running, users


@pytest.fixture
def crm(roundup_and_its_users: tuple[Roundup, list[Credential]]) -> Roundup:
    running, _ = roundup_and_its_users
    return running


@pytest.fixture
def credential(roundup_and_its_users: tuple[Roundup, list[Credential]]) -> Credential:
    """A user who has not called yet."""
    _, users = roundup_and_its_users
    return users.pop()


def is_throttled(crm: Roundup, credential: Credential, together: Shared) -> int:
    """Ask, and be told to wait less than a minute. Gives how often the network was used."""
    network = CountingTransport()
    with (
        connected(crm, network, secrets=lambda: credential, shared=together) as worker,
        pytest.raises(UpstreamThrottled) as throttled,
    ):
        find(worker, "ada@example.com")
    assert throttled.value.retry_after_s is not None
    assert 0 < throttled.value.retry_after_s <= 60
    return network.sent


def test_a_real_429_makes_the_next_worker_wait_without_asking(
    crm: Roundup, credential: Credential
) -> None:
    with connected(crm, secrets=lambda: credential) as tells_nobody:
        assert find(tells_nobody, "ada@example.com")
    together = Shared(pacing=InMemoryPacingStore())

    assert is_throttled(crm, credential, together) == 1
    assert is_throttled(crm, credential, together) == 0


def test_what_roundup_says_is_left_keeps_the_next_worker_from_being_refused(
    crm: Roundup, credential: Credential
) -> None:
    together = Shared(pacing=InMemoryPacingStore())
    with connected(crm, secrets=lambda: credential, shared=together) as first:
        assert find(first, "ada@example.com")

    assert is_throttled(crm, credential, together) == 0
