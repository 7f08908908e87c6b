"""What people say of a made-up contact, in stories and to `rules explain`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from switchboard.domain.cells import OTHER, Attribute, unknown
from switchboard.domain.facts import facts_of
from switchboard.domain.reading import Reading
from switchboard.domain.sources import is_always_told

MISSING: Final = "missing"
_FORMS: Final = {"instant": "-2d", "flag": "true or false", "number": "a number"}


def check_given(
    reading: Reading,
    where: str,
    attributes: Mapping[str, Attribute],
    given: Mapping[str, Any],
    now: datetime | None = None,
) -> None:
    """A fact that cannot be one is a problem: it would be missing, and another row decide.

    A moment may be a date only when `now` is given.
    """
    for name, value in given.items():
        if name not in attributes:
            reading.problem(where, f"attribute {unknown(name, tuple(attributes))}")
        elif value not in (None, ""):
            _check(reading, f"{where}, {name}", attributes[name], value, now)


def _check(
    reading: Reading, place: str, attribute: Attribute, value: Any, now: datetime | None
) -> None:
    name = attribute.name
    if value == MISSING:
        if is_always_told(attribute):
            reading.problem(place, f"{attribute.source} is never missing; write true or false")
        return
    facts = reading.read(
        place, lambda given: facts_of({name: attribute}, given, now), {name: value}, None
    )
    if facts and facts[name] is None:
        form = _FORMS.get(attribute.type, "text")
        reading.problem(place, f"{value!r} cannot be one; write {form}")
    if attribute.type in ("choice", "set") and value != OTHER:
        words = reading.words(place, [value] if attribute.type == "choice" else value)
        for word in words:
            reading.one_of(place, word, attribute.values)
