"""What our own ledger tells of a customer: the earlier interactions, over all channels."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from switchboard.beside import run_beside
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.deadline import Deadline
from switchboard.errors import InvalidRequest, StateUnavailable
from switchboard.ports import HistoryPage, HistoryPlace, InteractionLedger, LedgerRow

_log = logging.getLogger(__name__)

HISTORY_READ: Final = 20
MOST_ON_A_PAGE: Final = 100
# As in the ledger: a connector's id, then what its CRM calls the record.
_CUSTOMER_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}:\S{1,250}")
_RECENT: Final = timedelta(days=7)
_LAST_AGENT_WITHIN: Final = timedelta(days=14)


def history_of(
    customer_key: str,
    *,
    limit: int,
    after: Sequence[HistoryPlace],
    ledger: InteractionLedger,
    now: datetime,
) -> HistoryPage:
    """A part of a customer's interactions, newest first; also those that have not ended.

    Nobody of that key and nobody who was ever in contact are the same: an empty page.

    Raises: InvalidRequest, StateUnavailable.
    """
    if not _CUSTOMER_KEY.fullmatch(customer_key):
        raise InvalidRequest("A customer is written as `connector:id`, for example sandbox:C-1001.")
    if not 1 <= limit <= MOST_ON_A_PAGE:
        raise InvalidRequest(f"`limit` must be a whole number from 1 to {MOST_ON_A_PAGE}.")
    return ledger.history_page(customer_key, limit=limit, now=now, after=after)


def read_history(
    customer: Customer | None, *, ledger: InteractionLedger, deadline: Deadline
) -> Sequence[LedgerRow] | None:
    """The customer's latest interactions, newest first; none for somebody whom nobody knows.

    None when no time is left or the ledger is down, because that is not the same as no contacts.
    It costs the history and never the answer.
    """
    if customer is None:
        return ()
    if deadline.has_passed:
        return None
    reading = run_beside(lambda: ledger.history(customer.key, limit=HISTORY_READ), name="history")
    try:
        return reading.result(timeout=deadline.remaining_s)
    except StateUnavailable as error:
        _log.warning("history not read: %s", error.code)
    except TimeoutError:
        _log.warning("history not read in time")
    return None


def history_facts(past: Sequence[LedgerRow] | None, now: datetime) -> dict[str, Scalar]:
    """What can be told of the interactions that have ended; None for what they do not say.

    Where they could not be read, nothing can be told, not even how many there were.
    """
    if past is None:
        return dict.fromkeys(_FACTS)
    ended = [row for row in past if row.ended_at]
    return {name: tell(ended, now) for name, tell in _FACTS.items()}


def _last_agents(past: Sequence[LedgerRow], now: datetime, name: str) -> Scalar:
    for row in past:
        said = row.interaction.get(name)
        if said and row.ended_at and now - row.ended_at <= _LAST_AGENT_WITHIN:
            return said
    return None


def _contacts_7d(ended: Sequence[LedgerRow], now: datetime) -> Scalar:
    return sum(1 for row in ended if row.ended_at and now - row.ended_at <= _RECENT)


def _last_contact_at(ended: Sequence[LedgerRow], _: datetime) -> Scalar:
    at = max((row.ended_at for row in ended if row.ended_at), default=None)
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else None


def _of_the_last(name: str) -> Callable[[Sequence[LedgerRow], datetime], Scalar]:
    return lambda ended, _: (ended[0].interaction.get(name) or None) if ended else None


_FACTS: Final[Mapping[str, Callable[[Sequence[LedgerRow], datetime], Scalar]]] = {
    "contacts_7d": _contacts_7d,
    "last_agent": lambda ended, now: _last_agents(ended, now, "agent_extension"),
    "last_agent_name": lambda ended, now: _last_agents(ended, now, "agent_name"),
    "last_contact_at": _last_contact_at,
    "last_channel": _of_the_last("channel"),
    "last_direction": _of_the_last("direction"),
    "last_business_process": _of_the_last("business_process"),
    "last_disposition": _of_the_last("disposition_code"),
}
FACTS: Final = tuple(_FACTS)
