"""Another ruleset beside the active one: watched only, or deciding for a share of the callers."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from switchboard.domain.routing import Decision
from switchboard.domain.routing_record import Arm
from switchboard.domain.ruleset import Ruleset

FORMAT: Final = "challenger/1"
Mode = Literal["shadow", "split"]
SplitBy = Literal["customer", "time"]
MODES: Final[tuple[Mode, ...]] = ("shadow", "split")
ARMS: Final[tuple[Arm, ...]] = get_args(Arm)
SPLITS: Final[tuple[SplitBy, ...]] = ("customer", "time")
SHORTEST_SLICE_S: Final = 3600
LONGEST_SLICE_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Challenger:
    """The terms on which a ruleset is tried.

    In a split by customer, `share` percent of the customers are the challenger's; in one by time,
    that share of the slices of `slice_s`. The name is the experiment's: under another name the
    customers are dealt anew.
    """

    mode: Mode
    name: str
    by: SplitBy = "customer"
    share: float = 0
    slice_s: float = SHORTEST_SLICE_S


@dataclass(frozen=True, slots=True)
class RunningChallenger:
    """A challenger that is published, and the hash of its ruleset."""

    terms: Challenger
    ruleset: Ruleset = field(repr=False)
    digest: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two rulesets part, each pair the champion's first. `what` names what differs.

    With the row alone, the caller would notice nothing.
    """

    rows: tuple[str, str]
    queues: tuple[str, str]
    what: tuple[str, ...]

    @property
    def is_noticed(self) -> bool:
        return self.what != ("row",)


def arm_of(
    challenger: Challenger,
    *,
    customer_key: str,
    contact: str,
    now: datetime,
    zone: ZoneInfo,
) -> Arm:
    """Whose decision counts for this contact.

    `contact` is the number or address, for a caller whom nobody knows; it is only hashed. Who
    cannot be told apart at all is the champion's. A customer who is the challenger's stays so
    when the share grows. `zone` is the champion ruleset's.
    """
    if challenger.mode == "shadow":
        return "champion"
    if challenger.by == "time":
        return _arm_by_time(challenger, now.astimezone(zone))
    if customer_key:
        return _arm_by_hash(challenger, f"customer:{customer_key}")
    return _arm_by_hash(challenger, f"contact:{contact}") if contact else "champion"


def difference(
    champion: Decision, challenger: Decision, *, rulesets: tuple[Ruleset, Ruleset] | None = None
) -> Difference | None:
    """What the challenger decides differently; None when it decides the same by the same row.

    With both `rulesets`, a queue of the same name that is another one in ECS differs as well.
    """
    ours, theirs = champion.then, challenger.then
    our_queues, their_queues = (one.queues for one in rulesets) if rulesets else ({}, {})
    pairs = {
        "row": (champion.row, challenger.row),
        "action": (ours.action, theirs.action),
        "queue": (
            our_queues.get(ours.queue, ours.queue),
            their_queues.get(theirs.queue, theirs.queue),
        ),
        "priority": (ours.priority, theirs.priority),
        "prompts": (champion.prompts, challenger.prompts),
        "last agent": (
            (ours.last_agent, ours.avoids_last_agent),
            (theirs.last_agent, theirs.avoids_last_agent),
        ),
        "flow": ((ours.flow, ours.on_fail), (theirs.flow, theirs.on_fail)),
        "views": (champion.views, challenger.views),
        "flags": (champion.flags, challenger.flags),
        "remark": (ours.remark, theirs.remark),
    }
    what = tuple(name for name, (one, other) in pairs.items() if one != other)
    if not what:
        return None
    return Difference((champion.row, challenger.row), (ours.queue, theirs.queue), what)


def _arm_by_hash(challenger: Challenger, key: str) -> Arm:
    # A CRM may send half a character, which has no other bytes.
    preimage = f"{challenger.name}\0{key}".encode(errors="surrogatepass")
    digest = hashlib.sha256(preimage).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    return "challenger" if place * 100 < challenger.share else "champion"


def _arm_by_time(challenger: Challenger, local_now: datetime) -> Arm:
    """Slices of the day by the clock on the wall, each one day later moved on by one.

    So with half of them, what one day is the challenger's hour is the champion's on the next, and
    with any share every hour of the day comes round. In the night in which an hour comes twice,
    both are the same slice.
    """
    midnight = local_now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    into_day_s = (local_now.replace(tzinfo=None) - midnight).total_seconds()
    turn = int(into_day_s // challenger.slice_s) + local_now.toordinal()
    is_challengers = int((turn + 1) * challenger.share // 100) > int(turn * challenger.share // 100)
    return "challenger" if is_challengers else "champion"
