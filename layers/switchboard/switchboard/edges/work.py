"""What a queue hands us: a pointer, never the thing itself."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which work is waiting, and the request that it goes back to."""

    id: str
    request_id: str


def read_pointer(body: str) -> Pointer:
    """Raises: ValueError. Only we write these, so a bad one is a bug and ends as a dead letter."""
    message = json.loads(body)
    if not isinstance(message, dict) or message.get("v") != 1 or not message.get("id"):
        raise ValueError("not a pointer of version 1")
    return Pointer(str(message["id"]), str(message.get("request_id", "")))
