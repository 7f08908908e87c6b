"""`switchboard switch`: what rules look at and an operator flips at once, without publishing."""

from collections.abc import Iterator, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import typer

from cli.controls import (
    By,
    Stack,
    Why,
    at,
    controls_of,
    fail,
    log_lines,
    publications_of,
    show,
    who,
)
from cli.deployment import target
from switchboard.domain.cells import unknown
from switchboard.domain.durations import read_duration
from switchboard.domain.routing_controls import (
    LONGEST_ON,
    ControlsRefused,
    RoutingControls,
    begun_anew,
    switched_off,
    switched_on,
)
from switchboard.errors import StateUnavailable
from switchboard.ports import Publications

Name = Annotated[str, typer.Argument(help="As in the rules: emergency_closed.")]

SEEN: Final = "Functions see it within 10 seconds."
_SOURCE: Final = "switch."

app = typer.Typer(help="Switches that the rules look at.", no_args_is_help=True)


@app.command("on")
def on(
    name: Name,
    why: Why,
    lasts: Annotated[
        str, typer.Option("--for", help="How long, 1s to 30d; it goes off by itself.")
    ] = "4h",
    by: By = None,
    stack: Stack = None,
) -> None:
    """Switch on; once more to renew it."""
    where = target(stack)
    try:
        duration = _duration(lasts)
        _require_read(name, publications_of(where))
        done = controls_of(where).change(
            lambda controls: switched_on(
                controls,
                name,
                lasts=duration,
                why=why,
                by=who(by),
                now=datetime.now(UTC),
            )
        )
    except (ValueError, StateUnavailable) as error:
        fail(str(error))
    until = next(switch.expires_at for switch in done.switches if switch.name == name)
    typer.echo(f"{name} is on until {at(until)}. {SEEN}")


@app.command("off")
def off(name: Name, why: Why = "no reason given", by: By = None, stack: Stack = None) -> None:
    """Switch off before it goes off by itself."""
    try:
        controls_of(target(stack)).change(
            lambda controls: switched_off(
                controls, name, why=why, by=who(by), now=datetime.now(UTC)
            )
        )
    except (ControlsRefused, StateUnavailable) as error:
        fail(str(error))
    typer.echo(f"{name} is off. {SEEN}")


@app.command("reset")
def reset(
    why: Why,
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stack: Stack = None,
) -> None:
    """Begin anew where the switches and the do-not-pair list cannot be read any more."""
    where = target(stack)
    if not yes:
        typer.confirm("Switch everything off, and forget who is kept apart?", abort=True)
    try:
        controls_of(where).begin_anew(
            lambda controls: begun_anew(controls, why=why, by=who(by), now=datetime.now(UTC))
        )
    except (ControlsRefused, StateUnavailable) as error:
        fail(str(error))
    typer.echo(f"Every switch is off and nobody is kept apart. {SEEN}")


@app.command("list")
def list_switches(stack: Stack = None) -> None:
    """What is on, until when, who did it and why; and the latest changes."""
    where = target(stack)
    try:
        controls = controls_of(where).current()
        read = switches_read(publications_of(where))
    except StateUnavailable as error:
        fail(str(error))
    show(lines(controls, read, now=datetime.now(UTC)))


def lines(controls: RoutingControls, read: Set[str], *, now: datetime) -> Iterator[str]:
    """What is shown: the switches that are on, those that the rules look at, and the log."""
    on_now = {switch.name: switch for switch in controls.switches if switch.is_on(now)}
    for switch in on_now.values():
        since = f"by {switch.by}, {at(switch.at)}"
        yield f"{switch.name}  on until {at(switch.expires_at)} ({since}): {switch.why}"
        if switch.name not in read:
            yield "  no published rule looks at it"
    yield from (f"{name}  off" for name in sorted(read - on_now.keys()))
    if not on_now and not read:
        yield "No switch is on, and no published rule looks at one."
    yield from log_lines(controls.log, "switch")


def switches_read(publications: Publications) -> frozenset[str]:
    """The switches that the published rules look at, those of a challenger too."""
    routing, challenger = (
        found.body if (found := publications.find(kind)) else {}
        for kind in ("routing", "routing_challenger")
    )
    return frozenset({*_sources(routing), *_sources(_mapping(challenger.get("ruleset")))})


def _duration(written: str) -> timedelta:
    """Raises: ValueError that says how to write it, or how long it may be."""
    seconds = read_duration(written)
    if not 1 <= seconds <= LONGEST_ON.total_seconds():
        raise ControlsRefused(
            f"--for {written}: a switch is on for at least a second and at most "
            f"{LONGEST_ON.days} days."
        )
    return timedelta(seconds=seconds)


def _require_read(name: str, publications: Publications) -> None:
    """A switch with a misspelt name would be on, and close nothing.

    Raises: ControlsRefused. Where the rules cannot be read, nobody is kept from switching.
    """
    try:
        read = switches_read(publications)
    except StateUnavailable:
        return
    if name not in read:
        told = unknown(name, sorted(read)) if read else "they look at none"
        raise ControlsRefused(f"No published rule looks at this switch: {told}.")


def _sources(rules: Mapping[str, Any]) -> Iterator[str]:
    for spec in _mapping(rules.get("attributes")).values():
        source = str(_mapping(spec).get("from", ""))
        if source.startswith(_SOURCE):
            yield source.removeprefix(_SOURCE)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
