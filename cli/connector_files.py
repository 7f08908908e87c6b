"""Reading connector files for the command line: what cannot be used ends the command, in a line."""

from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import yaml
from rich.console import Console
from rich.markup import escape

from cli.yaml_text import KeysTwice, read_yaml_text
from switchboard.adapters.connector.compile import ConnectorMistakes, compile_connector

Document = dict[str, Any]
File = Annotated[Path, typer.Argument(help="A connector or ECS profile, YAML", dir_okay=False)]

_LARGEST_BYTES = 4 * 1024 * 1024


def read_document(file: Path) -> Document:
    """The file's mapping, as a person wrote it."""
    document = read_tree(file)
    if not isinstance(document, dict):
        stop([f"{file} holds no connector"])
    return document


def read_tree(file: Path) -> Any:
    """Whatever YAML or JSON stands in a file."""
    return parsed(read_text(file), str(file))


def read_text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            stop([f"{file} is larger than 4 MB"])
        return file.read_text(encoding="utf-8")
    except OSError as error:
        stop([f"{file} cannot be read: {error.strerror}"])
    except UnicodeDecodeError:
        stop([f"{file} is no UTF-8 text; save it as UTF-8"])


def parsed(text: str, name: str) -> Any:
    try:
        return read_yaml_text(text)
    except KeysTwice as error:
        stop([f"{name}: {line}" for line in str(error).splitlines()])
    except (yaml.YAMLError, ValueError) as error:
        stop([f"{name} is no YAML: {error}"])
    except RecursionError:
        stop([f"{name} is nested too deeply"])


def compiled(document: Document) -> Document:
    """What the engine runs; every mistake of the file is printed before the command ends."""
    try:
        return compile_connector(document)
    except ConnectorMistakes as mistakes:
        stop(list(mistakes.problems))


def stop(problems: list[str], *, code: int = 1) -> NoReturn:
    """Print what is wrong, one line each, and end the command."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in problems:
        console.print(escape(problem))
    raise typer.Exit(code)


def plain_console() -> Console:
    """A console that leaves long lines to the terminal."""
    return Console(soft_wrap=True, highlight=False)
