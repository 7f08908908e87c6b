"""`kill -9` of functions in the middle of their work, while the CRM loses answers."""

import contextlib
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from tests.e2e.world import Json, World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("world")]

CONTACTS = 30
# Every half second one of them loses all its processes, busy or not. Two cores need a while to
# start so many again: killed more often, they would die while starting and never at their work.
ROTA = ("trigger_intake", "routing_decision", "disposition_posting", "routing_decision")
PEOPLE = (
    ("voice", "+14155550142"),
    ("voice", "+12125550134"),
    ("voice", "+14155550160"),  # two customers share it
    ("voice", "+14155550199"),  # nobody has it
    ("email", "lucia@example.com"),
    ("email", "stranger@example.com"),
)


@dataclass(frozen=True)
class Told:
    """What Switchboard acknowledged of one interaction, so what it answers for."""

    id: str
    fields: dict[str, str]

    def holds(self, record: Json) -> bool:
        """More may stand there: who was killed may have kept what was never acknowledged."""
        known = {"disposition": "disposition_code", "remarks": "remarks"}
        wanted = {name: self.fields.get(field) for name, field in known.items()}
        return all(record[name] == value for name, value in wanted.items() if value)

    @property
    def has_its_end(self) -> bool:
        return self.fields["event"] == "interaction_ends"


@pytest.fixture
def hurried(world: World) -> Iterator[World]:
    world.repeat_messages_after(10)
    with world.publishing("connectors", trusting_nobody(world), "disposition_posting"):
        first = world.contact("voice", "+13055550128")  # what is warm can be killed at its work
        eventually(lambda: world.noted(first), "the first contact is noted")
        yield world
        world.end_faults()
    world.repeat_messages_after(540)


def trusting_nobody(world: World) -> Json:
    """The CRM as one of those that do not order revisions by themselves, so that rows are held."""
    document = world.published("connectors")
    document["connectors"]["sandbox"]["definition"]["methods"]["log_interaction"][
        "ignores_older"
    ] = False
    return document


def test_what_was_acknowledged_stands_in_the_crm_once_whoever_was_killed(
    hurried: World, record_property: Callable[[str, object], None]
) -> None:
    world, seed = hurried, int(os.environ.get("SWITCHBOARD_SEED") or Random().randrange(10_000))
    record_property("kill -9, seed", seed)
    world.set_faults(
        {"kind": "lost_answer", "probability": 0.2, "path": "/api/activities", "seed": seed},
        {"kind": "error_503", "probability": 0.2, "path": "/api/", "seed": seed + 1},
        {"kind": "hang", "probability": 0.5, "delay_s": 0.4, "path": "/api/", "seed": seed + 2},
    )

    placed, killed = work_while_workers_die(world, Random(seed))
    seen = [all_told(world, each) for each in placed]
    told = [one for one in map(acknowledged, seen) if one]
    time.sleep(5)  # the first postings that nobody disturbs but the CRM
    struck, orphaned = world.end_faults(), leased(world)
    # ECS repeats nothing: where the end was refused, Switchboard waits six hours for it.
    pass_six_hours(world, [one.id for one in told if not one.has_its_end])
    noted = all_noted(world, told)

    record_property("kill -9, processes killed", killed)
    record_property("kill -9, CRM faults that struck", struck)
    record_property("kill -9, interactions", f"{len(placed)}, {len(told)} acknowledged")
    record_property("kill -9, without their end", sum(not one.has_its_end for one in told))
    record_property("kill -9, triggers refused", sum(map(refused, seen)))
    record_property("kill -9, postings cut short", orphaned)
    # Otherwise the kills hit idle processes, and nothing was put to the test.
    assert orphaned > 0
    assert sum(map(refused, seen)) > 0
    assert struck > 0
    assert sum(one.has_its_end for one in told) > CONTACTS / 4
    for one in told:
        records = [record for record in noted if record["external_id"] == one.id]
        assert len(records) == 1, f"{one.id} stands {len(records)} times in the CRM"
        assert one.holds(records[0]), f"{one.id} lacks what was acknowledged"
    assert world.dead_letters() == 0


