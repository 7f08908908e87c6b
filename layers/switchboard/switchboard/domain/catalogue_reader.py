"""Reads the catalogue of a ruleset: the attributes to look at, and the names to use."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from switchboard.domain.cells import TYPES, Attribute, AttributeType, unknown
from switchboard.domain.facts import SOURCES
from switchboard.domain.outcome_reader import Names
from switchboard.domain.reading import Reading
from switchboard.domain.ruleset import MOST_ATTRIBUTES, Queue

ATTRIBUTE_KEYS: Final = ("type", "values", "from", "unit")
NAMES_KEYS: Final = ("queues", "prompts", "views", "flags", "priority_classes")
QUEUE_KEYS: Final = ("business_process", "demand")
DEFAULT_POINT_S: Final = 6.0
# Names of rows, queues and the like: they stand in answers, CSV cells and addresses.
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)
# What sends a value, its name there, and perhaps more names: calendar.sales.open.
SOURCE: Final = re.compile(r"\w+(\.\w[\w-]*)+")
# A list of queues names Business Processes, as people name them.
_QUEUE_NAME: Final = re.compile(r"\w[\w .&/-]{0,63}")
# What would read as something else in a cell.
_WORD: Final = re.compile(
    r"(?!not |has |any |all |none |within |older than |missing$|present$)[^,;|\n\r]{1,100}"
)


def check_name(reading: Reading, where: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        reading.problem(where, f"{name!r}: write letters, digits, - and _, at most 64")


def read_attributes(reading: Reading, raw: object) -> dict[str, Attribute]:
    specs = reading.mapping("attributes", raw)
    if len(specs) > MOST_ATTRIBUTES:
        told = f"{len(specs)} of them; at most {MOST_ATTRIBUTES} are read"
        reading.problem("attributes", told)
    return {name: _attribute(reading, name, spec) for name, spec in specs.items()}


def check_sources(
    reading: Reading, attributes: Mapping[str, Attribute], calendars: Sequence[str]
) -> None:
    """A calendar that an attribute is read from must be there, and tells flags, as switches do."""
    own = ("open", "holiday") if "main" in calendars else ()
    told = [*own, *(f"{name}.{what}" for name in calendars for what in ("open", "holiday"))]
    for attribute in attributes.values():
        where = f"attributes.{attribute.name}"
        origin, _, field = attribute.source.partition(".")
        if origin == "calendar" and field not in told:
            wanted = field.partition(".")[0] if "." in field else "main"
            reading.problem(
                f"{where}.from", unknown(field, told) if told else f"write calendars.{wanted} first"
            )
        if origin in ("calendar", "lookup", "switch") and attribute.type != "flag":
            reading.problem(f"{where}.type", f"a {origin} is a flag")


def read_names(reading: Reading, raw: object, *, point: object, profiles: Sequence[str]) -> Names:
    """What rows may name. `point` is what a point of priority is worth, as the file says it."""
    spec = reading.mapping("names", raw)
    reading.known_keys("names", spec, NAMES_KEYS)
    return Names(
        queues=_queues(reading, spec.get("queues")),
        prompts=_codes(reading, "prompts", spec),
        views=_codes(reading, "views", spec),
        flags=_codes(reading, "flags", spec),
        priority_classes=_classes(reading, spec.get("priority_classes")),
        priority_point_s=reading.duration("priority_point", point, default=DEFAULT_POINT_S),
        last_agents=tuple(profiles),
    )


def _attribute(reading: Reading, name: str, raw: object) -> Attribute:
    where = f"attributes.{name}"
    check_name(reading, where, name)
    spec = reading.mapping(where, raw)
    reading.known_keys(where, spec, ATTRIBUTE_KEYS)
    kind = reading.one_of(f"{where}.type", spec.get("type"), TYPES)
    values = reading.words(f"{where}.values", spec.get("values"))
    if kind in ("choice", "set"):
        _check_values(reading, where, values)
    elif values:
        reading.problem(f"{where}.values", f"a {kind} has none; take them away")
    source = reading.text(f"{where}.from", spec.get("from"))
    if not SOURCE.fullmatch(source):
        reading.problem(f"{where}.from", "say which value, in one word, for example crm.tier")
    reading.one_of(f"{where}.from", source.partition(".")[0], SOURCES)
    known = cast("AttributeType", kind if kind in TYPES else "choice")
    return Attribute(name, known, source, values, reading.text(f"{where}.unit", spec.get("unit")))


def _check_values(reading: Reading, where: str, values: Sequence[str]) -> None:
    if not values:
        reading.problem(where, "needs `values: […]`")
    for value in values:
        if not _WORD.fullmatch(value):
            told = f"{value!r} would read as something else in a cell"
            reading.problem(f"{where}.values", told)
    folded = [value.casefold() for value in values]
    for twice in sorted({value for value in values if folded.count(value.casefold()) > 1}):
        reading.problem(f"{where}.values", f"{twice!r} stands twice; capitals make no difference")


def _queues(reading: Reading, raw: object) -> dict[str, Queue]:
    where = "names.queues"
    if isinstance(raw, list | tuple | str):
        queues = {word: Queue(word, word) for word in reading.words(where, raw)}
    else:
        specs = reading.mapping(where, raw)
        queues = {name: _queue(reading, name, spec) for name, spec in specs.items()}
    for name in queues:
        if not _QUEUE_NAME.fullmatch(name):
            told = f"{name!r}: write letters, digits, spaces, - and _, at most 64"
            reading.problem(where, told)
    return queues


def _queue(reading: Reading, name: str, raw: object) -> Queue:
    where = f"names.queues.{name}"
    if isinstance(raw, str):
        return Queue(name, raw.strip() or name)
    spec = reading.mapping(where, raw)
    reading.known_keys(where, spec, QUEUE_KEYS)
    process = reading.text(f"{where}.business_process", spec.get("business_process"))
    return Queue(name, process or name, reading.text(f"{where}.demand", spec.get("demand")))


def _codes(reading: Reading, kind: str, spec: Mapping[str, Any]) -> tuple[str, ...]:
    words = reading.words(f"names.{kind}", spec.get(kind))
    for word in words:
        check_name(reading, f"names.{kind}", word)
    for twice in sorted({word for word in words if words.count(word) > 1}):
        reading.problem(f"names.{kind}", f"{twice!r} stands twice")
    return words


def _classes(reading: Reading, raw: object) -> dict[str, float]:
    """What each Priority Class is worth: a duration, or bare seconds as ECS has them."""
    where = "names.priority_classes"
    classes = {}
    for name, worth in reading.mapping(where, raw).items():
        text = str(worth).strip()
        is_bare = text.isdecimal() and len(text) < 7
        classes[name] = (
            float(text) if is_bare else reading.duration(f"{where}.{name}", worth, default=0)
        )
    return classes
