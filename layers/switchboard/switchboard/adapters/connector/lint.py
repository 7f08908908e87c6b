"""What is wrong, or weak, in a file that compiles: everything a careful reader would ask about.

For builds, tests and the command line, as `format` is.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.events import weak_events
from switchboard.adapters.connector.lint_expressions import Trouble, troubles
from switchboard.adapters.connector.lint_literals import secrets_written
from switchboard.adapters.connector.lint_nonsense import (
    credulous,
    unchecked_searches,
    unlikely_nobodies,
)
from switchboard.adapters.connector.lint_places import Document, uses
from switchboard.adapters.connector.lint_samples import sample_gaps
from switchboard.adapters.connector.methods import (
    BATCH_METHOD,
    CREATE_METHOD,
    FIND_METHOD,
    LIST_METHOD,
    LOG_METHOD,
)

_CALLED_BY_US: Final = frozenset(
    {LOG_METHOD, BATCH_METHOD, CREATE_METHOD, FIND_METHOD, LIST_METHOD}
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: the place, what is wrong there, what to do. A warning leaves the file usable."""

    place: str
    problem: str
    remedy: str = ""
    is_mistake: bool = True

    def __str__(self) -> str:
        remedy = f" ({self.remedy})" if self.remedy else ""
        return f"{self.place}: {self.problem}{remedy}"


def findings(document: Document) -> list[Finding]:
    """Everything found in a file, mistakes first, each once.

    Raises: ConnectorMistakes when it does not even compile.
    """
    definition = compile_connector(document)
    found = [
        *_expression_findings(document),
        *_lookup_findings(document),
        *_unused_findings(document),
        *_dead_ends(document),
        *_believers(definition),
        *_secret_findings(document),
        *_event_findings(definition),
        *_sample_findings(document, definition),
    ]
    return sorted(dict.fromkeys(found), key=lambda one: not one.is_mistake)


def _expression_findings(document: Document) -> Iterator[Finding]:
    for use in uses(document):
        for trouble in troubles(use.expression, use.names):
            yield _as_finding(use.place, trouble)


def _as_finding(place: str, trouble: Trouble) -> Finding:
    return Finding(place, trouble.problem, trouble.remedy, trouble.is_mistake)


def _lookup_findings(document: Document) -> Iterator[Finding]:
    methods = document.get("methods") or {}
    for kind, names in (document.get("lookups") or {}).items():
        place = f"lookups.{kind}"
        for name in sorted({name for name in names or [] if names.count(name) > 1}):
            yield Finding(place, f"`{name}` is named twice", "the second finds nobody new")
        yield from _same_question(place, list(dict.fromkeys(names or [])), methods)


def _same_question(place: str, names: Sequence[str], methods: Document) -> Iterator[Finding]:
    """A lookup that asks what an earlier one asked is only reached to hear the same again."""
    asked: list[tuple[str, Any]] = []
    for name in names:
        method = methods.get(name) or {}
        question = (method.get("request"), method.get("steps"), method.get("map"))
        for earlier, its_question in asked:
            if question == its_question:
                yield Finding(
                    place,
                    f"`{name}` asks exactly what `{earlier}` has asked before it",
                    "it can never find anybody; remove it",
                )
        asked.append((name, question))


def _unused_findings(document: Document) -> Iterator[Finding]:
    lookups = document.get("lookups") or {}
    used = {name for names in lookups.values() for name in names or []} | _CALLED_BY_US
    used |= {event.get("read") for event in (document.get("events") or {}).values()}
    for name in document.get("methods") or {}:
        if name not in used:
            yield Finding(
                f"methods.{name}",
                "nobody calls this method",
                "name it under `lookups` or in an event's `read`, or remove it",
                is_mistake=False,
            )
    yield from _unused_names(document)


def _unused_names(document: Document) -> Iterator[Finding]:
    text = str({key: value for key, value in document.items() if key != "samples"})
    for kind, word in (("settings", "settings"), ("secrets", "secret"), ("tables", "tables")):
        for name in document.get(kind) or {}:
            is_used = re.search(rf"\b{word}\.{re.escape(name)}\b", text)
            if not is_used and not _is_used_by_default(document, kind, name):
                yield Finding(
                    f"{kind}.{name}", "nothing uses it", "use it or remove it", is_mistake=False
                )


def _is_used_by_default(document: Document, kind: str, name: str) -> bool:
    """OAuth schemes take their secrets by name, and a webhook may name its secret bare."""
    auth = document.get("auth") or {}
    by_default = {"client_id", "client_secret", "refresh_token"}
    is_oauth = str(auth.get("scheme", "")).startswith("oauth2")
    if kind == "secrets" and is_oauth and name in by_default and name not in auth:
        return True
    verifications = [event.get("verify") or {} for event in (document.get("events") or {}).values()]
    return kind == "secrets" and any(name in str(verify) for verify in verifications)


def _dead_ends(document: Document) -> Iterator[Finding]:
    for name, method in (document.get("methods") or {}).items():
        steps = method.get("steps") or []
        for position, step in enumerate(steps):
            place = f"methods.{name}.steps[{position}]"
            if str(step.get("when", "")).strip() in {"`false`", "`null`"}:
                yield Finding(f"{place}.when", "this step never runs", "remove it")
            if str(step.get("stop_when", "")).strip() == "`true`" and position < len(steps) - 1:
                yield Finding(f"{place}.stop_when", "no step after this one ever runs", "remove it")
    seen: dict[str, int] = {}
    for position, rule in enumerate(document.get("errors") or []):
        condition = " ".join(str(rule.get("when")).split())
        first = seen.setdefault(condition, position)
        if first != position:
            yield Finding(
                f"errors[{position}]", f"errors[{first}] decides first, on the same condition"
            )


def _believers(definition: Mapping[str, Any]) -> Iterator[Finding]:
    """Where an answer that says nothing would pass for one that says "not there"."""
    for place, step in unchecked_searches(definition):
        yield Finding(
            place,
            f"what comes later depends on `{step}`, and any answer with 200 is believed: one that "
            "says nothing means that nothing is there, and a second record is made",
            "say in `expects` what the answer must be, such as type(body.records) == 'array'",
            is_mistake=False,
        )
    for place, nonsense in credulous(definition):
        yield Finding(
            f"{place}, expects",
            f"it holds for {json.dumps(nonsense)} too, which says nothing",
            "ask for what every good answer has, such as type(body.records) == 'array'",
            is_mistake=False,
        )
    for name, nonsense in unlikely_nobodies(definition):
        yield Finding(
            f"methods.{name}",
            f"it makes nobody of an answer that says nothing, such as {json.dumps(nonsense)}",
            "say in `expects` what the answer must be",
            is_mistake=False,
        )


def _secret_findings(document: Document) -> Iterator[Finding]:
    for place, what in secrets_written(document):
        in_sample = place.startswith("samples")
        remedy = (
            "a sample's secret is its own name, or plain words that nobody could log in with"
            if in_sample
            else "put it into Secrets Manager and write ${secret.NAME}; then revoke this one"
        )
        yield Finding(place, f"this looks like {what}", remedy)


def _event_findings(definition: Mapping[str, Any]) -> Iterator[Finding]:
    for weakness in weak_events(definition):
        place, _, problem = weakness.partition(": ")
        yield Finding(place, problem or weakness, is_mistake=False)


def _sample_findings(document: Document, definition: Mapping[str, Any]) -> Iterator[Finding]:
    for gap in sample_gaps(document, definition):
        yield Finding(gap.place, gap.problem, gap.remedy, gap.is_mistake)
