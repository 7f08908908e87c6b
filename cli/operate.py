"""Commands for whoever runs a Switchboard: publish, hand out keys, follow the log."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cli.configuration import read_folder, refuse_this_machine
from cli.deployment import target
from cli.publishing import active_versions, create_key, operator_name, publish
from local.aws.clients import client
from local.aws.deploy import describe
from local.aws.logs import LogReader, follow
from local.aws.ministack import running as running_stack
from local.running import HOME, Ports
from switchboard.adapters.dynamodb_outbound import DynamoDbOutboundStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.identity import read_phone
from switchboard.errors import Misconfigured
from switchboard.ports import PublishedVersion

Stack = Annotated[
    str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
]

keys = typer.Typer(help="Keys for those who call Switchboard.", no_args_is_help=True)


def publish_configuration(
    folder: Annotated[Path, typer.Argument(help="The configuration folder.")] = Path("config"),
    only: Annotated[
        list[str] | None, typer.Option(help="Just this kind, for example routing; repeatable.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Check, and publish nothing.")] = False,
    stack: Stack = None,
) -> None:
    """Check the files in a folder and make them the active configuration.

    On this machine only the routing rules are published unless --only says otherwise: `make run`
    has fitted the other files to its own addresses and its own CRM.
    """
    try:
        documents = read_folder(folder)
        if stack:
            refuse_this_machine(documents)
    except Misconfigured as error:
        _fail(str(error))
    wanted = set(only or (documents if stack or check else {"routing"}))
    if unknown := wanted - set(documents):
        _fail(f"There is no {', '.join(sorted(unknown))}; kinds are {', '.join(documents)}.")
    if check:
        typer.echo(f"ok {folder}: {', '.join(sorted(wanted))} can be published")
        return
    chosen = {kind: document for kind, document in documents.items() if kind in wanted}
    where, by = target(stack), operator_name()
    replaced = active_versions(where, chosen)
    for kind, digest in publish(where, chosen, now=datetime.now(UTC), by=by).items():
        typer.echo(f"{kind:<16} {digest}{_instead_of(kind, digest, replaced.get(kind))}")
    typer.echo("Functions pick it up within 30 seconds.")


def _instead_of(kind: str, digest: str, replaced: PublishedVersion | None) -> str:
    """Whose version goes: a supervisor may have published the rules on the page meanwhile."""
    if replaced is None or replaced.digest == digest:
        return ""
    who = f" by {replaced.by}" if replaced.by else ""
    back = "; back: switchboard rules rollback" if kind == "routing" else ""
    when = f"{replaced.published_at:%Y-%m-%d %H:%M} UTC"
    return f"  instead of {replaced.digest}, published {when}{who}{back}"


@keys.command("create")
def create(
    key_id: Annotated[str, typer.Argument(help="A name for the caller, for example ecs-1")],
    route: Annotated[
        list[str], typer.Option(help="A path prefix it may use, for example /v1/arrivals/")
    ],
    days: Annotated[int | None, typer.Option(help="How long it is good for.")] = None,
    source: Annotated[
        list[str] | None, typer.Option(help="A network it may come from, as 203.0.113.0/24.")
    ] = None,
    stack: Stack = None,
) -> None:
    """Make a key and show it once. Send it in the header x-switchboard-key.

    The same id again replaces its key at once. To change a key without an interruption, make one
    with another id, let the caller change over, then make the old id anew with --days 0.
    """
    expires_at = None if days is None else datetime.now(UTC) + timedelta(days=days)
    typer.echo(create_key(target(stack), key_id, route, source or (), expires_at))


def do_not_call(
    number: Annotated[str, typer.Argument(help="With country code, for example +14155550142")],
    stack: Stack = None,
) -> None:
    """Never call this number again; requests for it are refused from now on."""
    contact = read_phone(number, default_region="ZZ")
    if contact is None:
        _fail("This is not a number with country code; write it like +14155550142.")
    where = target(stack)
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Outbound"])
    DynamoDbOutboundStore(table).mark_do_not_call(contact, source="cli", at=datetime.now(UTC))
    typer.echo("Marked.")


def logs(
    request_id: Annotated[str | None, typer.Option(help="Only lines of this request.")] = None,
) -> None:
    """Follow the log lines of the functions on this machine."""
    aws = running_stack(HOME, Ports.from_environment().aws)
    if aws is None:
        _fail("No Switchboard runs here. Start one with `make run`.")
    # An interrupt that is raised may be swallowed, in a destructor for one.
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    reader = LogReader(client(aws.endpoint, "logs"), describe(aws).functions)
    for line in follow(reader, request_id):
        typer.echo(line)


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)
