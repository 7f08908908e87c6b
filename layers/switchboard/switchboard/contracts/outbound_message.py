"""Salesforce's outbound message: SOAP that the CRM sends us, and the answer it waits for.

Rule: the text is somebody else's, so nothing in it is followed. A document type is refused, and
with it every entity; depth and number of elements are bounded, as the size was before.

Source: Salesforce, "Understanding the Outbound Messaging WSDL". The wire is XML, not JSON: this
is the one place that reads it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from switchboard.errors import MalformedRequest

_SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_OUTBOUND: Final = "http://soap.sforce.com/2005/09/outbound"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_DEEPEST: Final = 16
_MOST_ELEMENTS: Final = 20_000
_MOST_NOTIFICATIONS: Final = 100

Record = dict[str, Any]


@dataclass(slots=True)
class _Element:
    """One element; `name` is its namespace, a space, and its name."""

    name: str
    type: str = ""
    is_nil: bool = False
    children: list["_Element"] = field(default_factory=list)
    text: list[str] = field(default_factory=list, repr=False)

    def all(self, name: str) -> Iterator["_Element"]:
        return (child for child in self.children if child.name == name)

    def only(self, name: str) -> "_Element":
        """Two of them are one too many: who checks the first must not act on the second."""
        match list(self.all(name)):
            case [single]:
                return single
        raise _unreadable()

    @property
    def value(self) -> Any:
        """A record of what is inside, or the text; null where the CRM says so."""
        if self.children:
            return _record(self.children)
        return None if self.is_nil else "".join(self.text)


def read_outbound_message(raw: bytes) -> Record:
    """`{OrganizationId, ActionId, Notification: [{Id, sObject: {type, Id, …}}]}`.

    The session id that the message may bring opens the CRM's API; it is left behind here.

    Raises: MalformedRequest.
    """
    envelope = _parsed(raw)
    if envelope.name != f"{_SOAP} Envelope":
        raise _unreadable()
    said = envelope.only(f"{_SOAP} Body").only(f"{_OUTBOUND} notifications")
    notifications = [_notification(one) for one in said.all(f"{_OUTBOUND} Notification")]
    if not 1 <= len(notifications) <= _MOST_NOTIFICATIONS:
        raise _unreadable()
    return {
        "OrganizationId": _text(said.only(f"{_OUTBOUND} OrganizationId")),
        "ActionId": _text(said.only(f"{_OUTBOUND} ActionId")),
        "Notification": notifications,
    }


def acknowledgement(*, is_kept: bool) -> str:
    """What the CRM waits for. Without `true` it sends the whole message again, for 24 hours."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<soapenv:Envelope xmlns:soapenv="{_SOAP}"><soapenv:Body>'
        f'<notificationsResponse xmlns="{_OUTBOUND}"><Ack>{str(is_kept).lower()}</Ack>'
        "</notificationsResponse></soapenv:Body></soapenv:Envelope>"
    )


def _notification(element: _Element) -> Record:
    record = element.only(f"{_OUTBOUND} sObject")
    # `type` cannot meet a field: Salesforce's own begin with a capital, others end in __c.
    fields = {"type": record.type, **_record(record.children)}
    return {"Id": _text(element.only(f"{_OUTBOUND} Id")), "sObject": fields}


def _record(elements: list[_Element]) -> Record:
    """By local name: the fields stand in the namespace of the organisation's own objects."""
    record: Record = {}
    for element in elements:
        name = element.name.rpartition(" ")[2]
        if name in record:
            raise _unreadable()
        record[name] = element.value
    return record


def _text(element: _Element) -> str:
    value = element.value
    if not isinstance(value, str):
        raise _unreadable()
    return value.strip()


def _parsed(raw: bytes) -> _Element:
    parser = expat.ParserCreate(namespace_separator=" ")
    tree = _Tree()
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.characters
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    try:
        # As text, so that the document cannot choose an encoding of its own.
        parser.Parse(raw.decode(), True)
    except (expat.ExpatError, UnicodeDecodeError):
        raise _unreadable() from None
    if tree.root is None:
        raise _unreadable()
    return tree.root


class _Tree:
    """Builds the elements as the parser meets them, within bounds."""

    def __init__(self) -> None:
        self.root: _Element | None = None
        self._open: list[_Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST_ELEMENTS:
            raise _unreadable()
        element = _Element(
            name,
            type=attributes.get(f"{_INSTANCE} type", "").rpartition(":")[2],
            is_nil=attributes.get(f"{_INSTANCE} nil", "") in {"true", "1"},
        )
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _name: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)


def _refuse(*_: object) -> Any:
    raise _unreadable()


def _unreadable() -> MalformedRequest:
    return MalformedRequest("The body is no outbound message that can be read.")
