"""The running stack as its users touch it: customers, agents, the CRM's people, the operator."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests

from cli.publishing import publish
from local.aws.clients import client
from local.aws.workers import kill_workers, workers
from local.running import Running
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_table import DynamoDbTable
from tests.e2e.terminal import Desk

Json = dict[str, Any]
Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], what: str, within_s: float = 30) -> Found:
    """What `look` finds, as soon as it finds something."""
    give_up_at = time.monotonic() + within_s
    while not (found := look()):
        assert time.monotonic() < give_up_at, f"not within {within_s} s: {what}"
        time.sleep(0.1)
    return found


@dataclass(frozen=True)
class World:
    """One Switchboard with its contact centre and its CRM."""

    running: Running
    desk: Desk

    # ── the contact centre ──────────────────────────────────────────────────────────────────────
    def contact(self, channel: str, sender: str, **how: Any) -> str:
        body = {"channel": channel, "from": sender, **how}
        return str(_json("POST", f"{self.ecs}/emulator/contacts", body)["interaction_id"])

    def interaction(self, interaction_id: str) -> Json:
        return _json("GET", f"{self.ecs}/emulator/interactions/{interaction_id}")

    def ended(self, interaction_id: str, within_s: float = 30) -> Json:
        def over() -> Json | None:
            seen = self.interaction(interaction_id)
            return seen if seen["has_ended"] else None

        return eventually(over, "the interaction ends", within_s)

    def calls_out(self, reference: str | None = None, *, ecs: str = "") -> list[str]:
        """The ids of the calls that the contact centre made, all or those for one request."""
        centre = f"{ecs or self.ecs}/emulator/interactions"
        listed = _json("GET", centre)["interactions"]
        outbound = [one["id"] for one in listed if one["direction"] == "outbound"]
        if reference is None:
            return outbound
        each = (_json("GET", f"{centre}/{one}") for one in outbound)
        return [seen["id"] for seen in each if seen["callback_reference"] == reference]

    # ── the CRM ─────────────────────────────────────────────────────────────────────────────────
    @property
    def crm(self) -> str:
        return self.running.crm.base_url

    def activities(self) -> list[Json]:
        """Everything noted in the CRM, all pages of it."""
        headers = {"authorization": f"Bearer {self._crm_token()}"}
        found: list[Json] = []
        page = "/api/activities?limit=100"
        while page:
            answer = _json("GET", self.crm + page, headers=headers)
            found += answer["activities"]
            page = answer["next"] or ""
        return found

    def noted(self, interaction_id: str) -> list[Json]:
        return [one for one in self.activities() if one["external_id"] == interaction_id]

    def set_faults(self, *faults: Json) -> None:
        requests.put(f"{self.crm}/faults", json=list(faults), timeout=10).raise_for_status()

    def end_faults(self) -> int:
        """How often they struck."""
        struck = _json("GET", f"{self.crm}/faults")["faults"]
        requests.delete(f"{self.crm}/faults", timeout=10).raise_for_status()
        return sum(fault["struck"] for fault in struck)

    # ── Switchboard's callers ───────────────────────────────────────────────────────────────────
    def ask(
        self, method: str, path: str, body: Json | None = None, **headers: str
    ) -> requests.Response:
        key = {"x-switchboard-key": self.running.target.key}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.request(
            method, self.api + path, json=body, headers={**key, **named}, timeout=30
        )

    def request_is(self, outbound_id: str, state: str) -> Json:
        def look() -> Json | None:
            seen: Json = self.ask("GET", f"/v1/outbound-requests/{outbound_id}").json()
            return seen if seen["state"] == state else None

        return eventually(look, f"the request is {state}")

    # ── the operator ────────────────────────────────────────────────────────────────────────────
    @property
    def ecs(self) -> str:
        return self.running.target.ecs_url

    @property
    def api(self) -> str:
        return self.running.target.api_url

    def aws(self, service: str) -> Any:
        return client(self.running.aws.endpoint, service)

    def table(self, name: str) -> DynamoDbTable:
        target = self.running.target
        return DynamoDbTable(target.client("dynamodb"), target.tables[name])

    def kill(self, *jobs: str) -> int:
        """How many processes of these functions were killed."""
        functions = self.running.deployment.functions
        return sum(len(kill_workers(self.running.aws, functions[job])) for job in jobs)

    @contextmanager
    def stopped(self, job: str) -> Iterator[None]:
        """The function's processes stand still until the block ends; what comes waits for them."""
        held = workers(self.running.aws, self.running.deployment.functions[job])
        for worker in held:
            os.kill(worker.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for worker in held:
                os.kill(worker.pid, signal.SIGCONT)

    def published(self, kind: str) -> Json:
        body = DynamoDbPublications(self.table("Config")).active(kind).body
        copied: Json = json.loads(json.dumps(body))
        return copied

    @contextmanager
    def publishing(self, kind: str, document: Json, *jobs: str) -> Iterator[None]:
        """Another active document until the block ends; the jobs' functions know it at once."""
        before = self.published(kind)
        try:
            self._publish(kind, document, *jobs)
            yield
        finally:
            self._publish(kind, before, *jobs)

    def sweep(self) -> None:
        function = self.running.deployment.functions["sweeper"]
        answer = self.aws("lambda").invoke(FunctionName=function, Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def repeat_messages_after(self, seconds: int) -> None:
        """Shorten the posting queue's visibility timeout, which is meant for production."""
        self.aws("sqs").set_queue_attributes(
            QueueUrl=self.running.deployment.queues["PostingQueue"],
            Attributes={"VisibilityTimeout": str(seconds)},
        )

    def dead_letters(self) -> int:
        queues = self.running.deployment.queues
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answers = [
            self.aws("sqs").get_queue_attributes(QueueUrl=queues[name], AttributeNames=names)
            for name in ("PostingDeadLetters", "DialingDeadLetters")
        ]
        return sum(int(answer["Attributes"][name]) for answer in answers for name in names)

    def _publish(self, kind: str, document: Json, *jobs: str) -> None:
        publish(self.running.target, {kind: document}, now=datetime.now(UTC))
        self.kill(*jobs)  # a new process reads anew; the old would believe its copy for 30 s

    def _crm_token(self) -> str:
        known = self.running.crm.connector_secrets()
        answer = requests.post(
            f"{self.crm}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(known["client_id"], known["client_secret"]),
            timeout=10,
        )
        return str(answer.json()["access_token"])


def _json(
    method: str, url: str, body: Json | None = None, headers: dict[str, str] | None = None
) -> Json:
    answer = requests.request(method, url, json=body, headers=headers, timeout=20)
    answer.raise_for_status()
    read: Json = answer.json()
    return read
