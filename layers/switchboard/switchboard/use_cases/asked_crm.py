"""A CRM that is asked what it has, patiently and at a bounded pace, by somebody who can wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from switchboard.domain.compared_record import IN_FLIGHT, Compared
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.errors import (
    CredentialRefused,
    Misconfigured,
    SwitchboardError,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
)
from switchboard.ports import Crm

_CALL_S: Final = 15.0
_LISTING_S: Final = 60.0
# Before each further try of a CRM that fails; then it counts as down.
_PAUSES_S: Final = (2.0, 10.0, 30.0)
# A limit that postings use up is waited for, for a while.
_THROTTLED_S: Final = 5.0
_MOST_THROTTLED: Final = 12
_LONGEST_PAUSE_S: Final = 120.0
# A CRM that refuses so many questions in a row refuses them all.
_MOST_REFUSED: Final = 20

_Item = TypeVar("_Item")


class CannotGoOn(Exception):
    """A CRM does not answer; nothing is known of what was not compared yet."""

    def __init__(self, connector: str, why: str) -> None:
        super().__init__(f"{connector}: {why}")
        self.connector = connector
        self.why = why


@dataclass(frozen=True, slots=True)
class ComparisonTerms:
    """What a comparison is held to.

    `asks_per_s` bounds the questions to one CRM, beside its own limits. `connectors` are those
    asked for, empty for all; `share` of the interactions is compared. What was written less than
    `patience` ago waits. `has_time_for` tells whether so many seconds may still be waited.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    asks_per_s: float = 10.0
    connectors: frozenset[str] = frozenset()
    share: float = 1.0
    patience: timedelta = IN_FLIGHT
    has_time_for: Callable[[float], bool] = lambda _: True


@dataclass(slots=True)
class AskedCrm:
    """A CRM that is asked at a bounded pace, and patiently."""

    crm: Crm
    terms: ComparisonTerms
    _refused: int = 0
    _free_at: datetime | None = field(default=None)

    def find(self, told: Compared) -> FoundRecord | UpstreamRejected | None:
        def ask() -> FoundRecord | None:
            return self.crm.find_record(
                told.key, record_id=told.record_id, deadline=Deadline.after(_CALL_S)
            )

        try:
            found = self._patiently(ask)
        except UpstreamRejected as error:
            self._refused += 1
            if self._refused >= _MOST_REFUSED:
                raise CannotGoOn(
                    self.crm.connector, f"it refused {_MOST_REFUSED} questions in a row"
                ) from error
            return error
        self._refused = 0
        return found

    def listed(self, start: datetime, end: datetime) -> Sequence[FoundRecord]:
        def ask() -> list[FoundRecord]:
            deadline = Deadline.after(_LISTING_S)
            return list(self.crm.list_records(start, end, deadline=deadline))

        try:
            return self._patiently(ask)
        except UpstreamRejected as error:
            raise CannotGoOn(self.crm.connector, "it refuses to list its records") from error

    def _patiently(self, ask: Callable[[], _Item]) -> _Item:
        """Raises: UpstreamRejected for this one question, CannotGoOn for all."""
        pauses, throttled = iter(_PAUSES_S), 0
        while True:
            self._keep_pace()
            try:
                return ask()
            except UpstreamRejected:
                raise
            except UpstreamThrottled as error:
                throttled += 1
                may_ask_again = throttled <= _MOST_THROTTLED
                asked_s = error.retry_after_s or _THROTTLED_S
                self._pause(error, asked_s if may_ask_again else None)
            except (UpstreamError, Misconfigured) as error:
                is_retryable = error.retryable and not isinstance(error, Misconfigured)
                self._pause(error, next(pauses, None) if is_retryable else None)

    def _pause(self, error: SwitchboardError, pause_s: float | None) -> None:
        if (
            pause_s is None
            or pause_s > _LONGEST_PAUSE_S
            or isinstance(error, CredentialRefused)
            or not self.terms.has_time_for(pause_s)
        ):
            raise CannotGoOn(self.crm.connector, _in_words(error)) from error
        self.terms.sleep(pause_s)

    def _keep_pace(self) -> None:
        now = self.terms.clock()
        free_at = max(self._free_at or now, now)
        if free_at > now:
            self.terms.sleep((free_at - now).total_seconds())
        self._free_at = free_at + timedelta(seconds=1 / self.terms.asks_per_s)


def _in_words(error: SwitchboardError) -> str:
    """Why a CRM is left alone; never its own text."""
    match error:
        case CredentialRefused():
            return "it refuses our credential"
        case UpstreamThrottled():
            return "it asks us to wait longer than there is time for"
        case Misconfigured():
            return f"our own configuration is wrong: {error}"
    return f"it gives no usable answer ({error.reason})"
