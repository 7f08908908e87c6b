"""Lengths of time as people write them in a ruleset: `30s`, `15m`, `4h`, `14d`, `2w`."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

_WRITTEN: Final = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([smhdw])", re.ASCII)
_SECONDS: Final[Mapping[str, int]] = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_WORDS: Final[Mapping[str, str]] = {
    "w": "week", "d": "day", "h": "hour", "m": "minute", "s": "second",
}  # fmt: skip


def read_duration(written: object) -> float:
    """Seconds.

    Raises: ValueError that says how to write it.
    """
    match = _WRITTEN.fullmatch(str(written).strip())
    if match is None:
        raise ValueError(f"{written!r} is not a length of time; write 30s, 15m, 4h, 14d or 2w")
    return float(match.group(1)) * _SECONDS[match.group(2)]


def duration_text(seconds: float) -> str:
    """A short exact way to write it: 120 is `2m`. Weeks are days: people write 14d."""
    for unit, worth in _SECONDS.items():
        if unit != "w" and seconds >= worth and seconds % worth == 0:
            return f"{plain(seconds / worth)}{unit}"
    return f"{plain(seconds)}s"


def plain(number: float) -> str:
    """All digits and no exponent: 1000000 and never 1e+06."""
    return f"{Decimal(repr(number)).normalize():f}"


def spoken_duration(seconds: float) -> str:
    """Roughly, in words: 190000 is `2 days`."""
    for unit, word in _WORDS.items():
        count = int(seconds // _SECONDS[unit])
        if count:
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "0 seconds"
