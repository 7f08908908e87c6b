"""Requests for a call, as applications and CRMs word them, in our terms."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final

from switchboard.contracts.applications import CallRequest
from switchboard.domain.identity import PhoneNumber, read_phone
from switchboard.domain.outbound import ContactPolicy, OutboundRequest
from switchboard.domain.signals import CallBackSignal
from switchboard.errors import InvalidRequest

LONGEST_WAIT: Final = timedelta(days=7)


def from_application(
    asked: CallRequest,
    *,
    key_id: str,
    idempotency_key: str,
    default_region: str,
    policy: ContactPolicy,
    request_id: str,
    now: datetime,
) -> OutboundRequest:
    """Raises: InvalidRequest."""
    if not 1 <= len(idempotency_key) <= 200:
        raise InvalidRequest("Send an idempotency-key header, so that a repeat calls nobody twice.")
    return OutboundRequest(
        id=_id("api", key_id, idempotency_key),
        source=f"api:{key_id}",
        number=_number(asked.contact, default_region),
        business_process=asked.business_process or policy.default_business_process,
        not_after=_expiry(asked.not_after, asked.not_before, policy, now),
        not_before=_not_before(asked.not_before, now),
        customer_key=asked.customer_id,
        customer_name=asked.customer_name,
        time_zone=asked.time_zone,
        preferred_agent=asked.preferred_agent,
        remarks=asked.remarks,
        request_id=request_id,
    )


def from_signal(
    signal: CallBackSignal,
    *,
    connector: str,
    default_region: str,
    policy: ContactPolicy,
    request_id: str,
    now: datetime,
) -> OutboundRequest:
    """The same event delivered twice is the same request.

    Raises: InvalidRequest.
    """
    not_before = _not_before(signal.call_after, now)
    return OutboundRequest(
        id=id_of_signal(signal, connector=connector),
        source=f"webhook:{connector}",
        number=_number(signal.phone, default_region),
        business_process=signal.business_process or policy.default_business_process,
        not_after=_expiry(None, not_before, policy, now),
        not_before=not_before,
        customer_key=f"{connector}:{signal.customer_id}" if signal.customer_id else "",
        customer_name=signal.name,
        time_zone=signal.time_zone,
        remarks=signal.remarks,
        request_id=request_id,
    )


def id_of_signal(signal: CallBackSignal, *, connector: str) -> str:
    """The same for every repeat of an event, whatever else it says by then."""
    return _id("webhook", connector, signal.event_id)


def _id(*parts: str) -> str:
    return "out-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _number(raw: str, default_region: str) -> PhoneNumber:
    number = read_phone(raw, default_region=default_region)
    if number is None:
        raise InvalidRequest("contact: this is not a telephone number; write it like +14155550142.")
    return number


def _not_before(asked: datetime | None, now: datetime) -> datetime | None:
    """In UTC; what is past is no restriction, and need not be convertible."""
    return max(asked, now).astimezone(UTC) if asked and asked <= now + LONGEST_WAIT else asked


def _expiry(
    not_after: datetime | None, not_before: datetime | None, policy: ContactPolicy, now: datetime
) -> datetime:
    begins = max(now, not_before or now)
    if begins > now + LONGEST_WAIT:
        raise InvalidRequest("not_before must lie at most 7 days away.")
    moment = not_after or begins + timedelta(seconds=policy.request_valid_s)
    if not begins < moment <= now + LONGEST_WAIT:
        raise InvalidRequest("not_after must lie in the future, at most 7 days away.")
    return moment.astimezone(UTC)
