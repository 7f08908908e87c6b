"""Ada's earlier interactions, as the ledger has them."""

from datetime import timedelta
from typing import Any

from switchboard.ports import Arrival
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.people import ADA, NOW, after, told


class Past:
    """A ledger to put interactions into that are over."""

    def __init__(self) -> None:
        self.ledger = InMemoryInteractionLedger()

    def call(
        self, interaction_id: str, *, days_ago: float = 0, agent: str = "", handle_s: int = 120
    ) -> None:
        at = NOW - timedelta(days=days_ago)
        said: dict[str, Any] = {"agent_extension": agent} if agent else {}
        event = told(interaction_id=interaction_id, at=at, handle_s=str(handle_s), **said)
        self.ledger.merge(event, now=at, due_when=lambda _: after(1e6))
        self.ledger.note_arrival(interaction_id, Arrival("r", at, "known", customer=ADA))
