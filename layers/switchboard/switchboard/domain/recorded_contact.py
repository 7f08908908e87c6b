"""A decided interaction and what became of it: what `replay` and `simulate` learn from."""

from dataclasses import dataclass, field
from typing import Final

from switchboard.domain.interaction import Interaction
from switchboard.domain.routing_record import RoutingRecord

_WAITS_ON_THE_LINE: Final = frozenset({"voice", "callback"})


@dataclass(frozen=True, slots=True)
class RecordedContact:
    """The decision and the outcome, without anybody's name, number, address or remarks.

    `waited_s`, `handled_s` and `abandoned` are None where ECS's triggers do not tell.
    """

    id: str
    routing: RoutingRecord
    customer_key: str = field(default="", repr=False)
    channel: str = ""
    waited_s: int | None = None
    handled_s: int | None = None
    abandoned: bool | None = None
    agent: str = ""
    business_process: str = ""
    disposition_code: str = ""


def recorded_contact(
    interaction: Interaction, routing: RoutingRecord, *, customer_key: str = ""
) -> RecordedContact:
    return RecordedContact(
        id=interaction.id,
        routing=routing,
        customer_key=customer_key,
        channel=interaction.get("channel"),
        waited_s=_seconds(interaction.get("queue_s")),
        handled_s=_seconds(interaction.get("handle_s")),
        abandoned=_abandoned(interaction, routing),
        agent=interaction.get("agent_extension"),
        business_process=interaction.get("business_process"),
        disposition_code=interaction.get("disposition_code"),
    )


def _abandoned(interaction: Interaction, routing: RoutingRecord) -> bool | None:
    """Whether a contact that was queued left before an agent took it.

    Where no handling time is sent, an agent who was told says no. A call that ended without either
    says yes; mail that has none may still get one.
    """
    if routing.action != "queue":
        return None
    handled_s = _seconds(interaction.get("handle_s"))
    has_agent = any(interaction.get(name) for name in ("agent_extension", "agent_name"))
    if handled_s or (handled_s is None and has_agent):
        return False
    is_over = interaction.has_ended and interaction.get("channel") in _WAITS_ON_THE_LINE
    return True if is_over else None


def _seconds(text: str) -> int | None:
    """What a trigger said; it is kept as it came where it could not be read."""
    return int(text) if text.isascii() and text.isdecimal() else None
