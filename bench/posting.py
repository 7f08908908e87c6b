"""What posting costs: time beside one call, ledger writes, CRM calls, and the time after an outage.

    python -m bench.posting [--check]

The function as it is deployed posts one interaction and ten, in turn, with a DynamoDB that takes
5 ms for every call and a CRM that takes 100. Numbers are ratios and counts.
"""

import argparse
import importlib
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any, Final

import yaml

from bench.posting_recovery import OUTAGES, Recovery, recovery
from bench.posting_stand_ins import StandIn, running
from cli.configuration import Document, read_folder
from cli.deployment import Target
from cli.publishing import publish
from switchboard import observability, wiring
from switchboard.adapters.connector.compile import compile_connector
from switchboard.domain.customer import Customer
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.ports import Arrival
from tests.events import LambdaContext, pointer, sqs_event
from tests.integration import template

_REGION: Final = "eu-west-2"
_JOB: Final = "disposition_posting"
_SANDBOX: Final = template.ROOT / "layers/switchboard/switchboard/connectors/sandbox.yaml"
_LEDGER_WRITES: Final = frozenset(
    f"{write}Item Interactions" for write in ("Put", "Update", "Delete")
)
_TOGETHER: Final = 10
_ROUNDS: Final = 15
_TALKED_FOR: Final = timedelta(minutes=3)

MOST_TIMES_ONE_CALL: Final = 1.25
MOST_WRITES: Final = 2.0
MOST_WRITES_WHERE_OLDER_IS_IGNORED: Final = 1.0
MOST_RECOVERY_S: Final = 60.0


@dataclass(frozen=True)
class Kind:
    """A way in which a CRM takes records."""

    name: str
    takes_several: bool
    ignores_older: bool

    @property
    def definition(self) -> dict[str, Any]:
        """The sandbox's connector, without what this CRM cannot do."""
        file = yaml.safe_load(_SANDBOX.read_text(encoding="utf-8"))
        methods = file["methods"]
        methods["log_interaction"]["ignores_older"] = self.ignores_older
        if not self.takes_several:
            del methods["log_interactions"]
        return compile_connector({**file, "id": self.name, "samples": []})


KINDS: Final = (
    Kind("single", takes_several=False, ignores_older=False),
    Kind("bulk", takes_several=True, ignores_older=False),
    Kind("single-ignoring", takes_several=False, ignores_older=True),
    Kind("bulk-ignoring", takes_several=True, ignores_older=True),
)


@dataclass(frozen=True)
class Cost:
    """Of one CRM: times in ms; ledger writes for each posting; CRM calls for ten postings.

    Times are those of the quickest of several rounds: what else the machine did is not ours.
    `writes_of_retried` is for each of two attempts, the first of which lost its answer.
    """

    kind: Kind
    one_ms: float
    ten_ms: float
    writes: float
    calls: float
    writes_of_retried: float

    @property
    def times_one(self) -> float:
        return self.ten_ms / self.one_ms

    @property
    def most_writes(self) -> float:
        return MOST_WRITES_WHERE_OLDER_IS_IGNORED if self.kind.ignores_older else MOST_WRITES

    def too_dear(self) -> Iterator[str]:
        if self.times_one > MOST_TIMES_ONE_CALL:
            yield f"ten at once take {self.times_one:.2f} times one"
        if self.kind.takes_several and self.calls > 1:
            yield f"{self.calls:g} CRM calls for one batch"
        if max(self.writes, self.writes_of_retried) > self.most_writes:
            yield f"{max(self.writes, self.writes_of_retried):g} ledger writes for one posting"


class Stage:
    """The function, wired for real, and what it talks to."""

    def __init__(self, aws: StandIn, crm: StandIn) -> None:
        self.aws = aws
        self.crm = crm
        self._app: Any = importlib.import_module(f"functions.{_JOB}.app")
        self._made = 0
        # Powertools read the environment when it was imported, before there was this one.
        metrics = observability.metrics.provider
        metrics.namespace = os.environ["POWERTOOLS_METRICS_NAMESPACE"]
        metrics.service = os.environ["POWERTOOLS_SERVICE_NAME"]
        for handler in observability.logger.handlers:
            if isinstance(handler, logging.StreamHandler):
                handler.setStream(StringIO())

    def uses(self, kind: Kind) -> None:
        """Publish a deployment with this CRM alone."""
        target = Target(tables={"Config": "Config"}, region=_REGION, endpoint=self.aws.url)
        documents = read_folder(template.ROOT / "config")
        wanted = {
            "lookup": {**documents["lookup"], "connectors": [kind.name]},
            "connectors": self._connectors(documents["connectors"], kind),
            "posting": {"format": "posting/1", "profiles": [{"connector": kind.name}]},
        }
        publish(target, wanted, now=datetime.now(UTC))
        wiring.forget()

    def _connectors(self, document: Document, kind: Kind) -> Document:
        one = {"settings": {"base": self.crm.url}, "definition": kind.definition}
        return {**document, "connectors": {kind.name: one}}

    def ended(self, kind: Kind, count: int) -> list[str]:
        """So many interactions that are over, whose customers were found when they arrived."""
        ids = [f"bench-{self._made + number}" for number in range(count)]
        self._made += count
        for number, interaction_id in enumerate(ids):
            now = datetime.now(UTC)
            found = Customer(id="C-1001", connector=kind.name, kind="customer", name="Ada Byron")
            arrival = Arrival("r-1", now - _TALKED_FOR, "known", customer=found)
            wiring.ledger().note_arrival(interaction_id, arrival)
            wiring.lookup_memory().remember(
                kind.name,
                PhoneNumber(_number(number)),
                (found,),
                asked_at=arrival.at,
                fresh_s=60,
                keep_s=3600,
            )
            end = _end(interaction_id, number, now)
            wiring.ledger().merge(end, now=now, due_when=partial(_at, now))
        return ids

    def post(self, ids: Sequence[str]) -> float:
        """Hand them to the function as one batch; how long it took, in ms."""
        event = sqs_event([pointer(each) for each in ids])
        started_s = time.perf_counter()
        with redirect_stdout(StringIO()):
            answer = self._app.handler(event, LambdaContext(_JOB, "bench"))
        took_ms = (time.perf_counter() - started_s) * 1000
        if answer["batchItemFailures"]:
            raise SystemExit("a message failed; this is no measurement")
        return took_ms

    @contextmanager
    def retrying_soon(self) -> Iterator[None]:
        """What failed is due again in a moment: the waits are all that is shortened."""
        times = self._app.TIMES
        self._app.TIMES = replace(times, retry_after_s=(0.2,) * 5)
        yield
        self._app.TIMES = times

    def require_done(self, ids: Sequence[str]) -> None:
        rows = wiring.ledger().read_many(ids)
        states = {posting.state.value for row in rows.values() for posting in row.postings.values()}
        if len(rows) != len(ids) or states != {"done"}:
            raise SystemExit(f"not everything was posted: {sorted(states)}")


