"""Schemathesis, in an interpreter of its own: it gets the document, an address and a key."""

import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tools.openapi import FILE

HERE: Final = Path(__file__).parent
PHASES: Final = ("examples", "coverage", "fuzzing", "stateful")
# What holds whatever is sent. With hostile bytes the tester cannot tell good requests from bad.
PROMISED: Final = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
_CASES: Final = re.compile(r"(\d+) generated")
_HEADING: Final = re.compile(r"_{2,} (.+) _{2,}")
_FAILURE: Final = re.compile(r"- (ST\d+ .+)")
_LONGEST_S: Final = 3600


def seed() -> int:
    """What is sent follows from it; findings name it."""
    return int(os.environ.get("SWITCHBOARD_API_SEED", "4"))


def examples() -> int:
    """Requests per operation, beside those that go through every boundary in the document."""
    return int(os.environ.get("SWITCHBOARD_API_EXAMPLES", "15"))


@dataclass(frozen=True)
class Known:
    """What the document does not say: a key, where others are good, things that exist."""

    key: str
    keys_elsewhere: dict[str, str]
    numbers: list[str]
    hook_secret: str
    deliveries: list[Any]
    message: str
    identifiers: dict[str, list[str]]


@dataclass(frozen=True)
class Verdict:
    """What a run found; `text` is what the tester printed."""

    is_good: bool
    text: str

    @property
    def cases(self) -> int:
        """How many requests were made up."""
        found = _CASES.search(self.text)
        return int(found[1]) if found else 0

    @property
    def failures(self) -> set[tuple[str, str]]:
        """Each operation, or part of the run, with each kind of failure that it shows."""
        found, place = set(), ""
        for line in self.text.splitlines():
            if heading := _HEADING.fullmatch(line):
                place = heading[1]
            elif failure := _FAILURE.match(line):
                found.add((place, failure[1]))
        return found


@dataclass(frozen=True)
class ApiTester:
    """Runs of the tester against one address."""

    python: Path
    home: Path
    url: str
    known: Known

    def run(
        self,
        *,
        seed: int,
        examples: int,
        hooks: str = "hooks.py",
        phases: Sequence[str] = PHASES,
        checks: Sequence[str] = (),
        only: Sequence[str] = (),
    ) -> Verdict:
        """Whether the API keeps the document, for that many requests per operation.

        `only` names operations by id; without names it is all of them, as without `checks` it is
        all that schemathesis.toml leaves on.
        """
        command = [
            *(str(self.python), "-m", "schemathesis.cli"),
            *("--config-file", str(HERE / "schemathesis.toml")),
            *("run", str(FILE), "--url", self.url, "--no-color", "--continue-on-failure"),
            *("--seed", str(seed), "--max-examples", str(examples), "--warnings", "off"),
            *("--phases", ",".join(phases)),
            *(("--checks", ",".join(checks)) if checks else ()),
            *(word for name in only for word in ("--include-operation-id", name)),
        ]
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self._environment(hooks),
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
        return Verdict(done.returncode == 0, done.stdout + done.stderr)

    def _environment(self, hooks: str) -> dict[str, str]:
        known = {name: value for name, value in vars(self.known).items() if name != "key"}
        return {
            **os.environ,
            "SCHEMATHESIS_HOOKS": str(HERE / hooks),
            "SWITCHBOARD_KEY": self.known.key,
            "SWITCHBOARD_KNOWN": json.dumps(known),
        }
