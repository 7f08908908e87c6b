"""Inbound events of a connector: a verified body becomes signals, one for each of its items."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeGuard

from switchboard.adapters.connector.expressions import (
    ExpressionError,
    evaluate,
    holds,
    value_of,
)
from switchboard.adapters.connector.foreign_json import read_json
from switchboard.adapters.connector.settings import complete_settings
from switchboard.contracts.outbound_message import read_outbound_message
from switchboard.domain.signals import CallBackSignal, ChangeSignal, Signal
from switchboard.errors import InvalidRequest, MalformedRequest, Misconfigured

_STANDARD_WEBHOOKS_ID: Final = 'headers."webhook-id"'
_NOTIFICATION_ID: Final = "Id"
_NOTIFICATIONS: Final = "Notification"
_SALESFORCE: Final = "salesforce_om"
_TEXTS: Final = ("customer_id", "phone", "name", "business_process", "time_zone", "remarks")
_MOST_CONTACTS: Final = 20
_EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")
_FILLED_IN: Final = (
    "base_url",
    "webhook_id",
    "username",
    "organization_id",
    "certificate_subject",
)
_UNSIGNED_BODY: Final = frozenset(
    {"header_secret", "basic", "query_secret", "body_secret", _SALESFORCE}
)
_UNSIGNED_HEADERS: Final = frozenset({"hubspot_v3", "zendesk", "espo"})
_MENTIONS_HEADERS: Final = re.compile(r"\bheaders\b")


@dataclass(frozen=True, slots=True)
class ConnectorEvent:
    """One kind of event. `verify` is the scheme that the caller checks before anything else."""

    connector: str
    name: str
    verify: Mapping[str, Any]
    declaration: Mapping[str, Any] = field(repr=False)
    surroundings: Mapping[str, Any] = field(repr=False)

    @property
    def each(self) -> str:
        """Where a delivery's items are; empty when the delivery is the only one."""
        return _NOTIFICATIONS if self.wants_acknowledgement else self.declaration["each"] or ""

    @property
    def read_by(self) -> str:
        """The method that reads the record again; empty when the event is believed as it is."""
        return self.declaration["read"] or ""

    @property
    def wants_acknowledgement(self) -> bool:
        """Whether the CRM waits for Salesforce's answer instead of a status."""
        return bool(self.verify["scheme"] == _SALESFORCE)

    def document(self, raw_body: bytes) -> Any:
        """The body, read. Raises: MalformedRequest."""
        if self.wants_acknowledgement:
            return read_outbound_message(raw_body)
        try:
            return read_json(raw_body)
        except (ValueError, RecursionError):
            raise MalformedRequest("The body is not valid JSON.") from None

    def claim(self, raw_body: bytes) -> str:
        """What the body itself brings as proof; empty for a scheme that looks elsewhere.

        Raises: MalformedRequest.
        """
        match self.verify["scheme"]:
            case "salesforce_om":
                return str(self.document(raw_body)["OrganizationId"])
            case "body_secret":
                return self._said_in(self.document(raw_body), self.verify["path"])
        return ""

    def items(self, document: Any) -> Sequence[Any]:
        """What the delivery tells, one by one. Raises: MalformedRequest."""
        if not self.each:
            if not isinstance(document, Mapping):
                raise MalformedRequest("The body must be one JSON object.")
            return (document,)
        try:
            items = evaluate(self.each, document)
        except ExpressionError:
            items = None
        if not isinstance(items, list):
            raise MalformedRequest(f"The event {self.name} must bring a list of items.")
        return items

    def signal(
        self, item: object, headers: Mapping[str, str], document: object = None
    ) -> Signal | None:
        """What an item asks for; None when it is about something else.

        `document` is the whole delivery, where the item is a part of one.

        Raises: InvalidRequest when the item is accepted and does not say what it must.
        """
        if not isinstance(item, Mapping):
            raise self._unreadable()
        scope = self._scope(item, headers, item if document is None else document)
        accept = self.declaration["accept"]
        if accept and not holds(accept, scope):
            return None
        said = self._value(self.declaration["map"], scope)
        if self.declaration["asks"] == "forget":
            return self._change(said)
        event_id = _text(self._value(self._id, scope))
        if not _EVENT_ID.fullmatch(event_id) or not isinstance(said, Mapping):
            raise self._unreadable()
        texts = {name: _text(said.get(name)) for name in _TEXTS}
        if self.read_by and not texts["customer_id"]:
            raise self._unreadable()
        return CallBackSignal(
            event_id=event_id,
            call_after=self._moment(said.get("call_after")),
            said={**said, "customer_id": texts["customer_id"]},
            **texts,
        )

    def _change(self, said: object) -> ChangeSignal:
        if not isinstance(said, Mapping):
            raise self._unreadable()
        listed = said.get("contacts")
        contacts = [text for each in listed if (text := _text(each))] if _is_list(listed) else []
        changed = ChangeSignal(_text(said.get("customer_id")), tuple(contacts[:_MOST_CONTACTS]))
        if not (changed.customer_id or changed.contacts):
            raise self._unreadable()
        return changed

    @property
    def _id(self) -> str:
        own = _NOTIFICATION_ID if self.wants_acknowledgement else _STANDARD_WEBHOOKS_ID
        return self.declaration["id"] or own

    def _scope(
        self, item: Mapping[str, Any], headers: Mapping[str, str], document: object
    ) -> dict[str, Any]:
        """An item cannot pretend to be headers, settings or tables: those come last."""
        lower = {name.lower(): value for name, value in headers.items()}
        return {**item, "body": document, **self.surroundings, "headers": lower}

    def _value(self, expression: str, scope: Mapping[str, Any]) -> Any:
        try:
            return evaluate(expression, scope)
        except ExpressionError:
            raise self._unreadable() from None

    def _said_in(self, document: Any, path: str) -> str:
        try:
            said = evaluate(path, document)
        except ExpressionError:
            return ""
        return said if isinstance(said, str) else ""

    def _moment(self, said: object) -> datetime | None:
        if said is None or said == "":
            return None
        try:
            moment = datetime.fromisoformat(said if isinstance(said, str) else "")
        except ValueError:
            raise self._unreadable() from None
        if moment.tzinfo is None:
            raise self._unreadable()
        return moment

    def _unreadable(self) -> InvalidRequest:
        return InvalidRequest(f"the event {self.name} of {self.connector} cannot be read")


