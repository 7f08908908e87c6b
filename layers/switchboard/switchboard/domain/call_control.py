"""Commands for a live call: once, quickly, or not at all."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class CallAction(StrEnum):
    """What an application may ask for. The wire form is the ECS profile's business."""

    HOLD = "hold"
    RETRIEVE = "retrieve"
    TRANSFER = "transfer"
    HANG_UP = "hang-up"


@dataclass(frozen=True, slots=True)
class CallCommand:
    """One command. After `not_after` it is refused: a late hold would surprise both people."""

    id: str
    call_id: str
    action: CallAction
    not_after: datetime
    target: str = field(default="", repr=False)
