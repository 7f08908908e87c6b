"""`switchboard rules diff`: what differs between two rulesets."""

import functools
from typing import Annotated

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import publications_of
from cli.rules.named_ruleset import ACTIVE, named_ruleset
from cli.rules.telling import refusing, tell_changes
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.domain.ruleset_diff import ruleset_changes, summary_of


def differ(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[OLD] [NEW]", help="Files, digests, or `active`, which is OLD if not said."
        ),
    ] = None,
    stack: Stack = None,
) -> None:
    """Tell what differs, row by row and cell by cell. Ends with 0 when nothing does, else with 1.

    Which callers that concerns, `switchboard rules replay` tells.
    """
    old_name, new_name = _two(names or [])

    @functools.cache
    def publications() -> DynamoDbPublications:
        return publications_of(target(stack))

    with refusing(exit_code=2):
        old, new = (named_ruleset(name, publications) for name in (old_name, new_name))
    changes = ruleset_changes(old.ruleset, new.ruleset)
    if not changes:
        how = "the same" if old.digest == new.digest else "written differently, and the same rules"
        typer.echo(f"{old.name} and {new.name} are {how}.")
        return
    tell_changes(changes)
    typer.echo(f"{old.name} -> {new.name}: {summary_of(changes)}")
    raise typer.Exit(1)


def _two(names: list[str]) -> tuple[str, str]:
    match names:
        case []:
            return ACTIVE, "config/routing.yaml"
        case [new]:
            return ACTIVE, new
        case [old, new]:
            return old, new
    typer.secho("Name one or two rulesets.", fg="red", err=True)
    raise typer.Exit(2)
