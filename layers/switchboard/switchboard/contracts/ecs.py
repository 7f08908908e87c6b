"""What ECS sends us. Names are ours: ECS lets the wire name of every parameter be chosen."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from switchboard.contracts.words import channel_word, direction_word
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.errors import InvalidRequest

# ECS documents no date form. Tried in this order; a time without zone is in the deployment's zone.
_TIME_FORMS: Final = (
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
)
# API Gateway's ids, like JKJaXmPLvHcESHA=, and UUIDs. Numbers and names look otherwise.
_REQUEST_ID: Final = re.compile(
    r"[A-Za-z0-9_-]{11,40}={1,2}|[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}"
)
_EPOCH_MS_FROM: Final = 10**11
_LONGEST_BASIC_DATE: Final = 8  # 20260304 is a day, not a moment of 1970
# An event of tomorrow would win over everything that really happens until then.
_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_NORMALLY_TOLD_WITHIN: Final = timedelta(days=7)

InteractionId = Annotated[
    str,
    StringConstraints(pattern=r"^[!-~]{1,128}$"),
    Field(description="ECS's id of the interaction: 1 to 128 visible ASCII characters."),
]


class EcsContract(BaseModel):
    """Fields are text, as ECS sends them; unknown ones are kept, inputs never show in errors."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)


class Arrival(EcsContract):
    """An interaction arrives and the flow asks who it is, and where to send it."""

    interaction_id: InteractionId | None = None
    contact: str = Field("", description="The caller's number or the sender's address.")
    channel: Annotated[str, AfterValidator(channel_word)] = Field(
        "voice", description="voice, email, chat, sms, fax or callback."
    )
    business_process: str = Field("", description="The Business Process it is in, if any.")
    dialed_number: str = Field("", description="The number or address that was contacted.")
    account_number: str = Field(
        "", description="An account or case number that the flow asked the caller for."
    )
    customer_id: str = Field(
        "", description="The caller's choice among `choice_1_id`, `choice_2_id` …, sent back."
    )
    budget_ms: str = Field(
        "", description="How long this answer may take; when absent, as the deployment says."
    )


class Trigger(EcsContract):
    """One firing of an API Trigger. Every field is optional; which are sent is ECS configuration.

    Without `interaction_id`, events are joined by channel, contact and `started_at`, so these
    must then be the same in every event of one interaction.
    """

    interaction_id: InteractionId | None = None
    occurred_at: str = Field("", description="When it happened; when absent, when it reached us.")
    channel: Annotated[str, AfterValidator(channel_word)] = ""
    direction: str = Field("", description="inbound or outbound.")
    contact: str = Field("", description="The customer's number or address.")
    dialed_number: str = ""
    business_process: str = ""
    agent_name: str = ""
    agent_extension: str = ""
    started_at: str = ""
    ended_at: str = ""
    duration_s: str = Field("", description="Whole seconds, or H:MM:SS.")
    queue_s: str = ""
    handle_s: str = ""
    segment_state: str = ""
    segment_level: str = ""
    disposition_set: str = ""
    disposition_category: str = ""
    disposition_code: str = ""
    remarks: str = ""
    customer_id: str = Field("", description="`customer_id` of our lookup, sent back.")
    request_id: str = Field("", description="`request_id` of our lookup, sent back.")
    callback_reference: str = Field("", description="Our id of the outbound request, if any.")

    def to_event(self, kind: TriggerKind, *, received_at: datetime, zone: ZoneInfo) -> TriggerEvent:
        """The event in our terms: times in UTC, durations in seconds, only what was sent.

        One that claims to have happened later than now does not say when it happened.

        Raises: InvalidRequest when nothing says which interaction it belongs to.
        """
        fields = {name: value for name, value in self._sent().items() if value}
        if said := fields.pop("direction", ""):
            word = direction_word(said)
            fields["direction" if word else "origin"] = word or said
        for name in ("started_at", "ended_at"):
            if name in fields and (moment := read_time(fields[name], zone)):
                fields[name] = moment.isoformat()
        for name in ("duration_s", "queue_s", "handle_s"):
            if name in fields and (seconds := read_seconds(fields[name])) is not None:
                fields[name] = str(seconds)
        is_ahead = self.odd_clock(received_at=received_at, zone=zone) == "ahead"
        occurred_at = None if is_ahead else read_time(self.occurred_at, zone)
        return TriggerEvent(
            self._id(fields),
            kind,
            occurred_at or received_at,
            fields,
            is_dated=occurred_at is not None,
        )

    def odd_clock(self, *, received_at: datetime, zone: ZoneInfo) -> str:
        """What is odd about `occurred_at`: "ahead" of our clock, "old", "unreadable"; or empty."""
        if not self.occurred_at:
            return ""
        occurred_at = read_time(self.occurred_at, zone)
        if occurred_at is None:
            return "unreadable"
        if occurred_at > received_at + _CLOCKS_DIFFER:
            return "ahead"
        return "old" if occurred_at < received_at - _NORMALLY_TOLD_WITHIN else ""

    def joined_by(self, own: str) -> str:
        """The id that joins this trigger's log lines: our lookup's if it came back, else `own`.

        Anything may have been mapped to the field; what does not look like an id of ours is not
        believed, because it stands in logs and queues.
        """
        return self.request_id if _REQUEST_ID.fullmatch(self.request_id) else own

    def _sent(self) -> dict[str, str]:
        every: dict[str, Any] = {**self.model_dump(), **(self.model_extra or {})}
        return {
            name: str(value)
            for name, value in every.items()
            if value is not None and name not in {"interaction_id", "occurred_at"}
        }

    def _id(self, fields: dict[str, str]) -> str:
        if self.interaction_id:
            return self.interaction_id
        parts = [fields.get(name, "") for name in ("channel", "contact", "started_at")]
        if not all(parts):
            raise InvalidRequest(
                "Send interaction_id; or else channel, contact and started_at in every event."
            )
        return "composite-" + hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def read_time(text: str, zone: ZoneInfo) -> datetime | None:
    """A moment in UTC from any of the forms that ECS may send; None when it is none of them."""
    if not text:
        return None
    if text.isdecimal() and len(text) > _LONGEST_BASIC_DATE:
        return _from_epoch(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        forms = (_strptime(text, form) for form in _TIME_FORMS)
        found = next((moment for moment in forms if moment), None)
        if found is None:
            return None
        moment = found
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # the first or the last day that there is, in a zone that leads out of it
        return None


def read_seconds(text: str) -> int | None:
    """Whole seconds from ``125``, ``125.4``, ``2:05`` or ``0:02:05``; None when it is neither."""
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        return None
    if not 1 <= len(numbers) <= len(("h", "m", "s")) or any(n < 0 for n in numbers):
        return None
    seconds = 0.0
    for number in numbers:
        seconds = seconds * 60 + number
    return int(seconds) if seconds < _EPOCH_MS_FROM else None


def _from_epoch(text: str) -> datetime | None:
    try:
        number = int(text)
        seconds = number / 1000 if number >= _EPOCH_MS_FROM else number
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _strptime(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  the zone is added by the caller
    except ValueError:
        return None
