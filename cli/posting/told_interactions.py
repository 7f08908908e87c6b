"""Interactions to preview: from files with trigger events, or from the ledger."""

import base64
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cli.deployment import Target
from cli.posting.settings import PreviewSettings
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.domain.customer import Customer
from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind, merge
from switchboard.domain.posting_profile import keeps_segment
from switchboard.edges.trigger_request import told_by, trigger_in
from switchboard.errors import InvalidRequest, NotFound

_KIND = "event"


@dataclass(frozen=True)
class ToldInteraction:
    """One interaction, when we heard of it, and who it was with as far as that is known."""

    interaction: Interaction
    first_at: datetime
    ended_at: datetime | None
    customer: Customer | None = None


def in_ledger(interaction_id: str, where: Target, *, now: datetime) -> ToldInteraction:
    """Raises: NotFound when the ledger has no trigger of it, StateUnavailable."""
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
    row = DynamoDbInteractionLedger(table).read(interaction_id)
    if row is None or row.interaction.revision == 0:
        raise NotFound("No trigger with this id reached this Switchboard.")
    return ToldInteraction(
        row.interaction,
        row.first_at or row.started_at or now,
        row.ended_at,
        row.arrival.customer if row.arrival else None,
    )


def in_files(
    files: Sequence[Path], settings: PreviewSettings, *, now: datetime
) -> list[ToldInteraction]:
    """Each interaction that the files tell of, as if they came now, a second apart.

    Raises: InvalidRequest that names the file.
    """
    interactions: dict[str, ToldInteraction] = {}
    for number, file in enumerate(files):
        at = now - timedelta(seconds=len(files) - 1 - number)
        event = _event(file, settings, received_at=at)
        known = interactions.get(event.interaction_id) or ToldInteraction(
            Interaction(event.interaction_id), at, None
        )
        keeps = keeps_segment(settings.profiles, event)
        has_ended = event.kind is TriggerKind.INTERACTION_ENDS
        interactions[event.interaction_id] = ToldInteraction(
            merge(known.interaction, event, keeps_segment=keeps),
            known.first_at,
            known.ended_at or (at if has_ended else None),
        )
    return list(interactions.values())


def _event(file: Path, settings: PreviewSettings, *, received_at: datetime) -> TriggerEvent:
    try:
        sent = _sent(_document(file), received_at)
        trigger = trigger_in(sent)
        return told_by(sent, trigger, zone=ZoneInfo(settings.lookup.time_zone)).event
    except InvalidRequest as error:
        raise InvalidRequest(f"{file}: {error}") from error


def _document(file: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidRequest(f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("is no JSON") from error
    if not isinstance(document, dict):
        raise InvalidRequest("holds no JSON object")
    return document


def _sent(document: Mapping[str, Any], received_at: datetime) -> KeptTrigger:
    """A request of an HTTP API, as in events/trigger_intake, or just what ECS sends in one."""
    if "requestContext" not in document:
        fields = {name: value for name, value in document.items() if name != _KIND}
        body = json.dumps(fields).encode()
        return _kept(_kind(document.get(_KIND, "interaction-ends")), body, received_at)
    headers = _texts(document.get("headers"))
    return _kept(
        _kind(_texts(document.get("pathParameters")).get("event")),
        _body(document),
        received_at,
        content_type=headers.get("content-type", ""),
        query=_texts(document.get("queryStringParameters")),
    )


def _body(document: Mapping[str, Any]) -> bytes:
    text = str(document.get("body") or "")
    if document.get("isBase64Encoded"):
        with suppress(ValueError):
            return base64.b64decode(text)
    return text.encode(errors="replace")


def _texts(said: object) -> dict[str, str]:
    pairs = said.items() if isinstance(said, Mapping) else ()
    return {str(name): str(value) for name, value in pairs}


def _kept(
    kind: TriggerKind,
    body: bytes,
    received_at: datetime,
    *,
    content_type: str = "application/json",
    query: Mapping[str, str] | None = None,
) -> KeptTrigger:
    return KeptTrigger.of(
        kind,
        received_at=received_at,
        request_id="preview",
        content_type=content_type,
        query=dict(query or {}),
        body=body,
    )


def _kind(said: object) -> TriggerKind:
    try:
        return TriggerKind(str(said))
    except ValueError:
        raise InvalidRequest(f"tells of no trigger; they are {', '.join(TriggerKind)}") from None