def work_while_workers_die(world: World, chance: Random) -> tuple[list[str], int]:
    """The interactions that were placed, all of them over, and how many processes died."""
    placed: list[str] = []
    killed = 0
    doomed = itertools.cycle(ROTA)
    while len(placed) < CONTACTS or not all(world.interaction(i)["has_ended"] for i in placed):
        if len(placed) < CONTACTS:
            channel, sender = chance.choice(PEOPLE)
            talk_s, remarks = chance.uniform(0.1, 0.8), f"Remark number {len(placed)}"
            placed.append(world.contact(channel, sender, talk_s=talk_s, remarks=remarks))
        job = next(doomed)
        # Intake is done with a trigger in no time: what stood still has one when it is killed.
        with world.stopped(job) if job == "trigger_intake" else contextlib.nullcontext():
            time.sleep(0.5)
        if job == "trigger_intake":
            time.sleep(chance.uniform(0, 0.03))
        # Killed while it starts, it would never come to its work.
        if job != "disposition_posting" or is_a_posting_under_way(world):
            killed += world.kill(job)
    return placed, killed


def is_a_posting_under_way(world: World) -> bool:
    """Be there when it begins, but do not wait for long: there may be none."""
    give_up_at = time.monotonic() + 3
    fewest = leased(world)
    while time.monotonic() < give_up_at:
        now = leased(world)
        if now > fewest:
            return True
        fewest = min(fewest, now)
        time.sleep(0.05)
    return False


def leased(world: World) -> int:
    """How many interactions a posting worker holds, whether it lives or died over them."""
    table = world.running.target.tables["Interactions"]
    pages = world.aws("dynamodb").get_paginator("scan").paginate(TableName=table)
    return sum("lease_token" in item for page in pages for item in page["Items"])


def all_told(world: World, interaction_id: str) -> Json:
    """The interaction when it is over and none of its triggers is under way any more."""

    def look() -> Json | None:
        seen = world.interaction(interaction_id)
        waits = any(sent["outcome"] == "waiting" for sent in seen["triggers"])
        return None if waits or not seen["has_ended"] else seen

    return eventually(look, "every trigger was answered or failed")


def refused(seen: Json) -> int:
    return sum(202 not in sent["status_codes"] for sent in seen["triggers"])


def acknowledged(seen: Json) -> Told | None:
    """The newest values among the triggers that were answered 202; None when there were none."""
    kept = [sent for sent in seen["triggers"] if 202 in sent["status_codes"]]
    if not kept:
        return None
    bodies = [json.loads(sent["body"]) for sent in kept]
    last = max(bodies, key=lambda body: str(body["occurred_at"]))
    ends = [s for s in kept if s["event"] == "interaction_ends"]
    said = {name: value for body in [*bodies, last] for name, value in body.items() if value}
    return Told(seen["id"], {**said, "event": "interaction_ends" if ends else "another"})


def pass_six_hours(world: World, waiting: list[str]) -> None:
    """Make due now what Switchboard itself has put on its list for later, as if begun earlier."""
    table, now = world.aws("dynamodb"), datetime.now(UTC)
    for interaction_id in waiting:
        # Off the list already: its end was kept although the worker died before it said so.
        with contextlib.suppress(table.exceptions.ConditionalCheckFailedException):
            table.update_item(
                TableName=world.running.target.tables["Interactions"],
                Key={"id": {"S": interaction_id}},
                UpdateExpression="SET due_at = :now, first_at = :then",
                ConditionExpression="attribute_exists(due_bucket)",
                ExpressionAttributeValues={
                    ":now": {"N": str(int(now.timestamp() * 1000))},
                    ":then": {"S": (now - timedelta(hours=6)).isoformat(timespec="microseconds")},
                },
            )


def all_noted(world: World, told: list[Told]) -> list[Json]:
    """The CRM's records, when all are there; the lease of a killed worker lasts 45 s."""
    give_up_at = time.monotonic() + 110
    while True:
        world.sweep()
        records = world.activities()
        there = {record["external_id"]: record for record in records}
        lacking = [one for one in told if not (one.id in there and one.holds(there[one.id]))]
        if not lacking:
            return records
        assert time.monotonic() < give_up_at, explained(world, lacking, there)
        time.sleep(2)


def explained(world: World, lacking: list[Told], there: dict[str, Json]) -> str:
    """What the ledger says of each that is not in the CRM as it should be."""
    ledger = DynamoDbInteractionLedger(world.table("Interactions"))
    rows = ((one, ledger.read(one.id)) for one in lacking)
    return "\n".join(
        f"{one.id}: ended acknowledged {one.has_its_end}, in the CRM {one.id in there}, "
        f"{dict(row.postings) if row else 'not in the ledger'}"
        for one, row in rows
    )
