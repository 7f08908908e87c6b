"""Emergency switches as an operator sees and turns them in the editing page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from switchboard.domain.cells import unknown
from switchboard.domain.routing_controls import (
    ControlsRefused,
    RoutingControls,
    Switch,
    name_in_the_log,
    switched_off,
    switched_on,
)
from switchboard.errors import InvalidRequest
from switchboard.ports import RoutingControlsStore

_SOURCE = "switch."
# In an emergency that is over, nobody is asked for a reason; the command asks for none either.
_NO_REASON = "no reason given"


@dataclass(frozen=True, slots=True)
class ShownSwitches:
    """A switch for each that the rules look at or that is on; None where it is off."""

    switches: Mapping[str, Switch | None]
    log: tuple[str, ...]


def show_switches(
    rules: Mapping[str, Any], controls: RoutingControls, *, now: datetime
) -> ShownSwitches:
    """The log holds switches alone, latest first: who is kept apart is nobody's business here."""
    on = {switch.name: switch for switch in controls.switches if switch.is_on(now)}
    looked_at = sorted(_looked_at(rules) - on.keys())
    log = tuple(
        f"{change.at:%Y-%m-%d %H:%M} UTC, {change.by}: {change.what}; {change.why}"
        for change in reversed(controls.log)
        if change.about == "switch"
    )
    return ShownSwitches({**on, **dict.fromkeys(looked_at)}, log)


def turn(
    name: str,
    *,
    rules: Mapping[str, Any],
    is_on: bool,
    hours: int,
    why: str,
    by: str,
    now: datetime,
    store: RoutingControlsStore,
) -> RoutingControls:
    """What stands afterwards. Only what the rules look at can be switched on, and not without why.

    Raises: InvalidRequest that says why nothing was changed.
    """
    looked_at = tuple(sorted(_looked_at(rules)))
    if is_on and name not in looked_at:
        raise InvalidRequest(f"The rules look at no such switch: {unknown(name, looked_at)}.")

    by = name_in_the_log(by)

    def change(controls: RoutingControls) -> RoutingControls:
        if not is_on:
            return switched_off(controls, name, why=why.strip() or _NO_REASON, by=by, now=now)
        lasts = timedelta(hours=hours)
        return switched_on(controls, name, lasts=lasts, why=why, by=by, now=now)

    try:
        return store.change(change)
    except ControlsRefused as error:
        raise InvalidRequest(str(error)) from error


def _looked_at(rules: Mapping[str, Any]) -> set[str]:
    """The switches that attributes of the rules come from."""
    attributes = rules.get("attributes")
    specs = attributes.values() if isinstance(attributes, Mapping) else ()
    sources = (str(spec.get("from", "")) for spec in specs if isinstance(spec, Mapping))
    return {source.removeprefix(_SOURCE) for source in sources if source.startswith(_SOURCE)}
