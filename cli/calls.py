"""`switchboard call` and `switchboard email`: be a customer of the local contact centre."""

import time
from typing import Annotated, Any

import requests
import typer
from rich.console import Console
from rich.markup import escape

from cli.deployment import local_target

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
    _watch(console, f"{ecs_url}/emulator/interactions/{interaction_id}")


def _watch(console: Console, url: str) -> None:
    shown = 0
    give_up_at = time.monotonic() + _PATIENCE_S
    while time.monotonic() < give_up_at:
        seen: dict[str, Any] = requests.get(url, timeout=10).json()
        for step in seen["timeline"][shown:]:
            console.print(f"  {escape(step['step'])}: {escape(step['detail'])}", soft_wrap=True)
        shown = len(seen["timeline"])
        if seen["has_ended"]:
            return
        time.sleep(0.2)
    console.print("  still going on; follow it at the address above")
