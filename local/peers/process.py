"""An application's server process: started in a group of its own, waited for, stopped."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import requests

from . import HOST, ApplicationError

_START_TIMEOUT_S = 30.0
_STOP_TIMEOUT_S = 0.8
_LOG_LINES_SHOWN = 15


class Server:
    """A server of ours that runs until `stop`."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], log: Path):
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env={**clean_environment(), **environment},
                cwd=log.parent,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_it_answers(self, url: str) -> None:
        """Return at the first answer of any kind.

        Raises: ApplicationError with the end of its log.
        """
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while not _answers(url):
            if self._process.poll() is not None:
                raise ApplicationError(f"it ended while starting:\n{self._end_of_log()}")
            if time.monotonic() > give_up_at:
                raise ApplicationError(f"no answer in {_START_TIMEOUT_S:.0f} s from {url}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the whole group: politely, and after most of a second not."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_TIMEOUT_S)
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:])


def run_once(command: Sequence[str], *, environment: Mapping[str, str]) -> None:
    """Run one of the application's own tools to its end.

    Raises: ApplicationError with what it said.
    """
    done = subprocess.run(
        command,
        env={**clean_environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ApplicationError(f"{Path(command[0]).name} failed:\n{done.stderr.strip()}")


def refuse_a_taken_port(port: int) -> None:
    """Say plainly that somebody else is there."""
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ApplicationError(
                f"Port {port} is taken. Stop what runs there, or choose another."
            )


def clean_environment() -> dict[str, str]:
    """What the application inherits: nothing of ours that could change how it behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "TZ": "UTC"}


def _answers(url: str) -> bool:
    try:
        requests.get(url, timeout=2, allow_redirects=False).close()
    except requests.RequestException:
        return False
    return True
