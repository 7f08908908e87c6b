"""`switchboard posting check`: can every profile keep what it promises?"""

from pathlib import Path
from typing import Annotated

import typer

from cli.configuration import compiled_connectors, read_yaml
from cli.exit_codes import LOOK, cannot, look
from cli.posting.problems import posting_findings
from cli.rules.ruleset_file import read_document, ruleset_in
from switchboard.adapters.connector.lint import Finding
from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.posting import PostingConfiguration
from switchboard.errors import Misconfigured


def check(
    folder: Annotated[
        Path, typer.Argument(help="The configuration folder.", file_okay=False)
    ] = Path("config"),
    strict: Annotated[bool, typer.Option("--strict", help="A warning fails as well.")] = False,
) -> None:
    """Name every problem of posting.yaml: typos, fields that no CRM reads, profiles in vain.

    Warnings are about what works and is probably not meant. Connectors are read beside it.
    Ends with 1 when there is a problem, 2 when there is no file to check.
    """
    file = folder / "posting.yaml"
    if not file.is_file():
        cannot(f"{file}: there is no such file")
    try:
        written, found = checked(folder)
    except Misconfigured as error:
        look(str(error))
    for one in found:
        mark, colour = ("", "red") if one.is_mistake else ("warning: ", "yellow")
        typer.secho(f"{file}: {mark}{one}", fg=colour, err=True)
    if any(one.is_mistake or strict for one in found):
        raise typer.Exit(LOOK)
    connectors = ", ".join(dict.fromkeys(spec.connector for spec in written.profiles))
    count = len(written.profiles)
    typer.echo(f"{file}: {count} profile{'' if count == 1 else 's'} into {connectors or 'no CRM'}")


def checked(folder: Path) -> tuple[PostingConfiguration, list[Finding]]:
    """`posting.yaml` and what is to be said about it.

    Raises: Misconfigured when a file cannot be read.
    """
    file = folder / "posting.yaml"
    written = read_configuration(PostingConfiguration, read_yaml(file), kind=str(file))
    connectors = compiled_connectors(read_yaml(folder / "connectors.yaml"), folder)["connectors"]
    definitions = {name: system["definition"] for name, system in connectors.items()}
    named = _business_processes(folder / "routing.yaml")
    return written, posting_findings(written, definitions, business_processes=named)


def _business_processes(file: Path) -> tuple[str, ...]:
    """Those that the routing rules name; none where the rules cannot be read."""
    try:
        return ruleset_in(read_document(file), str(file)).business_processes
    except Misconfigured:
        return ()
