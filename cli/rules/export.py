"""`switchboard rules export`: the rules for a spreadsheet, for GoRules, or as YAML again."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.deployment import target
from cli.operate import Stack
from cli.publishing import publications_of
from cli.rules.jdm import NotInJdm, jdm
from cli.rules.named_ruleset import NamedRuleset, named_ruleset
from cli.rules.telling import refusing
from switchboard.domain.ruleset_csv import tables_as_csv
from switchboard.domain.ruleset_reader import RulesetProblem
from switchboard.domain.ruleset_yaml import yaml_of
from switchboard.errors import Misconfigured


class Separator(StrEnum):
    """What stands between the columns, by a name that a shell leaves alone."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"

    @property
    def sign(self) -> str:
        return {"comma": ",", "semicolon": ";", "tab": "\t"}[self.value]


def export_rules(
    file: Annotated[
        str, typer.Argument(help="A ruleset: a file, the digest of a version, or `active`.")
    ] = "config/routing.yaml",
    csv: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write a CSV file for each table there.")
    ] = None,
    jdm: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the graph for GoRules there.")
    ] = None,
    yaml: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the whole ruleset as YAML there.")
    ] = None,
    all_columns: Annotated[
        bool,
        typer.Option("--all-columns", help="CSV: also attributes no row looks at."),
    ] = False,
    separator: Annotated[
        Separator, typer.Option(help="CSV: what your spreadsheet expects between columns.")
    ] = Separator.COMMA,
    stack: Stack = None,
) -> None:
    """Write the tables as CSV, which `rules import` reads back, or the graph, which nothing does.

    Nothing else of the ruleset is in the CSV files: names, attributes, hours and stories stay in
    the YAML file. --yaml writes all of it, which is how a published version becomes a file again.
    """
    if csv is None and jdm is None and yaml is None:
        typer.secho(
            "Say what to write: --csv FOLDER, --jdm FILE or --yaml FILE.", fg="red", err=True
        )
        raise typer.Exit(2)
    with refusing():
        named = named_ruleset(file, lambda: publications_of(target(stack)))
        if csv:
            write_csv(named, csv, all_columns=all_columns, separator=separator.sign)
        if jdm:
            write_jdm(named, jdm)
        if yaml:
            write_yaml(named, yaml)


def write_csv(named: NamedRuleset, folder: Path, *, all_columns: bool, separator: str) -> None:
    """Raises: Misconfigured when a table cannot be told in CSV, or the folder not be written."""
    try:
        texts = tables_as_csv(named.document, all_columns=all_columns, separator=separator)
        folder.mkdir(parents=True, exist_ok=True)
        for table_id, text in texts.items():
            # Without the mark at the beginning, Excel takes UTF-8 for something else.
            (folder / f"{table_id}.csv").write_bytes(text.encode("utf-8-sig"))
            typer.echo(f"{folder / table_id}.csv")
    except RulesetProblem as error:
        raise Misconfigured(f"{named.name}:\n{error}") from error
    except OSError as error:
        raise Misconfigured(f"{folder}: {error.strerror}") from error


def write_jdm(named: NamedRuleset, file: Path) -> None:
    """Raises: Misconfigured for what zen would decide otherwise, or a file not to be written."""
    try:
        file.write_text(
            json.dumps(jdm(named.ruleset), indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
    except NotInJdm as error:
        raise Misconfigured(f"{named.name}:\n{error}") from error
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from error
    typer.echo(
        f"{file}: the tables as they decide today. Hours, switches and last agents are values that "
        "a caller brings; there is no way back from GoRules."
    )


def write_yaml(named: NamedRuleset, file: Path) -> None:
    """Raises: Misconfigured for a file not to be written."""
    try:
        file.write_text(yaml_of(named.document), encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from error
    typer.echo(f"{file}: the whole ruleset {named.digest}. Comments are never published.")
