"""A Roundup detector: an issue that comes to "call-back" is told to Switchboard, signed.

The customer is the first person on the nosy list who has a telephone number and does not work on
the issue.
"""

import datetime
import uuid
from typing import Any

from delivery import deliver_later  # type: ignore[import-not-found]

_WANTED = "call-back"


def init(db: Any) -> None:
    """Roundup calls this when it opens the tracker."""
    db.issue.react("create", ask_for_call_back)
    db.issue.react("set", ask_for_call_back)


def ask_for_call_back(db: Any, cl: Any, nodeid: str, oldvalues: dict[str, Any] | None) -> None:
    wanted = _status_id(db)
    before = oldvalues.get("status") if oldvalues else None
    if wanted is None or cl.get(nodeid, "status") != wanted or before == wanted:
        return
    event_id = f"roundup-{nodeid}-{uuid.uuid4().hex}"
    # A detector runs inside the transaction. What Roundup keeps in this list it calls after the
    # commit, and forgets after a rollback, so nobody hears of a change that was never made.
    db.transactions.append((deliver_later, (event_id, _event(db, cl, nodeid))))


def _status_id(db: Any) -> str | None:
    try:
        return str(db.status.lookup(_WANTED))
    except KeyError:
        return None


def _event(db: Any, cl: Any, nodeid: str) -> dict[str, object]:
    customer = _customer(db, cl, nodeid)
    return {
        "type": "issue.call_back",
        "timestamp": datetime.datetime.now(datetime.UTC).isoformat(),
        "data": {
            "issue_id": nodeid,
            "user_id": customer.id if customer else None,
            "name": customer.realname if customer else None,
            "phone": customer.phone if customer else None,
            "title": cl.get(nodeid, "title"),
        },
    }


def _customer(db: Any, cl: Any, nodeid: str) -> Any:
    workers = {cl.get(nodeid, "creator"), cl.get(nodeid, "assignedto")}
    people = sorted(set(cl.get(nodeid, "nosy")) - workers, key=int)
    return next((person for person in map(db.user.getnode, people) if person.phone), None)
