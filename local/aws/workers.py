"""The operating-system processes that run functions, and how to kill one.

MiniStack keeps a Python process for each function and each call in flight, in its own process
group. Linux only: it reads /proc.
"""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.aws.ministack import Ministack

WORKER = re.compile(r"/ministack-lambda-(?P<function>.+)-[a-z0-9_]{8}/_worker\.py$")


@dataclass(frozen=True)
class Worker:
    """One process that runs one function."""

    pid: int
    function: str


def workers(aws: Ministack, function: str | None = None) -> list[Worker]:
    """Return the live workers of one function, or of all; `function` is its deployed name."""
    found = (worker_of(folder) for folder in processes_of_group(aws.pid))
    return [w for w in found if w is not None and function in (None, w.function)]


def kill_workers(aws: Ministack, function: str) -> list[int]:
    """Kill -9 every worker of a function, whatever it is doing, and return their ids.

    A call in flight is answered 502 by the HTTP API. A queue's messages come back when their
    visibility timeout is over. The next call gets a new process.
    """
    killed = [worker.pid for worker in workers(aws, function)]
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    return killed


def processes_of_group(leader: int) -> Iterator[Path]:
    """Yield the /proc folders of a group's living processes."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = folder.joinpath("stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        # After the name, which may hold anything: state, parent, process group.
        state, _parent, group = status.rpartition(")")[2].split()[:3]
        if int(group) == leader and state != "Z":
            yield folder


def worker_of(folder: Path) -> Worker | None:
    """Recognise a worker by its command line."""
    try:
        arguments = folder.joinpath("cmdline").read_text().rstrip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    match = WORKER.search(arguments[-1])
    return Worker(int(folder.name), match["function"]) if match else None
