"""How the ledger's rows look in DynamoDB.

    id             the interaction
    revision       N   of the document; absent while only an arrival was noted
    document       the merged document, JSON
    arrival        the arrival note, JSON
    decision       what ECS was answered on a decision, JSON
    routing        what is kept of the decision, JSON; with routed_at, ISO UTC
    posting#<key>  how far a posting has come, JSON; the key is the connector, or
                   <connector>#<segment> for the record of a segment
    trail          which triggers came and were merged, JSON
    note#<digest>  that one came and changed nothing, JSON; notes_beside N is how many of these
    untold         N   of triggers for which there is no note (see `trigger_notes`)
    started_at     ISO UTC; with customer_key the index by_customer
    ended_at       ISO UTC; our own clock
    first_at       ISO UTC; our own clock, when the first trigger came; day is its date
    customer_key   the customer the CRM found, or else the one ECS named
    customer_by    "arrival" when the CRM found it; then events leave customer_key alone
    lease_token    of the worker that holds the row, with lease_until and leased_at (epoch ms)
    turn           N   grows with every claim and every settling
    due_at         epoch ms; with due_bucket ("due", or "parked" when nothing is due and a person
                   must look) the sparse index by_due
    crashes        N   mistakes of ours over it since it was last settled
    expires_at     epoch s, for TTL

Each writer sets its own attributes only, so nobody overwrites what another wrote meanwhile.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from switchboard.adapters.documents import (
    read_arrival,
    read_interaction,
    read_posting,
    read_routing,
)
from switchboard.adapters.items import Item, moment_in
from switchboard.adapters.trigger_notes import notes_in
from switchboard.domain.interaction import Interaction
from switchboard.ports import Arrival, LedgerRow

POSTING_PREFIX: Final = "posting#"
# One value for all rows: the index is sparse, and its one partition takes 1,000 writes a second.
DUE_BUCKET: Final = "due"
PARKED_BUCKET: Final = "parked"
# Bounded, because DynamoDB refuses a whole row whose index key is over 2,048 bytes.
_CUSTOMER_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}:\S{1,250}")


def interaction_of(interaction_id: str, item: Item | None) -> Interaction:
    """The merged document; an empty one when no event came yet."""
    if item is None or "document" not in item:
        return Interaction(interaction_id)
    return read_interaction(interaction_id, str(item["document"]), revision=int(item["revision"]))


def row_of(item: Item, *, with_routing: bool = True) -> LedgerRow:
    """What the item says. Reading a record of a decision takes a while; most do without."""
    postings = [
        read_posting(str(text)) for name, text in item.items() if name.startswith(POSTING_PREFIX)
    ]
    return LedgerRow(
        interaction=interaction_of(str(item["id"]), item),
        arrival=_arrival_in(item, with_routing=with_routing),
        postings={posting.key: posting for posting in postings},
        ended_at=_moment_in(item, "ended_at"),
        started_at=_moment_in(item, "started_at"),
        first_at=_moment_in(item, "first_at"),
        due_at=moment_in(item, "due_at") if item.get("due_bucket") == DUE_BUCKET else None,
        held_until=moment_in(item, "lease_until"),
        held_by=str(item.get("lease_token", "")),
        customer_key=str(item.get("customer_key", "")),
        triggers=notes_in(item),
        untold_triggers=int(item.get("untold", 0)),
        turn=int(item.get("turn", 0)),
    )


def _arrival_in(item: Item, *, with_routing: bool) -> Arrival | None:
    """The latest note, with the latest decision: a note without one does not take it away."""
    if "arrival" not in item:
        return None
    arrival = read_arrival(str(item["arrival"]))
    if "decision" in item:
        arrival = replace(arrival, decision=json.loads(str(item["decision"])))
    if with_routing and "routing" in item:
        arrival = replace(arrival, routing=read_routing(str(item["routing"])))
    return arrival


def told_start(interaction: Interaction) -> datetime | None:
    """When the interaction started as ECS says; None when it says nothing usable."""
    try:
        at = datetime.fromisoformat(interaction.get("started_at"))
        # Without an offset it is a time of day somewhere, not a moment.
        return at.astimezone(UTC) if at.utcoffset() is not None else None
    except (ValueError, OverflowError):
        return None


def told_customer_key(interaction: Interaction) -> str | None:
    """The customer ECS names, if it has the form ``connector:id``."""
    named = interaction.get("customer_id")
    return named if _CUSTOMER_KEY.fullmatch(named) else None


def _moment_in(item: Item, name: str) -> datetime | None:
    return datetime.fromisoformat(str(item[name])) if name in item else None
