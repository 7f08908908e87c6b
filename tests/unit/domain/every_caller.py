"""Made-up rulesets, and every caller of their small spaces: what the exact checks are held to.

Callers are counted out, value by value. Nothing here knows how the checks look for them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from random import Random
from typing import Any

from switchboard.domain.cells import OTHER, Attribute, Cell, Value, read_cell
from switchboard.domain.ruleset import Outcome, Row, Ruleset
from switchboard.domain.ruleset_reader import read_ruleset

_TYPES = ("flag", "choice", "number", "set", "instant")
_WORDS = ("a", "b", "c", "d")
_SOURCES = {
    "flag": ("crm.x", "lookup.known", "switch.x", "calendar.open"),
    "number": ("crm.x", "history.contacts_7d"),
}
_PROMPTS = ("p", "q", "s", "t", "u")
_MOST = 3  # the largest number in a cell; days in that of an instant
_DAY_S = 86_400.0


def some_attributes(chance: Random, least: int = 1, most: int = 3) -> dict[str, Attribute]:
    names = [f"{chance.choice(_TYPES)}_{number}" for number in range(chance.randint(least, most))]
    return {name: _attribute(chance, name) for name in names}


def some_cells(chance: Random, attributes: Mapping[str, Attribute]) -> tuple[Cell, ...]:
    count = min(len(attributes), chance.choice([0, *[1, 2, 3] * 5]))
    chosen = chance.sample(sorted(attributes), count)
    return tuple(read_cell(attributes[name], _cell(chance, attributes[name])) for name in chosen)


def some_ruleset(chance: Random) -> Ruleset:
    """Few outcomes, so that rows often decide what the next one would; and up to five prompts."""
    attributes = some_attributes(chance)
    route = [_route_row(chance, f"r{number}", attributes) for number in range(chance.randint(2, 6))]
    rest = {"id": "rest", "when": {}, "then": {"do": "message"}}
    added = [
        {
            "id": f"table-{number}",
            "hit": hit,
            "rows": [
                _adding_row(chance, f"a{number}-{row}", attributes)
                for row in range(chance.randint(1, 4))
            ],
        }
        for number, hit in enumerate(chance.choice([("all",), ("all", "first"), ("first", "all")]))
    ]
    document = {
        "format": "routing/1",
        "attributes": {
            a.name: {
                "type": a.type,
                "from": a.source,
                **({"values": [*a.values]} if a.values else {}),
            }
            for a in attributes.values()
        },
        "names": {"prompts": [*_PROMPTS], "flags": ["f"]},
        "calendars": {"main": {"weekly": {"mon-fri": ["09:00-17:00"]}}},
        "tables": [{"id": "route", "hit": "first", "rows": [*route, rest]}, *added],
    }
    return read_ruleset(document)


def _route_row(chance: Random, name: str, attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    own: dict[str, Any] = {"prompts": []} if chance.random() < 0.5 else {}
    return {"id": name, "when": _when(chance, attributes), "then": {"do": "message", **own}}


def _adding_row(chance: Random, name: str, attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    prompts = chance.sample(_PROMPTS, chance.choice([0, 1, 1, 2, 2]))
    flags = chance.choice([[], ["f"]])
    then = {"prompts": prompts, "flags": flags}
    return {"id": name, "when": _when(chance, attributes), "then": then}


def _when(chance: Random, attributes: Mapping[str, Attribute]) -> dict[str, str]:
    return {cell.attribute: cell.text for cell in some_cells(chance, attributes)}


def every_match(
    attributes: Mapping[str, Attribute], rows: Sequence[Sequence[Cell]]
) -> frozenset[int]:
    """For every caller there can be, the rows that match, as bits; each combination once."""
    per_attribute = [
        [_admitting(name, value, rows) for value in _values(attribute)]
        for name, attribute in attributes.items()
    ]
    everything = (1 << len(rows)) - 1
    found = set()
    for masks in product(*per_attribute):
        matching = everything
        for mask in masks:
            matching &= mask
        found.add(matching)
    return frozenset(found)


def matches(cells: Sequence[Cell], caller: Mapping[str, Value]) -> bool:
    return all(cell.holds(caller[cell.attribute]) for cell in cells)


def first(matching: int, span: range) -> int | None:
    """The number of the first row of the span that matches."""
    return next((number for number in span if matching >> number & 1), None)


def gets(ruleset: Ruleset, matching: int, without: int | None = None) -> tuple[Any, ...]:
    """All that is decided for a caller whom these rows match, as if one row were not there."""
    start = 0
    then: Outcome | None = None
    adding: list[Row] = []
    for table in ruleset.tables:
        span = range(start, start + len(table.rows))
        hit = [n for n in span if matching >> n & 1 and n != without]
        rows = [table.rows[n - start] for n in (hit[:1] if table.hit == "first" else hit)]
        if table.id == "route":
            then = rows[0].then if rows else None
        else:
            adding += rows
        start = span.stop
    if then is None:
        return ("nobody decides",)
    own = then.prompts is not None
    prompts = then.prompts if own else _each_once(row.then.prompts or () for row in adding)
    return (
        then,
        prompts,
        _each_once(row.then.views for row in adding),
        _each_once(row.then.flags for row in adding),
    )


def _each_once(several: Iterator[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(several)))


def _attribute(chance: Random, name: str) -> Attribute:
    kind = name.partition("_")[0]
    words = _WORDS if kind in ("choice", "set") else ()
    source = chance.choice(_SOURCES.get(kind, ("crm.x",)))
    return Attribute(name, kind, source, words)  # type: ignore[arg-type]


def _cell(chance: Random, attribute: Attribute) -> object:
    if chance.random() < 0.2:
        return chance.choice(["missing", "present"])
    number = chance.randint(0, _MOST)
    words = chance.sample(_WORDS, chance.randint(1, len(_WORDS)))
    match attribute.type:
        case "flag":
            return chance.random() < 0.5
        case "choice":
            return words if chance.random() < 0.6 else {"not": words}
        case "set":
            return {chance.choice(["has_any", "has_all", "has_none"]): words}
        case "number":
            comparison = f"{chance.choice(['>=', '<=', '>', '<'])} {number}"
            return chance.choice([number, comparison, f"{number}..{chance.randint(0, _MOST)}"])
        case "instant":
            return f"{chance.choice(['within', 'older than'])} {number}d"


def _values(attribute: Attribute) -> list[Value]:
    halves = [half / 2 for half in range(-2, 2 * _MOST + 3)]
    match attribute.type:
        case "flag" if attribute.source != "crm.x":
            return [False, True]
        case "flag":
            return [None, False, True]
        case "choice":
            return [None, OTHER, *_WORDS]
        case "set":
            sizes = range(len(_WORDS) + 1)
            return [None, *(frozenset(s) for size in sizes for s in combinations(_WORDS, size))]
        case "number" if attribute.source != "crm.x":
            return [None, *(float(count) for count in range(_MOST + 2))]
        case "number":
            return [None, *halves]
        case "instant":
            return [None, *(half * _DAY_S for half in halves)]


def _admitting(name: str, value: Value, rows: Sequence[Sequence[Cell]]) -> int:
    return sum(
        1 << number
        for number, cells in enumerate(rows)
        if all(cell.holds(value) for cell in cells if cell.attribute == name)
    )
