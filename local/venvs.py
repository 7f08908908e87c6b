"""Interpreters for what must not share ours, made from their locks on first use.

They live in environments of their own: the SAM CLI pins another boto3 than the functions use,
and MiniStack runs the functions, so it must run on the template's Python.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
# The template's runtime first; a machine without it still runs the stack, on what it has.
PREFERRED_PYTHONS = ("3.13", "3.12", "3.11")

Say = Callable[[str], None]


class SetupError(Exception):
    """An environment could not be made; the text says what to do."""


def silently(_line: str) -> None:
    """Tell nobody."""


def stack_python(home: Path, say: Say = silently) -> Path:
    """Return the interpreter MiniStack runs under; `say` hears about long set-up."""
    return environment_python(home, "stack", say)


def environment_python(home: Path, name: str, say: Say) -> Path:
    """Return the interpreter of the environment that `requirements/<name>.lock` describes."""
    lock = REPOSITORY / "requirements" / f"{name}.lock"
    folder = home / "venvs" / name
    python = folder / "bin" / "python"
    made_from = folder / "made-from"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    with one_at_a_time(home / "venvs" / f"{name}.lock"):
        if python.exists() and made_from.exists() and made_from.read_text() == wanted:
            return python
        version = newest_python()
        say(f"Setting up {name} on Python {version} (once, under a minute) …")
        install(folder, lock, version)
        made_from.write_text(wanted)
    return python


@contextlib.contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Let one process in; tests and a running stack may set up the same thing at once."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def newest_python() -> str:
    """Return the newest version we support whose interpreter starts.

    A file called python3.13 proves nothing: version managers leave shims that refuse to run.
    """
    for version in PREFERRED_PYTHONS:
        if starts(version):
            return version
    raise SetupError(f"no Python found; install one of {', '.join(PREFERRED_PYTHONS)}")


def starts(version: str) -> bool:
    """Say whether an interpreter of this version runs here."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return True
    return run([uv(), "python", "find", version]).returncode == 0


def install(folder: Path, lock: Path, version: str) -> None:
    """Make the environment exactly what the lock says, with bytecode."""
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    interpreter = sys.executable if version == here else version
    python = str(folder / "bin" / "python")
    sync = [uv(), "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]
    steps = (
        [uv(), "venv", "--quiet", "--clear", "--python", interpreter, str(folder)],
        [*sync, "--python", python, str(lock)],
    )
    for step in steps:
        done = run(step)
        if done.returncode:
            raise SetupError(f"setting up {folder.name} failed:\n{done.stderr.strip()}")


def uv() -> str:
    """Find uv, which the development environment brings."""
    beside_us = Path(sys.executable).parent
    found = shutil.which("uv", path=f"{beside_us}{os.pathsep}{os.environ['PATH']}")
    if not found:
        raise SetupError(
            "uv is missing; it is part of the development environment, which `make run` sets up"
        )
    return found


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a set-up command without ever downloading an interpreter."""
    environment = {**os.environ, "UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
