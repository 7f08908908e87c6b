"""`switchboard connector call` and `record`: try a method for real, and keep it as a sample."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from cli.connector_files import File, compiled, plain_console, read_document, stop
from cli.connector_live import Connection, connection
from cli.connector_performance import Ask, Came, asked, perform
from cli.connector_record import recorded
from cli.connector_trace import Trace
from cli.masking import Mask
from switchboard.adapters.connector.samples import DEFAULT_REGION

MethodName = Annotated[str, typer.Argument(help="A method of the file, or `find`")]
Values = Annotated[
    list[str] | None,
    typer.Argument(help="key=value; dots make objects, @file reads one, JSON keeps its type"),
]
Settings = Annotated[
    list[str] | None, typer.Option("--settings", "-s", help="name=value; repeatable")
]
SecretsFrom = Annotated[
    str | None,
    typer.Option(help="env (SWITCHBOARD_SECRET_NAME), a JSON file, or a name in Secrets Manager"),
]
Live = Annotated[bool, typer.Option("--live", help="Leave this machine.")]
Yes = Annotated[
    bool, typer.Option("--yes", help="The method writes, or uses up a refresh token, and may.")
]
Region = Annotated[
    str | None, typer.Option(help="The country of numbers without a country code (US)")
]
ShowPeople = Annotated[
    bool, typer.Option("--show-personal-data", help="Unmasked; only on a terminal.")
]


def call(
    file: File,
    method: MethodName,
    values: Values = None,
    settings: Settings = None,
    secrets_from: SecretsFrom = None,
    live: Live = False,
    yes: Yes = False,
    region: Region = None,
    show_personal_data: ShowPeople = False,
) -> None:
    """Run a method for real, and show every request, answer and mapping.

    On this machine with what a running `make run` lends; elsewhere with --live.
    """
    if show_personal_data and not sys.stdout.isatty():
        stop(["--show-personal-data is for a terminal: files and pipes are kept"], code=2)
    definition = compiled(read_document(file))
    given = _settings(settings)
    where = region or DEFAULT_REGION
    ask = asked(definition, method, values or [], where)
    at = connection(definition, settings=given, secrets_from=secrets_from, is_live=live)
    came, _ = _performed(at, ask, where, yes=yes, show_people=show_personal_data)
    if came.error is not None:
        raise typer.Exit(1)


def record(
    file: File,
    method: MethodName,
    values: Values = None,
    name: Annotated[str, typer.Option(help="What the sample is called")] = "recorded",
    into: Annotated[
        Path | None, typer.Option(help="The file that gets the sample; FILE itself", dir_okay=False)
    ] = None,
    settings: Settings = None,
    secrets_from: SecretsFrom = None,
    live: Live = False,
    yes: Yes = False,
    region: Region = None,
) -> None:
    """Run a method for real and keep the exchange as a sample, without anybody's data."""
    document = read_document(file)
    definition = compiled(document)
    given = _settings(settings)
    where = region or DEFAULT_REGION
    ask = asked(definition, method, values or [], where)
    at = connection(definition, settings=given, secrets_from=secrets_from, is_live=live)
    came, trace = _performed(at, ask, where, yes=yes, show_people=False)
    sample = recorded(document, at, ask, came, trace.exchanges, name=name, region=where)
    kept = sample.append_to(into or file)
    plain_console().print(f"[green]recorded[/] {escape(repr(name))} in {escape(str(into or file))};"
                          f" {escape(kept)}")  # fmt: skip


def _settings(texts: list[str] | None) -> dict[str, str]:
    given = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals:
            stop([f"{text!r} must be name=value"], code=2)
        given[name] = value
    return given


def _performed(
    at: Connection, ask: Ask, region: str, *, yes: bool, show_people: bool
) -> tuple[Came, Trace]:
    if ask.writes and not yes:
        stop([f"{ask.method} writes into {at.server}: say --yes if that is meant"], code=2)
    if at.definition["auth"]["scheme"] == "oauth2_refresh" and not at.is_here and not yes:
        # Some servers give a new refresh token for each one used, and this command keeps none.
        stop(
            [
                "this connector signs in with a refresh token; where the server replaces it, a "
                "call from here takes it away from the deployed workers: say --yes if it does "
                "not, or use a refresh token of your own"
            ],
            code=2,
        )
    console, mask = plain_console(), Mask(at.secrets, show_people=show_people)
    transport = at.transport()
    trace = Trace(console, mask, at, transport)
    console.print(f"[bold]{escape(ask.method)}[/] at {escape(at.server)}")
    try:
        came = perform(at, ask, trace, mask, region=region)
    finally:
        transport.close()
    _report(console, mask, came)
    return came, trace


def _report(console: Any, mask: Mask, came: Came) -> None:
    if came.error is not None:
        console.print(f"[red]failed[/] as {came.error_class}: {escape(str(came.error))}")
        return
    if isinstance(came.result, list):
        count = len(came.result)
        ids = ", ".join(str(row.get("id")) for row in came.result if isinstance(row, Mapping))
        console.print(
            f"[green]ok[/] {count} record{'' if count == 1 else 's'} {escape(ids)}".strip()
        )
    else:
        console.print(f"[green]ok[/] {escape(str(mask.value(came.result)))}")
