"""The fault injector: what shall go wrong, where, how often. For local use only, without a key.

The plan lives in memory: a restart ends every fault.
"""

import random
import threading
from collections.abc import Sequence
from typing import Annotated, Literal

from flask import Response, jsonify
from pydantic import Field

from .api_errors import ApiError
from .fields import Record, read_record
from .request_body import body_json

EVERYONE = "sandbox_crm.everyone"  # in the WSGI environ: forget the filter of this search
CUSTOMERS_PATH = "/api/customers"

Kind = Literal[
    "hang",
    "drip",
    "error_500",
    "error_503",
    "throttle",
    "reset",
    "lost_answer",
    "garbage",
    "truncated",
    "unauthorized",
    "everyone",
    "redirect",
]
DELAYS_S = {"hang": 10.0, "drip": 0.5, "throttle": 1.0}


class Fault(Record):
    """One thing that goes wrong for requests whose path begins with `path`."""

    kind: Kind
    path: Annotated[str, Field(pattern=r"^/(api|oauth)/")] = "/api/"
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0
    times: Annotated[int, Field(ge=1)] | None = None
    delay_s: Annotated[float, Field(ge=0, le=300)] | None = None
    part: Literal["headers", "body"] = "headers"
    seed: int = 7

    @property
    def pause_s(self) -> float:
        """`delay_s`, or what is usual for this kind."""
        return DELAYS_S.get(self.kind, 0.0) if self.delay_s is None else self.delay_s

    def concerns(self, method: str, path: str) -> bool:
        """Whether this request is one of those that may go wrong."""
        if self.kind == "everyone" and (method, path) != ("GET", CUSTOMERS_PATH):
            return False
        return path.startswith(self.path) and self.method in {None, method}


class ArmedFault:
    """A fault with its own dice and the count of how often it struck."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.struck = 0
        # Dice with a seed, so that a run can be repeated; nothing here is a secret.
        self._dice = random.Random(fault.seed)  # noqa: S311

    def strikes(self) -> bool:
        """Throw the dice for one request."""
        if self.fault.times is not None and self.struck >= self.fault.times:
            return False
        hit = self._dice.random() < self.fault.probability
        self.struck += hit
        return hit


class FaultPlan:
    """The faults in force; the first that strikes a request is the one it gets."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[ArmedFault] = []

    def replace(self, faults: Sequence[Fault]) -> None:
        """Put these in force, with counts and dice anew, in place of all others."""
        with self._lock:
            self._armed = [ArmedFault(fault) for fault in faults]

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault this request meets, if any."""
        with self._lock:
            for armed in self._armed:
                if armed.fault.concerns(method, path) and armed.strikes():
                    return armed.fault
        return None

    def as_json(self) -> list[dict[str, object]]:
        """The faults in force and how often each struck."""
        with self._lock:
            return [{**armed.fault.model_dump(), "struck": armed.struck} for armed in self._armed]


class FaultsApi:
    """`/faults`."""

    def __init__(self, plan: FaultPlan) -> None:
        self._plan = plan

    def put(self) -> Response:
        """Put one fault, or a list of them, in force."""
        body = body_json()
        wanted = body if isinstance(body, list) else [body]
        self._plan.replace([_fault(entry) for entry in wanted])
        return self.get()

    def get(self) -> Response:
        """What is in force."""
        return jsonify(faults=self._plan.as_json())

    def delete(self) -> Response:
        """End all faults."""
        self._plan.replace([])
        return self.get()


def _fault(entry: object) -> Fault:
    if not isinstance(entry, dict):
        raise ApiError(400, "bad_request", "Send one fault as a JSON object, or a list of them.")
    return read_record(Fault, entry)
