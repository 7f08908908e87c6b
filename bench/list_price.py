"""What a million interactions cost at list price, and what they would cost otherwise.

    python -m bench.list_price

One interaction of a known caller goes through the functions of the template: routed (which looks
the caller up), told by eleven triggers, then by one, and posted to the sandbox CRM. AWS is moto in
this process; of each write to a table the items before and after are weighed, with their copies in
the indexes, as DynamoDB counts them: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
What a worker reads once and keeps (configuration, secrets) is left out.

Log lines are counted as they were written. How long functions take is assumed, see `_TOOK_S`.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from tests.events import sqs_event
from tests.integration import template
from tests.integration.canaries import NUMBER
from tests.integration.deployment import Deployment, deployed

# us-east-1, dollars for a million, of logs for a GB.
WRITE_UNIT, READ_UNIT = 0.625, 0.125
HTTP_REQUEST, QUEUE_REQUEST, INVOCATION = 1.00, 0.40, 0.20
GB_S, LOGS_GB = 13.33, 0.50
# Assumed, in seconds: a CRM that answers in 150 ms, tables that do in 5.
_TOOK_S: Final = {
    "authorizer": 0.004,
    "routing_decision": 0.2,
    "trigger_intake": 0.02,
    "disposition_posting": 0.25,
}
_MEMORY_GB: Final = 0.5
_BATCH: Final = 10
# Of these, what is asked once and kept would count as often as this run starts cold.
_KEPT_BY_WORKERS: Final = frozenset({"Config"})
Item = Mapping[str, Mapping[str, Any]]


def weight(item: Item) -> int:
    """Bytes of an item in DynamoDB's notation."""
    return sum(len(name.encode()) + _weight(value) for name, value in item.items())


