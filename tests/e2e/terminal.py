"""A newcomer at a terminal: types a command, reads what it says, presses Ctrl-C."""

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e import processes

ROOT = Path(__file__).resolve().parents[2]
SWITCHBOARD = str(ROOT / ".venv" / "bin" / "switchboard")


@dataclass(frozen=True)
class Desk:
    """Ports and folders that nobody else uses, and the environment that says so."""

    folder: Path
    ports: tuple[int, int, int] = field(
        default_factory=lambda: (
            processes.free_port(),
            processes.free_port(),
            processes.free_port(),
        )
    )

    @property
    def state(self) -> Path:
        return self.folder / ".local"

    @property
    def temporary(self) -> Path:
        return self.folder / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        aws, ecs, crm = map(str, self.ports)
        return {
            **os.environ,
            "SWITCHBOARD_AWS_PORT": aws,
            "SWITCHBOARD_ECS_PORT": ecs,
            "SWITCHBOARD_CRM_PORT": crm,
            "TMPDIR": str(self.temporary),
            "COLUMNS": "80",
        }

    @property
    def crm_url(self) -> str:
        return f"http://127.0.0.1:{self.ports[2]}"

    def leftovers(self) -> list[str]:
        """What a run that has ended should not have left: processes, ports, folders."""
        marks = (str(self.folder), f"ministack-{self.ports[0]}")
        return [
            *(f"process {pid}" for pid in processes.belonging_to(*marks)),
            *(f"port {port}" for port in self.ports if processes.listens(port)),
            *(str(path) for path in (ROOT / ".local").glob(f"ministack-{self.ports[0]}*")),
            *(str(path) for path in self.temporary.iterdir()),
            *(str(path) for path in self.state.glob("run.json")),
        ]


def new_desk(folder: Path) -> Desk:
    desk = Desk(folder)
    desk.temporary.mkdir(parents=True)
    desk.state.mkdir()
    return desk


class Command:
    """A command that runs in a process group of its own, as a terminal starts it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.began = time.monotonic()
        self.said = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, words: str, within_s: float = 60) -> float:
        """Read on until it says the words; the seconds since it was started."""
        give_up_at = time.monotonic() + within_s
        while words not in self.said:
            line = self._next_line(give_up_at)
            assert line is not None, f"ended without saying {words!r}:\n{self.said}"
        return time.monotonic() - self.began

    def press_ctrl_c(self) -> None:
        os.killpg(self.pid, signal.SIGINT)

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def ends(self, within_s: float = 60) -> int:
        """Its exit code, after everything it said has been read."""
        code = self._process.wait(timeout=within_s)
        give_up_at = time.monotonic() + 5
        while self._next_line(give_up_at) is not None:
            pass
        return code

    def close(self) -> None:
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self._process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()
        self._reader.join(timeout=10)
        if self._process.stdout:
            self._process.stdout.close()

    def _next_line(self, give_up_at: float) -> str | None:
        try:
            line = self._lines.get(timeout=max(0.0, give_up_at - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"nothing more came in time, after:\n{self.said}") from None
        self.said += line or ""
        return line

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(None)


@contextmanager
def started(
    command: Sequence[str], *, environment: Mapping[str, str], cwd: Path
) -> Iterator[Command]:
    process = subprocess.Popen(
        command,
        env=dict(environment),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    running = Command(process)
    try:
        yield running
    finally:
        running.close()
