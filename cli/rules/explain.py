"""`switchboard rules explain`: which row decides, and why no earlier one did."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.rules.ruleset_file import read_document, ruleset_in
from switchboard.domain.cells import unknown
from switchboard.domain.facts import facts_of
from switchboard.domain.routing import Decision, decide, explain
from switchboard.domain.ruleset import Ruleset
from switchboard.errors import Misconfigured


def explain_rules(
    given: Annotated[
        list[str] | None, typer.Option(help="A fact, for example tier=high; repeatable.")
    ] = None,
    file: Annotated[Path, typer.Argument(help="A ruleset.")] = Path("config/routing.yaml"),
) -> None:
    """Which row decides for a made-up contact, and why no earlier one did."""
    try:
        ruleset = ruleset_in(read_document(file), str(file))
        said = _facts(ruleset, given or [])
    except (Misconfigured, ValueError) as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from None
    facts = facts_of(ruleset.attributes, said, datetime.now(UTC))
    for passed in explain(ruleset, facts):
        typer.echo(f"not {passed.row}: {passed.why}")
    for line in told(ruleset, decide(ruleset, facts)):
        typer.echo(line)


def told(ruleset: Ruleset, decision: Decision) -> list[str]:
    """What was decided, a line for each part of it."""
    then = decision.then
    queue = ruleset.queues.get(then.queue)
    lines = [f"decided by {decision.because}", f"  {then.action} {then.queue}".rstrip()]
    if queue:
        demand = f", demand {queue.demand}" if queue.demand else ""
        lines.append(f"  Business Process {queue.business_process}{demand}")
    if then.priority:
        lines.append(f"  head start {then.priority.seconds:g} s, class {then.priority.class_name}")
        if then.priority.gain_per_min_s:
            lines.append("  the priority does not grow while they wait: ECS knows no such thing")
    for name, words in (
        ("prompts", decision.prompts),
        ("views", decision.views),
        ("flags", decision.flags),
    ):
        lines.append(f"  {name} {', '.join(words) or 'none'}")
    if then.last_agent:
        lines.append(f"  last agent preferred by {then.last_agent}")
    if then.avoids_last_agent:
        lines.append("  not the agent of last time")
    return lines


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
