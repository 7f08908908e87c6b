"""Once a minute: what intake could not keep in the ledger goes there after all."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    InvalidRequest,
    Misconfigured,
    NotNoted,
    StateUnavailable,
    StateUnreadable,
    SwitchboardError,
)
from switchboard.ports import Aside, KeptAside

SPILLED: Final = "spill"
REFUSED: Final = "refused"
_PAGE: Final = 100
# One event may be what is wrong, and must not keep the others waiting. So many are an outage.
_FAILURES_OF_AN_OUTAGE: Final = 3
# And of these any number says nothing of the others: many repeats are of one row, which is busy.
_OF_ONE_ROW: Final = (StateUnreadable, NotNoted)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How many events went into the ledger, and how many never will and were moved to the refused.

    `waiting_since` is of the oldest that is still there; None when none is.
    """

    kept: int = 0
    refused: int = 0
    waiting_since: datetime | None = None


def take_back(
    *,
    aside: KeptAside,
    take: Callable[[bytes], object],
    deadline: Deadline,
    token: Callable[[], str],
) -> TakenBack:
    """Take spilled events in, oldest first, while there is time and the ledger takes them.

    `take` reads one and keeps it; it is safe to repeat, so a crash before one is dropped costs
    nothing. What it refuses can never be kept: it goes where the refused are, for people.

    Raises: StateUnavailable when nobody can tell what is there.
    """
    kept, refused, failures, passed_over, after = 0, 0, 0, None, ""
    while page := aside.waiting(SPILLED, limit=_PAGE, after=after):
        for spilled in page:
            if deadline.has_passed:
                return TakenBack(kept, refused, passed_over or spilled.at)
            try:
                became = _taken(spilled, aside, take, token)
            except (StateUnavailable, Misconfigured) as error:
                passed_over = passed_over or spilled.at
                failures += not isinstance(error, _OF_ONE_ROW)
                _log.warning("spilled event waits on: %s", error.code)
                if failures == _FAILURES_OF_AN_OUTAGE or isinstance(error, Misconfigured):
                    return TakenBack(kept, refused, passed_over)
                continue
            failures = 0
            kept += became == "kept"
            refused += became == "refused"
        after = page[-1].id
    return TakenBack(kept, refused, passed_over)


def _taken(
    spilled: Aside, aside: KeptAside, take: Callable[[bytes], object], token: Callable[[], str]
) -> str:
    body = aside.read(SPILLED, spilled.id)
    if body is None:  # another sweep was faster
        return "gone"
    try:
        take(body)
    except InvalidRequest as error:
        _refuse(spilled, body, error, aside, token())
        return "refused"
    aside.drop(SPILLED, [spilled.id])
    return "kept"


def _refuse(
    spilled: Aside, body: bytes, error: SwitchboardError, aside: KeptAside, token: str
) -> None:
    """Move it. Interrupted half-way it is in both places, and moved again."""
    event, _, *rest = (*spilled.about, "other", "other")
    _log.error("spilled event refused: %s", error.code)
    aside.put(REFUSED, body, token=token, about=(event, error.code, *rest[:1]), now=spilled.at)
    aside.drop(SPILLED, [spilled.id])
