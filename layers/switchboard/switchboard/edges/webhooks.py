"""Is a webhook really from whom it says?

Rule: whatever is wrong with a delivery, the answer is the same `Unauthorized`, so that a forger
learns nothing from trying.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from switchboard.domain.signals import Signal
from switchboard.edges.webhook_schemes import SCHEMES, Delivery, Proof
from switchboard.errors import InvalidRequest, Misconfigured, Unauthorized

# Both may be live while a secret is being changed: the CRM signs with either.
_PREVIOUS: Final = "_previous"


class SignedEvent(Protocol):
    """One kind of event that a connector declares."""

    @property
    def verify(self) -> Mapping[str, Any]:
        """The scheme that proves it."""

    @property
    def each(self) -> str:
        """Where a delivery's items are; empty when it is the only one."""

    @property
    def read_by(self) -> str:
        """The method that reads the record again; empty when the event is believed as it is."""

    @property
    def wants_acknowledgement(self) -> bool:
        """Whether the CRM waits for Salesforce's answer."""

    def document(self, raw_body: bytes) -> Any:
        """The body, read. Raises: MalformedRequest."""

    def claim(self, raw_body: bytes) -> str:
        """What the body itself brings as proof. Raises: MalformedRequest."""

    def items(self, document: Any) -> Sequence[Any]:
        """What the delivery tells, one by one. Raises: MalformedRequest."""

    def signal(
        self, item: object, headers: Mapping[str, str], document: object = None
    ) -> Signal | None:
        """What an item asks for; None when it is about something else. Raises: InvalidRequest."""


def delivery_from(api: APIGatewayHttpResolver, raw_body: bytes, now: datetime) -> Delivery:
    """What API Gateway passed on. Its paths and hosts are those that the caller used.

    Source: API Gateway, payload format 2.0 of HTTP APIs; `authentication` needs mutual TLS.
    Unconfirmed: whether every encoding in a query arrives as it was sent; HubSpot signs it.
    """
    event = api.current_event
    context = event.request_context
    certificate = context.authentication
    return Delivery(
        method=str(context.http.method),
        host=str(context.domain_name),
        path=str(event.raw_path),
        query=str(event.raw_query_string or ""),
        headers={name.lower(): str(value) for name, value in event.headers.items()},
        raw_body=raw_body,
        certificate_subject=str(certificate.get("subjectDN") or "") if certificate else "",
        received_at=now,
    )


def authentic_events(
    events: Iterable[SignedEvent], delivery: Delivery, secrets: Mapping[str, str]
) -> list[SignedEvent]:
    """The events whose scheme the delivery satisfies; a CRM may prove its events in several ways.

    Raises: Unauthorized when it satisfies none; Misconfigured when none could be checked.
    """
    found, mistakes = [], []
    for event in events:
        try:
            verify(event, delivery, secrets)
        except Unauthorized:
            continue
        except Misconfigured as mistake:
            mistakes.append(mistake)
        else:
            found.append(event)
    if not found:
        raise mistakes[0] if mistakes else _refused()
    return found


def verify(event: SignedEvent, delivery: Delivery, secrets: Mapping[str, str]) -> None:
    """Returns when the delivery is authentic by the event's scheme.

    A secret `name` is live together with `name_previous`, if that exists.

    Raises: Unauthorized; Misconfigured when our side has no secret to check with.
    """
    scheme = event.verify
    if scheme["scheme"] not in SCHEMES:
        raise Misconfigured(f"there is no webhook scheme {scheme['scheme']}")
    live = _live_secrets(scheme, secrets)
    try:
        claim = event.claim(delivery.raw_body)
    except InvalidRequest:
        raise _refused() from None
    if not SCHEMES[scheme["scheme"]](Proof(scheme, delivery, live, claim)):
        raise _refused()


def _live_secrets(scheme: Mapping[str, Any], secrets: Mapping[str, str]) -> list[str]:
    """Raises: Misconfigured when the scheme names secrets and none has a value."""
    named = scheme.get("secret") or []
    names = [named] if isinstance(named, str) else list(named)
    live = [secrets[name] for name in _with_previous(names) if secrets.get(name)]
    if names and not live:
        raise Misconfigured(f"no webhook secret named {' or '.join(names)}")
    return live


def _with_previous(names: list[str]) -> Iterator[str]:
    for name in names:
        yield name
        yield name + _PREVIOUS


def _refused() -> Unauthorized:
    return Unauthorized("the signature of this webhook is not valid; send it signed and in time")
