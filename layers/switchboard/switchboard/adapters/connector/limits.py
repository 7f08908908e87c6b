"""The `limits` of a compiled file, with an organisation's settings filled in."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, Scope, evaluate, value_of
from switchboard.adapters.connector.pacing import Bucket, Slots
from switchboard.adapters.connector.rendering import origin_of
from switchboard.adapters.connector.settings import complete_settings, server_address
from switchboard.errors import Misconfigured

_MOST_AT_ONCE: Final = 100  # each slot is an attribute of one small item
_RESET_S: Final = 60.0
_MOST: Final = 10**12


@dataclass(frozen=True, slots=True)
class Draw:
    """What one call takes out of a bucket."""

    bucket: Bucket
    units: int


@dataclass(frozen=True, slots=True)
class Remaining:
    """What the CRM says is left, and in how many seconds there is more."""

    is_below_reserve: bool
    is_spent: bool
    reset_s: float


@dataclass(frozen=True, slots=True)
class BudgetRule:
    """How to read from an answer what is left. `key` names whose budget it is."""

    key: str
    remaining: str
    limit: str | None
    reset_s: str | None
    reserve: float

    def read(self, answer: Scope) -> Remaining | None:
        """None when the answer does not tell. Without a limit there is no reserve to keep."""
        remaining = _number(self.remaining, answer)
        if remaining is None:
            return None
        limit = _number(self.limit, answer) or 0.0
        reset_s = _number(self.reset_s, answer)
        return Remaining(
            is_below_reserve=remaining <= self.reserve * max(limit, 0.0),
            is_spent=remaining <= 0,
            reset_s=_RESET_S if reset_s is None or reset_s < 0 else reset_s,
        )


@dataclass(frozen=True, slots=True)
class _Matched:
    pattern: re.Pattern[str] | None
    entry: Draw | Slots | BudgetRule

    def fits(self, path: str) -> bool:
        return self.pattern is None or self.pattern.search(path) is not None


class Limits:
    """Which limits hold for which path."""

    def __init__(self, entries: Sequence[_Matched]) -> None:
        self._entries = entries

    def draws(self, path: str) -> list[Draw]:
        """Of each bucket its first entry that fits; the shortest window first.

        That is the order to take them in: what was taken before another bucket refused is lost,
        and of a short window it is soon there again.
        """
        firsts: dict[str, Draw] = {}
        for entry in self._fitting(path):
            if isinstance(entry, Draw):
                firsts.setdefault(entry.bucket.key, entry)
        return sorted(firsts.values(), key=lambda draw: draw.bucket.per_s)

    def slots(self, path: str) -> Slots | None:
        return next((entry for entry in self._fitting(path) if isinstance(entry, Slots)), None)

    def budgets(self, path: str) -> tuple[BudgetRule, ...]:
        return tuple(entry for entry in self._fitting(path) if isinstance(entry, BudgetRule))

    @property
    def all_buckets(self) -> list[Bucket]:
        entries = (matched.entry for matched in self._entries)
        return list({e.bucket.key: e.bucket for e in entries if isinstance(e, Draw)}.values())

    @property
    def all_slots(self) -> Slots | None:
        entries = (matched.entry for matched in self._entries)
        return next((entry for entry in entries if isinstance(entry, Slots)), None)

    @property
    def budget_keys(self) -> list[str]:
        entries = (matched.entry for matched in self._entries)
        return list(dict.fromkeys(e.key for e in entries if isinstance(e, BudgetRule)))

    def _fitting(self, path: str) -> Iterator[Draw | Slots | BudgetRule]:
        return (matched.entry for matched in self._entries if matched.fits(path))


def read_limits(
    system: str,
    definition: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    *,
    server: str,
) -> Limits:
    """Raises: Misconfigured naming the entry whose amount is none, or that contradicts another."""
    reader = _Reader(system, definition, settings, server)
    return Limits([reader.matched(place) for place in range(len(definition))])


def check_limits(definition: Mapping[str, Any], settings: Mapping[str, Any]) -> Limits:
    """What a compiled file's limits come to with these settings; for whoever publishes it.

    Raises: Misconfigured.
    """
    complete = complete_settings(definition, settings)
    return read_limits(
        str(definition["id"]),
        definition.get("limits") or [],
        complete,
        server=server_address(definition, complete),
    )


class _Reader:
    def __init__(
        self,
        system: str,
        entries: Sequence[Mapping[str, Any]],
        settings: Mapping[str, Any],
        server: str,
    ) -> None:
        self._system = system
        self._entries = entries
        self._scope = {"settings": settings}
        self._server = server

    def matched(self, place: int) -> _Matched:
        entry = self._entries[place]
        match = entry.get("match")
        pattern = None if match is None else re.compile(match)
        if "budget" in entry:
            return _Matched(pattern, self._budget(entry))
        if "concurrency" in entry:
            return _Matched(pattern, self._slots(place))
        return _Matched(pattern, self._draw(place))

    def _budget(self, entry: Mapping[str, Any]) -> BudgetRule:
        said = entry["budget"]
        return BudgetRule(
            key=self._whose(entry),
            remaining=said["remaining"],
            limit=said.get("limit"),
            reset_s=said.get("reset_s"),
            reserve=float(entry["reserve"]),
        )

    def _slots(self, place: int) -> Slots:
        if any("concurrency" in earlier for earlier in self._entries[:place]):
            raise self._mistake(place, "concurrency", "is there twice; one is counted")
        entry = self._entries[place]
        total = self._amount(place, "concurrency")
        if total > _MOST_AT_ONCE:
            raise self._mistake(place, "concurrency", f"must be at most {_MOST_AT_ONCE}")
        return Slots(self._whose(entry), total, max(1, _outside(entry["reserve"], total)))

    def _draw(self, place: int) -> Draw:
        entry = self._entries[place]
        calls = self._amount(place, "calls")
        same = [other for other in self._entries if other.get("bucket") == entry["bucket"]]
        self._require_one_amount(place, calls, same)
        dearest = max(other["cost"] for other in same)
        if dearest > calls:
            raise self._mistake(place, "calls", f"must be at least the dearest cost, {dearest}")
        bucket = Bucket(
            key=f"{self._whose(entry)}#{entry['bucket']}",
            calls=calls,
            # Without this, a call dearer than the postings' share could never be posted.
            posting_calls=max(dearest, _outside(entry["reserve"], calls)),
            per_s=float(entry["per_s"]),
        )
        return Draw(bucket, entry["cost"])

    def _require_one_amount(
        self, place: int, calls: int, same: Sequence[Mapping[str, Any]]
    ) -> None:
        entry = self._entries[place]
        for other in same:
            for key in ("per_s", "reserve", "shared_by"):
                if other[key] != entry[key]:
                    raise self._mistake(place, key, "is another than in the bucket's other entry")
            if self._amount(self._entries.index(other), "calls") != calls:
                raise self._mistake(place, "calls", "is another than in the bucket's other entry")

    def _amount(self, place: int, key: str) -> int:
        said = self._entries[place][key]
        try:
            value = value_of(said, self._scope) if isinstance(said, str) else said
        except ExpressionError as error:
            raise self._mistake(place, key, f"cannot be read: {error}") from None
        if isinstance(value, str) and value.isascii() and value.strip().isdigit():
            value = int(value) if len(value) < 16 else _MOST + 1
        is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not is_whole or not 1 <= value <= _MOST:
            raise self._mistake(place, key, "must be a whole number of at least 1")
        return int(value)

    def _mistake(self, place: int, key: str, what: str) -> Misconfigured:
        said = self._entries[place][key]
        return Misconfigured(f"{self._system}: limits[{place}].{key} ({said}) {what}")

    def _whose(self, entry: Mapping[str, Any]) -> str:
        """Ids of connectors hold no colon, so the two kinds cannot be mistaken."""
        if entry["shared_by"] == "connector":
            return self._system
        return f"account:{origin_of(self._server)}"


def _outside(reserve: float, amount: int) -> int:
    # 10 * (1 - 0.9) is a little less than 1.
    return math.floor(round(amount * (1 - reserve), 6))


def _number(expression: str | None, answer: Scope) -> float | None:
    if not expression:
        return None
    try:
        value = evaluate(expression, answer)
        number = None if isinstance(value, bool) or value is None else float(value)
    except (ExpressionError, TypeError, ValueError, OverflowError):
        return None
    return number if number is not None and math.isfinite(number) else None
