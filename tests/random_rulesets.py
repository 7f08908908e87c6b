"""Random rulesets with everything that the format allows, written in every way it allows."""

from random import Random
from typing import Any, Final

from switchboard.domain.cells import OTHER, Attribute, Span, Value
from switchboard.domain.ruleset import Ruleset

# Words that a spreadsheet runs or rewrites, that YAML reads as something else, and plain ones.
WORDS: Final = (
    "voice", "in progress", "=1+1", "+x", "-y", "@z", "'quoted'", '"double"', "it's \"both\"",
    "007", "1-2", "MAR1", "1e5", "TRUE", "no", "on", "12:30", "null", "~", "é", "日本", "x: y",
    "# c", "{a}", "[b]", "\u201ccurly\u201d", "\u2019tis", "50%", "2026-12-25", "back\\slash",
    ">= 5", "7", "''=x", "<<", "`tick`", "${x}",
)  # fmt: skip
TEXTS: Final = (*WORDS, "a, b", "=HYPERLINK(1)", 'say "hello"', "semi;colon", "none", "5 +2/min")
NOTES: Final = (*TEXTS, "two\nlines", "\t=tab", "- list\n- of two", "'=x", "ends with: ")
NAMES: Final = (
    "tier", "id", "note", "then.do", "when.x", "in", "and", "7d", "value-tier", "a.b", "len",
    "null", "date", "contacts_7d", "channel", "known", "X9", "type",
)  # fmt: skip
QUEUES: Final = ("Customer Care", "Süd", "007", "1-2", "A&B/C", "vip", "MAR1")
CODES: Final = ("menu_full", "none", "007", "mar-2", "A.b", "short")
NUMBERS: Final = (0, 1, 5, 7.5, 15, 59, 200, 12.345, -3, 1000)
DURATIONS: Final = ("30s", "15m", "4h", "14d", "2w", "1.5h", "90d")
TYPES: Final = ("flag", "choice", "number", "set", "instant")


def random_document(random: Random, *, rows: int = 8) -> dict[str, Any]:
    """A ruleset's document that the reader takes."""
    attributes = {name: _attribute(random, name) for name in _some(random, NAMES, least=1)}
    names = {
        "queues": {name: _queue(random) for name in _some(random, QUEUES, least=1, most=4)},
        "prompts": _some(random, CODES),
        "views": _some(random, CODES),
        "flags": _some(random, CODES),
        "priority_classes": {name: f"{n}m" for n, name in enumerate(_some(random, TEXTS, most=3))},
    }
    profiles = {name: {"hold": "10s"} for name in _some(random, CODES, most=2)}
    return {
        "format": "routing/1",
        "name": random.choice(TEXTS),
        "attributes": attributes,
        "names": names,
        "last_agent": profiles,
        "tables": _tables(random, attributes, names, tuple(profiles), rows),
        "tests": [],
    }


def random_facts(random: Random, ruleset: Ruleset) -> dict[str, Value]:
    """A caller, near the thresholds of the rules more often than not."""
    near = [
        end
        for table in ruleset.tables
        for row in table.rows
        for cell in row.cells
        if isinstance(cell.condition, Span)
        for end in (cell.condition.low, cell.condition.high)
        if abs(end) < 1e9
    ] or [0.0]
    return {name: _fact(random, each, near) for name, each in ruleset.attributes.items()}


def _fact(random: Random, attribute: Attribute, near: list[float]) -> Value:
    if random.random() < 0.25:
        return None
    match attribute.type:
        case "flag":
            return random.random() < 0.5
        case "choice":
            return random.choice((*attribute.values, OTHER))
        case "set":
            return frozenset(word for word in attribute.values if random.random() < 0.5)
    return float(random.choice(near) + random.choice((-1, -0.001, 0, 0, 0.001, 1)))


def _attribute(random: Random, name: str) -> dict[str, Any]:
    kind = random.choice(TYPES)
    spec: dict[str, Any] = {"type": kind, "from": f"crm.{name}"}
    if kind in ("choice", "set"):
        spec["values"] = _some(random, WORDS, least=1, most=5)
    return spec


