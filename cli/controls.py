"""Switches and the do-not-pair list as their commands reach and show them."""

import getpass
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console

from cli.deployment import Target
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_controls import DynamoDbRoutingControls
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.routing_controls import Change

Stack = Annotated[
    str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
]
Why = Annotated[str, typer.Option(help="One line for the log, which colleagues read.")]
By = Annotated[str | None, typer.Option(help="Your name for the log; else your login here.")]


def controls_of(where: Target) -> DynamoDbRoutingControls:
    return DynamoDbRoutingControls(_config(where))


def publications_of(where: Target) -> DynamoDbPublications:
    return DynamoDbPublications(_config(where))


def who(by: str | None) -> str:
    """The name that is given, or the login on this machine."""
    try:
        return by or getpass.getuser()
    except (OSError, KeyError, ImportError):
        fail("Nobody is logged in here by a name; say who you are with --by NAME.")


def log_lines(log: Iterable[Change], about: Literal["switch", "pair"]) -> Iterator[str]:
    """The changes of one kind, latest first."""
    told = [change for change in log if change.about == about]
    if told:
        yield "Changes, latest first"
    for change in reversed(told):
        yield f"  {at(change.at)}  {change.what}, by {change.by}: {change.why}"


def at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def show(lines: Iterable[str]) -> None:
    console = Console(highlight=False)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)


def _config(where: Target) -> DynamoDbTable:
    return DynamoDbTable(where.client("dynamodb"), where.tables["Config"])
