"""What operators change from one moment to the next, without publishing rules: switches that
expire by themselves, and customers and agents who are kept apart. Who did it and why is kept.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

LONGEST_ON: Final = timedelta(days=30)
# Functions read all of it again and again, and an item of a table holds 400 KB.
MOST_SWITCHES: Final = 50
MOST_PAIRS: Final = 1_000
MOST_CHANGES: Final = 50  # of switches, and as many of pairs

LONGEST_NAME_BYTES: Final = 64
_LONGEST_WHY_BYTES: Final = 200


class ControlsRefused(ValueError):
    """Nothing was changed; the message says what to do instead."""


@dataclass(frozen=True, slots=True)
class Switch:
    """On until it expires. One that is off is not kept. `why` is never logged by functions."""

    name: str
    expires_at: datetime
    why: str = field(repr=False)
    by: str
    at: datetime

    def is_on(self, now: datetime) -> bool:
        return now < self.expires_at


@dataclass(frozen=True, slots=True)
class Pair:
    """A customer, by key, and an agent, as rules prefer agents, who are never brought together."""

    customer: str
    agent: str
    why: str = field(repr=False)
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the log."""

    about: Literal["switch", "pair"]
    what: str
    why: str = field(repr=False)
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RoutingControls:
    """All of it, the latest last. Some of the `switches` may have expired."""

    switches: tuple[Switch, ...] = ()
    do_not_pair: tuple[Pair, ...] = ()
    log: tuple[Change, ...] = ()


def is_name(text: str) -> bool:
    """Whether this may stand in the log as who did it."""
    return _is_line(text, LONGEST_NAME_BYTES)


def name_in_the_log(name: str) -> str:
    """A name that somebody else gave, made to fit: who may turn a switch is not stopped by it."""
    printable = "".join(letter for letter in name if letter.isprintable())
    return printable.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore").strip()


def active_switches(controls: RoutingControls, now: datetime) -> Mapping[str, bool]:
    """The switches that are on, each as True; every other one is off."""
    return {switch.name: True for switch in controls.switches if switch.is_on(now)}


def switched_on(
    controls: RoutingControls, name: str, *, lasts: timedelta, why: str, by: str, now: datetime
) -> RoutingControls:
    """With the switch on for so long from now; one that is on already is renewed.

    Raises: ControlsRefused.
    """
    _check("the switch", name)
    if not timedelta(0) < lasts <= LONGEST_ON:
        raise ControlsRefused(f"A switch is on for {LONGEST_ON.days} days at most.")
    others = _others_on(controls.switches, name, now)
    if len(others) >= MOST_SWITCHES:
        raise ControlsRefused(f"{MOST_SWITCHES} switches are on; switch one off first.")
    switch = Switch(name, now + lasts, why, by, now)
    what = f"{name} on until {switch.expires_at:%Y-%m-%d %H:%M} UTC"
    return _logged(
        replace(controls, switches=(*others, switch)), Change("switch", what, why, by, now)
    )


def switched_off(
    controls: RoutingControls, name: str, *, why: str, by: str, now: datetime
) -> RoutingControls:
    """Raises: ControlsRefused."""
    if name not in active_switches(controls, now):
        raise ControlsRefused(f"The switch {name} is not on.")
    others = _others_on(controls.switches, name, now)
    return _logged(
        replace(controls, switches=others), Change("switch", f"{name} off", why, by, now)
    )


def kept_apart(
    controls: RoutingControls, customer: str, agent: str, *, why: str, by: str, now: datetime
) -> RoutingControls:
    """With the two never brought together from now on. Raises: ControlsRefused."""
    customer, agent = customer.strip(), agent.strip()
    _check("the customer", customer)
    _check("the agent", agent)
    others = _other_pairs(controls.do_not_pair, customer, agent)
    if len(others) >= MOST_PAIRS:
        raise ControlsRefused(
            f"The do-not-pair list is full, with {MOST_PAIRS} pairs; remove one first."
        )
    pairs = (*others, Pair(customer, agent, why, by, now))
    what = f"{customer} and {agent} kept apart"
    return _logged(replace(controls, do_not_pair=pairs), Change("pair", what, why, by, now))


def brought_together(
    controls: RoutingControls, customer: str, agent: str, *, why: str, by: str, now: datetime
) -> RoutingControls:
    """Raises: ControlsRefused."""
    customer, agent = customer.strip(), agent.strip()
    others = _other_pairs(controls.do_not_pair, customer, agent)
    if len(others) == len(controls.do_not_pair):
        raise ControlsRefused(f"{customer} and {agent} are not on the do-not-pair list.")
    what = f"{customer} and {agent} no longer kept apart"
    return _logged(replace(controls, do_not_pair=others), Change("pair", what, why, by, now))


def begun_anew(controls: RoutingControls, *, why: str, by: str, now: datetime) -> RoutingControls:
    """With a line in both logs that what was there before is gone. Raises: ControlsRefused."""
    told = _logged(controls, Change("switch", "begun anew, all switches off", why, by, now))
    return _logged(told, Change("pair", "begun anew, nobody kept apart", why, by, now))


def _logged(controls: RoutingControls, change: Change) -> RoutingControls:
    """Many changes of pairs take no change of a switch off the log, nor the other way round."""
    _check("who does it", change.by)
    if not _is_line(change.why, _LONGEST_WHY_BYTES):
        raise ControlsRefused(f"Say why, in one line of at most {_LONGEST_WHY_BYTES} bytes.")
    same = [line for line in controls.log if line.about == change.about]
    dropped = same[0] if len(same) >= MOST_CHANGES else None
    kept = (line for line in controls.log if line is not dropped)
    return replace(controls, log=(*kept, change))


def _check(what: str, name: str) -> None:
    if not is_name(name):
        raise ControlsRefused(f"Name {what}, in one line of at most {LONGEST_NAME_BYTES} bytes.")


def _is_line(text: str, most_bytes: int) -> bool:
    # What is printable can be written as UTF-8: half a surrogate pair is not.
    return bool(text.strip()) and text.isprintable() and len(text.encode()) <= most_bytes


def _others_on(switches: Iterable[Switch], name: str, now: datetime) -> tuple[Switch, ...]:
    return tuple(switch for switch in switches if switch.name != name and switch.is_on(now))


def _other_pairs(pairs: Iterable[Pair], customer: str, agent: str) -> tuple[Pair, ...]:
    return tuple(
        pair for pair in pairs if (pair.customer.strip(), pair.agent.strip()) != (customer, agent)
    )