def _queue(random: Random) -> Any:
    process = random.choice(("Sales", "Customer Care"))
    return random.choice((process, {"business_process": process, "demand": "VIP"}))


def _tables(
    random: Random,
    attributes: dict[str, Any],
    names: dict[str, Any],
    profiles: tuple[str, ...],
    rows: int,
) -> list[dict[str, Any]]:
    route = [f"r{n}" for n in range(random.randint(1, rows))]
    deciding = [
        _row(random, row, attributes, _deciding(random, names, profiles, route)) for row in route
    ]
    tables = [{"id": "route", "hit": "first", "rows": deciding}]
    for number in range(random.randint(0, 2)):
        ids = [f"t{number}.{n}" for n in range(random.randint(0, 4))]
        adding = [_row(random, row, attributes, _adding(random, names)) for row in ids]
        hit = random.choice(("first", "all"))
        tables.append({"id": f"t{number}", "hit": hit, "rows": adding})
    random.shuffle(tables)
    return tables


def _row(
    random: Random, row: str, attributes: dict[str, Any], then: dict[str, Any]
) -> dict[str, Any]:
    looked_at = _some(random, tuple(attributes), most=3)
    when = {name: _cell(random, attributes[name]) for name in looked_at}
    note = {"note": random.choice(NOTES)} if random.random() < 0.3 else {}
    return {"id": row, "when": when, "then": then, **note}


def _deciding(
    random: Random, names: dict[str, Any], profiles: tuple[str, ...], route: list[str]
) -> dict[str, Any]:
    points = random.choice((0, 20, 12.5, "80"))
    said: dict[str, Any] = {
        "do": random.choice(("queue", "self_service", "message", "callback")),
        "queue": random.choice(tuple(names["queues"])),
        "flow": random.choice(TEXTS),
        "priority": random.choice(
            (points, {"start": 5, "gain_per_min": 2, "max": 45}, *names["priority_classes"])
        ),
        "on_fail": random.choice(route),
        "remark": random.choice(TEXTS),
        random.choice(("not_agent", "last_agent")): "last",
        **_adding(random, names),
    }
    if "last_agent" in said:
        said["last_agent"] = random.choice((*profiles, ""))
    kept = ("do", "queue", "flow")
    return {key: value for key, value in said.items() if key in kept or random.random() < 0.5}


def _adding(random: Random, names: dict[str, Any]) -> dict[str, Any]:
    said = {key: _some(random, tuple(names[key])) for key in ("prompts", "views", "flags")}
    return {key: words for key, words in said.items() if random.random() < 0.6}


def _cell(random: Random, spec: dict[str, Any]) -> Any:
    if random.random() < 0.15:
        return random.choice(("missing", "present", ""))
    match spec["type"]:
        case "flag":
            return random.choice((True, False, "true", "false", "TRUE"))
        case "choice":
            words = _some(random, tuple(spec["values"]), least=1)
            text = ", ".join(words)
            return random.choice((words, {"not": words}, words[0], text, f"not {text}"))
        case "number":
            low, high = random.choice(NUMBERS), random.choice(NUMBERS)
            sign = random.choice((">", ">=", "<", "<="))
            return random.choice((low, f"{sign} {low}", f"{sign}{low}", f"{low}..{high}", str(low)))
        case "set":
            words = _some(random, tuple(spec["values"]), least=1)
            how = random.choice(("any", "all", "none"))
            return random.choice(
                ({f"has_{how}": words}, f"has {how} {', '.join(words)}", {"has": words[0]})
            )
    return f"{random.choice(('within', 'older than'))} {random.choice(DURATIONS)}"


def _some(random: Random, pool: tuple[str, ...], *, least: int = 0, most: int = 6) -> list[str]:
    """Some of them in a random order; no two that differ only in capitals."""
    return random.sample(pool, random.randint(min(least, len(pool)), min(most, len(pool))))
