"""The CRM wrote the record and its answer never came: what each idempotency makes of that.

A small CRM on a real socket keeps what it was told. It does as asked, and hangs up.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.posting import Idempotency, Logged
from switchboard.errors import UpstreamUnavailable, UpstreamUnknown
from tests.unit.connector.examples import methods
from tests.unit.connector.hostile_calls import RECORD, crm
from tests.unit.connector.hostile_server import LAST, Visit, hostile_server, http

HOW: Mapping[str, Mapping[str, Any]] = {
    "upsert": {
        "request": {
            "method": "PUT",
            "path": "/activities/${input.id}",
            "body": {"key": "${input.id}"},
        }
    },
    "client_id": {
        "request": {"path": "/activities", "body": {"id": "${input.id}", "key": "${input.id}"}}
    },
    "header": {
        "request": {
            "path": "/activities",
            "headers": {"Idempotency-Key": "${input.id}"},
            "body": {"key": "${input.id}"},
        }
    },
    "search_first": {
        "steps": [
            {
                "id": "found",
                "request": {"path": "/activities", "query": {"key": "${input.id}"}},
                "map": "body.activities[0]",
            },
            {
                "id": "created",
                "when": "!(steps.found)",
                "request": {"path": "/activities", "body": {"key": "${input.id}"}},
                "map": "body",
            },
        ],
        "map": "{id: steps.created.id || steps.found.id, created: !(steps.found)}",
    },
    "none": {"request": {"path": "/activities", "body": {"key": "${input.id}"}}},
}
TAKEN = {"when": "status == `409`", "class": "duplicate", "record_id": "body.id"}


@dataclass
class Crm:
    """Keeps one record per key where the request names one, otherwise one per request."""

    records: list[dict[str, str]] = field(default_factory=list)
    loses_next_write: bool = True
    when: str = "written"

    def serve(self, visit: Visit) -> None:
        is_write = not visit.request.startswith(b"GET")
        if is_write and self.loses_next_write and self.when == "before":
            self.loses_next_write = False
            return
        answer = self._answer(visit.request)
        if is_write and self.loses_next_write:
            self.loses_next_write = False
            if self.when == "half":
                visit.send(answer[: len(answer) // 2])
            return
        visit.send(answer)

    def _answer(self, request: bytes) -> bytes:
        line, _, rest = request.decode().partition("\r\n")
        head, _, body = rest.partition("\r\n\r\n")
        if line.startswith("GET"):
            asked = re.search(r"key=([^ &]*)", line)
            found = [r for r in self.records if asked and r["key"] == asked[1]]
            return http(json.dumps({"activities": found}).encode(), headers=LAST)
        said = json.loads(body)
        named = line.startswith("PUT") or "id" in said or "idempotency-key" in head.lower()
        standing = [record for record in self.records if named and record["key"] == said["key"]]
        if standing and "id" in said:
            return http(
                json.dumps({"id": standing[0]["id"]}).encode(), status="409 Conflict", headers=LAST
            )
        record = (
            standing[0] if standing else {"id": f"A-{len(self.records) + 1}", "key": said["key"]}
        )
        if not standing:
            self.records.append(record)
        return http(
            json.dumps({"id": record["id"], "created": not standing}).encode(), headers=LAST
        )


@contextmanager
def connected(world: Crm, idempotency: str) -> Iterator[RestCrm]:
    how = {**methods(), "log_interaction": {"idempotency": idempotency, **HOW[idempotency]}}
    if idempotency != "search_first":
        how["log_interaction"]["map"] = "{id: body.id, created: body.created}"
    with hostile_server(world.serve) as server:
        client = crm(server.base, methods=how, errors=[TAKEN])
        yield client
        client.close()


def log(client: RestCrm) -> Logged:
    return client.log_interaction(RECORD, deadline=Deadline.after(2))


@pytest.mark.parametrize("when", ["written", "half"])
@pytest.mark.parametrize("idempotency", HOW)
def test_a_write_whose_answer_was_lost_is_unknown_however_it_is_made_safe(
    idempotency: str, when: str
) -> None:
    world = Crm(when=when)

    with connected(world, idempotency) as client, pytest.raises(UpstreamUnknown):
        log(client)

    assert len(world.records) == 1


@pytest.mark.parametrize("when", ["written", "half", "before"])
@pytest.mark.parametrize("idempotency", ["upsert", "client_id", "header", "search_first"])
def test_writing_again_after_a_lost_answer_leaves_one_record(idempotency: str, when: str) -> None:
    world = Crm(when=when)

    with connected(world, idempotency) as client:
        with pytest.raises(UpstreamUnknown):
            log(client)
        again = log(client)
        once_more = log(client)

    assert [record["id"] for record in world.records] == ["A-1"]
    assert again == Logged("A-1", created=when == "before")
    assert once_more == Logged("A-1", created=False)


def test_without_idempotency_writing_again_would_double_it_so_a_person_decides() -> None:
    world = Crm()

    with connected(world, "none") as client:
        with pytest.raises(UpstreamUnknown):
            log(client)
        assert client.idempotency is Idempotency.NONE  # what makes the use case park it
        log(client)

    assert len(world.records) == 2


def test_a_search_whose_answer_was_lost_wrote_nothing() -> None:
    world = Crm()
    served: list[bytes] = []

    def hang_up_on_searches(visit: Visit) -> None:
        served.append(visit.request)

    how = {**methods(), "log_interaction": {"idempotency": "search_first", **HOW["search_first"]}}
    with hostile_server(hang_up_on_searches) as server:
        client = crm(server.base, methods=how)
        with pytest.raises(UpstreamUnavailable):
            log(client)

    assert [request.split()[0] for request in served] == [b"GET"]
    assert world.records == []
