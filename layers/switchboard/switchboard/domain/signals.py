"""What a CRM tells us by itself: somebody should be called back, or a record changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from switchboard.domain.customer import Customer
from switchboard.domain.identity import read_phone


@dataclass(frozen=True, slots=True)
class CallBackSignal:
    """A hint that a customer wants a call. `event_id` is the same for every repeat of it.

    Everything else is as the CRM wrote it, empty when it did not say; `phone` may be unreadable.
    `said` is what the connector's map made of the event, for a method that reads the record again.
    """

    event_id: str
    customer_id: str = ""
    phone: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    business_process: str = ""
    time_zone: str = ""
    call_after: datetime | None = None
    remarks: str = field(default="", repr=False)
    said: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ChangeSignal:
    """A hint that a record changed: what was remembered of it is wrong by now.

    `contacts` are the numbers and addresses that it has, as the CRM wrote them: who asked for one
    of them before heard that nobody has it.
    """

    customer_id: str = ""
    contacts: tuple[str, ...] = field(default=(), repr=False)


Signal = CallBackSignal | ChangeSignal


def confirmed_by(
    signal: CallBackSignal, customer: Customer, *, default_region: str
) -> CallBackSignal | None:
    """The signal in the words of the record that we read ourselves; None if it is another one.

    A number that the event named stays only if the record has it too.
    """
    if customer.id != signal.customer_id:
        return None
    numbers = {
        number: stored
        for stored in reversed(customer.phones)
        if (number := read_phone(stored, default_region=default_region))
    }
    named = read_phone(signal.phone, default_region=default_region)
    first = next(reversed(numbers.values()), "")
    phone = numbers.get(named, first) if named else first
    return replace(signal, phone=phone, name=customer.name)
