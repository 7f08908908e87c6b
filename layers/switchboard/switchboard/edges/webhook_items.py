"""What a verified delivery asks for, item by item.

Rule: one item that cannot be read, or whose record cannot, does not take the others with it.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.signals import CallBackSignal, ChangeSignal, confirmed_by
from switchboard.edges.webhook_schemes import Delivery
from switchboard.edges.webhooks import SignedEvent
from switchboard.errors import (
    InvalidRequest,
    MalformedRequest,
    SwitchboardError,
    UpstreamError,
    UpstreamUnavailable,
)

# For one record. A CRM that takes longer is asked again when the delivery comes again.
READING_S: Final = 5.0

_Taken = TypeVar("_Taken")


@dataclass(frozen=True, slots=True)
class Hint:
    """What an item asks for, and the method that reads the record first; empty for none."""

    signal: CallBackSignal
    read_by: str = ""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a verified delivery holds. `is_batch`: it may bring several items."""

    hints: tuple[Hint, ...]
    changes: tuple[ChangeSignal, ...] = ()
    ignored: int = 0
    unreadable: int = 0
    is_batch: bool = False
    wants_acknowledgement: bool = False


@dataclass(slots=True)
class Tally(Generic[_Taken]):
    """What became of a delivery's hints; `failure` is why it should come again, if it should."""

    taken: list[_Taken] = field(default_factory=list)
    ignored: int = 0
    unreadable: int = 0
    failure: SwitchboardError | None = None


ReadRecord = Callable[[str, Mapping[str, Any], Deadline], Customer | None]


def read_delivery(events: Sequence[SignedEvent], delivery: Delivery) -> Heard:
    """What an authentic delivery asks for, by the first event that accepts each item.

    Raises: InvalidRequest when nothing can be read, or when the only item cannot.
    """
    parts, failures = [], []
    for _, same in groupby(sorted(events, key=_place_of_items), key=_place_of_items):
        try:
            parts.append(_heard_of(list(same), delivery))
        except InvalidRequest as failure:
            failures.append(failure)
    if not parts:
        raise failures[0]
    # A body of another shape was for the others; an item that was meant and cannot be read counts.
    lost = [failure for failure in failures if not isinstance(failure, MalformedRequest)]
    return Heard(
        hints=tuple(hint for part in parts for hint in part.hints),
        changes=tuple(change for part in parts for change in part.changes),
        ignored=sum(part.ignored for part in parts),
        unreadable=sum(part.unreadable for part in parts) + len(lost),
        is_batch=any(part.is_batch for part in parts),
        wants_acknowledgement=any(part.wants_acknowledgement for part in parts),
    )


def take_each(heard: Heard, take: Callable[[Hint], _Taken | None]) -> Tally[_Taken]:
    """Every hint taken, and none in another's way; what `take` makes None of is ignored.

    A delivery of one item fails as that item does. Of several, those that can never succeed are
    counted, and for the sake of the others the delivery should come again: repeats are harmless.

    Raises: SwitchboardError for a delivery of one.
    """
    tally: Tally[_Taken] = Tally(ignored=heard.ignored, unreadable=heard.unreadable)
    for hint in heard.hints:
        try:
            taken = take(hint)
        except SwitchboardError as error:
            if not heard.is_batch:
                raise
            if _is_hopeless(error):
                tally.unreadable += 1
            else:
                tally.failure = tally.failure or error
            continue
        if taken is None:
            tally.ignored += 1
        else:
            tally.taken.append(taken)
    return tally


def confirmed(
    hint: Hint, read: ReadRecord, *, deadline: Deadline, default_region: str
) -> CallBackSignal | None:
    """The signal as the CRM's own record has it; None when there is no such record.

    Raises: UpstreamError, retryable as long as the same delivery may fare better;
    InvalidRequest when the CRM answers with another record.
    """
    if not hint.read_by:
        return hint.signal
    try:
        customer = read(hint.read_by, hint.signal.said, deadline.at_most(READING_S))
    except UpstreamError as error:
        # Of a CRM's refusals some senders repeat a 503 only. Source: EspoCRM's webhook queue.
        if error.retryable and not isinstance(error, UpstreamUnavailable):
            raise UpstreamUnavailable(error.system, error.detail) from error
        raise
    if customer is None:
        return None
    signal = confirmed_by(hint.signal, customer, default_region=default_region)
    if signal is None:
        raise InvalidRequest("the CRM answered with another record than the event names")
    return signal


def each_record_once(read: ReadRecord) -> ReadRecord:
    """Reading that remembers: a burst of events about one record asks the CRM once."""
    known: dict[tuple[str, str], Customer | None] = {}

    def read_once(method: str, said: Mapping[str, Any], deadline: Deadline) -> Customer | None:
        key = (method, json.dumps(said, sort_keys=True))
        if key not in known:
            known[key] = read(method, said, deadline)
        return known[key]

    return read_once


def _heard_of(events: Sequence[SignedEvent], delivery: Delivery) -> Heard:
    """What events that find their items in the same place make of the delivery."""
    document = events[0].document(delivery.raw_body)
    items = events[0].items(document)
    is_batch = bool(events[0].each)
    hints: list[Hint] = []
    changes: list[ChangeSignal] = []
    ignored = unreadable = 0
    for item in items:
        try:
            hint = _hint(events, item, delivery, document)
        except InvalidRequest:
            if not is_batch:
                raise
            unreadable += 1
            continue
        match hint:
            case None:
                ignored += 1
            case ChangeSignal():
                changes.append(hint)
            case Hint():
                hints.append(hint)
    wants_acknowledgement = any(event.wants_acknowledgement for event in events)
    return Heard(tuple(hints), tuple(changes), ignored, unreadable, is_batch, wants_acknowledgement)


def _hint(
    events: Iterable[SignedEvent], item: object, delivery: Delivery, document: object
) -> Hint | ChangeSignal | None:
    for event in events:
        match event.signal(item, delivery.headers, document):
            case CallBackSignal() as signal:
                return Hint(signal, event.read_by)
            case ChangeSignal() as change:
                return change
    return None


def _place_of_items(event: SignedEvent) -> tuple[bool, str]:
    return event.wants_acknowledgement, event.each


def _is_hopeless(error: SwitchboardError) -> bool:
    return isinstance(error, InvalidRequest | UpstreamError) and not error.retryable
