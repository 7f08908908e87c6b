"""Two rulesets beside each other, and what differs when both decide."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from switchboard.domain.bulk_decisions import BulkDecisions
from switchboard.domain.cells import Cell
from switchboard.domain.effects import differing, effects, goes_to
from switchboard.domain.facts import recalled
from switchboard.domain.kept_masks import kept_masks
from switchboard.domain.replayed import Differing, Example, Explained, PassedRow, Recorded
from switchboard.domain.routing import Decision, decide, explain
from switchboard.domain.ruleset import Ruleset

Pair = tuple[int, int]
"""One of the distinct decisions of each ruleset."""


class BothRulesets:
    """Decides a recorded contact by both at once.

    `differs` and `rows` hold every pair that came up.
    """

    def __init__(self, old: Ruleset, new: Ruleset) -> None:
        self.differs: dict[Pair, tuple[Differing, ...]] = {}
        self.rows: dict[Pair, tuple[str, str]] = {}
        self._old, self._new = old, new
        self._names = _names_beside(old, new)
        old_rows = list(_rows(old))
        new_rows = [self._renamed(cells) for cells in _rows(new)]
        beside = {self._names[name]: attribute for name, attribute in new.attributes.items()}
        self._matching = kept_masks({**old.attributes, **beside}, [*old_rows, *new_rows])
        self._by_old = BulkDecisions(old, first_bit=0)
        self._by_new = BulkDecisions(new, first_bit=len(old_rows))

    def decide(self, kept: Mapping[str, Any]) -> Pair:
        matching = self._matching(kept)
        pair = self._by_old.number(matching, kept), self._by_new.number(matching, kept)
        if pair not in self.differs:
            self._compare(pair)
        return pair

    def decisions(self, pair: Pair) -> tuple[Decision, Decision]:
        return self._by_old.distinct[pair[0]], self._by_new.distinct[pair[1]]

    def explained(self, contact: Recorded) -> Example:
        return Example(
            at=contact.at,
            id=contact.id,
            differs=self.differs[self.decide(contact.facts)],
            old=_explained(self._old, contact.facts),
            new=_explained(self._new, contact.facts),
        )

    def _compare(self, pair: Pair) -> None:
        old, new = self.decisions(pair)
        self.differs[pair] = differing(effects(self._old, old), effects(self._new, new))
        self.rows[pair] = old.row, new.row

    def _renamed(self, cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        return tuple(replace(cell, attribute=self._names[cell.attribute]) for cell in cells)


def _rows(ruleset: Ruleset) -> Iterator[tuple[Cell, ...]]:
    return (row.cells for table in ruleset.tables for row in table.rows)


def _names_beside(old: Ruleset, new: Ruleset) -> dict[str, str]:
    """What the new rules' attributes are called beside the old ones': the same if they are it."""
    return {
        name: name if old.attributes.get(name) == attribute else f"new {name}"
        for name, attribute in new.attributes.items()
    }


def _explained(ruleset: Ruleset, kept: Mapping[str, Any]) -> Explained:
    facts = recalled(ruleset.attributes, kept)
    decision = decide(ruleset, facts)
    passed = tuple(PassedRow(each.row, each.why) for each in explain(ruleset, facts))
    return Explained(decision.row, goes_to(decision), decision.because, passed)
