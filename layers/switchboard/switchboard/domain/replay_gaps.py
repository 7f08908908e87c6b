"""What recorded contacts cannot tell other rules, and who had decided them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from switchboard.domain.cells import OTHER, Attribute
from switchboard.domain.replayed import Recorded
from switchboard.domain.ruleset import Ruleset


class Gaps:
    """Counts, by source, contacts at which it was not looked at or said a word not yet listed."""

    def __init__(self, old: Ruleset, new: Ruleset) -> None:
        self.not_recorded: Counter[str] = Counter()
        self.not_listed: Counter[str] = Counter()
        self._sources = frozenset(each.source for each in new.attributes.values())
        self._widened = tuple(_widened(old, new))

    def note(self, kept: Mapping[str, Any]) -> None:
        if not self._sources <= kept.keys():
            self.not_recorded.update(self._sources - kept.keys())
        for attribute in self._widened:
            if attribute.type == "set" or kept.get(attribute.source) == OTHER:
                self.not_listed[attribute.source] += 1


class Origins:
    """Counts who had decided: the old rules as they still decide, as they do no more, or others."""

    def __init__(self, old_digest: str) -> None:
        self.others: Counter[str] = Counter()
        self.drifted: Counter[tuple[str, str]] = Counter()
        self._digest = old_digest

    def note(self, contact: Recorded, row_now: str) -> None:
        if contact.ruleset != self._digest:
            self.others[contact.ruleset] += 1
        elif contact.row != row_now:
            self.drifted[contact.row, row_now] += 1


def _widened(old: Ruleset, new: Ruleset) -> Iterator[Attribute]:
    """The new rules' choices and sets that list words which the old ones did not."""
    known: dict[str, frozenset[str]] = {}
    for attribute in old.attributes.values():
        known[attribute.source] = known.get(attribute.source, frozenset()) | {*attribute.values}
    for attribute in new.attributes.values():
        if not known.get(attribute.source, {*attribute.values}) >= {*attribute.values}:
            yield attribute
