"""`switchboard do-not-pair`: customers and agents who are never brought together."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.controls import By, Stack, Why, at, controls_of, fail, log_lines, show, who
from cli.deployment import target
from cli.switches import SEEN
from switchboard.domain.routing_controls import (
    ControlsRefused,
    RoutingControls,
    brought_together,
    kept_apart,
)
from switchboard.errors import StateUnavailable

Customer = Annotated[
    str, typer.Argument(help="The customer_id of an answer to ECS, for example salesforce:003A1.")
]
Agent = Annotated[
    str, typer.Argument(help="The extension, or the name where rules prefer agents by name.")
]

app = typer.Typer(help="Who is never brought together.", no_args_is_help=True)


@app.command("add")
def add(customer: Customer, agent: Agent, why: Why, by: By = None, stack: Stack = None) -> None:
    """Never prefer this agent for this customer. No name or number goes into WHY."""
    customer, agent = customer.strip(), agent.strip()
    connector, _, record = customer.partition(":")
    if not connector or not record:
        fail("Write the customer as connector:id, for example salesforce:003A1.")
    try:
        controls_of(target(stack)).change(
            lambda controls: kept_apart(
                controls, customer, agent, why=why, by=who(by), now=datetime.now(UTC)
            )
        )
    except (ControlsRefused, StateUnavailable) as error:
        fail(str(error))
    typer.echo(f"{customer} and {agent} are kept apart. {SEEN}")


@app.command("remove")
def remove(customer: Customer, agent: Agent, why: Why, by: By = None, stack: Stack = None) -> None:
    """Let them be brought together again."""
    customer, agent = customer.strip(), agent.strip()
    try:
        controls_of(target(stack)).change(
            lambda controls: brought_together(
                controls, customer, agent, why=why, by=who(by), now=datetime.now(UTC)
            )
        )
    except (ControlsRefused, StateUnavailable) as error:
        fail(str(error))
    typer.echo(f"{customer} and {agent} are no longer kept apart. {SEEN}")


@app.command("list")
def list_pairs(stack: Stack = None) -> None:
    """Who is kept apart, who said so and why; and the latest changes."""
    try:
        controls = controls_of(target(stack)).current()
    except StateUnavailable as error:
        fail(str(error))
    show(lines(controls))


def lines(controls: RoutingControls) -> Iterator[str]:
    """What is shown, by customer."""
    for pair in sorted(controls.do_not_pair, key=lambda pair: (pair.customer, pair.agent)):
        yield f"{pair.customer}  {pair.agent}  (by {pair.by}, {at(pair.at)}): {pair.why}"
    if not controls.do_not_pair:
        yield "Nobody is kept apart."
    yield from log_lines(controls.log, "pair")
