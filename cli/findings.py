"""`switchboard findings`: what lookups revealed about the CRMs' data, and what to do about it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer
from rich.console import Console

from cli.deployment import Target, target
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_findings import DynamoDbFindings
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.findings import FindingKind, FoundRecord, KeptFinding
from switchboard.domain.identity import PhoneNumber, read_phone
from switchboard.errors import Misconfigured, StateUnavailable

_KINDS: Final[tuple[FindingKind, ...]] = ("shared_number", "duplicate", "merged")


def findings(
    stack: Annotated[
        str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
    ] = None,
    masked: Annotated[
        bool, typer.Option("--masked", help="Show no number, for a screen that others see.")
    ] = False,
) -> None:
    """Numbers that look shared, records that look like one person, and merged records.

    Seen by lookups in the last 30 days. Nothing is acted on until somebody does.
    """
    try:
        kept = _kept(target(stack), now=datetime.now(UTC))
    except StateUnavailable as error:
        typer.secho(f"Findings cannot be read: {error}", fg="red", err=True)
        typer.secho("It needs dynamodb:Scan on the table Lookups.", fg="red", err=True)
        raise typer.Exit(1) from None
    console = Console(highlight=False)
    for line in lines(kept, masked=masked):
        console.print(line, markup=False, soft_wrap=True)


def lines(kept: Sequence[KeptFinding], *, masked: bool) -> Iterator[str]:
    """What is shown of the findings, kind by kind."""
    shared, duplicates, merged = (
        [each for each in kept if each.finding.kind == kind] for kind in _KINDS
    )
    if shared:
        yield "Numbers that look shared, such as a company's switchboard"
        yield from _shared(shared, masked=masked)
    if duplicates:
        yield "Records that look like one person or company entered twice; merge them in the CRM"
        for each in duplicates:
            yield f"  {_seen(each)}"
            yield from (f"    {_shown(record)}" for record in each.finding.records)
    if merged:
        yield "Merged records that a lookup still finds; the survivor counts"
        for each in merged:
            old, survivor = each.finding.records
            yield f"  {_printable(old.key)} is part of {_shown(survivor)}, {_seen(each)}"
    if not kept:
        yield "Lookups revealed nothing to put right in the last 30 days."


def _shared(found: Sequence[KeptFinding], *, masked: bool) -> Iterator[str]:
    for each in found:
        number = each.finding.number
        shown = str(PhoneNumber(number)) if masked else number
        yield f"  {shown}  {each.finding.count} customers, {_seen(each)}"
    if masked:
        return
    yield "  Where it is so, add to `shared_numbers` in lookup.yaml, check and publish:"
    yield from (f'    - "{number}"' for number in sorted(each.finding.number for each in found))


def _seen(kept: KeptFinding) -> str:
    first, last = kept.first_seen_at.date(), kept.last_seen_at.date()
    return f"seen {first}" if first == last else f"seen {first} to {last}"


def _shown(record: FoundRecord) -> str:
    return _printable(f"{record.key}  {record.url}".rstrip())


def _printable(text: str) -> str:
    """What a CRM wrote must not steer the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _kept(where: Target, *, now: datetime) -> list[KeptFinding]:
    """What was found, except for numbers that were marked since."""
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Lookups"])
    found = DynamoDbFindings(table).kept(now=now)
    marked = _marked_numbers(where)
    return [each for each in found if each.finding.number not in marked]


def _marked_numbers(where: Target) -> frozenset[str]:
    """The numbers that the published configuration marks already."""
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Config"])
    try:
        body = DynamoDbPublications(table).active("lookup").body
    except Misconfigured:
        return frozenset()
    return frozenset(_e164(body.get("shared_numbers") or ()))


def _e164(written: Iterable[object]) -> Iterator[str]:
    for each in written:
        # With the country code, as the configuration demands it.
        if number := read_phone(str(each), default_region="ZZ"):
            yield number.e164
