"""`switchboard rules publish`: a ruleset becomes the active one."""

from typing import Annotated

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import operator_name, publications_of
from cli.rules.named_ruleset import (
    KIND,
    NamedRuleset,
    active_ruleset,
    named_ruleset,
    whole_digest,
)
from cli.rules.telling import now_utc, refuse_problems, refusing
from switchboard.domain.ruleset_diff import ruleset_changes, summary_of
from switchboard.errors import Misconfigured
from switchboard.ports import Publications

Note = Annotated[str, typer.Option(help="Why; kept with the version for who asks later.")]
Who = Annotated[
    str | None, typer.Option("--as", help="Who does it; without it, your name on this machine.")
]


def publish_rules(
    file: Annotated[
        str, typer.Argument(help="A ruleset, or the digest of one, for example a challenger's.")
    ] = "config/routing.yaml",
    note: Note = "",
    expect: Annotated[
        str | None,
        typer.Option(help="The version you started from; refused when another is active by now."),
    ] = None,
    who: Who = None,
    stack: Stack = None,
) -> None:
    """Check a ruleset and make it the active one. No deployment: functions read it in seconds."""
    now = now_utc()
    with refusing():
        publications = publications_of(target(stack))
        new = named_ruleset(file, lambda: publications)
        refuse_problems(new, publications, now=now)
        typer.echo(what_changes(publications, new))
        digest = publications.publish(
            KIND,
            new.document,
            now=now,
            by=operator_name() if who is None else who,
            note=note,
            expected=whole_digest(expect, publications) if expect else None,
        )
    typer.echo(f"{digest} is active. Functions use it within 10 seconds.")
    typer.echo("`switchboard rules rollback` takes it back.")


def what_changes(publications: Publications, new: NamedRuleset) -> str:
    """How the active ruleset and the new one differ, in a line."""
    if publications.find(KIND) is None:
        return "It is the first ruleset here."
    try:
        active = active_ruleset(publications)
    except Misconfigured:
        return "What is active cannot be read, so what changes cannot be told."
    summary = summary_of(ruleset_changes(active.ruleset, new.ruleset))
    return f"{active.digest} -> {new.digest}: {summary}"
