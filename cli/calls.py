"""`switchboard call` and `switchboard email`: be a customer of the local contact centre."""

import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import requests
import typer
from rich.console import Console
from rich.markup import escape

from cli.deployment import local_target
from cli.rules.printable import printable

_PATIENCE_S = 30.0


def call(
    number: Annotated[str, typer.Argument(help="Who calls, for example +14155550142")],
) -> None:
    """Ring the contact centre from a number and watch what becomes of the call."""
    _contact("voice", number)


def email(
    address: Annotated[str, typer.Argument(help="Who writes, for example ada@example.com")],
) -> None:
    """Write to the contact centre from an address and watch what becomes of it."""
    _contact("email", address)


def _contact(channel: str, sender: str) -> None:
    console = Console(highlight=False)
    ecs_url = local_target().ecs_url
    try:
        made = requests.post(
            f"{ecs_url}/emulator/contacts", json={"channel": channel, "from": sender}, timeout=10
        )
    except requests.ConnectionError:
        console.print("The contact centre does not answer. Is `make run` still up?")
        raise typer.Exit(2) from None
    if not made.ok:
        console.print(f"[red]{escape(made.text)}[/]")
        raise typer.Exit(1)
    interaction_id = made.json()["interaction_id"]
    console.print(
        f"interaction {interaction_id}: {ecs_url}/interactions/{interaction_id}", soft_wrap=True
    )
    seen = _watch(console, f"{ecs_url}/emulator/interactions/{interaction_id}")
    for line in why(interaction_id, seen.get("flow_variables", {})):
        console.print(line, markup=False, soft_wrap=True)


def why(interaction_id: str, flow_variables: Mapping[str, str]) -> Iterator[str]:
    """What the flow was told of the decision, and which commands tell more."""
    # The reason begins with the row; a flow may keep only one of them.
    told = flow_variables.get("reason") or flow_variables.get("row")
    if told:
        yield printable(f"why: {told}")
    yield f"more: switchboard explain {interaction_id}"
    if told:
        yield f"      switchboard rules explain --interaction {interaction_id}"


def _watch(console: Console, url: str) -> dict[str, Any]:
    """Tell each step as it happens. Returns the interaction as it was seen last."""
    seen: dict[str, Any] = {}
    shown = 0
    give_up_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_at:
        seen = requests.get(url, timeout=10).json()
        for step in seen["timeline"][shown:]:
            console.print(f"  {escape(step['step'])}: {escape(step['detail'])}", soft_wrap=True)
        shown = len(seen["timeline"])
        if seen["has_ended"]:
            return seen
        time.sleep(0.2)
    console.print("  still going on; follow it at the address above")
    return seen
