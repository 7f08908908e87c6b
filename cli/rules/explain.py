"""`switchboard rules explain`: which row decides, and why no earlier one did."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import publications_of
from cli.rules.explain_interaction import explain_interaction
from cli.rules.named_ruleset import named_ruleset
from cli.rules.printable import printable
from cli.rules.telling import refusing
from cli.rules.told import told
from switchboard.domain.cells import Value
from switchboard.domain.facts import facts_of
from switchboard.domain.given_facts import MISSING, check_given
from switchboard.domain.reading import Reading, TooManyProblems
from switchboard.domain.routing import decide, explain
from switchboard.domain.ruleset import Ruleset, Story
from switchboard.domain.stories import story_facts


def explain_rules(
    given: Annotated[
        list[str] | None, typer.Option(help="A fact, for example tier=high; repeatable.")
    ] = None,
    file: Annotated[
        str, typer.Argument(help="A ruleset: a file, the digest of a version, or `active`.")
    ] = "config/routing.yaml",
    at: Annotated[
        str, typer.Option(help="A moment, as 2026-12-24 18:30: hours and holidays are those then.")
    ] = "",
    interaction: Annotated[
        str | None, typer.Option(help="ECS's id of a recorded one, by the rules of that moment.")
    ] = None,
    stack: Stack = None,
) -> None:
    """Which row decides for a made-up contact or a recorded one, and why no earlier one did."""
    if interaction:
        if given or at:
            raise typer.BadParameter(
                "a recorded interaction has its own facts; leave --given and --at out"
            )
        explain_interaction(interaction, stack)
        return
    with refusing():
        ruleset = named_ruleset(file, lambda: publications_of(target(stack))).ruleset
    try:
        facts = _facts(ruleset, _pairs(given or []), at, datetime.now(UTC))
    except ValueError as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None
    for passed in explain(ruleset, facts):
        typer.echo(printable(f"not {passed.row}: {passed.why}"))
    for line in told(ruleset, decide(ruleset, facts)):
        typer.echo(printable(line))


def _pairs(given: list[str]) -> dict[str, str]:
    """Raises: ValueError for what is no pair."""
    said = {}
    for fact in given:
        name, equals, value = fact.partition("=")
        if not equals:
            raise ValueError(f"{fact!r}: write name=value, for example tier=high")
        said[name] = value
    return said


def _facts(
    ruleset: Ruleset, given: Mapping[str, str], at: str, now: datetime
) -> Mapping[str, Value]:
    """The facts of a story; without a moment there are no hours, and dates are counted from now.

    Raises: ValueError for what cannot be a fact or a moment.
    """
    reading = Reading()
    with suppress(TooManyProblems):
        check_given(reading, "--given", ruleset.attributes, given, now)
    if reading.problems:
        raise ValueError("\n".join(reading.problems))
    if at:
        return story_facts(ruleset, Story("", given, {}, at))
    known = {name: value for name, value in given.items() if value != MISSING}
    return facts_of(ruleset.attributes, known, now)
