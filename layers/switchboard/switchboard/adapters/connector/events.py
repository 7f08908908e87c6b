"""Inbound events of a connector: a verified body becomes a signal."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, evaluate, holds
from switchboard.adapters.connector.settings import complete_settings
from switchboard.domain.signals import CallBackSignal
from switchboard.errors import InvalidRequest

_STANDARD_WEBHOOKS_ID: Final = 'headers."webhook-id"'
_TEXTS: Final = ("customer_id", "phone", "name", "business_process", "time_zone", "remarks")
_EVENT_ID: Final = re.compile(r"[\x21-\x7e]{1,256}")


@dataclass(frozen=True, slots=True)
class ConnectorEvent:
    """One kind of event. `verify` is the scheme that the caller checks before `signal`."""

    connector: str
    name: str
    verify: Mapping[str, Any]
    declaration: Mapping[str, Any] = field(repr=False)
    surroundings: Mapping[str, Any] = field(repr=False)

    def signal(self, body: object, headers: Mapping[str, str]) -> CallBackSignal | None:
        """What the event asks for; None when it is about something else. `body` is parsed JSON.

        Raises: InvalidRequest when the event is accepted and does not say what it must.
        """
        if not isinstance(body, Mapping):
            raise self._unreadable()
        lower = {name.lower(): value for name, value in headers.items()}
        scope = {**body, **self.surroundings, "headers": lower}
        accept = self.declaration["accept"]
        if accept and not holds(accept, scope):
            return None
        event_id = _text(self._value(self.declaration["id"] or _STANDARD_WEBHOOKS_ID, scope))
        said = self._value(self.declaration["map"], scope)
        if not _EVENT_ID.fullmatch(event_id) or not isinstance(said, Mapping):
            raise self._unreadable()
        return CallBackSignal(
            event_id=event_id,
            call_after=self._moment(said.get("call_after")),
            **{name: _text(said.get(name)) for name in _TEXTS},
        )

    def _value(self, expression: str, scope: Mapping[str, Any]) -> Any:
        try:
            return evaluate(expression, scope)
        except ExpressionError:
            raise self._unreadable() from None

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
    surroundings = {
        "settings": complete_settings(definition, settings),
        "tables": definition["tables"],
    }
    return tuple(
        ConnectorEvent(str(definition["id"]), name, event["verify"], event, surroundings)
        for name, event in definition["events"].items()
    )


def _text(value: object) -> str:
    match value:
        case str():
            return value.strip()
        case bool() | None:
            return ""
        case int() | float():
            return str(value)
    return ""
