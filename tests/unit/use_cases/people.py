"""Who calls in these tests, when, and what they do."""

from datetime import UTC, datetime, timedelta

from switchboard.domain.customer import Customer
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.interaction import TriggerEvent, TriggerKind

NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)  # a Wednesday, by day from New York to Honolulu
MOBILE = PhoneNumber("+14155550142")
ADA = Customer(
    connector="sandbox",
    id="C-1",
    kind="customer",
    name="Ada Example",
    phones=("(415) 555-0142",),
    emails=("ada@example.com",),
    attributes={"tier": "high"},
)
BOB = Customer(
    connector="sandbox", id="C-2", kind="customer", name="Bob Example", phones=("415-555-0142",)
)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(
    kind: TriggerKind = TriggerKind.INTERACTION_ENDS,
    *,
    interaction_id: str = "i-1",
    at: datetime = NOW,
    **fields: str,
) -> TriggerEvent:
    """One trigger of an interaction with Ada."""
    return TriggerEvent(
        interaction_id, kind, at, {"contact": "+1 415 555 0142", "channel": "voice", **fields}
    )
