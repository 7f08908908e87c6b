"""How commands that change the rules speak: what was refused, what to look at, what changes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import typer

from cli.rules.named_ruleset import NamedRuleset
from cli.rules.printable import printable
from cli.rules.ruleset_file import checked
from cli.rules_check import published_crm_problems
from switchboard.domain.ruleset_diff import Change
from switchboard.errors import SwitchboardError
from switchboard.ports import Publications, PublishedVersion


@contextmanager
def refusing(exit_code: int = 1) -> Iterator[None]:
    """What stops us is told, and the command ends with this code."""
    try:
        yield
    except SwitchboardError as error:
        typer.secho(printable(str(error)), fg="red", err=True)
        raise typer.Exit(exit_code) from None


def refuse_problems(new: NamedRuleset, publications: Publications, *, now: datetime) -> None:
    """Tell what `rules check` finds, and what no published connector maps; with a problem, end."""
    found = checked(new.document, now=now)
    unmapped = published_crm_problems(new.ruleset, publications)
    for warning in found.warnings:
        typer.secho(printable(f"{new.name}: warning: {warning}"), fg="yellow", err=True)
    for problem in (*found.problems, *unmapped):
        typer.secho(printable(f"{new.name}: {problem}"), fg="red", err=True)
    if unmapped:
        typer.secho(
            "These connectors are the published ones; "
            "`switchboard publish --only connectors` publishes yours.",
            err=True,
        )
    if found.problems or unmapped:
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