def _weight(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "N":
        return (len(held.strip("-").replace(".", "")) + 1) // 2 + 1
    return len(held.encode() if kind == "S" else json.dumps(held))


def _units(size: int, unit: int = 1024) -> int:
    return max(1, math.ceil(size / unit))


@dataclass(frozen=True)
class Index:
    """What of an item an index copies; None: all of it."""

    name: str
    keys: tuple[str, ...]
    copies: frozenset[str] | None

    def copy_of(self, item: Item) -> Item | None:
        if not item.keys() >= set(self.keys):
            return None
        return {n: v for n, v in item.items() if self.copies is None or n in self.copies}

    def units(self, before: Item, after: Item) -> int:
        was, now = self.copy_of(before), self.copy_of(after)
        if was == now:
            return 0
        if was and now and all(was[key] == now[key] for key in self.keys):
            return _units(max(weight(was), weight(now)))
        return sum(_units(weight(copy)) for copy in (was, now) if copy)


def indexes_of(table: str) -> list[Index]:
    properties = template.template()["Resources"][table]["Properties"]
    return [_index(index) for index in properties.get("GlobalSecondaryIndexes", ())]


def _index(index: Mapping[str, Any]) -> Index:
    keys = tuple(key["AttributeName"] for key in index["KeySchema"])
    projection = index["Projection"]
    copied = frozenset({"id", *keys, *projection.get("NonKeyAttributes", ())})
    is_all = projection["ProjectionType"] == "ALL"
    return Index(index["IndexName"], keys, None if is_all else copied)


@dataclass
class Bill:
    """Units of one interaction, by what they were for."""

    writes: Counter[str] = field(default_factory=Counter)
    otherwise: Counter[str] = field(default_factory=Counter)
    reads: float = 0.0
    row_bytes: int = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        call = BaseClient._make_api_call  # type: ignore[attr-defined]

        def counting(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            def look() -> Item:
                asked = {"TableName": arguments["TableName"], "Key": key, "ConsistentRead": True}
                found: Item = call(client, "GetItem", asked).get("Item", {})
                return found

            is_write = operation in {"UpdateItem", "PutItem", "DeleteItem"}
            if not is_write:
                answer = call(client, operation, arguments)
                self._read(operation, arguments, answer)
                return answer
            key = arguments.get("Key") or {"id": arguments["Item"]["id"]}
            before = look()
            try:
                return call(client, operation, arguments)
            except ClientError:  # a condition that fails costs a write, too
                before = before or {"id": key["id"]}
                raise
            finally:
                self._written(arguments["TableName"], before, look())

        with patch.object(BaseClient, "_make_api_call", counting):
            yield

    def _written(self, table: str, before: Item, after: Item) -> None:
        size = max(weight(before), weight(after))
        self.writes[table] += _units(size)
        for index in indexes_of(table):
            self.writes[f"{table}, {index.name}"] += index.units(before, after)
        if table == "Interactions":
            self.row_bytes = size
            for name, other in _OTHERWISE.items():
                self.otherwise[name] += other.units(before, after)

    def _read(self, operation: str, arguments: dict[str, Any], answer: Any) -> None:
        if arguments.get("TableName") in _KEPT_BY_WORKERS:
            return
        match operation:
            case "GetItem":
                share = 1.0 if arguments.get("ConsistentRead") else 0.5
                self.reads += share * _units(weight(answer.get("Item", {})), 4096)
            case "BatchGetItem":
                found = [item for items in answer["Responses"].values() for item in items]
                self.reads += sum(_units(weight(item), 4096) for item in found)
            case "Query":
                self.reads += 0.5 * _units(sum(map(weight, answer["Items"])), 4096)


_BY_CUSTOMER: Final = ("customer_key", "started_at")
_FOR_HISTORY: Final = frozenset(
    {"id", *_BY_CUSTOMER, "document", "revision", "ended_at", "expires_at", "of", "merged_key"}
)
# How the index that costs most could be instead.
_OTHERWISE: Final = {
    "by_customer with what a history needs": Index("", _BY_CUSTOMER, _FOR_HISTORY),
    "by_customer with keys only": Index("", _BY_CUSTOMER, frozenset({"id", *_BY_CUSTOMER})),
}


@dataclass
class Passed:
    """One interaction, and what it took."""

    bill: Bill
    triggers: int
    log_bytes: int

    def dollars(self) -> dict[str, float]:
        """For a million."""
        requests = self.triggers + 1
        job_s = {
            "authorizer": requests * _TOOK_S["authorizer"],
            "routing_decision": _TOOK_S["routing_decision"],
            "trigger_intake": self.triggers * _TOOK_S["trigger_intake"],
            "disposition_posting": _TOOK_S["disposition_posting"] / _BATCH,
        }
        invocations = 2 * requests + 1 / _BATCH
        messages = 1 + 2 / _BATCH
        return {
            "tables, written": self.bill.writes.total() * WRITE_UNIT,
            "tables, read": self.bill.reads * READ_UNIT,
            "HTTP API": requests * HTTP_REQUEST,
            "functions": invocations * INVOCATION + sum(job_s.values()) * _MEMORY_GB * GB_S,
            "queue": messages * QUEUE_REQUEST,
            "logs": self.log_bytes * LOGS_GB / 1000,
        }


def triggers(interaction_id: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What the emulator's contact centre tells of a call that is passed on once."""
    at = datetime(2026, 1, 5, 15, tzinfo=UTC)
    said = {
        "interaction_id": interaction_id,
        "channel": "voice",
        "direction": "inbound",
        "contact": NUMBER,
        "dialed_number": "+14155550100",
        "started_at": at.isoformat(),
    }
    change, steps = "segment-change", list[tuple[str, int, dict[str, str]]]()
    steps.append(("interaction-starts", 0, {}))
    steps.append((change, 2, {"segment_state": "Queued", "segment_level": "Flow"}))
    care = {"business_process": "Customer Care", "customer_id": "sandbox:C-1001"}
    steps.append((change, 4, {**care, "segment_level": "Business Process"}))
    first = {"agent_name": "Maya Lindqvist", "agent_extension": "2001", "queue_s": "9"}
    steps.append((change, 12, {**first, "segment_state": "Ringing", "segment_level": "Agent"}))
    steps.append((change, 14, {"segment_state": "Handling"}))
    steps.append(("internal-transfer", 80, {"segment_state": "Transfer"}))
    second = {"agent_name": "Tomas Okafor", "agent_extension": "2002"}
    steps.append((change, 82, {**second, "segment_state": "Ringing"}))
    steps.append((change, 84, {"segment_state": "Handling"}))
    ended = {"ended_at": (at + timedelta(minutes=3)).isoformat(), "duration_s": "180"}
    steps.append((change, 180, {**ended, "handle_s": "168", "segment_state": "Wrap-up"}))
    coded = {"disposition_code": "Resolved", "disposition_set": "Service"}
    remarks = {"remarks": "Asked about the last invoice; all explained."}
    steps.append((change, 185, {**coded, **remarks, "segment_state": "Completed"}))
    steps.append(("interaction-ends", 186, {}))
    for event, after_s, more in steps:
        said = {**said, **more}
        yield event, {**said, "occurred_at": (at + timedelta(seconds=after_s)).isoformat()}


def passed(switchboard: Deployment, interaction_id: str, *, end_alone: bool) -> Passed:
    bill, told = Bill(), list(triggers(interaction_id))[-1 if end_alone else 0 :]
    switchboard.clean()
    with bill.counted():
        asked = {"contact": NUMBER, "interaction_id": interaction_id}
        _accepted(switchboard, "/v1/arrivals/route", asked)
        for event, said in told:
            _accepted(switchboard, f"/v1/triggers/{event}", said)
        (message,) = {sent.body for sent in switchboard.queued}
        switchboard.invoke("disposition_posting", sqs_event([message]))
    return Passed(bill, len(told), len(switchboard.output.getvalue()))


def _accepted(switchboard: Deployment, path: str, said: Mapping[str, str]) -> None:
    answer = switchboard.http("POST", path, json_body=said)
    if answer.status not in {200, 202}:
        raise SystemExit(answer.text)


def show(console: Console, interactions: list[Passed]) -> None:
    told = Table(
        "for a million interactions", *(f"{each.triggers} triggers" for each in interactions)
    )
    bills = [each.dollars() for each in interactions]
    for name in bills[0]:
        told.add_row(name, *(f"${bill[name]:.2f}" for bill in bills))
    told.add_row("together", *(f"${sum(bill.values()):.2f}" for bill in bills))
    console.print(told)
    units = Table("write units of one interaction", *(str(each.triggers) for each in interactions))
    for name in sorted({name for each in interactions for name in each.bill.writes}):
        units.add_row(name, *(str(each.bill.writes[name]) for each in interactions))
    for name in _OTHERWISE:
        units.add_row(f"[dim]{name}[/]", *(str(each.bill.otherwise[name]) for each in interactions))
    units.add_row("bytes of its row", *(f"{each.bill.row_bytes:,}" for each in interactions))
    console.print(units)


def main() -> None:
    with TemporaryDirectory() as home, deployed(Path(home)) as switchboard:
        many = passed(switchboard, "int-5a3b6c7d8e9f0a1b", end_alone=False)
        few = passed(switchboard, "int-5a3b6c7d8e9f0a1c", end_alone=True)
    show(Console(), [many, few])


if __name__ == "__main__":
    main()
