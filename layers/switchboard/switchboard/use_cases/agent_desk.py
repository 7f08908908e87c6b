"""What the agent sees when an interaction is offered: the customer, the reason, the history."""

from dataclasses import dataclass, field
from typing import Final

from switchboard.errors import NotFound
from switchboard.ports import InteractionLedger, LedgerRow

_HISTORY_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class DeskView:
    """The interaction on offer and the customer's earlier ones, newest first, over all channels."""

    row: LedgerRow
    history: tuple[LedgerRow, ...] = field(default=())


def show_desk(interaction_id: str, *, ledger: InteractionLedger) -> DeskView:
    """Raises: NotFound when the interaction never arrived."""
    row = ledger.read(interaction_id)
    if row is None:
        raise NotFound("This interaction is not known here, or its record has expired.")
    customer = row.arrival.customer if row.arrival else None
    if customer is None:
        return DeskView(row)
    past = ledger.history(customer.key, limit=_HISTORY_SHOWN + 1)
    return DeskView(row, tuple(p for p in past if p.interaction.id != interaction_id))
