"""What ECS asks on arrival, read without pydantic: a caller waits for a function that starts.

`contracts.ecs.Arrival` describes the same, and a test holds the two together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from switchboard.contracts.words import channel_word

_INTERACTION_ID: Final = re.compile(r"[!-~]{1,128}")
_NO_INTERACTION_ID: Final = "interaction_id: send 1 to 128 visible ASCII characters"
# What stands for a parameter that was not sent.
_UNSAID: Final[Mapping[str, str | None]] = {
    "interaction_id": None,
    "contact": "",
    "channel": "voice",
    "business_process": "",
    "dialed_number": "",
    "account_number": "",
    "customer_id": "",
    "budget_ms": "",
}
NAMES: Final = tuple(_UNSAID)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ArrivalRequest:
    """An interaction arrives. `values` is every parameter, those that are not ours among them."""

    interaction_id: str | None
    contact: str
    channel: str
    business_process: str
    dialed_number: str
    account_number: str
    customer_id: str
    budget_ms: str
    values: Mapping[str, str | None] = field(default_factory=dict)


def read_arrival_request(parameters: Mapping[str, str]) -> tuple[ArrivalRequest, str]:
    """The request without what cannot be read, and what is wrong with that; empty for nothing."""
    values: dict[str, str | None] = {**_UNSAID, **parameters}
    problem = ""
    if "interaction_id" in parameters and not _INTERACTION_ID.fullmatch(
        parameters["interaction_id"]
    ):
        values["interaction_id"] = None
        problem = _NO_INTERACTION_ID
    values["channel"] = channel_word(values["channel"] or "")
    ours = {name: values[name] or "" for name in NAMES if name != "interaction_id"}
    return ArrivalRequest(**ours, interaction_id=values["interaction_id"], values=values), problem
