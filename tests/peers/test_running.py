"""Starting, stopping, and what an application says when it has had enough."""

import socket
import time
from pathlib import Path

import pytest

from local.peers import ApplicationError, roundup
from switchboard.errors import UpstreamThrottled
from tests.peers.our_side import HOME, connected, find, free_port

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def seeded_roundup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a Roundup that was stopped."""
    state = tmp_path_factory.mktemp("stopped")
    with roundup.start(HOME, free_port(), print, state=state) as running:
        running.seed()
    return state


def test_it_stops_within_a_second_and_leaves_its_port_free(seeded_roundup: Path) -> None:
    port = free_port()
    with roundup.start(HOME, port, print, state=seeded_roundup):
        asked_at = time.monotonic()

    assert time.monotonic() - asked_at < 1
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_its_data_are_there_after_a_restart_and_seeding_again_changes_nothing(
    seeded_roundup: Path,
) -> None:
    with roundup.start(HOME, free_port(), print, state=seeded_roundup) as running:
        before = running.search("user", {"@fields": "username,phone,address"})
        running.seed()

        assert running.search("user", {"@fields": "username,phone,address"}) == before
        assert "ada" in [user["username"] for user in before]


def test_a_taken_port_is_named_in_one_plain_line(seeded_roundup: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(ApplicationError, match=f"^Port {port} is taken"):
            roundup.start(HOME, port, print, state=seeded_roundup)


def test_roundups_own_limit_of_calls_reaches_us_with_the_seconds_to_wait(
    seeded_roundup: Path,
) -> None:
    with (
        roundup.start(
            HOME, free_port(), print, state=seeded_roundup, calls_per_minute=1
        ) as running,
        connected(running) as switchboard,
    ):
        find(switchboard, "ada@example.com")

        with pytest.raises(UpstreamThrottled) as throttled:
            find(switchboard, "ada@example.com")

    assert throttled.value.retry_after_s is not None
    assert 0 < throttled.value.retry_after_s <= 60
