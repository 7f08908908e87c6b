"""Every way in which three attempts can go wrong, one after the other, ends well.

A trace is three steps. In each, something is done to the row (nothing, an amendment, time for the
sweeper), and then a worker takes the pointer and meets a fate. After the third step the CRM is
well again and time passes.
"""

from itertools import product

import pytest

from switchboard.domain.posting import Idempotency, PostingState
from tests.unit.use_cases.posting_world import World

DEPTH = 3
# How the CRM answers, or where the worker dies: a death in the ledger is "after" a call to it.
FATES = (
    "written",
    "lost",
    "never arrived",
    "throttled",
    "dies before",
    "dies after",
    "dies after lease",
    "dies after commit",
)
BEFORE = ("redelivered", "amended", "swept")
STEPS = tuple(product(BEFORE, FATES))
REPEATABLE = (Idempotency.UPSERT, Idempotency.SEARCH_FIRST)
Trace = tuple[tuple[str, str], ...]


def play(trace: Trace, idempotency: Idempotency) -> World:
    world = World(idempotency=idempotency)
    world.end_call()
    for before, fate in trace:
        prepare(world, before)
        meet(world, fate)
    world.settle()
    return world


def prepare(world: World, before: str) -> None:
    match before:
        case "amended":
            world.amend()
        case "swept":
            world.wait(minutes=2)


def meet(world: World, fate: str) -> None:
    if fate in {"dies after lease", "dies after commit"}:
        world.ledger.dies_after = fate.removeprefix("dies after ")
        world.work()
        world.ledger.dies_after = ""
    else:
        world.crm.next_fate(fate)
        world.work()
        world.crm.next_fate("written")


def wrong_with(world: World, idempotency: Idempotency) -> str:
    """What a trace must not end in; empty when it ended well."""
    posting = world.posting
    if posting.state not in {PostingState.DONE, PostingState.PARKED}:
        return f"left {posting.state}"
    if idempotency in REPEATABLE and len(world.records) > 1:
        return f"{len(world.records)} records"
    if idempotency in REPEATABLE and posting.state is not PostingState.DONE:
        return f"parked: {posting.reason}"
    if posting.state is PostingState.DONE and world.records[-1].fields != world.document.fields:
        return "an older version stands in the CRM"
    return ""


@pytest.mark.parametrize("first", STEPS, ids=" ".join)
@pytest.mark.parametrize("idempotency", REPEATABLE)
def test_every_trace_ends_in_one_record_with_the_last_word(
    idempotency: Idempotency, first: tuple[str, str]
) -> None:
    for rest in product(STEPS, repeat=DEPTH - 1):
        trace = (first, *rest)
        assert wrong_with(play(trace, idempotency), idempotency) == "", trace
