"""Start and stop MiniStack, which plays AWS on loopback.

State is fresh at each start. Everything it writes lives below one folder of the given home, and
goes when it stops.
"""

import contextlib
import http
import http.client
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.venvs import Say, silently, stack_python

REGION = "us-east-1"
ACCOUNT = "000000000000"
PID_FILE = "pid"
LOG_FILE = "ministack.log"
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 5.0


class StackError(Exception):
    """The local AWS cannot be started or does not do as asked; the text says what to do."""


@dataclass(frozen=True)
class Ministack:
    """A running local AWS."""

    endpoint: str
    pid: int
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what boto3 needs to speak to it, as the account's owner."""
        return owner_environment(self.endpoint)

    @property
    def log(self) -> Path:
        """Return MiniStack's own log; the functions' lines are in CloudWatch Logs."""
        return self.folder / LOG_FILE


def owner_environment(endpoint: str) -> dict[str, str]:
    """Return the variables that point any AWS SDK at the stack behind `endpoint`."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        # A newcomer's own profile must never meet the local stack, nor the other way round.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextlib.contextmanager
def start(home: Path, port: int, say: Say = silently) -> Iterator[Ministack]:
    """Run MiniStack until the block ends.

    Raises: StackError when the port is taken or it does not come up.
    """
    python = stack_python(home, say)
    refuse_a_taken_port(port)
    folder = fresh_folder(home, port)
    process = launch(python, folder, port)
    try:
        (folder / PID_FILE).write_text(str(process.pid))
        wait_until_healthy(process, folder, port)
        yield Ministack(endpoint(port), process.pid, folder)
    finally:
        stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def running(home: Path, port: int) -> Ministack | None:
    """Return the MiniStack that somebody else started from this home, if it is alive."""
    folder = folder_of(home, port)
    with contextlib.suppress(FileNotFoundError, ValueError):
        pid = int((folder / PID_FILE).read_text())
        # Process ids are used again: make sure it is MiniStack before anybody signals it.
        if b"ministack" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return Ministack(endpoint(port), pid, folder)
    return None


def end(found: Ministack) -> None:
    """Stop a MiniStack that somebody else started, and remove what it left."""
    signal_group(found.pid, signal.SIGTERM)
    give_up_at = time.monotonic() + STOP_TIMEOUT_S
    while Path(f"/proc/{found.pid}").exists() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    signal_group(found.pid, signal.SIGKILL)
    shutil.rmtree(found.folder, ignore_errors=True)


def endpoint(port: int) -> str:
    """Return the address of the stack on this port."""
    return f"http://127.0.0.1:{port}"


def folder_of(home: Path, port: int) -> Path:
    """Return the folder that holds everything a stack on this port writes."""
    return home / f"ministack-{port}"


def fresh_folder(home: Path, port: int) -> Path:
    """Return an empty folder; what a killed run left behind goes."""
    folder = folder_of(home, port)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tmp").mkdir(parents=True)
    return folder


def launch(python: Path, folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the process in a group of its own, so that its workers end with it."""
    with (folder / LOG_FILE).open("wb") as log:
        return subprocess.Popen(
            [str(python), "-m", "ministack"],
            env=settings(folder, port),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def settings(folder: Path, port: int) -> dict[str, str]:
    """Return MiniStack's whole environment.

    Nothing is inherited but PATH: MiniStack hands its own environment on to every function, and
    a function must see what Lambda would give it.
    """
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder / "tmp"),
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "AUTH": "true",  # a function may do what its own policy allows, and no more
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_WORKER_THREADS": "16",
        "LAMBDA_WARM_TTL_SECONDS": "60",  # workers a burst left behind go after a minute
        "MALLOC_ARENA_MAX": "2",  # glibc keeps a heap for each thread otherwise
        "DOCKER_HOST": "unix:///nonexistent",  # never look for containers
    }


def refuse_a_taken_port(port: int) -> None:
    """Say plainly that somebody else is there."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise StackError(
                f"Port {port} is taken. If that is a stack of ours, stop it with "
                f"`python -m local.aws down`; or choose another port: "
                f"SWITCHBOARD_AWS_PORT={port + 100}."
            )


def wait_until_healthy(process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    """Return when MiniStack answers; raise StackError with its last words when it will not."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
    while not is_healthy(port):
        if process.poll() is not None or time.monotonic() > give_up_at:
            raise StackError(f"MiniStack did not start:\n{last_words(folder / LOG_FILE)}")
        time.sleep(0.05)


def is_healthy(port: int) -> bool:
    """Say whether MiniStack answers on this port within a second."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=1)) as asked:
        try:
            asked.request("GET", "/_ministack/health")
            return asked.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def last_words(log: Path, lines: int = 15) -> str:
    """Return the end of a log, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def stop(process: subprocess.Popen[bytes]) -> None:
    """End MiniStack and the functions' workers: politely, then after five seconds not."""
    signal_group(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_TIMEOUT_S)
    # Whatever is left of the group, the leader or a worker in the middle of something.
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def signal_group(leader: int, what: signal.Signals) -> None:
    """Send a signal to a process group that may be gone already."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, what)
