"""What the agent sees when an interaction is offered: the customer, the reason, the history."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from switchboard.errors import NotFound
from switchboard.ports import HistoryPlace, InteractionLedger, LedgerRow

HISTORY_SHOWN: Final = 20

ReadFrom = Callable[[str], Sequence[HistoryPlace]]


@dataclass(frozen=True, slots=True)
class DeskView:
    """The interaction on offer and the customer's other ones, newest first, over all channels.

    `older` is where those go on that are not shown; `is_first` tells whether none are newer.
    """

    row: LedgerRow
    history: tuple[LedgerRow, ...] = field(default=())
    older: tuple[HistoryPlace, ...] = field(default=())
    is_first: bool = True


def show_desk(
    interaction_id: str,
    *,
    ledger: InteractionLedger,
    now: datetime,
    read_from: ReadFrom = lambda _: (),
) -> DeskView:
    """The page, or an older part of its history: of the customer of this interaction alone.

    `read_from` tells, for the customer's key, where the history goes on.

    Raises: NotFound when the interaction never arrived.
    """
    row = ledger.read(interaction_id)
    if row is None:
        raise NotFound("This interaction is not known here, or its record has expired.")
    customer = row.arrival.customer if row.arrival else None
    if customer is None:
        return DeskView(row)
    after = read_from(customer.key)
    # One more than is shown, because the interaction on offer is among the newest.
    limit = HISTORY_SHOWN if after else HISTORY_SHOWN + 1
    page = ledger.history_page(customer.key, limit=limit, now=now, after=after)
    others = tuple(past for past in page.rows if past.interaction.id != interaction_id)
    return DeskView(row, others, page.after, is_first=not after)
