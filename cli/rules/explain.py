"""`switchboard rules explain`: which row decides, and why no earlier one did."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.operate import Stack
from cli.rules.explain_interaction import explain_interaction
from cli.rules.ruleset_file import read_document, ruleset_in
from cli.rules.told import told
from switchboard.domain.cells import unknown
from switchboard.domain.facts import facts_of
from switchboard.domain.routing import decide, explain
from switchboard.domain.ruleset import Ruleset
from switchboard.errors import Misconfigured


def explain_rules(
    given: Annotated[
        list[str] | None, typer.Option(help="A fact, for example tier=high; repeatable.")
    ] = None,
    file: Annotated[Path, typer.Argument(help="A ruleset.")] = Path("config/routing.yaml"),
    interaction: Annotated[
        str | None, typer.Option(help="ECS's id of a recorded one, by the rules of that moment.")
    ] = None,
    stack: Stack = None,
) -> None:
    """Which row decides for a made-up contact or a recorded one, and why no earlier one did."""
    if interaction:
        if given:
            raise typer.BadParameter("a recorded interaction has its own facts; leave --given out")
        explain_interaction(interaction, stack)
        return
    try:
        ruleset = ruleset_in(read_document(file), str(file))
        facts = facts_of(ruleset.attributes, _facts(ruleset, given or []), datetime.now(UTC))
    except (Misconfigured, ValueError) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None
    for passed in explain(ruleset, facts):
        typer.echo(f"not {passed.row}: {passed.why}")
    for line in told(ruleset, decide(ruleset, facts)):
        typer.echo(line)


def _facts(ruleset: Ruleset, given: list[str]) -> dict[str, str]:
    """Raises: ValueError for what is no attribute or has no value."""
    said = {}
    for fact in given:
        name, equals, value = fact.partition("=")
        if not equals:
            raise ValueError(f"{fact!r}: write name=value, for example tier=high")
        if name not in ruleset.attributes:
            raise ValueError(f"attribute {unknown(name, tuple(ruleset.attributes))}")
        said[name] = value
    return said
