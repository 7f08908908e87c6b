"""`switchboard connector state`: what holds a CRM's calls back, and how that is ended.

Shows what workers share: pauses, breakers, what of each limit is used, a blocked credential.
Nothing of it is personal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from cli.connector_files import plain_console, stop
from cli.deployment import Target, target
from switchboard.adapters.connector.breaker import Standing, standing
from switchboard.adapters.connector.limits import check_limits
from switchboard.adapters.connector.pacing import (
    Bucket,
    BucketLevel,
    GateState,
    Lane,
    LaneState,
    Slots,
)
from switchboard.adapters.connector.token_store import CredentialState
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.dynamodb_tokens import DynamoDbTokens
from switchboard.errors import Misconfigured, SwitchboardError

Stack = Annotated[
    str | None, typer.Option(help="A deployed stack; without it, the one on this machine.")
]

_NAMES: Final = {Lane.LOOKUP: "lookups", Lane.POSTING: "postings"}


@dataclass(frozen=True)
class SystemState:
    """How one connector stands. `gates` are its own, and those of accounts that it shares."""

    id: str
    gates: Mapping[str, GateState]
    buckets: tuple[tuple[Bucket, BucketLevel], ...] = ()
    slots: tuple[Slots, int] | None = None
    credential: CredentialState | None = None

    def is_held_back(self, now: datetime) -> bool:
        lanes = (lane for gate in self.gates.values() for lane in gate.values())
        return _is_blocked(self.credential) or any(_hindrance(lane, now) for lane in lanes)


def state(stack: Stack = None) -> None:
    """Show what holds each connector's calls back, and how much of its limits is used."""
    now = datetime.now(UTC)
    try:
        states = states_of(target(stack), now=now)
    except SwitchboardError as error:
        stop([str(error)])
    for one in states:
        print_state(one, now)


def states_of(where: Target, *, now: datetime) -> list[SystemState]:
    """Every published connector, in order of their ids.

    Raises: Misconfigured, StateUnavailable.
    """
    return [_state_of(where, system, now) for _, system in sorted(_published(where).items())]


def state_of(where: Target, name: str, *, now: datetime) -> SystemState:
    """Raises: Misconfigured when no such connector is published; StateUnavailable."""
    systems = _published(where)
    if name not in systems:
        nearest = get_close_matches(name, systems, n=1) or sorted(systems)
        raise Misconfigured(f"No connector {name} is published; there is {', '.join(nearest)}.")
    return _state_of(where, systems[name], now)


def resumed(where: Target, name: str, *, now: datetime) -> SystemState:
    """How the connector stood before everything that held it back was ended.

    Raises: Misconfigured when no such connector is published; StateUnavailable.
    """
    before = state_of(where, name, now=now)
    table = _table(where, "Coordination")
    for key in before.gates:
        DynamoDbPacingStore(table).resume(key)
    DynamoDbTokens(table).unblock(name)
    return before


def lines_of(one: SystemState, now: datetime) -> Iterator[str]:
    """What a person reads about a connector, a line each."""
    for key, gate in one.gates.items():
        whose = "" if key == one.id else f" of {key}"
        for lane, lane_state in gate.items():
            if whose and not _hindrance(lane_state, now):
                continue
            yield f"{_NAMES[lane]}{whose}: {_hindrance(lane_state, now) or _goes_on(lane_state)}"
    for bucket, level in one.buckets:
        yield (
            f"limit {bucket.key}: {level.taken} of {bucket.calls} used in {bucket.per_s:g} s, "
            f"{level.taken_by_postings} of {bucket.posting_calls} by postings"
        )
    if one.slots:
        slots, held = one.slots
        yield f"at once: {held} of {slots.total}, postings at most {slots.posting_total}"
    if one.credential:
        yield _credential_line(one.id, one.credential)


def _hindrance(lane: LaneState, now: datetime) -> str:
    """Empty when calls pass."""
    if lane.paused_until and lane.paused_until > now:
        return f"paused until {_told(lane.paused_until, now)} ({lane.pause_reason})"
    match standing(lane, now):
        case Standing.OPEN if lane.open_until and lane.open_until > now:
            return f"left alone until {_told(lane.open_until, now)}, {lane.failures} failures"
        case Standing.OPEN:
            return "one call is trying whether it works again"
        case Standing.HALF_OPEN:
            return "left alone until the next call, which tries whether it works again"
    return ""


def _goes_on(lane: LaneState) -> str:
    return f"pass, {lane.failures} failures in a row" if lane.failures else "pass"


def _told(until: datetime, now: datetime) -> str:
    return f"{until:%Y-%m-%d %H:%M:%S} UTC (in {(until - now).total_seconds():.0f} s)"


def _is_blocked(credential: CredentialState | None) -> bool:
    """One that a person replaced by one that works is no hindrance any more."""
    return bool(credential and credential.blocked_at and not credential.replaced_at)


def _credential_line(system: str, credential: CredentialState) -> str:
    if not _is_blocked(credential) or credential.blocked_at is None:
        since = ", and replaced by one that works" if credential.replaced_at else ""
        return f"credential: refused {credential.refusals} times{since}"
    return (
        f"credential: refused {credential.refusals} times, not used since "
        f"{credential.blocked_at:%Y-%m-%d %H:%M:%S} UTC. Put a good one into the secret, then "
        f"`switchboard connector resume {system}`"
    )


def print_state(one: SystemState, now: datetime) -> None:
    console = plain_console()
    mark = "[red]held back[/]" if one.is_held_back(now) else "[green]ok[/]"
    console.print(f"{mark} {escape(one.id)}")
    for line in lines_of(one, now):
        console.print(f"     {escape(line)}")


def _state_of(where: Target, system: Mapping[str, Any], now: datetime) -> SystemState:
    definition = system["definition"]
    limits = check_limits(definition, system["settings"])
    name, table = str(definition["id"]), _table(where, "Coordination")
    pacing = DynamoDbPacingStore(table)
    keys = dict.fromkeys([name, *limits.budget_keys])
    slots = limits.all_slots
    return SystemState(
        id=name,
        gates={key: pacing.state(key) for key in keys},
        buckets=tuple((one, pacing.level(one, now=now)) for one in limits.all_buckets),
        slots=(slots, pacing.held(slots, now=now)) if slots else None,
        credential=_noteworthy(DynamoDbTokens(table).read_credential(name, now=now)),
    )


def _noteworthy(credential: CredentialState | None) -> CredentialState | None:
    return credential if credential and credential.refusals else None


def _published(where: Target) -> Mapping[str, Mapping[str, Any]]:
    publications = DynamoDbPublications(_table(where, "Config"))
    connectors: Mapping[str, Any] = publications.active("connectors").body["connectors"]
    return connectors


def _table(where: Target, name: str) -> DynamoDbTable:
    return DynamoDbTable(where.client("dynamodb"), where.tables[name])
