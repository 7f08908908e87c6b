import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from local.sandbox_crm.__main__ import main
from tests.local.sandbox_crm.harness import ADA, CREDENTIALS, TIMEOUT_S, Client

SECRETS = {
    "SANDBOX_CRM_CLIENT_ID": CREDENTIALS.client_id,
    "SANDBOX_CRM_CLIENT_SECRET": CREDENTIALS.client_secret,
}


def command(port: int, database: Path) -> list[str]:
    module = [sys.executable, "-m", "local.sandbox_crm"]
    return [*module, "--port", str(port), "--database", str(database)]


@contextmanager
def process(database: Path, log: Path) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    with (
        log.open("a") as lines,
        subprocess.Popen(
            command(0, database),
            env={**os.environ, **SECRETS},
            stdout=subprocess.PIPE,
            stderr=lines,
            text=True,
        ) as started,
    ):
        try:
            assert started.stdout is not None
            yield started, Client(started.stdout.readline().split()[-1])
        finally:
            started.kill()


def failure(port: int, database: Path, environment: dict[str, str]) -> tuple[int, str]:
    ended = subprocess.run(
        command(port, database),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


def test_a_restart_keeps_data_and_tokens_even_after_kill_9(tmp_path: Path) -> None:
    database, log = tmp_path / "crm.sqlite", tmp_path / "log"
    with process(database, log) as (running, crm):
        crm.sign_in()
        for number in range(20):
            assert crm.put(f"/api/activities/i-{number}", {"type": "call"}).status_code == 201
        crm.patch(f"/api/customers/{ADA}", {"status": "do_not_call"})
        running.send_signal(signal.SIGKILL)
        running.wait()

    with process(database, log) as (_, again):
        again.headers = crm.headers
        kept = again.get("/api/activities").json()["activities"]
        assert len(kept) == 20
        assert again.get(f"/api/customers/{ADA}").json()["status"] == "do_not_call"
        assert len(again.names()) == 12


def test_sigterm_ends_it_within_a_second_even_while_a_request_hangs(tmp_path: Path) -> None:
    with process(tmp_path / "crm.sqlite", tmp_path / "log") as (running, crm):
        crm.sign_in()
        crm.put("/faults", {"kind": "hang", "delay_s": 30.0})
        with crm.raw("GET", "/api/customers"):
            time.sleep(0.1)
            asked = time.monotonic()
            running.send_signal(signal.SIGTERM)
            assert running.wait(5) == 0
            took_s = time.monotonic() - asked

    assert took_s < 1
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_its_log_lines_hold_nobody(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(tmp_path / "crm.sqlite", log) as (_, crm):
        crm.sign_in()
        crm.names(phone="4155550142")
        crm.names(email="ada@example.com")
        crm.put("/api/activities/i-canary", {"type": "call", "remarks": "canary", "bad": "canary"})
        requests.get(f"{crm.base}/?q=Ada", timeout=TIMEOUT_S)
        crm.get("/nowhere/4155550142")
        with crm.raw("GET\x01", "/4155550142") as connected:
            connected.recv(65_536)

    lines = log.read_text()
    assert "GET /api/customers 200" in lines
    for personal in ("4155550142", "ada@", "Ada", "canary", CREDENTIALS.client_secret):
        assert personal not in lines


def test_faults_on_the_socket_leave_no_traceback(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(tmp_path / "crm.sqlite", log) as (running, crm):
        crm.sign_in()
        for kind in ("reset", "lost_answer", "truncated", "drip"):
            crm.put("/faults", {"kind": kind, "delay_s": 0.0, "times": 1})
            with (
                crm.raw("GET", "/api/customers?limit=1") as connected,
                contextlib.suppress(ConnectionResetError),
            ):
                while connected.recv(65_536):
                    pass
            assert crm.get("/api/customers").status_code == 200
        running.send_signal(signal.SIGTERM)
        assert running.wait(5) == 0

    lines = log.read_text()
    assert lines.count(" struck a GET") == 4
    assert "Traceback" not in lines


def test_a_taken_port_is_one_plain_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = failure(port, tmp_path / "crm.sqlite", SECRETS)

    assert code == 2
    assert said == f"sandbox CRM: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("missing", SECRETS)
def test_without_credentials_it_says_what_to_set(
    tmp_path: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--port", "0", "--database", str(tmp_path / "crm.sqlite")]

    assert main(arguments, {**SECRETS, missing: ""}) == 2

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert missing in said
    assert not (tmp_path / "crm.sqlite").exists()


def test_a_file_that_is_no_database_is_one_plain_line(tmp_path: Path) -> None:
    wrong = tmp_path / "notes.txt"
    wrong.write_text("not a database, " * 100)

    code, said = failure(0, wrong, SECRETS)

    assert (code, said.count("\n")) == (2, 1)
    assert "cannot use the database" in said
    assert wrong.read_text().startswith("not a database")
