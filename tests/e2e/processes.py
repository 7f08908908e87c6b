"""What a run leaves in the process table, and what it weighs. Linux only: it reads /proc."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

Pid = int


def belonging_to(*marks: str) -> list[Pid]:
    """Everybody whose command line, environment or working directory names one of the marks.

    This process and the ones above it are left out: they name the marks because they ask.
    """
    ours = set(_ancestors(os.getpid()))
    wanted = [mark.encode() for mark in marks]
    return [
        pid for pid in _pids() if pid not in ours and any(mark in _traces(pid) for mark in wanted)
    ]


def descendants(root: Pid) -> list[Pid]:
    """A process and everything below it, also what lives in groups of its own."""
    children: dict[Pid, list[Pid]] = {}
    for pid in _pids():
        children.setdefault(_parent(pid), []).append(pid)
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def memory_mb(pids: list[Pid]) -> float:
    """Proportional set size: memory that processes share is counted once."""
    return sum(_pss_kb(pid) for pid in pids) / 1024


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _pids() -> Iterator[Pid]:
    return (int(folder.name) for folder in Path("/proc").glob("[0-9]*"))


def _ancestors(pid: Pid) -> Iterator[Pid]:
    while pid > 0:
        yield pid
        pid = _parent(pid)


def _parent(pid: Pid) -> Pid:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # After the name, which may hold anything: state, parent.
    return int(status.rpartition(")")[2].split()[1])


def _traces(pid: Pid) -> bytes:
    folder = Path(f"/proc/{pid}")
    try:
        seen = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        return b"\0".join((*seen, os.fsencode((folder / "cwd").readlink())))
    except OSError:
        return b""


def _pss_kb(pid: Pid) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
