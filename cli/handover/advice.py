"""What a flow should do: with each outcome, with each status, and when we do not answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

from cli.handover.methods import Method, timeout_s
from cli.handover.stage import Stage

# Network, and a function that starts cold. ECS gives a timeout no unit that we know of.
_MARGIN_S: Final = 1


@dataclass(frozen=True, slots=True)
class Advice:
    """What an outcome means, and what the flow does with it."""

    means: str
    do: str


OUTCOMES: Final[Mapping[str, Advice]] = {
    "known": Advice(
        "One customer: the only one with this number, or the one that `resolved_by` tells was "
        "chosen among several.",
        "Go on with the values.",
    ),
    "unknown": Advice(
        "Every CRM was asked, and nobody has this number or address.",
        "A new contact: the full menu.",
    ),
    "ambiguous": Advice(
        "Several customers have it. Switchboard does not guess.", "As with `unknown`."
    ),
    "withheld": Advice(
        "No number or address came with the interaction.",
        "As with `unknown`.",
    ),
    "unreadable": Advice(
        "What came is no number or address, or the request could not be read: then `problem` says "
        "what, and the container is set up wrongly. Tell us.",
        "As with `unknown`.",
    ),
    "internal": Advice(
        "A short extension or a service code: not a customer's number.",
        "A colleague or a machine; no customer's menu.",
    ),
    "degraded": Advice(
        "No CRM answered in time. Nothing is known, which is not the same as `unknown`.",
        "As with `unknown`, but tell nobody that they are not a customer.",
    ),
}
ACTIONS: Final[Mapping[str, str]] = {
    "queue": "Play the prompts, enter the Business Process, wait in its Queue.",
    "self_service": "Play the prompts and offer self-service; who leaves it enters the Business "
    "Process.",
    "message": "Play the prompts and end (Complete Handling).",
    "callback": "Play the prompts and offer a callback in the Business Process.",
}
STATUSES: Final[Mapping[int, str]] = {
    200: "Answered.",
    202: "Kept: it will be in the CRM, whatever happens now.",
    400: "The body is no JSON object and no form. The container is set up wrongly.",
    401: "No key, or a wrong one. Set the header again.",
    403: "The key is good, and not for this URL. Ask us for another.",
    404: "There is no such event. The URL is wrong.",
    405: "Wrong verb. Use POST.",
    409: "The same interaction id was told before with another channel or direction. Tell us.",
    413: "Too large. Nothing was kept.",
    422: "A parameter is missing or cannot be used; `message` names it. Nothing was kept.",
    503: "Switchboard cannot work just now. Nothing was kept.",
}


def request_timeout_s(method: Method, stage: Stage) -> int:
    """What to set as Request Timeout: our own limit, and a margin where somebody waits."""
    if method.is_trigger:
        return timeout_s(method.job)
    return ceil(stage.lookup.budget_ms / 1000) + _MARGIN_S
