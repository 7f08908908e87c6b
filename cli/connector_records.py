"""`connector call` of the methods that find records of interactions in a CRM."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cli.connector_files import stop
from switchboard.adapters.connector.methods import FIND_METHOD, LIST_METHOD
from switchboard.adapters.connector.samples import shown_record
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline

RECORD_METHODS: Final = frozenset({FIND_METHOD, LIST_METHOD})
_PERIOD: Final = frozenset({"from", "to"})
_WAYS: Final = {
    FIND_METHOD: f"say `{FIND_METHOD} id=…`, with record_id=… where the CRM's own id is known",
    LIST_METHOD: f"say `{LIST_METHOD} from=2026-01-05T00:00:00Z to=2026-01-06T00:00:00Z`",
}


def asked_of_records(method: str, given: Mapping[str, Any]) -> dict[str, str]:
    """The input as texts; the command ends when something is missing or unknown."""
    is_complete = (
        set(given) == _PERIOD and all(map(_is_moment, given.values()))
        if method == LIST_METHOD
        else {"id"} <= set(given) <= {"id", "record_id"}
    )
    if not is_complete:
        stop([_WAYS[method]])
    return {name: str(value) for name, value in given.items()}


def records_found(
    crm: RestCrm, method: str, asked: Mapping[str, Any], deadline: Deadline
) -> dict[str, Any] | list[dict[str, Any]] | None:
    """What the CRM has, each row as a sample's result shows it."""
    if method == LIST_METHOD:
        start, end = (datetime.fromisoformat(asked[name]) for name in ("from", "to"))
        return [shown_record(one) for one in crm.list_records(start, end, deadline=deadline)]
    record_id = asked.get("record_id", "")
    found = crm.find_record(asked["id"], record_id=record_id, deadline=deadline)
    return shown_record(found) if found else None


def _is_moment(value: object) -> bool:
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return False
