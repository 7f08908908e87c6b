"""`switchboard rules challenge`: try another ruleset beside the active one."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from cli.configuration import complete
from cli.deployment import target
from cli.operate import Stack
from cli.publishing import operator_name, publications_of
from cli.rules.named_ruleset import KIND as ROUTING
from cli.rules.named_ruleset import (
    NamedRuleset,
    active_ruleset,
    named_ruleset,
    ruleset_version,
)
from cli.rules.publish import Note, Who, what_changes
from cli.rules.telling import now_utc, refuse_problems, refusing, when_and_by_whom
from switchboard.adapters.publication_items import digest_of
from switchboard.domain.challenger import FORMAT, Challenger
from switchboard.domain.durations import duration_text
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_diff import Change, ruleset_changes
from switchboard.errors import Misconfigured
from switchboard.ports import Publications
from switchboard.use_cases.challenger_settings import KIND, read_challenger

# Who decides otherwise by these sends callers to another queue, or before or behind others in it.
_QUEUEING_SETTINGS = ("queue ", "priority class ", "calendar ")
_QUEUEING_DETAILS = ("when ", "then do: ", "then queue: ", "then priority: ")


def challenge(
    file: Annotated[
        str | None, typer.Argument(help="A ruleset, or the digest of one; without it, what runs.")
    ] = None,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Decide for nobody; log what would differ.")
    ] = False,
    split: Annotated[
        float | None, typer.Option(help="Decide for this many percent.", min=0.1, max=99)
    ] = None,
    by: Annotated[
        str, typer.Option(help="Split by customer, or by time: every other hour and day.")
    ] = "customer",
    slice_: Annotated[
        str, typer.Option("--slice", help="How long a slice of time is, 1h to 24h.")
    ] = "1h",
    name: Annotated[
        str | None, typer.Option(help="The experiment's; another name deals customers anew.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="End the trial.")] = False,
    note: Note = "",
    who: Who = None,
    stack: Stack = None,
) -> None:
    """Try a ruleset on live traffic: in the shadow of the active one, or for a share of callers.

    Without a ruleset and without --stop, show what runs.
    """
    person = operator_name() if who is None else who
    with refusing():
        publications = publications_of(target(stack))
        if stop:
            _stop(publications, person, note)
        elif file is None:
            for line in _running(publications):
                typer.echo(line)
        else:
            terms = _terms(shadow=shadow, split=split, by=by, slice_=slice_, name=name)
            new = named_ruleset(file, lambda: publications)
            _start(publications, new, terms, person, note)


def _terms(
    *, shadow: bool, split: float | None, by: str, slice_: str, name: str | None
) -> dict[str, Any]:
    """Raises: Misconfigured when it is not clear on which terms."""
    if shadow == (split is not None):
        raise Misconfigured("Say --shadow, or --split and the percentage.")
    if name is None:
        raise Misconfigured("Give the experiment a --name, for example --name vip-first.")
    return {
        "format": FORMAT,
        "mode": "shadow" if shadow else "split",
        "name": name,
        "by": by,
        "share": split or 0,
        "slice": slice_,
    }


def _start(
    publications: Publications, new: NamedRuleset, terms: dict[str, Any], by: str, note: str
) -> None:
    now = now_utc()
    document = complete(KIND, {**terms, "ruleset": new.document})
    refuse_problems(new, publications, now=now)
    typer.echo(what_changes(publications, new))
    if publications.find(KIND):
        typer.echo("It takes the place of the challenger that runs.")
    for warning in _warnings(publications, new, terms):
        typer.secho(f"warning: {warning}", fg="yellow", err=True)
    # A version of its own, so that what it decides can be explained and it can be made active.
    publications.keep(ROUTING, new.document, now=now)
    publications.publish(KIND, document, now=now, by=by, note=note)
    typer.echo(f"{_in_words(read_challenger(document)[0])}. Functions begin within 10 seconds.")
    typer.echo("`switchboard rules challenge --stop` ends it.")


def _stop(publications: Publications, by: str, note: str) -> None:
    if publications.find(KIND) is None:
        typer.echo("No challenger runs.")
        return
    publications.withdraw(KIND, now=now_utc(), by=by, note=note)
    typer.echo("Stopped. Within 10 seconds the active ruleset decides for everybody.")


def _running(publications: Publications) -> Iterator[str]:
    published = publications.find(KIND)
    if published is None:
        yield "No challenger runs; the active ruleset decides for everybody."
        return
    terms, document = read_challenger(publications.active(KIND).body)
    yield _in_words(terms)
    yield f"ruleset {digest_of(document)}, since {when_and_by_whom(publications.versions(KIND)[0])}"
    yield what_changes(publications, ruleset_version(digest_of(document), publications))


def _in_words(terms: Challenger) -> str:
    if terms.mode == "shadow":
        return f"{terms.name}: in the shadow; it decides for nobody"
    of = (
        "customers"
        if terms.by == "customer"
        else f"slices of {duration_text(terms.slice_s)}, which move on by one each day"
    )
    return f"{terms.name}: decides for {terms.share:g} % of the {of}"


def _warnings(
    publications: Publications, new: NamedRuleset, terms: dict[str, Any]
) -> Iterator[str]:
    try:
        active = active_ruleset(publications)
    except Misconfigured:
        return
    changes = ruleset_changes(active.ruleset, new.ruleset)
    if not changes:
        yield "it is the active ruleset; there will be no difference"
    if more := [f"flag_{name}" for name in new.ruleset.flags if name not in active.ruleset.flags]:
        yield f"answers to ECS have {', '.join(more)}, too, and no longer once it is stopped"
    places = _queueing(changes, active.ruleset, new.ruleset)
    if terms["mode"] == "split" and terms["by"] == "customer" and places:
        yield (
            f"{', '.join(places)}: callers may come to another queue or priority. Customers of "
            "both arms wait in the same queues, so what one gains the other loses; --by time "
            "compares fairly"
        )


def _queueing(changes: Sequence[Change], *both: Ruleset) -> list[str]:
    """What changes and may send callers to another queue, or before or behind others in it."""
    deciding = [row for ruleset in both for row in ruleset.route.rows]
    rows = {f"row {row.id}" for row in deciding}
    looked_at = {f"attribute {cell.attribute}" for row in deciding for cell in row.cells}
    return list(
        dict.fromkeys(
            change.place
            for change in changes
            if change.place.startswith(_QUEUEING_SETTINGS)
            or (change.place in looked_at and _reads_otherwise(change))
            or (change.place in rows and _queues_otherwise(change))
        )
    )


def _queues_otherwise(change: Change) -> bool:
    """A row that is new, gone or elsewhere takes callers from others, or leaves them theirs."""
    return change.kind != "changed" or any(
        detail.startswith(_QUEUEING_DETAILS) for detail in change.details
    )


def _reads_otherwise(change: Change) -> bool:
    """Whether an attribute's cells may hold for others; its unit is for people."""
    return any(not detail.startswith("unit: ") for detail in change.details)
