"""One firing of an API Trigger, from what was sent to what the ledger keeps.

The same for a request that just came, for one that the ledger could not take, and for one that was
refused and is tried again.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from switchboard.contracts.applications import read_contract
from switchboard.contracts.ecs import Trigger
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.posting_profile import PostingProfile
from switchboard.edges.ecs_request import parameters_in, sent_query
from switchboard.edges.http_api import LARGEST_BODY, Api, header, request_id
from switchboard.errors import RequestTooLarge
from switchboard.ports import InteractionLedger, WorkQueue
from switchboard.use_cases.trigger_intake import Accepted, Terms, take_trigger, terms_of

_LONGEST_HEADER: Final = 200
_STRETCHES: Final = frozenset({TriggerKind.INTERNAL_TRANSFER, TriggerKind.SEGMENT_CHANGE})


@dataclass(frozen=True, slots=True)
class Told:
    """What a request says, in our terms; when it came; what of its clock is odd, in one word."""

    event: TriggerEvent
    request_id: str
    received_at: datetime
    odd_clock: str


def request_as_sent(api: Api, event: TriggerKind, *, now: datetime) -> KeptTrigger:
    """Never fails: what cannot be read is kept as it is."""
    return KeptTrigger.of(
        event,
        received_at=now,
        request_id=request_id(api),
        content_type=header(api, "content-type")[:_LONGEST_HEADER]
        .encode(errors="replace")
        .decode(),
        query=sent_query(api),
        body=_bytes_of(api),
    )


def trigger_in(sent: KeptTrigger, changes: Mapping[str, str] | None = None) -> Trigger:
    """What was sent, with `changes` in place of the values that it had.

    Raises: InvalidRequest and its kinds.
    """
    if len(sent.body) > LARGEST_BODY:
        raise RequestTooLarge(f"Send at most {LARGEST_BODY // 1024} KiB.")
    parameters = parameters_in(sent.query, sent.body, sent.content_type, changes)
    return read_contract(Trigger, dict(parameters))


def told_by(sent: KeptTrigger, trigger: Trigger, *, zone: ZoneInfo) -> Told:
    """Raises: InvalidRequest when nothing says which interaction it belongs to."""
    return Told(
        trigger.to_event(sent.event, received_at=sent.received_at, zone=zone),
        trigger.joined_by(sent.request_id),
        sent.received_at,
        trigger.odd_clock(received_at=sent.received_at, zone=zone),
    )


def take_told(
    told: Told,
    *,
    profiles: Sequence[PostingProfile] | None,
    ledger: InteractionLedger,
    queue: WorkQueue,
    now: datetime,
) -> Accepted:
    """Keep it. Without `profiles` nobody can say what is wanted, and every stretch is kept.

    Raises: StateConflict, RequestTooLarge, NotNoted, StateUnavailable.
    """
    terms = Terms(keeps_segment=told.event.kind in _STRETCHES)
    if profiles is not None:
        terms = terms_of(profiles, told.event)
    return take_trigger(
        told.event,
        ledger=ledger,
        queue=queue,
        request_id=told.request_id,
        now=now,
        terms=terms,
        received_at=told.received_at,
    )


def _bytes_of(api: Api) -> bytes:
    """The body's bytes; of one that only claims to be base64, its characters."""
    event = api.current_event
    text = str(event.body or "")
    if event.is_base64_encoded:
        try:
            return base64.b64decode(text)
        except ValueError:
            return text.encode(errors="replace")
    return text.encode(errors="replace")
