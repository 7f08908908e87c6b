"""`switchboard rules rollback`: an earlier ruleset becomes the active one again."""

from typing import Annotated

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import operator_name, publications_of
from cli.rules.named_ruleset import KIND, NamedRuleset, active_ruleset, ruleset_version
from cli.rules.printable import printable
from cli.rules.publish import Note, Who
from cli.rules.telling import now_utc, refusing, tell_changes, when_and_by_whom
from switchboard.domain.ruleset_diff import ruleset_changes, summary_of
from switchboard.errors import Misconfigured, NotFound, StateConflict
from switchboard.ports import Publications, Published


def roll_back(
    digest: Annotated[
        str | None, typer.Argument(help="A version; without it, the one before the active one.")
    ] = None,
    note: Note = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    who: Who = None,
    stack: Stack = None,
) -> None:
    """Show what changes, ask, and make an earlier ruleset the active one again."""
    with refusing():
        publications = publications_of(target(stack))
        active = publications.find(KIND)
        back = _version_back(digest, active, publications)
        if active and back.digest == active.digest and not active.mistake:
            raise StateConflict(f"{back.digest} is active already")
        _tell(publications, back)
    if not yes:
        typer.confirm(f"Make {back.digest} the active ruleset?", abort=True)
    with refusing():
        publications.activate(
            KIND,
            back.digest,
            now=now_utc(),
            by=operator_name() if who is None else who,
            note=note or "rolled back",
            expected=active.digest if active else "",
        )
    typer.echo(f"{back.digest} is active. Functions use it within 10 seconds.")


def _version_back(
    digest: str | None, active: Published | None, publications: Publications
) -> NamedRuleset:
    """The version that is named; else the nearest before the active one that can be read.

    Raises: NotFound, Misconfigured when this version of Switchboard cannot read it.
    """
    if digest:
        return ruleset_version(digest, publications)
    for before in active.previous if active else ():
        try:
            return ruleset_version(before, publications)
        except (NotFound, Misconfigured) as error:
            typer.secho(printable(f"{before} is passed over: {error}"), fg="yellow", err=True)
    raise NotFound(
        "There is no ruleset to go back to; `switchboard rules versions` lists what was active"
    )


def _tell(publications: Publications, back: NamedRuleset) -> None:
    versions = publications.versions(KIND)
    if versions:
        typer.echo(f"active   {versions[0].digest}  {when_and_by_whom(versions[0])}")
    since = next((version for version in versions if version.digest == back.digest), None)
    typer.echo(f"back to  {back.digest}  {when_and_by_whom(since) if since else ''}".rstrip())
    try:
        active = active_ruleset(publications)
    except Misconfigured:
        typer.echo("What is active cannot be read, so what changes cannot be told.")
        return
    changes = ruleset_changes(active.ruleset, back.ruleset)
    tell_changes(changes)
    typer.echo(f"In short: {summary_of(changes)}.")
