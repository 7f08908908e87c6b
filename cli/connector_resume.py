"""`switchboard connector resume`: it is mended, so have what waited for it written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.markup import escape

from cli.connector_files import plain_console, stop
from cli.connector_state import Stack, SystemState, print_state, resumed, state_of
from cli.deployment import Target, target
from cli.parked_choice import MOST_ROWS, Choice, Waiting, chosen
from cli.rules.progress import watched
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.beside import side_by_side
from switchboard.domain.posting_report import moment
from switchboard.errors import SwitchboardError
from switchboard.use_cases.resumed_postings import Resumed, resume_postings, rows_that_wait

# What was tried until it was given up. The CRM refused the others for what they are.
_GIVEN_UP: Final = "gave_up"


def resume(
    name: Annotated[str, typer.Argument(help="The connector's id, for example hubspot")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
    stack: Stack = None,
) -> None:
    """Have a mended connector go on: end what holds it back, and write what waited for it.

    Ends its pauses, closes its breakers, tries its credential again, and makes its records due
    that wait for their next try. Safe to repeat, also after an interruption.
    """
    now = datetime.now(UTC)
    try:
        where = target(stack)
        before = (state_of if dry_run else resumed)(where, name, now=now)
        print_state(before, now)
        _say([_about_the_connector(before, now, dry_run=dry_run)])
        told = _resume_postings(where, name, now, dry_run=dry_run)
        _say(_about_what_waits(told, name, dry_run=dry_run))
        given_up = list(chosen(_ledger(where), Choice(connector=name, reason=_GIVEN_UP)))
    except SwitchboardError as error:
        stop([str(error)], code=2)
    _say(_about_the_given_up(given_up, name))
    if told.busy:
        raise typer.Exit(1)


def _resume_postings(where: Target, name: str, now: datetime, *, dry_run: bool) -> Resumed:
    """Raises: StateUnavailable."""
    ledger = _ledger(where)
    pages = rows_that_wait(ledger, now=now, most=MOST_ROWS)
    return resume_postings(
        watched(pages, "rows", total=sum(map(len, pages)), size=len),
        name,
        ledger=ledger,
        now=now,
        together=side_by_side,
        is_dry=dry_run,
    )


def _about_the_connector(before: SystemState, now: datetime, *, dry_run: bool) -> str:
    if not before.is_held_back(now):
        return "Nothing held it back."
    return "It would go on." if dry_run else "It goes on within 30 seconds."


def _about_what_waits(told: Resumed, name: str, *, dry_run: bool) -> Iterator[str]:
    if told.last_at:
        due = "would be due" if dry_run else "due"
        yield (
            f"Records that waited: {told.soon}, {due} by {moment(told.last_at)}. "
            "The sweeper sends what is due within a minute."
        )
    elif not told.busy:
        yield "No record waits for its next try."
    if told.busy:
        yield (
            f"In the hands of a worker: {told.busy}. "
            f"`switchboard connector resume {name}` again in a minute."
        )
    if told.asked_to_wait:
        yield f"Left, because the CRM asked to wait: {told.asked_to_wait}. They come when it said."


def _about_the_given_up(found: Sequence[Waiting], name: str) -> Iterator[str]:
    if not found:
        return
    reasons = Counter(one.posting.reason for one in found).most_common()
    told = ", ".join(f"{reason} {number}" for reason, number in reasons)
    yield (
        f"Given up before, and left to a person: {len(found)} ({told}). To have them written: "
        f"`switchboard parked retry --connector {name} --reason {_GIVEN_UP}`."
    )


def _say(lines: Iterator[str] | Sequence[str]) -> None:
    for line in lines:
        plain_console().print(escape(line))


def _ledger(where: Target) -> DynamoDbInteractionLedger:
    return DynamoDbInteractionLedger(
        DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
    )
