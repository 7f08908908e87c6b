"""`switchboard rules check`: is every row reachable, everybody decided, every story kept?"""

from pathlib import Path
from typing import Annotated

import typer

from cli.configuration import unfilled_attributes
from cli.rules.ruleset_file import checked, read_document, ruleset_in
from cli.rules.telling import now_utc
from switchboard.errors import Misconfigured


def check_rules(
    file: Annotated[Path, typer.Argument(help="A ruleset.")] = Path("config/routing.yaml"),
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails as well.")] = False,
) -> None:
    """Name every problem of a ruleset: typos, rows that never decide, callers nobody decides for.

    Warnings are about what works and is probably not meant. Beside lookup.yaml and connectors.yaml
    they name CRM values that no connector maps, which publishing the folder refuses.
    """
    try:
        document = read_document(file)
    except Misconfigured as error:
        _say(str(error), "red")
        raise typer.Exit(1) from None
    found = checked(document, now=now_utc())
    for problem in found.problems:
        _say(f"{file}: {problem}", "red")
    if found.problems:
        raise typer.Exit(1)
    ruleset = ruleset_in(document, str(file))
    warnings = (*found.warnings, *unfilled_attributes(ruleset, file.parent))
    for warning in warnings:
        _say(f"{file}: warning: {warning}", "yellow")
    if strict and warnings:
        raise typer.Exit(1)
    rows = sum(len(table.rows) for table in ruleset.tables)
    typer.echo(
        f"{file}: {rows} rows, every one of them can decide; "
        f"nobody falls through; {len(ruleset.stories)} stories kept"
    )


def _say(text: str, colour: str) -> None:
    typer.secho(text, fg=colour, err=True)
