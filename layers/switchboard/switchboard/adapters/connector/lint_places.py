"""Where expressions stand in a file, and what each of these places can see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from switchboard.adapters.connector.expressions import Hole, parts_of
from switchboard.adapters.connector.lint_expressions import Names

Document = Mapping[str, Any]

_ANSWER: Final[Names] = {"status": None, "headers": None, "body": None}
INTERACTION_FIELDS: Final = frozenset(
    {
        "id", "revision", "record_id", "customer", "channel", "direction", "contact",
        "dialed_number", "business_process", "agent_name", "agent_extension", "started_at",
        "ended_at", "duration_s", "queue_s", "handle_s", "disposition_set", "disposition_category",
        "disposition_code", "remarks",
    }
)  # fmt: skip
_KNOWN_INPUTS: Final[Mapping[str, frozenset[str]]] = {
    "log_interactions": frozenset({"records"}),
    "create_contact": frozenset({"phone", "email", "name", "reference"}),
    "find_interaction": frozenset({"id", "record_id"}),
    "list_interactions": frozenset({"from", "to"}),
}


@dataclass(frozen=True, slots=True)
class Use:
    """One expression of a file."""

    place: str
    expression: str
    names: Names


def uses(document: Document) -> Iterator[Use]:
    """Every expression of the file with its place."""
    shared = _shared(document)
    settings = {"settings": shared["settings"]}
    yield from _in_template("server", document.get("server"), settings)
    yield from _in_tree("headers", document.get("headers"), {**shared, "input": None})
    yield from _auth_uses(document.get("auth") or {}, shared)
    link_scope: Names = {**settings, "record": frozenset({"id", "kind"})}
    yield from _in_template("link", document.get("link"), link_scope)
    for position, rule in enumerate(document.get("errors") or []):
        for key in ("when", "detail", "wait", "record_id"):
            yield from _plain(f"errors[{position}].{key}", rule.get(key), _ANSWER)
    for group in ("methods", "operations"):
        for name, method in (document.get(group) or {}).items():
            inputs = inputs_of(document, name) if group == "methods" else None
            seen: Names = {**shared, "input": inputs, "item": inputs}
            yield from _method_uses(f"{group}.{name}", method, seen)
    yield from _limit_uses(document.get("limits") or [], settings)


def inputs_of(document: Document, method: str) -> frozenset[str] | None:
    """The names that stand under `input` in a method; None when they depend on who calls it."""
    lookups = document.get("lookups") or {}
    asked: frozenset[str] = frozenset()
    for key in ("phone", "email", "account"):
        if method in (lookups.get(f"by_{key}") or []):
            asked |= {key}
    if method == "log_interaction":
        extra = {name for name in _sample_fields(document) if name}
        return INTERACTION_FIELDS | extra
    return asked or _KNOWN_INPUTS.get(method)


def _sample_fields(document: Document) -> Iterator[str]:
    """Fields that an organisation's triggers add; a sample shows them."""
    for sample in document.get("samples") or []:
        if isinstance(sample, Mapping) and sample.get("method") == "log_interaction":
            yield from (str(name) for name in sample.get("input") or {})


def _shared(document: Document) -> dict[str, frozenset[str] | None]:
    return {
        "settings": frozenset(document.get("settings") or {}),
        "secret": frozenset(document.get("secrets") or []),
        "tables": frozenset(document.get("tables") or {}),
    }


def _auth_uses(auth: Document, shared: Names) -> Iterator[Use]:
    for key, value in auth.items():
        place = f"auth.{key}"
        if key == "token_server":
            yield from _plain(place, value, {**shared, **_ANSWER})
        elif key not in {"scheme", "client_auth", "name"}:
            yield from _in_tree(place, value, shared)


def _limit_uses(limits: list[Document], settings: Names) -> Iterator[Use]:
    for position, limit in enumerate(limits):
        budget = limit.get("budget") or {}
        for key, value in budget.items():
            if isinstance(value, str):
                yield from _plain(f"limits[{position}].budget.{key}", value, _ANSWER)
        yield from _in_tree(
            f"limits[{position}]",
            {key: value for key, value in limit.items() if key not in {"budget", "match"}},
            settings,
        )


def _method_uses(place: str, method: Document, shared: Names) -> Iterator[Use]:
    before = frozenset[str]()
    if method.get("request"):
        names: Names = {**shared, "steps": before}
        yield from _request_uses(f"{place}.request", method["request"], names)
        for key in ("expects", "map"):
            yield from _plain(f"{place}.{key}", method.get(key), {**names, **_ANSWER})
    else:
        for position, step in enumerate(method.get("steps") or []):
            yield from _step_uses(f"{place}.steps[{position}]", step, {**shared, "steps": before})
            before |= {str(step.get("id"))}
        yield from _plain(f"{place}.map", method.get("map"), {**shared, "steps": before})
    page = method.get("page") or {}
    yield from _plain(
        f"{place}.page.next", page.get("next"), {**shared, **_ANSWER, "page": None, "next": None}
    )


def _step_uses(place: str, step: Document, names: Names) -> Iterator[Use]:
    yield from _plain(f"{place}.when", step.get("when"), names)
    yield from _request_uses(f"{place}.request", step.get("request") or {}, names)
    for key in ("expects", "map"):
        yield from _plain(f"{place}.{key}", step.get(key), {**names, **_ANSWER})
    after = names["steps"] or frozenset()
    own: Names = {**names, "steps": after | {str(step.get("id"))}}
    yield from _plain(f"{place}.stop_when", step.get("stop_when"), own)


def _request_uses(place: str, request: Document, names: Names) -> Iterator[Use]:
    yield from _in_template(f"{place}.path", request.get("path"), names)
    yield from _in_template(f"{place}.url", request.get("url"), names)
    yield from _in_tree(f"{place}.headers", request.get("headers"), names)
    for key in ("query", "form"):
        yield from _in_tree(f"{place}.{key}", request.get(key), names)
    yield from _in_body(f"{place}.body", request.get("body"), names)


def _in_body(place: str, tree: Any, names: Names) -> Iterator[Use]:
    match tree:
        case Mapping() if set(tree) == {"for_each", "make"}:
            yield from _plain(f"{place}.for_each", tree["for_each"], names)
            inner: Names = {**names, "item": None}
            yield from _in_body(f"{place}.make", tree["make"], inner)
        case Mapping():
            for key, value in tree.items():
                yield from _in_body(f"{place}.{key}", value, names)
        case list():
            for position, value in enumerate(tree):
                yield from _in_body(f"{place}[{position}]", value, names)
        case str():
            yield from _in_template(place, tree, names)


def _in_tree(place: str, tree: Any, names: Names) -> Iterator[Use]:
    match tree:
        case Mapping():
            for key, value in tree.items():
                yield from _in_tree(f"{place}.{key}", value, names)
        case list():
            for position, value in enumerate(tree):
                yield from _in_tree(f"{place}[{position}]", value, names)
        case str():
            yield from _in_template(place, tree, names)


def _in_template(place: str, text: Any, names: Names) -> Iterator[Use]:
    parts = parts_of(text) if isinstance(text, str) else ()
    for part in parts:
        if isinstance(part, Hole):
            yield Use(place, part.expression, names)


def _plain(place: str, expression: Any, names: Names) -> Iterator[Use]:
    if isinstance(expression, str) and expression:
        yield Use(place, expression, names)
