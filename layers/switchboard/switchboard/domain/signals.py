"""What a CRM tells us by itself: somebody should be called back."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallBackSignal:
    """A hint that a customer wants a call. `event_id` is the same for every repeat of it.

    Everything else is as the CRM wrote it, empty when it did not say; `phone` may be unreadable.
    """

    event_id: str
    customer_id: str = ""
    phone: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    business_process: str = ""
    time_zone: str = ""
    call_after: datetime | None = None
    remarks: str = field(default="", repr=False)
