"""How commands that change the rules speak: what was refused, what to look at, what changes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import typer

from cli.rules.printable import printable
from cli.rules.ruleset_file import checked
from switchboard.domain.ruleset_diff import Change
from switchboard.errors import SwitchboardError
from switchboard.ports import PublishedVersion


@contextmanager
def refusing(exit_code: int = 1) -> Iterator[None]:
    """What stops us is told, and the command ends with this code."""
    try:
        yield
    except SwitchboardError as error:
        typer.secho(printable(str(error)), fg="red", err=True)
        raise typer.Exit(exit_code) from None


def refuse_problems(document: dict[str, Any], name: str, *, today: date) -> None:
    """Tell what `rules check` finds; with a problem among it, end."""
    found = checked(document, today=today)
    for warning in found.warnings:
        typer.secho(printable(f"{name}: warning: {warning}"), fg="yellow", err=True)
    for problem in found.problems:
        typer.secho(printable(f"{name}: {problem}"), fg="red", err=True)
    if found.problems:
        raise typer.Exit(1)


def tell_changes(changes: Sequence[Change]) -> None:
    for change in changes:
        for line in change.lines:
            typer.echo(printable(line))


def when_and_by_whom(version: PublishedVersion) -> str:
    """`2026-03-02 15:00 UTC by dana: as agreed`."""
    at = f"{version.published_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    by = f" by {version.by}" if version.by else ""
    why = f": {version.note}" if version.note else ""
    return printable(f"{at}{by}{why}")


def now_utc() -> datetime:
    return datetime.now(UTC)
