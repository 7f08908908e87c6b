"""How far a backfill has come, in a file beside its own, so that it goes on where it was."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Final

_SAVE_EVERY_S: Final = 1.0


@dataclass
class Checkpoint:
    """What was done of the file with this digest, up to and including a line.

    Saved at most once a second: what is done again after a crash was known by then.
    """

    path: Path
    digest: str
    line: int = 0
    taken: int = 0
    repeated: int = 0
    refused: int = 0
    _saved_at_s: float = field(default=0.0, repr=False)

    @classmethod
    def beside(cls, file: Path, digest: str) -> "Checkpoint":
        """The one that an earlier run of the same file left, or a new one."""
        path = file.with_name(f"{file.name}.checkpoint")
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            counts = {name: int(kept[name]) for name in ("line", "taken", "repeated", "refused")}
            return cls(path, digest, **counts) if kept["digest"] == digest else cls(path, digest)
        except (OSError, ValueError, TypeError, KeyError):
            return cls(path, digest)

    def save(self, now_s: float | None = None) -> None:
        """Write it, unless that was a moment ago; without a time in any case."""
        if now_s is not None and now_s - self._saved_at_s < _SAVE_EVERY_S:
            return
        self._saved_at_s = now_s or 0.0
        told = {n: v for n, v in asdict(self).items() if n not in {"path", "_saved_at_s"}}
        new = self.path.with_name(f"{self.path.name}.new")
        new.write_text(json.dumps(told), encoding="utf-8")
        new.replace(self.path)  # never half a file

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def refusals_beside(file: Path, *, goes_on: bool) -> IO[str]:
    """Where refused lines are told of: number and reason, nothing of what they say."""
    path = file.with_name(f"{file.name}.refused")
    path.touch(mode=0o600)
    return path.open("a" if goes_on else "w", encoding="utf-8", buffering=1)