def _at(moment: datetime, _: object) -> datetime:
    return moment


def _number(number: int) -> str:
    return f"+1415555{100 + number:04}"


def _end(interaction_id: str, number: int, at: datetime) -> TriggerEvent:
    """With somebody else each time, as it would be."""
    fields = {
        "interaction_id": interaction_id,
        "channel": "voice",
        "direction": "inbound",
        "contact": _number(number),
        "business_process": "Care",
        "disposition_code": "Resolved",
        "remarks": "Wants a call next week.",
    }
    return TriggerEvent(interaction_id, TriggerKind.INTERACTION_ENDS, at, fields)


@contextmanager
def standing() -> Iterator[Stage]:
    with running("aws") as aws, running("crm") as crm:
        os.environ |= {
            **template.environment(_JOB, {"PostingQueue": f"{aws.url}/queue/posting"}),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        yield Stage(aws, crm)


def cost(stage: Stage, kind: Kind) -> Cost:
    stage.uses(kind)
    for count in (_TOGETHER, 1):
        stage.post(stage.ended(kind, count))  # tokens, connections and threads are there by now
    ones, tens = [], []
    writes = calls = 0
    for _ in range(_ROUNDS):
        ones.append(stage.post(stage.ended(kind, 1)))
        ids = stage.ended(kind, _TOGETHER)
        _counted(stage)
        tens.append(stage.post(ids))
        wrote, called = _counted(stage)
        writes, calls = writes + wrote, calls + called
        stage.require_done(ids)
    return Cost(
        kind,
        min(ones),
        min(tens),
        writes / (_ROUNDS * _TOGETHER),
        calls / _ROUNDS,
        writes_of_retried(stage, kind),
    )


def writes_of_retried(stage: Stage, kind: Kind) -> float:
    """Ledger writes for each attempt, where every first attempt loses its answer."""
    with stage.retrying_soon():
        ids = stage.ended(kind, _TOGETHER)
        _counted(stage)
        stage.crm.loses_next(1 if kind.takes_several else _TOGETHER)
        stage.post(ids)
        time.sleep(0.25)
        stage.post(ids)
        wrote, _ = _counted(stage)
    stage.require_done(ids)
    return wrote / (2 * _TOGETHER)


def _counted(stage: Stage) -> tuple[int, int]:
    """Writes to the ledger, and calls that write to the CRM, since this was asked last."""
    asked = stage.aws.counted()
    wrote = sum(count for name, count in asked.items() if name in _LEDGER_WRITES)
    return wrote, sum(stage.crm.counted().values())


def told(cost: Cost) -> str:
    return (
        f"{cost.kind.name:16} one {cost.one_ms:4.0f} ms, ten {cost.ten_ms:4.0f} ms, "
        f"{cost.times_one:.2f} times one; {cost.calls:g} CRM calls for ten; ledger writes "
        f"{cost.writes:.2f} for each, {cost.writes_of_retried:.2f} for each attempt of two"
    )


def told_recovery(back: Recovery) -> str:
    return (
        f"after {back.outage.down_s / 60:g} minutes with a CRM that {back.outage.name}, "
        f"{back.waited} wait: full rate {back.full_rate_after_s:.0f} s after its end, nothing "
        f"left after {back.drained_after_s:.0f} s ({back.full_per_s:.0f} a second); "
        f"{back.calls_while_down} calls while it was down"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="fail when it costs more than it may")
    checks = parser.parse_args(arguments).check
    mistakes: list[str] = []
    with standing() as stage:
        for kind in KINDS:
            found = cost(stage, kind)
            print(told(found))  # noqa: T201
            mistakes += [f"{kind.name}: {mistake}" for mistake in found.too_dear()]
    for outage in OUTAGES:
        back = recovery(outage)
        print(told_recovery(back))  # noqa: T201
        if back.full_rate_after_s > MOST_RECOVERY_S:
            mistakes.append(f"back at full rate only {back.full_rate_after_s:.0f} s after the end")
    for mistake in mistakes:
        print(f"too much: {mistake}", file=sys.stderr)  # noqa: T201
    return 1 if checks and mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
