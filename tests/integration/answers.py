"""What every answer must be, and interactions to ask about."""

from typing import Any, Final
from uuid import uuid4

from switchboard.contracts.answers import ErrorAnswer
from tests.integration.canaries import NUMBER, REMARK
from tests.integration.deployment import Answer

LONGEST_VALUE: Final = 255
TRACES: Final = ("Traceback", 'File "', "Error(", "pydantic", "botocore")


def new_interaction() -> str:
    return f"int-{uuid4().hex[:16]}"


def is_refused(answer: Answer, status: int, error: str) -> bool:
    """Checks that it is our flat error, with advice; then True, for `assert`."""
    body = ErrorAnswer.model_validate(answer.json)
    assert set(answer.json) == {"error", "message", "request_id"}
    assert (answer.status, body.error) == (status, error), body.message
    assert len(body.message) > len("Use it.")
    assert body.request_id
    assert not [trace for trace in TRACES if trace in answer.text]
    return True


def flat_body(answer: Answer) -> dict[str, str]:
    """The body of an answer that ECS can read."""
    assert answer.status in {200, 202}, answer.text
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json
    assert all(isinstance(value, str) and len(value) <= LONGEST_VALUE for value in body.values())
    return body


def the_end_of(interaction_id: str, **more: Any) -> dict[str, Any]:
    """What ECS says when an interaction ends."""
    return {
        "interaction_id": interaction_id,
        "occurred_at": "2026-01-05T10:03:05-05:00",
        "channel": "voice",
        "direction": "inbound",
        "contact": NUMBER,
        "business_process": "Customer Care",
        "agent_name": "Maya Lindqvist",
        "agent_extension": "2001",
        "started_at": "2026-01-05T10:00:00-05:00",
        "ended_at": "2026-01-05T10:03:00-05:00",
        "duration_s": "0:03:00",
        "disposition_code": "Resolved",
        "remarks": REMARK,
        **more,
    }
