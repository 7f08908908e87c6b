"""`switchboard backfill`: interactions of the past, written into the CRMs behind today's."""

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cli.backfill_file import PastFile, opened
from cli.backfill_run import Run, refusal
from cli.backfill_traffic import written_connectors
from cli.deployment import Target, target
from cli.exit_codes import LOOK, cannot
from cli.operate import Stack
from cli.publishing import publications_of
from cli.unused_columns import columns_told
from switchboard.domain.report_header import NoReport
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.use_cases.backfill import Line

_RATE: Final = re.compile(r"(\d{1,6}(?:\.\d+)?)(?:/([smh]))?")
_SECONDS: Final = {None: 1, "s": 1, "m": 60, "h": 3600}
_FASTEST_PER_S: Final = 100.0
_SHOWN: Final = 5


def backfill(
    file: Annotated[Path, typer.Argument(help="A .csv, or a .jsonl with one object a line.")],
    columns: Annotated[
        str,
        typer.Option(
            help='Which column is which: id="Interaction ID",started=Start or a YAML file.'
        ),
    ] = "",
    rate: Annotated[
        str, typer.Option(help="At most so many, as 2/s, 90/m or 1000/h; fewer while others wait.")
    ] = "2/s",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read the whole file, and change nothing.")
    ] = False,
    from_line: Annotated[
        int | None, typer.Option(min=1, help="Begin at this line, whatever was done before.")
    ] = None,
    connector: Annotated[
        list[str] | None, typer.Option(help="Into this CRM alone; repeatable.")
    ] = None,
    time_zone: Annotated[
        str, typer.Option(help="Of times without one; else the zone of the deployment.")
    ] = "",
    stack: Stack = None,
) -> None:
    """Write interactions of the past into the CRMs, at a rate that keeps nobody of today waiting.

    Each goes the way that ECS's own triggers go: into the ledger, then as the posting profiles
    say. Safe to repeat, to interrupt and to go on with: what is known already is not written
    twice. Lines that cannot be used are told of in FILE.refused and do not stop it. Ends with 0, or
    with 1 when lines were refused, 2 when it could not begin or go on.
    """
    per_s = _per_second(rate)
    where = target(stack)
    try:
        past = opened(file, columns, _zone(where, time_zone))
        about_columns = list(columns_told(past.kept, past.unused))
        _tell(about_columns)
        if dry_run:
            refused = _tell_dry_run(_totals(past, from_line or 1))
        else:
            only = tuple(connector or ())
            refused = Run(past, _others(where, only), only, per_s, where).go(from_line)
            _tell(about_columns)
    except OSError as error:
        cannot(f"{file}: {error.strerror}")
    except (NoReport, Misconfigured) as error:
        cannot(f"{file}: {error}" if isinstance(error, NoReport) else str(error))
    except StateUnavailable as error:
        cannot(f"{error}\nIt needs to read and write Interactions and to use the posting queue.")
    if refused:
        raise typer.Exit(LOOK)


@dataclass
class _Totals:
    """What a dry run saw."""

    good: int
    refused: int
    first_refused: tuple[Line, ...]


def _totals(past: PastFile, from_line: int) -> _Totals:
    totals = _Totals(0, 0, ())
    with closing(past.read(from_line=from_line, now=datetime.now(UTC))) as lines:
        for line in lines:
            if line.past:
                totals.good += 1
                continue
            totals.refused += 1
            if totals.refused <= _SHOWN:
                totals.first_refused += (line,)
    return totals


def _tell(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _tell_dry_run(totals: _Totals) -> int:
    """How many are refused."""
    typer.echo(f"{totals.good:,} would be taken or are known, {totals.refused:,} refused.")
    for text in map(refusal, totals.first_refused):
        typer.echo(f"  {text}")
    if totals.refused > _SHOWN:
        typer.echo("  … and so on")
    return totals.refused


def _per_second(rate: str) -> float:
    found = _RATE.fullmatch(rate.strip())
    per_s = float(found[1]) / _SECONDS[found[2]] if found else 0.0
    if not 0 < per_s <= _FASTEST_PER_S:
        cannot(f"Write the rate as 2/s, 90/m or 1000/h; at most {_FASTEST_PER_S:g}/s.")
    return per_s


def _zone(where: Target, asked: str) -> ZoneInfo:
    """Without one that was asked for, that in which times of triggers are read.

    Raises: Misconfigured.
    """
    published = "" if asked else publications_of(where).active("lookup").body.get("time_zone")
    try:
        return ZoneInfo(asked or str(published or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        raise Misconfigured(f"There is no time zone {asked}; write it as Europe/London.") from None


def _others(where: Target, only: Iterable[str]) -> tuple[str, ...]:
    """The connectors that are to get nothing. Raises: Misconfigured."""
    chosen = tuple(only)
    if not chosen:
        return ()
    written = written_connectors(where)
    for name in chosen:
        if name not in written:
            raise Misconfigured(f"No posting profile writes to {name}; some write to {written}.")
    return tuple(name for name in written if name not in chosen)
