# mypy: disable-error-code="metaclass, misc"
"""A status on the party; when it becomes "call me back", Tryton says so in a signed webhook."""

import datetime
from typing import Any

from trytond.model import fields  # type: ignore[import-not-found]
from trytond.pool import PoolMeta  # type: ignore[import-not-found]

from .delivery import deliver_later  # type: ignore[import-not-found]

_CALLABLE = ("phone", "mobile")


class Trigger(metaclass=PoolMeta):
    """Lets a trigger choose our action."""

    __name__ = "ir.trigger"

    @classmethod
    def __setup__(cls) -> None:
        super().__setup__()
        cls.action.selection.append(
            ("party.party|switchboard_call_me_back", "Tell Switchboard to call back")
        )


class Party(metaclass=PoolMeta):
    """What Switchboard adds to Tryton's own party."""

    __name__ = "party.party"

    switchboard_status = fields.Selection(
        [
            ("active", "Active"),
            ("call_me_back", "Call me back"),
            ("do_not_call", "Do not call"),
        ],
        "Switchboard Status",
        sort=False,
    )
    switchboard_time_zone = fields.Char("Time Zone", help="An IANA name: America/Los_Angeles")

    @staticmethod
    def default_switchboard_status() -> str:
        return "active"

    @classmethod
    def switchboard_call_me_back(cls, parties: Any, trigger: Any) -> None:
        """Tryton calls this after it has committed the parties' new status."""
        for party in parties:
            deliver_later(_event_id(party), _event(party))


def _event_id(party: Any) -> str:
    """Another for each change; the same when Tryton repeats its task after a conflict."""
    changed_at = party.write_date or party.create_date
    return f"tryton-{party.id}-{changed_at:%Y%m%dT%H%M%S%f}"


def _event(party: Any) -> dict[str, object]:
    phones = [m.value_compact for m in party.contact_mechanisms if m.type in _CALLABLE]
    return {
        "type": "party.call_me_back",
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(),
        "data": {
            "party_id": str(party.id),
            "name": party.name or "",
            "phone": phones[0] if phones else None,
            "time_zone": party.switchboard_time_zone,
        },
    }
