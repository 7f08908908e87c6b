"""`make run` and `switchboard run` as a newcomer meets them: the story, Ctrl-C, taken ports."""

import os
import re
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import requests

from tests.e2e import processes
from tests.e2e.terminal import ROOT, SWITCHBOARD, Command, Desk, new_desk, started

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("command")]

STOPS_WITHIN_S = 10
Codes = tuple[int, ...]
UP = "Up until Ctrl-C"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path / "desk")


def run(desk: Desk, *arguments: str) -> AbstractContextManager[Command]:
    command = [SWITCHBOARD, "run", "--state", str(desk.state), *arguments]
    return started(command, environment=desk.environment, cwd=desk.folder)


def make_run(desk: Desk) -> AbstractContextManager[Command]:
    return started(["make", "run"], environment=desk.environment, cwd=ROOT)


def test_the_story_plays_and_says_who_which_rule_why_and_where(desk: Desk) -> None:
    with run(desk, "--once") as command:
        code = command.ends(within_s=90)

    assert code == 0, command.said
    for line in (
        r"recognised +Ada Byron \(sandbox:C-1001\), answer live, in \d+ ms",
        r"routed +Customer Care, priority Front",
        r"why +high-value: tier is high",
        r"request id +[0-9a-f-]{36}",
        r"agent +\w+ \w+, extension 200\d",
        r"desk page +http://127\.0\.0\.1:\d+/\S+/desk/\S+",
        r"hold +the call is now On Hold",
        r"in the CRM +int-\w+: inbound call, \d+ s, Resolved, by \w+ \w+: Asked about",
        r"webhook +signed, verified, request out-\w+",
        r"placed as call int-\w+",
        rf"CRM +{desk.crm_url}/",
    ):
        assert re.search(line, command.said), f"{line} is not in\n{command.said}"
    assert desk.leftovers() == []


def test_a_request_is_served_within_15_s_and_everything_fits_in_a_gigabyte(
    desk: Desk, record_property: Callable[[str, object], None]
) -> None:
    with run(desk) as command:
        first_request_s = command.until("first request served")
        command.until(UP)
        everybody = processes.descendants(command.pid)
        memory_mb = processes.memory_mb(everybody)
        command.terminate()
        stopping = time.monotonic()
        code = command.ends(within_s=STOPS_WITHIN_S)
        stopped_s = time.monotonic() - stopping

    record_property("first request", f"{first_request_s:.1f} s after the command")
    record_property("whole stack", f"{memory_mb:.0f} MB PSS in {len(everybody)} processes")
    record_property("stopped by SIGTERM", f"in {stopped_s:.1f} s")
    assert first_request_s < 15
    assert memory_mb < 1000
    assert len(everybody) > 5, "the functions' processes are not among the ones weighed"
    assert_ended_cleanly(command, desk, code, expected=(0,))


def test_ctrl_c_in_make_run_ends_everything_while_it_is_up(desk: Desk) -> None:
    with make_run(desk) as command:
        command.until(UP, within_s=90)
        command.press_ctrl_c()
        code = command.ends(within_s=STOPS_WITHIN_S)

    # Make itself dies of the Ctrl-C that its command has handled.
    assert_ended_cleanly(command, desk, code, expected=(0, 2, 130, -signal.SIGINT))


@pytest.mark.parametrize(
    "moment", ["starting the sandbox CRM", "deploying", "4. The agent finishes"]
)
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_stopped_before_the_story_is_over_it_ends_cleanly_and_is_no_success(
    desk: Desk, moment: str, by: signal.Signals
) -> None:
    with run(desk, "--once") as command:
        command.until(moment)
        os.killpg(command.pid, by)
        code = command.ends(within_s=STOPS_WITHIN_S)

    assert_ended_cleanly(command, desk, code, expected=(128 + by,))


def test_whoever_presses_ctrl_c_again_and_again_leaves_nothing_behind_either(desk: Desk) -> None:
    with run(desk, "--once") as command:
        command.until("1. A call arrives")
        for _ in range(8):
            command.press_ctrl_c()
            time.sleep(0.1)
        code = command.ends(within_s=STOPS_WITHIN_S)

    # The last one may meet Python on its way out, with everything stopped: to a shell 130, too.
    assert_ended_cleanly(command, desk, code, expected=(128 + signal.SIGINT, -signal.SIGINT))


def assert_ended_cleanly(command: Command, desk: Desk, code: int, *, expected: Codes) -> None:
    assert code in expected, command.said
    assert "Traceback" not in command.said, command.said
    assert desk.leftovers() == []


def test_a_crm_that_fails_ends_the_story_with_a_plain_reason(desk: Desk) -> None:
    with run(desk, "--once") as command:
        break_the_crm(desk)
        code = command.ends(within_s=60)

    assert code == 1
    assert "Failed: the sandbox CRM answered 503 to GET" in command.said
    assert "Traceback" not in command.said
    assert desk.leftovers() == []


def break_the_crm(desk: Desk) -> None:
    fault = {"kind": "error_503", "path": "/api/customers"}
    give_up_at = time.monotonic() + 30
    while time.monotonic() < give_up_at:
        try:
            requests.put(f"{desk.crm_url}/faults", json=fault, timeout=5).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the CRM never came up")


def test_a_broken_ruleset_is_named_before_anything_is_started(desk: Desk) -> None:
    config = Path(shutil.copytree(ROOT / "config", desk.folder / "config"))
    ruleset = config / "routing.yaml"
    ruleset.write_text(ruleset.read_text().replace("tier: high", "teir: high", 1))

    with run(desk, "--once", "--config", str(config)) as command:
        code = command.ends(within_s=30)

    assert code == 1
    assert "routing.yaml" in command.said
    assert "teir" in command.said
    assert "tier" in command.said
    assert "Traceback" not in command.said
    assert desk.leftovers() == []


@pytest.mark.parametrize(
    ("taken", "variable"),
    [(0, "SWITCHBOARD_AWS_PORT"), (1, "SWITCHBOARD_ECS_PORT"), (2, "SWITCHBOARD_CRM_PORT")],
)
def test_a_taken_port_is_one_plain_line(
    desk: Desk, squatter: socket.socket, taken: int, variable: str
) -> None:
    ports = list(desk.ports)
    ports[taken] = squatter.getsockname()[1]
    environment = {**desk.environment, variable: str(ports[taken])}

    with started(
        [SWITCHBOARD, "run", "--once", "--state", str(desk.state)],
        environment=environment,
        cwd=desk.folder,
    ) as command:
        code = command.ends(within_s=30)

    assert code == 1
    failure = [line for line in command.said.splitlines() if "Failed" in line]
    assert failure == [
        f"Failed: Port {ports[taken]} is taken. Stop what runs there, or choose another: "
        f"{variable}={ports[taken] + 100}"
    ]
    assert command.said.rstrip().endswith(failure[0])
    assert desk.leftovers() == []


@pytest.fixture
def squatter() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken
