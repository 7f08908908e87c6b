"""What is wrong with the templates of posting profiles."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, compiled
from switchboard.adapters.connector.field_templates import (
    TABLES,
    expressions_in,
    made,
    scope_of,
)
from switchboard.adapters.connector.lint import Finding
from switchboard.adapters.connector.lint_expressions import Names, fields_used, nearest, troubles
from switchboard.adapters.connector.methods import LOG_METHOD
from switchboard.adapters.connector.read_inputs import inputs_read
from switchboard.contracts.ecs import Trigger
from switchboard.contracts.posting import PostingConfiguration, ProfileSpec

_NOT_KEPT: Final = frozenset({"interaction_id", "occurred_at"})
# What the connector gets from us beside the fields; a template cannot change it.
_OURS: Final = ("id", "revision", "record_id", "customer")
_MOMENT: Final = "2026-01-05T10:00:00-05:00"
_MENTION: Final = "there is no `{}` here"


def sent_by_ecs(written: PostingConfiguration) -> tuple[str, ...]:
    """The fields that an interaction may have."""
    ours = [name for name in Trigger.model_fields if name not in _NOT_KEPT]
    return (*ours, "origin", "segment_id", *written.own_fields)


def template_problems(
    place: str,
    spec: ProfileSpec,
    written: PostingConfiguration,
    connector: Mapping[str, Any] | None,
) -> Iterator[Finding]:
    """`connector` is the compiled file that the fields go to, where it can write."""
    read = inputs_read(connector, LOG_METHOD) if connector else None
    for name, template in spec.fields.items():
        at = f"{place}.fields.{name}"
        yield from _unread(at, name, spec.connector, read)
        yield from _template(at, name, template, written)


def unused_tables(written: PostingConfiguration) -> Iterator[Finding]:
    text = " ".join(str(value) for spec in written.profiles for value in spec.fields.values())
    for name, table in written.tables.items():
        if not re.search(rf"\b{TABLES}\.{re.escape(name)}\b", text):
            yield Finding(f"tables.{name}", "no template reads it", "remove it", is_mistake=False)
        if not table:
            yield Finding(f"tables.{name}", "it is empty", "write `code: what it becomes`")


def _unread(at: str, name: str, connector: str, read: frozenset[str] | None) -> Iterator[Finding]:
    if name in _OURS:
        yield Finding(at, f"`{name}` is not ECS's to tell, and no template can change it")
    elif read is not None and name not in read:
        known = sorted(read.difference(_OURS))
        yield Finding(
            at,
            f"{connector} never reads `{name}`{nearest(name, known)}",
            f"its {LOG_METHOD} reads {', '.join(known) or 'no field'}",
        )


def _template(
    at: str, name: str, template: object, written: PostingConfiguration
) -> Iterator[Finding]:
    try:
        expressions = expressions_in(template)
        for expression in expressions:
            compiled(expression)
    except ExpressionError as error:
        yield Finding(at, str(error))
        return
    mistakes = [one for text in expressions for one in _expression(at, text, written)]
    yield from mistakes
    if not any(one.is_mistake for one in mistakes):
        yield from _tried(at, name, template, written)


def _expression(at: str, expression: str, written: PostingConfiguration) -> Iterator[Finding]:
    sent = sent_by_ecs(written)
    names: Names = {**dict.fromkeys(sent), TABLES: frozenset(written.tables)}
    unknown = fields_used(expression) - set(names)
    for trouble in troubles(expression, names):
        is_unsent = any(_MENTION.format(field) in trouble.problem for field in unknown)
        remedy = (
            "if ECS sends it, name it under own_fields; a text stands in 'single quotes'"
            if is_unsent
            else trouble.remedy
        )
        yield Finding(at, trouble.problem, remedy, trouble.is_mistake)


def _tried(
    at: str, name: str, template: object, written: PostingConfiguration
) -> Iterator[Finding]:
    """The template with everything sent, and with nothing."""
    try:
        made(template, scope_of(_everything(written), written.tables))
    except ExpressionError as error:
        yield Finding(at, f"it cannot be made even of everything that ECS sends: {error}")
        return
    try:
        made(template, scope_of({}, written.tables))
    except ExpressionError as error:
        used = {field for text in expressions_in(template) for field in fields_used(text)}
        becomes = "stays as ECS told it" if name in used else "is left out"
        yield Finding(
            at,
            f"it cannot be made while ECS has not sent everything in it ({error}); the field "
            f"{becomes} then",
            "write `${remarks || ''}` for what may be missing, if that is not meant",
            is_mistake=False,
        )


def _everything(written: PostingConfiguration) -> dict[str, str]:
    said = dict.fromkeys(sent_by_ecs(written), "sample")
    said |= {name: "90" for name in said if name.endswith("_s")}
    return said | {"started_at": _MOMENT, "ended_at": _MOMENT}
