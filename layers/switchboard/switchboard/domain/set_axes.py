"""The kinds of sets that rows can tell apart: as few values as possible, and still exact.

`has all x, y` and `has none x, y` ask for each word on its own, so each word can be looked at
alone, however many there are. Only `has any x, y` ties words together. Words that are always named
together are one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from switchboard.domain.axis import Axis, union
from switchboard.domain.cells import Attribute, Condition, Missing, SetTest

MOST_COMBINATIONS: Final = (
    4096  # of twelve words that are tied together; of more, if some are alike
)

_Words = tuple[str, ...]
_Tests = Mapping[SetTest, int]


class TooManyCombinations(ValueError):
    """Rows tie too many words of a set together to look at every combination."""


def set_axes(
    attribute: Attribute, tested: Mapping[Condition, int], everything: int
) -> Iterator[Axis]:
    """Whether there is a set at all; then what it has, an axis for what no row ties together.

    Raises: TooManyCombinations.
    """
    absent = union(rows for condition, rows in tested.items() if isinstance(condition, Missing))
    there = union(tested.values()) & ~absent
    presence = (everything & ~there, everything & ~absent)
    yield Axis(attribute, (None, frozenset()), presence, presence[0] & presence[1])
    tests = {test: rows for test, rows in tested.items() if isinstance(test, SetTest)}
    for alike in _tied(_named_alike(attribute, tests), tests):
        yield _axis(attribute, alike, tests, everything)


def _named_alike(attribute: Attribute, tests: _Tests) -> list[_Words]:
    groups: dict[tuple[bool, ...], _Words] = {}
    for word in attribute.values:
        named = tuple(word in test.words for test in tests)
        if any(named):
            groups[named] = (*groups.get(named, ()), word)
    return list(groups.values())


def _tied(groups: Sequence[_Words], tests: _Tests) -> list[list[_Words]]:
    parts = [[words] for words in groups]
    for test in tests:
        if test.how == "any":
            named = [part for part in parts if any(words[0] in test.words for words in part)]
            others = [part for part in parts if part not in named]
            parts = [*others, [words for part in named for words in part]]
    return parts


def _axis(attribute: Attribute, groups: Sequence[_Words], tests: _Tests, everything: int) -> Axis:
    """Every combination of the groups: the rows whose `has any` it meets, and those it excludes."""
    kinds: dict[tuple[int, int], _Words] = {(0, 0): ()}
    meeting = looking = 0
    for words in groups:
        naming = {test: rows for test, rows in tests.items() if words[0] in test.words}
        looking |= union(naming.values())
        meeting |= union(rows for test, rows in naming.items() if test.how == "any")
        more: dict[tuple[int, int], _Words] = {}
        for has in _states(words, naming):
            met, excluded = _effect(words, has, naming)
            for (rows, others), chosen in kinds.items():
                more.setdefault((rows | met, others | excluded), chosen + has)
        kinds = more
        if len(kinds) > MOST_COMBINATIONS:
            raise TooManyCombinations(
                f"attributes.{attribute.name}: `has any` ties {len(groups)} groups of its values "
                "together, more than can be checked; name fewer at once, or split the attribute"
            )
    return Axis(
        attribute,
        tuple(frozenset(chosen) for chosen in kinds.values()),
        tuple(everything & ~(meeting & ~met) & ~excluded for met, excluded in kinds),
        everything & ~looking,
    )


def _states(words: _Words, naming: _Tests) -> list[_Words]:
    """None of the words, one, or all of them, as far as the tests tell that apart."""
    hows = {test.how for test in naming}
    if "all" not in hows:
        return [(), words[:1]]
    if len(words) > 1 and len(hows) > 1:
        return [(), words[:1], words]
    return [(), words]


def _effect(words: _Words, has: _Words, naming: _Tests) -> tuple[int, int]:
    met = excluded = 0
    for test, rows in naming.items():
        if test.how == "any":
            met |= rows if has else 0
        elif (test.how == "none" and has) or (test.how == "all" and has != words):
            excluded |= rows
    return met, excluded
