"""`switchboard rules replay`: what other rules would have done to recorded contacts."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import publications_of
from cli.rules.named_ruleset import ACTIVE, NamedRuleset, named_ruleset
from cli.rules.progress import watched
from cli.rules.recorded import First, Last, ReadUnits, asked_period, fail, recorded_into
from cli.rules.recorded_lines import read_lines
from cli.rules.recording import READ_UNITS
from cli.rules.replay_report import report
from cli.rules.replay_tables import show
from cli.rules.telling import refusing
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.domain.replay import EXAMPLES, replay
from switchboard.domain.replayed import Replayed
from switchboard.errors import Misconfigured


def replay_rules(
    new: Annotated[str, typer.Argument(help="The new rules: a file, or the digest of a version.")],
    old: Annotated[str, typer.Option(help="What to compare with, named likewise.")] = ACTIVE,
    recorded: Annotated[
        Path | None, typer.Option(help="A file of `rules recorded`; else the ledger is read.")
    ] = None,
    first: First = None,
    last: Last = None,
    stack: Stack = None,
    by: Annotated[str, typer.Option(help="Count by this attribute as well, as tier.")] = "",
    examples: Annotated[int, typer.Option(min=0, help="Of each pair of rows.")] = EXAMPLES,
    html: Annotated[Path | None, typer.Option(help="Write a report with charts here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with JSON.")] = False,
    read_units: ReadUnits = READ_UNITS,
) -> None:
    """Decide recorded contacts again, by the old rules and by the new, and show what differs.

    Nothing is changed anywhere. What was not recorded cannot be replayed; it is said for how many.
    """
    before, after = _rules(old, new, stack)
    with _file(recorded, first, last, stack, read_units) as file:
        found = _replayed(before, after, file, by=by, examples=examples)
    if not found.contacts:
        fail(f"{file}: no contacts in it. Record other days with `switchboard rules recorded`.")
    if html:
        _write(html, report(found, old=before.name, new=after.name))
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    show(found, Console(highlight=False))
    if html:
        typer.echo(f"Report: {html}")


def _rules(old: str, new: str, stack: str | None) -> tuple[NamedRuleset, NamedRuleset]:
    def publications() -> DynamoDbPublications:
        return publications_of(target(stack))

    with refusing():
        return named_ruleset(old, publications), named_ruleset(new, publications)


@contextmanager
def _file(
    recorded: Path | None, first: str | None, last: str | None, stack: str | None, read_units: int
) -> Iterator[Path]:
    """The file that was given, or one that holds the days until it has been replayed."""
    if recorded:
        if first or last:
            fail("Give --recorded, or days with --from and --to, not both.")
        yield recorded
        return
    where, now = target(stack), datetime.now(UTC)
    period = asked_period(where, first, last, now=now)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "recorded.jsonl"
        recorded_into(file, where, period, now, with_ids=True, read_units=read_units)
        yield file


def _replayed(
    before: NamedRuleset, after: NamedRuleset, file: Path, *, by: str, examples: int
) -> Replayed:
    try:
        size = file.stat().st_size
        with file.open(encoding="utf-8") as text:
            lines = watched(text, "bytes replayed", total=size, size=len)
            return replay(
                before.ruleset,
                after.ruleset,
                read_lines(lines, str(file)),
                old_digest=before.digest,
                by=by,
                examples=examples,
            )
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        fail(f"{file}: not text in UTF-8; record it again")
    except (Misconfigured, ValueError) as error:
        fail(str(error))


def _write(file: Path, page: str) -> None:
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        fail(f"{file}: {error.strerror}")
