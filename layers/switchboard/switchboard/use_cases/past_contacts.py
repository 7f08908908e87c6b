"""What our ledger tells of earlier contacts and the agents they ended with."""

from collections.abc import Sequence

from switchboard.domain.agent_candidates import PastContact
from switchboard.ports import LedgerRow


def past_contacts(rows: Sequence[LedgerRow]) -> list[PastContact]:
    """Those that have ended, in the order of the rows."""
    return [contact for row in rows if (contact := _past_contact(row))]


def _past_contact(row: LedgerRow) -> PastContact | None:
    """What the ledger tells of a contact that has ended."""
    if row.ended_at is None:
        return None
    said = row.interaction.get
    return PastContact(
        row.ended_at,
        extension=said("agent_extension").strip(),
        name=said("agent_name").strip(),
        talked_s=_talked_s(row),
        is_outbound=said("direction") == "outbound",
        disposition=said("disposition_code"),
    )


def _talked_s(row: LedgerRow) -> float | None:
    """The handling time; without one, what the whole contact took less its wait in the queue."""
    handled, lasted, queued = (
        _seconds(row.interaction.get(name)) for name in ("handle_s", "duration_s", "queue_s")
    )
    if handled is not None:
        return handled
    return None if lasted is None else max(0.0, lasted - (queued or 0.0))


def _seconds(text: str) -> float | None:
    """A trigger's time that could be read is whole seconds by now; any other is not known."""
    return float(text) if text.isascii() and text.isdecimal() else None
