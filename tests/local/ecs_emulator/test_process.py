import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.local.ecs_emulator.conftest import CENTRE, QUICK
from tests.local.ecs_emulator.fake_switchboard import FakeSwitchboard, flat
from tests.local.ecs_emulator.person import API_KEY, eventually

ROOT = CENTRE.parents[2]


def _command(port: int, *settings: str) -> list[str]:
    chosen = [text for setting in settings for text in ("--set", setting)]
    return [sys.executable, "-m", "local.ecs_emulator", "--port", str(port), *chosen]


def _environment() -> dict[str, str]:
    return os.environ | {"ECS_EMULATOR_API_KEY": API_KEY}


@contextmanager
def _running(*settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        _command(port, *settings), cwd=ROOT, env=_environment(), stderr=subprocess.PIPE, text=True
    )
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _is_up(url), within_s=10)
        yield process, url
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()


def _is_up(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=1).status_code == 200
    except requests.ConnectionError:
        return False


def _place(url: str) -> str:
    contact = {
        "channel": "voice",
        "from": "+1 415 555 0142",
        "remarks": "My sister is Grace",
        "manual": False,
    }
    answer = requests.post(f"{url}/emulator/contacts", json=contact, timeout=5)
    return str(answer.json()["interaction_id"])


def test_sigterm_ends_it_within_a_second_even_while_calls_live() -> None:
    with _running("agents.0.talk_s=60") as (process, url):
        _place(url)
        began = time.monotonic()

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=5) == 0
        assert time.monotonic() - began < 1


def test_no_number_name_or_remark_reaches_the_log(switchboard: FakeSwitchboard) -> None:
    switchboard.route = lambda _: flat(
        remark="Collects stamps", screen_pop_url=f"{switchboard.url}/desk/signed-token"
    )
    stack = [f"stack.base_url={switchboard.url}", "stack.key=k1.secret"]
    with _running(*QUICK, *stack) as (process, url):
        interaction_id = _place(url)
        path = f"{url}/emulator/interactions/{interaction_id}"
        eventually(lambda: requests.get(path, timeout=5).json()["has_ended"])
        call = {
            "contact": "+44 1632 960123",
            "contact_name": "Grace Hopper",
            "business_process": "Collections",
            "reference": "ref-of-a-customer",
        }
        headers = {"X-Api-Key": API_KEY}
        requests.post(f"{url}/ecs-api/calls", json=call, headers=headers, timeout=5)
        query = f"{url}/ecs-api/calls?reference=ref-of-a-customer"
        requests.get(query, headers=headers, timeout=5)
        eventually(lambda: len(switchboard.triggers("interaction-ends")) == 2)
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=5)
        assert process.stderr is not None
        log = process.stderr.read()

    assert f"interaction={interaction_id} trigger=interaction_ends copy=1 status=202" in log
    for private in (
        # Long enough not to stand by chance in a time or an id.
        *("5550142", "555 0142", "555-0142", "632960123", "1632 960"),
        *("Ada", "Byron", "Grace", "Hopper", "Maya"),
        *("stamps", "sister", "secret", "signed-token", "ref-of-a-customer", API_KEY),
    ):
        assert private not in log


def test_a_taken_port_is_one_plain_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        ended = _run(_command(port))

    assert ended.returncode == 2
    assert ended.stderr == (
        f"ecs-emulator: Port {port} on 127.0.0.1 is taken; choose another with --port.\n"
    )


def test_a_wrong_setting_is_one_plain_line() -> None:
    ended = _run(_command(0, "knobs.shufle=true"))

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "knobs.shufle" in ended.stderr


def test_without_a_key_it_does_not_start() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "ECS_EMULATOR_API_KEY"}

    ended = _run(_command(0), environment)

    assert ended.returncode == 2
    assert "ECS_EMULATOR_API_KEY" in ended.stderr


def _run(
    command: list[str], environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment or _environment(),
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
