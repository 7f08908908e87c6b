"""Our values as JSON text, as the tables keep them, and back.

Releases overlap: text of an earlier one lacks fields, which then get their default; text of a
later one has fields that we do not know, which are left out.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from switchboard.adapters.items import utc_text
from switchboard.domain.customer import Customer
from switchboard.domain.findings import Finding, FoundRecord
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.interaction import FieldVersion, Interaction, Segment, TriggerKind
from switchboard.domain.outbound import OutboundRequest, OutboundState
from switchboard.domain.posting import Posting, PostingState, Try
from switchboard.ports import Arrival, HeaderKey, TriggerNote

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from switchboard.domain.routing_controls import RoutingControls
    from switchboard.domain.routing_record import RoutingRecord

_Value = TypeVar("_Value", bound="DataclassInstance")

_moment = datetime.fromisoformat
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_US: Final = timedelta(microseconds=1)


def to_text(document: object, *, default: Callable[[object], object] | None = None) -> str:
    """Canonical JSON: equal documents are equal text. `default` tells what JSON has no form for."""
    return json.dumps(
        document,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
        default=default,
    )


def value_text(value: "Arrival | Finding | HeaderKey | OutboundRequest") -> str:
    return to_text(value, default=_plain)


def routing_text(record: "RoutingRecord") -> str:
    return to_text(_unusual(record), default=_plain)


def posting_text(posting: Posting) -> str:
    tries = [[utc_text(t.at), t.revision, t.outcome, t.took_ms] for t in posting.tries]
    said = {**_unusual(posting), "state": posting.state, **({"tries": tries} if tries else {})}
    return to_text(said, default=_plain)


def _unusual(value: "DataclassInstance") -> dict[str, object]:
    """What is not as it is by default: each later write of its row pays for its length."""
    usual = {field.name: field.default for field in fields(value)}
    said = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: one for name, one in said.items() if one != usual[name]}


def customers_text(customers: Iterable[Customer]) -> str:
    return to_text(list(customers), default=_plain)


def read_customers(text: str) -> tuple[Customer, ...]:
    return tuple(_read_customer(stored) for stored in json.loads(text))


def interaction_text(interaction: Interaction) -> str:
    """The merged document without its id and revision, which are attributes of their own."""
    segments = {
        key: {"kinds": sorted(segment.kinds), "versions": _version_lists(segment.versions)}
        for key, segment in interaction.segments.items()
    }
    return to_text(
        {
            "versions": _version_lists(interaction.versions),
            "kinds": sorted(interaction.kinds_seen),
            **({"segments": segments} if segments else {}),
        }
    )


def read_interaction(interaction_id: str, text: str, *, revision: int) -> Interaction:
    stored = json.loads(text)
    return Interaction(
        id=interaction_id,
        versions=_read_versions(stored["versions"]),
        kinds_seen=frozenset(TriggerKind(kind) for kind in stored["kinds"]),
        revision=revision,
        segments={
            key: Segment(
                key,
                frozenset(map(TriggerKind, segment.get("kinds") or [segment["kind"]])),
                _read_versions(segment["versions"]),
            )
            for key, segment in stored.get("segments", {}).items()
        },
    )


def trail_text(notes: Sequence[TriggerNote]) -> str:
    """As short as it can be read: each later write of the row pays for it. Microseconds.

    A name of several words, which only a stranger can have chosen, is counted: its words would be
    read as names.
    """
    return to_text([_note_list(note) for note in notes])


def _note_list(note: TriggerNote) -> list[object]:
    names = [name for name in note.fields if name.split() == [name]]
    others = note.other_fields + len(note.fields) - len(names)
    at = _epoch_us(note.received_at)
    said = [note.kind, at, note.revision, " ".join(names), note.request_id]
    return [*said, others, note.refused] if others or note.refused else said


def read_trail(text: str) -> tuple[TriggerNote, ...]:
    return tuple(_read_note(*said) for said in json.loads(text))


def _read_note(
    kind: str,
    at: int,
    revision: int,
    names: str,
    request_id: str,
    other_fields: int = 0,
    refused: str = "",
    *_: object,
) -> TriggerNote:
    fields_ = tuple(names.split())
    at_ = _EPOCH + at * _US
    return TriggerNote(TriggerKind(kind), at_, revision, fields_, request_id, other_fields, refused)


def _epoch_us(at: datetime) -> int:
    return (at - _EPOCH) // _US


def _version_lists(versions: Mapping[str, FieldVersion]) -> dict[str, list[object]]:
    return {name: [one.rank, one.occurred_at, one.text] for name, one in versions.items()}


def _read_versions(stored: Mapping[str, Any]) -> dict[str, FieldVersion]:
    return {name: FieldVersion(*version) for name, version in stored.items()}


def read_arrival(text: str) -> Arrival:
    return _read(
        Arrival, json.loads(text), at=_moment, customer=_read_customer, routing=_read_routing
    )


def read_routing(text: str) -> "RoutingRecord":
    return _read_routing(json.loads(text))


def read_posting(text: str) -> Posting:
    return _read(
        Posting,
        json.loads(text),
        state=PostingState,
        attempted_at=_moment,
        due_at=_moment,
        unsettled_until=_moment,
        unknown_since=_moment,
        tries=_tries,
    )


def _tries(stored: Iterable[Sequence[Any]]) -> tuple[Try, ...]:
    return tuple(
        Try(_moment(at), revision, outcome, took_ms) for at, revision, outcome, took_ms in stored
    )


def read_request(text: str) -> OutboundRequest:
    return _read(
        OutboundRequest,
        json.loads(text),
        number=PhoneNumber,
        state=OutboundState,
        not_after=_moment,
        not_before=_moment,
        created_at=_moment,
        claimed_at=_moment,
        history=tuple,
    )


def read_key(text: str) -> HeaderKey:
    return _read(HeaderKey, json.loads(text), routes=tuple, sources=tuple, expires_at=_moment)


def controls_text(controls: "RoutingControls") -> str:
    return to_text(controls, default=_plain)


def read_controls(text: str) -> "RoutingControls":
    """Raises: ValueError, TypeError and whatever else nonsense leads to."""
    from switchboard.domain.routing_controls import Change, Pair, RoutingControls, Switch

    stored = json.loads(text)
    return RoutingControls(
        switches=tuple(_read_line(Switch, line) for line in stored.get("switches", ())),
        do_not_pair=tuple(_read_line(Pair, line) for line in stored.get("do_not_pair", ())),
        log=tuple(_read_line(Change, line) for line in stored.get("log", ())),
    )


def _read_line(kind: type[_Value], stored: Mapping[str, Any]) -> _Value:
    """All text but the moments. Decisions are made of it, and people mend it by hand."""
    line = _read(kind, stored, at=_moment_of_a_zone, expires_at=_moment_of_a_zone)
    for field in fields(line):
        wanted = datetime if field.name in {"at", "expires_at"} else str
        if not isinstance(getattr(line, field.name), wanted):
            raise TypeError(f"the {field.name} of a {kind.__name__} is no {wanted.__name__}")
    return line


def _moment_of_a_zone(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone")
    return moment


def read_finding(text: str) -> Finding:
    return _read(Finding, json.loads(text), records=_records)


def _records(stored: Iterable[Mapping[str, Any]]) -> tuple[FoundRecord, ...]:
    return tuple(_read(FoundRecord, record) for record in stored)


def _read_routing(stored: Mapping[str, Any]) -> "RoutingRecord":
    from switchboard.domain.routing_record import RoutingRecord

    return _read(RoutingRecord, stored, at=_moment, prompts=tuple, collected=tuple)


def _read_customer(stored: Mapping[str, Any]) -> Customer:
    return _read(Customer, stored, phones=tuple, emails=tuple, accounts=tuple)


def _read(
    kind: type[_Value], stored: Mapping[str, Any], **readers: Callable[[Any], object]
) -> _Value:
    """The value; each reader makes one field of what JSON has instead."""
    known = {field.name for field in fields(kind)} & stored.keys()
    return kind(
        **{
            name: readers[name](stored[name])
            if name in readers and stored[name] is not None
            else stored[name]
            for name in known
        }
    )


def _plain(value: object) -> object:
    match value:
        case datetime():
            return utc_text(value)
        case PhoneNumber():
            return value.e164
        case Mapping():
            return dict(value)
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"no JSON form for {type(value).__name__}")
