"""`switchboard lookup`: whether `lookup.yaml` can keep what it promises."""

from pathlib import Path
from typing import Annotated

import typer

from cli.configuration import checked_lookup
from switchboard.errors import Misconfigured

app = typer.Typer(help="What lookups are asked for, and what ECS gets.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """So that `check` stays a word of its own while it is the only one."""


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(help="The file; connectors.yaml is read beside it.", dir_okay=False)
    ] = Path("config/lookup.yaml"),
) -> None:
    """Read the file, ask the connectors' samples for every attribute, and run its stories."""
    try:
        written = checked_lookup(file)
    except Misconfigured as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(1) from error
    asked = ", ".join(written.connectors)
    typer.echo(
        f"{file}: {len(written.attributes)} attributes from {asked}, "
        f"{len(written.tests)} stories kept"
    )
