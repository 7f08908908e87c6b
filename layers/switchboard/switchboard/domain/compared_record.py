"""One record of the ledger beside what a CRM shows of it: what came of comparing the two."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from switchboard.domain.posting import Posting

# What is younger may be under way, in a queue or not yet in a CRM's search: no difference yet.
IN_FLIGHT: Final = timedelta(hours=1)


class Verdict(StrEnum):
    """What came of comparing one record."""

    AGREES = "agrees"
    WAITING = "waiting"
    UNWANTED = "unwanted"
    DECIDED = "decided"
    MISSING = "missing"
    OTHER_RECORD = "other_record"
    OLDER = "older"
    DOUBLED = "doubled"
    UNEXPECTED = "unexpected"
    PARKED = "parked"
    UNSETTLED = "unsettled"
    NEVER_TRIED = "never_tried"
    OVERDUE = "overdue"
    UNANSWERED = "unanswered"
    NOT_ASKED = "not_asked"


# In the order of a report; everything else is as it should be, or cannot be said.
DIFFERENCES: Final = (
    Verdict.MISSING,
    Verdict.NEVER_TRIED,
    Verdict.OVERDUE,
    Verdict.PARKED,
    Verdict.UNSETTLED,
    Verdict.OLDER,
    Verdict.OTHER_RECORD,
    Verdict.DOUBLED,
    Verdict.UNEXPECTED,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One record, as far as it has been compared. Holds ids alone, nothing of a person.

    `record_id` is what the ledger calls it, `found_id` what the CRM does. `must_ask` says that
    the ledger alone cannot tell. `is_moving` says that somebody is at its interaction, or is to be.
    """

    verdict: Verdict
    interaction_id: str
    connector: str
    part: str = ""
    record_id: str = ""
    found_id: str = ""
    why: str = ""
    posting: Posting | None = None
    must_ask: bool = False
    is_moving: bool = False

    @property
    def key(self) -> str:
        """Our key of the record in the CRM."""
        return f"{self.interaction_id}:{self.part}" if self.part else self.interaction_id

    @property
    def is_difference(self) -> bool:
        return self.verdict in DIFFERENCES