def connector_events(
    definition: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[ConnectorEvent, ...]:
    """The events that a compiled connector declares.

    Raises: Misconfigured for wrong settings.
    """
    complete = complete_settings(definition, settings)
    surroundings = {"settings": complete, "tables": definition["tables"]}
    return tuple(
        ConnectorEvent(
            str(definition["id"]), name, _filled_in(name, event, complete), event, surroundings
        )
        for name, event in definition["events"].items()
    )


def weak_events(definition: Mapping[str, Any]) -> list[str]:
    """What a person should know of a compiled connector's events before trusting them."""
    return [
        f"events.{name}: {weakness}"
        for name, event in definition["events"].items()
        for weakness in _weaknesses(event)
    ]


def _weaknesses(event: Mapping[str, Any]) -> Iterator[str]:
    scheme = event["verify"]["scheme"]
    if scheme in _UNSIGNED_BODY and not event["read"]:
        yield (
            f"{scheme} does not sign the body; add `read`, so that the record is read again "
            "before anybody is called"
        )
    if scheme in _UNSIGNED_HEADERS and _MENTIONS_HEADERS.search(event["id"] or ""):
        yield (
            f"{scheme} does not sign headers, so an `id` from there lets anybody repeat a "
            "delivery; take it from the body"
        )
    if scheme == _SALESFORCE and not _is_more_than_an_organisation(event["verify"]):
        yield (
            "an organisation's id is no secret; add `certificate_subject`, or `name` and `secret`"
        )


def _is_more_than_an_organisation(verify: Mapping[str, Any]) -> bool:
    return bool(verify["certificate_subject"] or verify["secret"])


def _filled_in(
    name: str, event: Mapping[str, Any], settings: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The scheme with the organisation's settings in it."""
    verify = event["verify"]
    try:
        return {
            key: value_of(value, {"settings": settings}) if key in _FILLED_IN else value
            for key, value in verify.items()
        }
    except ExpressionError as error:
        raise Misconfigured(f"events.{name}.verify: {error}") from None


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _text(value: object) -> str:
    match value:
        case str():
            return value.strip()
        case bool() | None:
            return ""
        case int() | float():
            return str(value)
    return ""
