"""`switchboard rules import`: rows that were edited in a spreadsheet go back into the file."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.rules.ruleset_file import read_document, ruleset_in
from cli.rules.telling import refusing, tell_changes
from switchboard.domain.csv_sheet import decoded
from switchboard.domain.ruleset_csv import with_csv
from switchboard.domain.ruleset_diff import ruleset_changes, summary_of
from switchboard.domain.ruleset_reader import RulesetProblem
from switchboard.domain.ruleset_yaml import yaml_of
from switchboard.errors import Misconfigured

# Also finds a # within a text, so what is told is a guess, and said as one.
_COMMENT = re.compile(r"(?m)(?:^|\s)#")

_NOT_OURS = (".", "~")  # what office programs leave beside a file that is open


def import_rules(
    file: Annotated[Path, typer.Argument(help="The ruleset whose rows are replaced.")],
    csv: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where the CSV files of the tables are.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
) -> None:
    """Show what the CSV files change, and write it into the file.

    Every file in the folder is the whole of its table: a row that is not in it goes. A table that
    has no file stays, and so does everything outside the rows; only comments get lost.
    """
    with refusing():
        before = read_document(file)
        old = ruleset_in(before, str(file))
        after = imported(before, csv)
        changes = ruleset_changes(old, ruleset_in(after, str(csv)))
        if not changes:
            typer.echo(f"{csv} says what {file} says. Nothing to write.")
            return
        tell_changes(changes)
        typer.echo(f"{file}: {summary_of(changes)}")
        _warn_of_comments(file)
        if not yes and not typer.confirm("Write it?"):
            raise typer.Exit(1)
        write_whole(file, yaml_of(after))
    typer.echo(f"Written. `switchboard rules check {file}` says whether it can be published.")


def imported(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The document with the rows of the folder's CSV files.

    Raises: Misconfigured, with every problem found.
    """
    files = sorted(file for file in folder.glob("*.csv") if not file.name.startswith(_NOT_OURS))
    if not files:
        raise Misconfigured(f"{folder}: no CSV files; `rules export --csv {folder}` writes them")
    try:
        return with_csv(document, {file.stem: _text_of(file) for file in files})
    except RulesetProblem as error:
        raise Misconfigured(f"{folder}:\n{error}") from error


def write_whole(file: Path, text: str) -> None:
    """The file has the old text or the new one, also when the machine stops meanwhile.

    Raises: Misconfigured when it cannot be written.
    """
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from error


def _text_of(file: Path) -> str:
    try:
        return decoded(file.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise Misconfigured(f"{file} {error}") from error


def _warn_of_comments(file: Path) -> None:
    if _COMMENT.search(file.read_text(encoding="utf-8")):
        typer.secho(
            f"The comments in {file} get lost; notes of rows stay. Put what must stay into notes.",
            fg="yellow",
            err=True,
        )
