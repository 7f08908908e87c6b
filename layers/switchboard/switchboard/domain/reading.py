"""Reads what people wrote in a file, and collects every problem, so that they mend it once.

Scalars may be text, as YAML has them when `no` and `12:30` are to keep their spelling, or typed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from switchboard.domain.cells import unknown
from switchboard.domain.durations import read_duration

T = TypeVar("T")

MOST_PROBLEMS: Final = 100


class TooManyProblems(Exception):
    """Nobody mends so many at once, and looking for what each was meant to be takes long."""


class Reading:
    """Reads values at named places; what cannot be used is a line in `problems`.

    Every method may raise TooManyProblems; then `problems` holds those found so far.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, where: str, what: str) -> None:
        if len(self.problems) == MOST_PROBLEMS:
            self.problems.append("and more; mend these first")
            raise TooManyProblems
        self.problems.append(f"{where}: {what}")

    def mapping(self, where: str, value: object) -> Mapping[str, Any]:
        """Pairs; an empty one where there is nothing."""
        if value is None or value == "":
            return {}
        if isinstance(value, Mapping):
            return {str(key): item for key, item in value.items()}
        self.problem(where, f"write `name: value` pairs, not {_short(value)}")
        return {}

    def entries(self, where: str, value: object) -> Sequence[Any]:
        """A list; an empty one where there is nothing."""
        if value is None or value == "":
            return ()
        if isinstance(value, list | tuple):
            return value
        self.problem(where, f"write a list, not {_short(value)}")
        return ()

    def words(self, where: str, value: object) -> tuple[str, ...]:
        """A list of words, or text with commas between them."""
        listed = value.split(",") if isinstance(value, str) else self.entries(where, value)
        words = [self.word(where, item) for item in listed]
        return tuple(word for word in words if word)

    def word(self, where: str, value: object) -> str:
        if isinstance(value, str):
            return value.strip()
        # YAML reads a bare yes, no or 7 as something else than a word.
        self.problem(where, f"write {_short(value)} as text, in quotes")
        return ""

    def text(self, where: str, value: object) -> str:
        """Free text; empty where there is nothing."""
        if value is None:
            return ""
        if isinstance(value, str | int | float):
            return " ".join(str(value).split())
        self.problem(where, f"write text, not {_short(value)}")
        return ""

    def one_of(self, where: str, value: Any, allowed: Sequence[str]) -> str:
        """The word, allowed or not."""
        if value not in allowed:
            self.problem(where, unknown(value, allowed))
        return str(value)

    def known_keys(self, where: str, spec: Mapping[str, Any], allowed: Sequence[str]) -> None:
        for key in spec:
            if key not in allowed:
                self.problem(where, f"key {unknown(key, allowed)}")

    def flag(self, where: str, value: object, *, default: bool) -> bool:
        if value is None:
            return default
        if isinstance(value, bool) or str(value).lower() in ("true", "false"):
            return str(value).lower() == "true"
        self.problem(where, f"{_short(value)} is not a flag; write true or false")
        return default

    def whole(self, where: str, value: object, *, default: int, span: range) -> int:
        """A whole number of the span."""
        if value is None:
            return default
        text = str(value).strip()
        is_whole = text.isascii() and text.isdecimal() and len(text) < 10
        if not isinstance(value, bool) and is_whole and int(text) in span:
            return int(text)
        told = f"{_short(value)} is not a whole number from {span[0]} to {span[-1]}"
        self.problem(where, told)
        return default

    def duration(self, where: str, value: object, *, default: float) -> float:
        return default if value is None else self.read(where, read_duration, value, default)

    def read(self, where: str, reader: Callable[[Any], T], value: object, default: T) -> T:
        """What the reader makes of the value; its ValueError is a problem."""
        try:
            return reader(value)
        except ValueError as error:
            self.problem(where, str(error))
            return default


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
