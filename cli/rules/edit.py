"""`switchboard rules edit`: a link that opens the editing page for somebody, for a while.

Who may read the secret that signs links may make them: the operator's own rights in AWS decide.
"""

import json
import webbrowser
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from botocore.exceptions import BotoCoreError, ClientError

from cli.controls import Stack, fail, who
from cli.deployment import Target, target
from switchboard.domain.operator_link import OperatorLink, sign
from switchboard.domain.routing_controls import LONGEST_NAME_BYTES, is_name

LONGEST_H: Final = 168
# What `make run` calls its stack.
_LOCAL_STACK: Final = "switchboard"


def edit(
    name: Annotated[
        str | None, typer.Option("--as", help="Who it is for; stands beside what is published.")
    ] = None,
    hours: Annotated[int, typer.Option(min=1, max=LONGEST_H, help="How long it is good for.")] = 8,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="May look and try, and change nothing.")
    ] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Open it in a browser here.")] = False,
    stack: Stack = None,
) -> None:
    """Make a link to the page that shows the rules as a grid. Whoever has it may use it."""
    where = target(stack)
    if not where.api_url:
        fail(f"The stack {stack} has no output ApiUrl; deploy this version first.")
    link = OperatorLink(_name(name), not read_only, datetime.now(UTC) + timedelta(hours=hours))
    address = editor_address(where, stack or _LOCAL_STACK, link)
    typer.echo(address)
    right = "look, and change nothing" if read_only else "publish"
    typer.echo(f"Good for {hours} h. Whoever opens it is {link.name} and may {right}.", err=True)
    if open_it and not webbrowser.open(address):
        fail("No browser can be opened here; open the link yourself.")


def editor_address(where: Target, stack: str, link: OperatorLink) -> str:
    """The link. Ends the command when its key cannot be read."""
    return f"{where.api_url}/editor/enter?link={sign(link, key=_key(where, stack))}"


def _name(said: str | None) -> str:
    name = who(said).strip()
    if not is_name(name):
        fail(f"--as: a name, in one line of at most {LONGEST_NAME_BYTES} bytes.")
    return name


def _key(where: Target, stack: str) -> bytes:
    secret = f"{stack}/editor-link"
    try:
        answer = where.client("secretsmanager").get_secret_value(SecretId=secret)
    except (BotoCoreError, ClientError) as error:
        fail(f"Cannot read the secret {secret}: {error}")
    key = json.loads(answer["SecretString"]).get("key")
    if not key:
        fail(f"The secret {secret} has no value named key.")
    return str(key).encode()
