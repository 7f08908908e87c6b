"""`switchboard posting preview`: what would be written of an interaction, and when."""

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.connector_files import plain_console
from cli.deployment import target
from cli.exit_codes import cannot, ending
from cli.masking import Mask
from cli.posting.asking import asked_customer
from cli.posting.preview_report import tell
from cli.posting.rehearsal import made_up_customer
from cli.posting.settings import PreviewSettings, published_settings, settings_in
from cli.posting.told_interactions import ToldInteraction, in_files, in_ledger
from switchboard.domain.customer import Customer
from switchboard.errors import UpstreamError

Whose = Callable[[str], Customer | None]


def preview(
    interaction: Annotated[
        str | None, typer.Option(help="An interaction that the ledger has, by ECS's id.")
    ] = None,
    event: Annotated[
        list[Path] | None,
        typer.Option(help="A file with a trigger, as in events/trigger_intake; repeatable."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A configuration folder; without it, what is published.", file_okay=False
        ),
    ] = None,
    stack: Annotated[
        str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask the CRM whose record it is; else it is made up.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="With --ask: leave this machine.")] = False,
    secrets_from: Annotated[
        str | None, typer.Option(help="With --ask: as for `switchboard connector call`.")
    ] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Unmasked; only on a terminal.")
    ] = False,
) -> None:
    """Show, for each profile, what would be written of an interaction, when, or why not.

    Nothing is written. Several --event files are told as if they came now, one after the other.
    Ends with 1 when nobody knows the interaction or intake would refuse the event, 2 when
    something cannot be read or reached.
    """
    if personal and not sys.stdout.isatty():
        cannot("--personal is for a terminal: files and pipes are kept")
    if (interaction is None) is (not event):
        cannot("say --interaction ID, or --event FILE")
    now = datetime.now(UTC)
    with ending():
        settings = settings_in(config) if config else published_settings(target(stack))
        told = (
            [in_ledger(interaction, target(stack), now=now)]
            if interaction is not None
            else in_files(event or [], settings, now=now)
        )
    _tell_each(
        told, settings, now=now, personal=personal,
        ask=(lambda one: _asking(one, settings, secrets_from, live)) if ask else _made_up,
    )  # fmt: skip


def _tell_each(
    told: Sequence[ToldInteraction],
    settings: PreviewSettings,
    *,
    now: datetime,
    personal: bool,
    ask: Callable[[ToldInteraction], Whose],
) -> None:
    console, mask = plain_console(), Mask({}, show_people=personal)
    for one in told:
        with ending():
            try:
                tell(console, mask, one, settings, whose=ask(one), now=now)
            except UpstreamError as error:
                cannot(f"the CRM could not be asked: {error}")


def _made_up(told: ToldInteraction) -> Whose:
    """As found on arrival, where the ledger has that; else made up."""
    return lambda connector: _on_arrival(told, connector) or made_up_customer(connector)


def _asking(
    told: ToldInteraction, settings: PreviewSettings, secrets_from: str | None, live: bool
) -> Whose:
    return lambda connector: (
        _on_arrival(told, connector)
        or asked_customer(
            connector, told.interaction, settings, secrets_from=secrets_from, is_live=live
        )
    )


def _on_arrival(told: ToldInteraction, connector: str) -> Customer | None:
    known = told.customer
    return known if known and known.connector == connector else None
