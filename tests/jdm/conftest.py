"""The interpreter that has GoRules zen is set up once, from its lock."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from local.venvs import environment_python

REPOSITORY = Path(__file__).resolve().parents[2]
RUN_ZEN = Path(__file__).with_name("run_zen.py")


class Zen:
    """GoRules zen, in an environment and a process of its own."""

    def __init__(self, python: Path) -> None:
        self._running = subprocess.Popen(
            [str(python), str(RUN_ZEN)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def decides(
        self, graph: Mapping[str, Any], callers: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        """What zen decides by this graph, for each of the callers."""
        stdin, stdout = self._running.stdin, self._running.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"graph": graph, "callers": callers}) + "\n")
        stdin.flush()
        answers: list[dict[str, Any]] = json.loads(stdout.readline())
        return answers

    def close(self) -> None:
        self._running.communicate(timeout=10)


@pytest.fixture(scope="session")
def zen() -> Iterator[Zen]:
    """Whoever tries another version of zen may name an interpreter that has it."""
    given = os.environ.get("SWITCHBOARD_JDM_PYTHON")
    python = Path(given) if given else environment_python(REPOSITORY / ".local", "jdm", print)
    engine = Zen(python)
    yield engine
    engine.close()
