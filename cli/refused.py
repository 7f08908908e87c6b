"""`switchboard refused`: triggers that nobody could read, kept for 14 days, tried again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from cli.controls import Stack, at
from cli.deployment import target
from cli.exit_codes import LOOK, cannot, ending
from cli.masking import Mask
from cli.refused_again import Again
from cli.refused_choice import (
    MOST,
    Choice,
    Code,
    Event,
    Since,
    named,
    place_of,
    words_about,
)
from cli.rules.printable import printable
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.edges.body_text import body_text
from switchboard.edges.ecs_request import parameters_in
from switchboard.errors import InvalidRequest, MalformedRequest
from switchboard.ports import Aside, KeptAside
from switchboard.use_cases.taking_back import REFUSED, SPILLED

_LONGEST_SHOWN: Final = 20_000

app = typer.Typer(help="Triggers that nobody could read.", no_args_is_help=True)


@app.command("list")
def list_refused(
    event: Event = None,
    code: Code = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    spilled: Annotated[
        bool, typer.Option("--spilled", help="What waits for the ledger instead.")
    ] = False,
    in_json: Annotated[bool, typer.Option("--json", help="One JSON object in each line.")] = False,
    stack: Stack = None,
) -> None:
    """What was refused, when and why; nothing of what was sent. The oldest comes first.

    Ends with 1 when there is some. What waits for the ledger needs nobody.
    """
    with ending():
        place = place_of(target(stack))
        there = place.waiting(SPILLED if spilled else REFUSED, limit=MOST)
    found = [one for one in there if Choice(event, code, since).means(one)]
    for one in found[:limit]:
        typer.echo(_as_json(one) if in_json else _line(one))
    if not found and not in_json:
        none = "Nothing waits for the ledger." if spilled else "Nothing was refused."
        # A filter with a typo in it must not look like an empty list.
        typer.echo("Nothing of that kind; without filters, all is listed." if there else none)
    if len(found) > limit:
        more = f"There are {len(found) - limit} more; see --limit."
        typer.secho(more, fg="yellow", err=True)
    if found and not spilled:
        raise typer.Exit(LOOK)


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="As `list` shows it, or its beginning.")],
    personal: Annotated[
        bool, typer.Option("--personal", help="What was sent, unmasked, customers' data included.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stack: Stack = None,
) -> None:
    """One request, masked: what it says, as far as it can be read, and what is wrong with it."""
    with ending():
        place = place_of(target(stack))
        one = named(place.waiting(REFUSED, limit=MOST), name)
        if personal and not yes:
            typer.confirm("Show customers' numbers, names and remarks here?", abort=True, err=True)
        sent = _read(place, one)
    typer.echo(_line(one))
    for line in _personal(sent) if personal else _masked(sent):
        typer.echo(printable(line))
    told = f"`switchboard refused retry {one.token}`, with --set or --body to mend it"
    typer.secho(f"next: {told}; --personal shows what was sent", err=True)


@app.command("retry")
def retry(
    names: Annotated[
        list[str] | None, typer.Argument(help="As `list` shows them; or use filters.")
    ] = None,
    event: Event = None,
    code: Code = None,
    since: Since = None,
    every: Annotated[bool, typer.Option("--all", help="All that were refused.")] = False,
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", help="A value that is better, name=value; name= leaves it out."),
    ] = None,
    body: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A better body, of one.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each; change nothing.")
    ] = False,
    stack: Stack = None,
) -> None:
    """Take them in after all, as if they had just come, and forget those that were kept.

    Safe to repeat: an event that the ledger knows already changes nothing.
    """
    choice, better = Choice(event, code, since), _changes(changes or ())
    if not (names or every) and choice.is_open:
        cannot("Name them, say which with --event, --code or --since, or say --all.")
    if body and len(names or ()) != 1:
        cannot("A body belongs to one of them; name it.")
    with ending():
        where = target(stack)
        place = place_of(where)
        there = place.waiting(REFUSED, limit=MOST)
        meant = [named(there, name) for name in names] if names else there
        again = Again.at(where, is_dry=dry_run)
        failed = 0
        for one in (one for one in meant if choice.means(one)):
            failed += not _retried(place, one, again, better, body)
    if failed:
        raise typer.Exit(LOOK)


def _retried(
    place: KeptAside, one: Aside, again: Again, changes: Mapping[str, str], body: Path | None
) -> bool:
    """Raises: StateUnavailable, after which the rest can wait."""
    try:
        sent = _read(place, one)
        if body:
            sent = sent.model_copy(update={"body": body.read_bytes(), "is_cut": False})
        said = again.take(sent, changes)
    except InvalidRequest as error:
        typer.secho(printable(f"{one.token}  still refused, {error.code}: {error}"), fg="yellow")
        return False
    typer.echo(printable(f"{one.token}  {said}"))
    if not again.is_dry:
        place.drop(REFUSED, [one.id])
    return True


def _read(place: KeptAside, one: Aside) -> KeptTrigger:
    """Raises: MalformedRequest, StateUnavailable."""
    text = place.read(REFUSED, one.id)
    if text is None:
        raise MalformedRequest("it is gone: somebody was faster, or its 14 days are over")
    return KeptTrigger.read(text)


def _masked(sent: KeptTrigger) -> list[str]:
    told = f"{sent.content_type or 'no content type'}, {len(sent.body)} bytes"
    lines = [f"  {told}{', cut' if sent.is_cut else ''}"]
    try:
        said = parameters_in(sent.query, sent.body, sent.content_type)
    except InvalidRequest as error:
        return [*lines, f"  {error}"]
    mask = Mask({})
    return [*lines, *(f"  {_name(name, mask)}: {mask.text(said[name], name)}" for name in said)]


def _name(name: str, mask: Mask) -> str:
    """As ECS Setup has it; one that is no word may be somebody's number."""
    return name if name.isidentifier() else mask.text(name)


def _personal(sent: KeptTrigger) -> list[str]:
    try:
        text = body_text(sent.body, sent.content_type)
    except MalformedRequest:
        text = sent.body.decode(errors="replace")
    query = [f"  query {name}: {value}" for name, value in sent.query.items()]
    cut = [f"  … {len(text) - _LONGEST_SHOWN} more characters"] if text[_LONGEST_SHOWN:] else []
    return [f"  {sent.content_type or 'no content type'}", *query, text[:_LONGEST_SHOWN], *cut]


def _line(one: Aside) -> str:
    event, code, request_id = words_about(one)
    return f"{one.token}  {at(one.at)}  {event:<18}  {code:<17}  {one.size:>7} bytes  {request_id}"


def _as_json(one: Aside) -> str:
    event, code, request_id = words_about(one)
    facts = {**asdict(one), "at": one.at.isoformat(), "event": event, "code": code}
    del facts["about"], facts["id"]
    return json.dumps({**facts, "request_id": request_id})


def _changes(written: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in written]
    if any(not (name and separator) for name, separator, _ in pairs):
        cannot("Write --set as name=value.")
    return {name: value for name, _, value in pairs}
