"""What other rules would have done to recorded contacts."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from switchboard.domain.both_rulesets import BothRulesets, Pair
from switchboard.domain.cells import Attribute, Value, unknown
from switchboard.domain.effects import goes_to, listed
from switchboard.domain.facts import recalled
from switchboard.domain.hours_anew import HoursAnew
from switchboard.domain.replay_gaps import Gaps, Origins
from switchboard.domain.replayed import Group, Moved, Recorded, Replayed
from switchboard.domain.routing import Decision
from switchboard.domain.ruleset import Ruleset

MISSING: Final = "(missing)"
EXAMPLES: Final = 3
_GROUPABLE: Final = ("flag", "choice", "set")

_Rows = tuple[str, str]
_Key = TypeVar("_Key", str, _Rows)


def replay(
    old: Ruleset,
    new: Ruleset,
    recorded: Iterable[Recorded],
    *,
    old_digest: str = "",
    by: str = "",
    examples: int = EXAMPLES,
) -> Replayed:
    """Decide every contact by both rulesets, from its recorded facts, and count what differs.

    Where the new rules have other hours, these are told by the moment and not by the record.
    Reads `recorded` once and keeps of it only examples: the first few of each pair of rows.

    Raises: ValueError when `by` is no attribute that contacts can be grouped by.
    """
    hours = HoursAnew(old, new)
    tally = _Tally(hours.old, new, old_digest=old_digest, by=by, examples=examples)
    for contact in map(hours.read, recorded) if hours.sources else recorded:
        tally.add(contact)
    return replace(tally.result(), read_anew=_sorted(hours.counts))


class _Tally:
    """Counts pairs of distinct decisions; everything that is told is added up from these."""

    def __init__(
        self, old: Ruleset, new: Ruleset, *, old_digest: str, by: str, examples: int
    ) -> None:
        self._both = BothRulesets(old, new)
        self._gaps, self._origins = Gaps(old, new), Origins(old_digest)
        self._by, self._group_of = by, _grouping(old, new, by) if by else None
        self._pairs: Counter[Pair] = Counter()
        self._groups: Counter[tuple[str, Pair]] = Counter()
        self._examples: dict[_Rows, list[Recorded]] = defaultdict(list)
        self._most_examples = examples
        self._first_at = self._last_at = ""

    def add(self, contact: Recorded) -> None:
        pair = self._both.decide(contact.facts)
        self._pairs[pair] += 1
        if self._group_of:
            self._groups[self._group_of(contact.facts), pair] += 1
        self._gaps.note(contact.facts)
        rows = self._both.rows[pair]
        self._origins.note(contact, rows[0])
        if self._both.differs[pair] and len(self._examples[rows]) < self._most_examples:
            self._examples[rows].append(contact)
        self._first_at = min(self._first_at or contact.at, contact.at)
        self._last_at = max(self._last_at, contact.at)

    def result(self) -> Replayed:
        rows = self._moved(lambda decision: decision.row)
        return Replayed(
            contacts=self._pairs.total(),
            differently=sum(moved.differently for moved in rows),
            first_at=self._first_at,
            last_at=self._last_at,
            rows=rows,
            queues=self._moved(goes_to),
            prompts=self._moved(lambda decision: listed(decision.prompts)),
            aspects=_sorted(self._aspects()),
            by=self._by,
            groups=self._told_groups(),
            examples=tuple(
                self._both.explained(contact)
                for moved in rows
                for contact in self._examples.get((moved.old, moved.new), ())
            ),
            not_recorded=_sorted(self._gaps.not_recorded),
            not_listed=_sorted(self._gaps.not_listed),
            other_rulesets=_sorted(self._origins.others),
            drifted=_moves(self._origins.drifted, self._origins.drifted),
        )

    def _moved(self, told: Callable[[Decision], str]) -> tuple[Moved, ...]:
        every: Counter[_Rows] = Counter()
        differently: Counter[_Rows] = Counter()
        for pair, count in self._pairs.items():
            old, new = self._both.decisions(pair)
            every[told(old), told(new)] += count
            if self._both.differs[pair]:
                differently[told(old), told(new)] += count
        return _moves(every, differently)

    def _aspects(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for pair, count in self._pairs.items():
            for one in self._both.differs[pair]:
                counts[one.what] += count
        return counts

    def _told_groups(self) -> tuple[Group, ...]:
        every: Counter[str] = Counter()
        differently: Counter[str] = Counter()
        for (value, pair), count in self._groups.items():
            every[value] += count
            if self._both.differs[pair]:
                differently[value] += count
        return tuple(
            Group(value, count, differently[value]) for value, count in _sorted(every).items()
        )


def _grouping(old: Ruleset, new: Ruleset, by: str) -> Callable[[Mapping[str, Any]], str]:
    """Tells the value of the attribute, in the new rules' words where they have it."""
    every = {**old.attributes, **new.attributes}
    if by not in every:
        raise ValueError(f"attribute {unknown(by, tuple(every))}")
    attribute = every[by]
    if attribute.type not in _GROUPABLE:
        raise ValueError(f"{by} is of the type {attribute.type}; group by a flag, choice or set")
    return lambda kept: _value_text(attribute, recalled({by: attribute}, kept)[by])


def _value_text(attribute: Attribute, value: Value) -> str:
    if value is None:
        return MISSING
    if isinstance(value, frozenset):
        return listed(tuple(word for word in attribute.values if word in value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _moves(every: Counter[_Rows], differently: Counter[_Rows]) -> tuple[Moved, ...]:
    """The most contacts first; equals by name, so that the order never is by chance."""
    return tuple(
        Moved(*names, count, differently[names]) for names, count in _sorted(every).items()
    )


def _sorted(counts: Counter[_Key]) -> dict[_Key, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))
