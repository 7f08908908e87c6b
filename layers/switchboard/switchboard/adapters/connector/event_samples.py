"""Plays an event's sample: the body as it would arrive, its items, and the record read again.

Signatures are not played: they need a moment and a secret. Their schemes have tests of their own.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from switchboard.adapters.connector.events import ConnectorEvent
from switchboard.adapters.connector.sample_format import Sample
from switchboard.domain.customer import Customer
from switchboard.domain.signals import CallBackSignal, ChangeSignal, Signal, confirmed_by
from switchboard.errors import InvalidRequest

_SHOWN = ("event_id", "customer_id", "phone", "name", "business_process", "time_zone", "remarks")

ReadRecord = Callable[[str, Mapping[str, Any]], Customer | None]


def played_event(
    event: ConnectorEvent, sample: Sample, read: ReadRecord, *, default_region: str
) -> Any:
    """The signal, or null; of an event with several items a list of them, in their order.

    The only item of a list may be written without the list.

    Raises: InvalidRequest for a body or an only item that cannot be read.
    """
    raw = json.dumps(sample.body).encode() if sample.text is None else sample.text.encode()
    document = event.document(raw)
    items = event.items(document)

    def shown(item: object) -> Any:
        signal = event.signal(item, sample.headers, document)
        if not isinstance(signal, CallBackSignal) or not event.read_by:
            return _shown(signal)
        customer = read(event.read_by, signal.said)
        if customer is None:
            return None
        return _shown(confirmed_by(signal, customer, default_region=default_region))

    if len(items) == 1 and not isinstance(sample.result, list):
        return shown(items[0])
    return [_or_unreadable(shown, item) for item in items]


def _or_unreadable(shown: Callable[[object], Any], item: object) -> Any:
    try:
        return shown(item)
    except InvalidRequest:
        return {"unreadable": True}


def _shown(signal: Signal | None) -> Any:
    if signal is None:
        return None
    if isinstance(signal, ChangeSignal):
        return {"customer_id": signal.customer_id, "contacts": list(signal.contacts)}
    moment = signal.call_after
    texts = {name: getattr(signal, name) for name in _SHOWN}
    return {**texts, "call_after": moment.isoformat() if moment else None}
