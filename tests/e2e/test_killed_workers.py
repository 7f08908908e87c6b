"""`kill -9` of functions in the middle of their work, while the CRM loses answers."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pytest

from tests.e2e.world import Json, World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.xdist_group("world")]

CONTACTS = 40
# Every half second one of them loses all its processes, busy or not. Intake has most of them, and
# two cores need a while to start so many again: killed more often, it would acknowledge nothing.
ROTA = (
    "trigger_intake",
    "disposition_posting",
    "routing_decision",
    "disposition_posting",
    "routing_decision",
    "disposition_posting",
)
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

    @property
    def has_its_end(self) -> bool:
        return self.fields["event"] == "interaction_ends"


@pytest.fixture
def hurried(world: World) -> Iterator[World]:
    world.repeat_messages_after(10)
    first = world.contact("voice", "+13055550128")  # what is warm can be killed at its work
    eventually(lambda: world.noted(first), "the first contact is noted")
    yield world
    world.end_faults()
    world.repeat_messages_after(540)


def test_what_was_acknowledged_stands_in_the_crm_once_whoever_was_killed(
    hurried: World, record_property: Callable[[str, object], None]
) -> None:
    world, seed = hurried, Random().randrange(10_000)
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
    struck, orphaned = world.end_faults(), cut_short(world)
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
        assert (records[0]["disposition"] or "") == one.fields.get("disposition_code", "")
        assert (records[0]["remarks"] or "") == one.fields.get("remarks", "")
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
        time.sleep(0.5)
        killed += world.kill(next(doomed))
    return placed, killed


def cut_short(world: World) -> int:
    """How many postings lie there with the lease of a worker that died over them."""
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
    """Make due now what Switchboard itself has put on its list for later."""
    table = world.aws("dynamodb")
    for interaction_id in waiting:
        table.update_item(
            TableName=world.running.target.tables["Interactions"],
            Key={"id": {"S": interaction_id}},
            UpdateExpression="SET due_at = :now",
            ConditionExpression="attribute_exists(due_bucket)",
            ExpressionAttributeValues={":now": {"N": str(int(time.time() * 1000))}},
        )


def all_noted(world: World, told: list[Told]) -> list[Json]:
    """The CRM's records when all are there; the lease of a killed worker lasts 45 s."""
    wanted = {one.id: one.fields.get("disposition_code", "") for one in told}
    due_again = time.monotonic()

    def look() -> list[Json] | None:
        nonlocal due_again
        if time.monotonic() > due_again:
            world.sweep()
            due_again = time.monotonic() + 3
        records = world.activities()
        there = {record["external_id"]: record["disposition"] or "" for record in records}
        return records if all(there.get(i) == code for i, code in wanted.items()) else None

    return eventually(look, "every acknowledged interaction stands in the CRM", within_s=110)
