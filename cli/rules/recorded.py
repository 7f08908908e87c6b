"""`switchboard rules recorded`: what was decided, and what came of it, as a file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.deployment import Target, target
from cli.operate import Stack
from cli.publishing import publications_of
from cli.rules.named_ruleset import active_ruleset
from cli.rules.period import Period, read_period
from cli.rules.recording import READ_UNITS, Written, record
from switchboard.errors import Misconfigured, StateUnavailable

First = Annotated[
    str | None, typer.Option("--from", help="First day, as 2026-11-01; else 30 days in all.")
]
Last = Annotated[str | None, typer.Option("--to", help="Last day, itself included; else today.")]
ReadUnits = Annotated[
    int, typer.Option(min=1, help="DynamoDB read units a second: the table serves callers, too.")
]


def recorded(
    out: Annotated[Path, typer.Option(help="The file to write, one contact a line.")],
    first: First = None,
    last: Last = None,
    stack: Stack = None,
    with_ids: Annotated[
        bool, typer.Option("--with-ids", help="ECS's ids as well, to look single contacts up.")
    ] = False,
    read_units: ReadUnits = READ_UNITS,
) -> None:
    """Write decided interactions of some days to a file, for `replay` and `simulate`.

    Without names, addresses and remarks; customers are hashes that only this file knows.
    """
    where, now = target(stack), datetime.now(UTC)
    period = asked_period(where, first, last, now=now)
    written = recorded_into(out, where, period, now, with_ids=with_ids, read_units=read_units)
    typer.echo(f"{written.contacts:,} contacts of {period}: {out}")


def asked_period(where: Target, first: str | None, last: str | None, *, now: datetime) -> Period:
    """The days on the clock of the active rules; in UTC where there are none."""
    try:
        time_zone = active_ruleset(publications_of(where)).ruleset.time_zone
    except (Misconfigured, StateUnavailable):
        time_zone = "UTC"
    try:
        return read_period(first, last, time_zone=time_zone, now=now)
    except ValueError as error:
        fail(str(error))


def recorded_into(
    out: Path, where: Target, period: Period, now: datetime, *, with_ids: bool, read_units: int
) -> Written:
    """Write the file, or end the command with what to do."""
    try:
        written = record(where, period, out, now=now, with_ids=with_ids, units_per_s=read_units)
    except StateUnavailable as error:
        fail(f"The ledger cannot be read: {error}\nIt needs dynamodb:Scan on Interactions.")
    except OSError as error:
        fail(f"{out}: {error.strerror}")
    if not written.contacts:
        fail(_nothing(period, written.looked_at))
    return written


def fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)


def _nothing(period: Period, looked_at: int) -> str:
    return (
        f"Nothing was decided in {period} ({looked_at:,} rows of the ledger were looked at).\n"
        "Decisions are recorded when ECS asks /v1/arrivals/route with an interaction_id, since the "
        "release that records them, and are kept 400 days. Try other days with --from and --to, "
        "or another stack with --stack."
    )
