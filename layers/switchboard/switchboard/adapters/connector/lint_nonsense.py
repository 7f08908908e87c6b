"""Where an answer that says nothing would be taken for "nobody" or "not there".

A server that answers 200 with something else than its list is out of order. A lookup that makes
"nobody" of that sends a customer away as a stranger; a search that makes "not there" of it writes
the same record twice. Here such answers are put to a file's expressions.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from switchboard.adapters.connector.event_format import names_used
from switchboard.adapters.connector.expressions import ExpressionError, evaluate, holds
from switchboard.adapters.connector.methods import (
    BATCH_METHOD,
    CREATE_METHOD,
    FIND_METHOD,
    LIST_METHOD,
    LOG_METHOD,
)

_WRITES: Final = (LOG_METHOD, BATCH_METHOD, CREATE_METHOD)
_ASKS: Final = frozenset({"GET", "HEAD"})
# Not among them is []: where a list is the answer, an empty one says that nobody is there.
_NONSENSE: Final[tuple[Any, ...]] = ({}, {"error": "?"}, "ok", None, 0)
_OUTAGE: Final = object()
_PHONE: Final = {
    "e164": "+14155550142", "digits": "14155550142", "nsn": "4155550142", "country_code": "1",
    "national": "(415) 555-0142", "international": "+1 415-555-0142", "region": "US",
}  # fmt: skip
_ASKED: Final = {
    "id": "i-1", "record_id": "r-1", "customer_id": "c-1", "phone": _PHONE,
    "email": "ada@example.com", "account": "C1001", "from": "2026-01-05T00:00:00Z",
    "to": "2026-01-06T00:00:00Z",
}  # fmt: skip

Definition = Mapping[str, Any]


def unchecked_searches(definition: Definition) -> Iterator[tuple[str, str]]:
    """Places of steps that only ask, on whose answer a write depends, and that believe any."""
    for name in _WRITES:
        method = definition["methods"].get(name)
        for position, step in enumerate(method["steps"] if method else ()):
            only_asks = step["reads"] or step["request"]["method"] in _ASKS
            if only_asks and not step["expects"] and _is_used(method, position):
                yield f"methods.{name}.steps[{position}]", str(step["id"])


def credulous(definition: Definition) -> Iterator[tuple[str, Any]]:
    """Places of an `expects` that holds for nonsense, each with what it holds for."""
    for name, method in definition["methods"].items():
        for step in method["steps"]:
            for nonsense in _NONSENSE:
                if step["expects"] and holds(step["expects"], _scope(definition, nonsense, {})):
                    yield f"methods.{name}, step {step['id']}", nonsense
                    break


def unlikely_nobodies(definition: Definition) -> Iterator[tuple[str, Any]]:
    """Names of reading methods that make "nobody" of nonsense, each with what they make it of."""
    lists = {name for names in definition["lookups"].values() for name in names}
    lists |= {FIND_METHOD, LIST_METHOD}
    records = {name for _, kind, name in names_used(definition["events"]) if kind == "methods"}
    for name in sorted(lists | records):
        # To an event, a record that is null is nobody as well.
        nobodies: list[Any] = [[], None] if name in records else [[]]
        method = definition["methods"].get(name)
        for nonsense in _NONSENSE if method else ():
            found = [_found(definition, method, nonsense, asked) for asked in _questions()]
            if any(one in nobodies for one in found):
                yield name, nonsense
                break


def _questions() -> Iterator[Mapping[str, Any]]:
    yield _ASKED
    # So that the steps run that look by a key of ours.
    yield {**_ASKED, "record_id": None}


def _is_used(method: Mapping[str, Any], position: int) -> bool:
    """Whether anything later depends on what the step made."""
    step, *later = method["steps"][position:]
    text = str((step["stop_when"], later, method["map"]))
    return bool(re.search(rf"\bsteps\.{re.escape(step['id'])}\b", text))


def _found(
    definition: Definition, method: Mapping[str, Any], nonsense: Any, asked: Mapping[str, Any]
) -> Any:
    """What the method makes of it when every step is answered with nonsense."""
    made: dict[str, Any] = {}
    result = _OUTAGE
    for step in method["steps"]:
        scope = _scope(definition, nonsense, asked, made)
        if step["when"] and not holds(step["when"], scope):
            continue
        if step["expects"] and not holds(step["expects"], scope):
            return _OUTAGE
        result = _evaluated(step["map"] or "body", scope)
        if result is _OUTAGE:
            return result
        made[step["id"]] = result
        if step["stop_when"] and holds(step["stop_when"], scope):
            break
    if method["map"]:
        result = _evaluated(method["map"], _scope(definition, None, asked, made))
    return result


def _evaluated(expression: str, scope: Mapping[str, Any]) -> Any:
    try:
        return evaluate(expression, scope)
    except ExpressionError:
        return _OUTAGE


def _scope(
    definition: Definition,
    nonsense: Any,
    asked: Mapping[str, Any],
    made: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "status": 200,
        "headers": {},
        "body": nonsense,
        "input": asked,
        "settings": {name: said["default"] for name, said in definition["settings"].items()},
        "tables": definition["tables"],
        "steps": made or {},
    }
