"""`switchboard explain`: is it in the CRM, and if not, why? Without numbers, names or remarks."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from cli.deployment import target
from cli.exit_codes import LOOK, ending
from cli.posting_ledger import PostingLedger
from cli.rules.printable import printable
from switchboard.contracts.interaction_report import InteractionAnswer
from switchboard.domain.posting_report import (
    ArrivalTold,
    FieldTold,
    RecordTold,
    Report,
    Standing,
    TriggerTold,
    TryTold,
    moment,
)

_LABEL: Final = 13


def explain(
    interaction_id: Annotated[
        str, typer.Argument(help="ECS's id of the interaction, or our key of its record.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="As the HTTP route answers it.")] = False,
    stack: Annotated[
        str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
    ] = None,
) -> None:
    """Is it in the CRM, and if not, why? Every trigger, every attempt, and what happens next.

    Ends with 1 when a record of it waits for a person, or nobody knows the id.
    """
    with ending():
        where = PostingLedger(target(stack), now=datetime.now(UTC))
        report = where.report_on(interaction_id)
    if as_json:
        told = InteractionAnswer.of(report)
        typer.echo(told.model_dump_json(indent=2, exclude={"request_id"}))
    else:
        typer.echo(printable("\n".join(lines(report))))
    if any(record.standing is Standing.PARKED for record in report.records):
        raise typer.Exit(LOOK)


def lines(report: Report) -> Iterator[str]:
    """The answer first, then how it came there."""
    yield from report.answers
    yield ""
    over = "over" if report.has_ended else "not over, as far as we were told"
    yield _line("interaction", f"{report.interaction_id}, revision {report.revision}, {over}")
    if report.arrival:
        yield from _arrival(report.arrival, report.interaction_id)
    yield from _block("triggers", map(_trigger, report.triggers), otherwise=_no_triggers(report))
    if report.untold_triggers:
        yield _line("", f"and {report.untold_triggers} more, which were only counted")
    yield from _block("fields", _fields(report), otherwise="none")
    for record in report.records:
        yield from _record(record)
    for each in report.unwanted:
        part = f", segment {each.part}" if each.part else ""
        yield _line("not wanted", f"by {each.connector}{part}: {each.why}")
    yield from _block("next", _next(report), otherwise="nothing, unless it changes")


def _arrival(arrival: ArrivalTold, interaction_id: str) -> Iterator[str]:
    found = f" in {arrival.found_in}" if arrival.found_in else ""
    asked = f"{moment(arrival.at)}, request {arrival.request_id}"
    yield _line("arrival", f"{arrival.outcome}{found}, {asked}")
    if arrival.business_process or arrival.row:
        yield _line("routed", f"{arrival.business_process}, by the row {arrival.row}")
    if arrival.is_explained:
        yield _line("why", f"switchboard rules explain --interaction {interaction_id}")


def _no_triggers(report: Report) -> str:
    return "came before they were noted" if report.revision else "none yet"


def _trigger(told: TriggerTold) -> str:
    made = f"revision {told.revision}" if told.revision else "nothing new"
    made = f"refused as {told.refused}" if told.refused else made
    names = [*told.fields, *([f"{told.other_fields} more"] if told.other_fields else [])]
    news = f": {', '.join(names)}" if names else ""
    request = f" (request {told.request_id})" if told.request_id else ""
    return f"{moment(told.received_at)}  {told.kind:<20} {made}{news}{request}"


def _fields(report: Report) -> Iterator[str]:
    for field in report.fields:
        yield f"{field.name:<22} {_changes(field)}"
    if report.other_fields:
        yield f"and {report.other_fields} more, under names that are not ours"


def _changes(field: FieldTold) -> str:
    said = [f"revision {change.revision} ({change.kind})" for change in field.changes]
    return ", ".join(said) or "set before changes were noted"


def _record(record: RecordTold) -> Iterator[str]:
    part = f", segment {record.part}" if record.part else ""
    profile = f", by the profile {record.profile}" if record.profile else ""
    yield _line("record", f"{record.connector}{part}{profile}: {record.standing}")
    yield _line("", f"our key {record.reference}, the CRM's {record.record_id or 'none yet'}")
    if record.revision:
        yield _line("", f"revision {record.revision}, failures in a row {record.failures_in_a_row}")
    yield from (_line("", _try(one)) for one in record.tries)
    if record.reason:
        yield _line("", f"{record.reason}: {record.meaning}")
    if record.do:
        yield _line("", f"do: {record.do}")


def _try(one: TryTold) -> str:
    took = f" after {one.took_ms} ms" if one.took_ms else ""
    return f"{moment(one.at)}  revision {one.revision}: {one.outcome}{took}"


def _next(report: Report) -> Iterator[str]:
    for record in report.records:
        if record.next:
            at = f", {moment(record.next_at)}" if record.next_at else ""
            yield f"{record.connector}: {record.next}{at}"
        elif record.standing is Standing.PARKED:
            yield f"{record.connector}: nothing, until a person decides or more is said of it"
    if report.held_until:
        yield f"a worker has it until {moment(report.held_until)}"
    elif report.due_at and report.due_at not in {record.next_at for record in report.records}:
        yield f"looked at by {moment(report.due_at)}"


def _block(label: str, told: Iterable[str], *, otherwise: str) -> Iterator[str]:
    """Lines under one label; one that says why there are none."""
    for text in list(told) or [otherwise]:
        yield _line(label, text)
        label = ""


def _line(label: str, text: str) -> str:
    return f"{label:<{_LABEL}} {text}"
