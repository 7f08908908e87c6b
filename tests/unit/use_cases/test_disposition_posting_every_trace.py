"""Every way in which attempts can go wrong, one after the other, ends well.

A trace is two or three steps. In each, something is done to the row (nothing, an amendment, time
for the sweeper), and then a worker takes the pointer and meets a fate. After the last step the
CRM is well again and time passes.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from switchboard.domain.posting import Idempotency, PostingState
from tests.unit.use_cases.posting_world import World

# How the CRM answers, or where the worker dies: a death in the ledger is "after" a call to it.
FATES = (
    "written",
    "lost",
    "never arrived",
    "throttled",
    "dies before",
    "dies after",
    "dies after claim",
    "dies after settle",
)
# After these a record stands in the CRM, and not everybody knows.
TREACHEROUS = ("written", "lost", "dies after")
BEFORE = ("redelivered", "amended", "swept")
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
    if fate in {"dies after claim", "dies after settle"}:
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
    if len(world.records) > 1:
        return f"{len(world.records)} records"
    if idempotency in REPEATABLE and posting.state is not PostingState.DONE:
        return f"parked: {posting.reason}"
    is_amendable = idempotency not in {Idempotency.NONE, Idempotency.HEADER}
    if (
        is_amendable
        and posting.state is PostingState.DONE
        and world.records[-1].fields != world.document.fields
    ):
        return "an older version stands in the CRM"
    return ""


def every(fates: tuple[str, ...], *, first: str, steps: int) -> Iterator[Trace]:
    """Every trace of so many steps whose first fate is `first`."""
    later = product(product(BEFORE, fates), repeat=steps - 1)
    return (((before, first), *rest) for before, rest in product(BEFORE, tuple(later)))


@pytest.mark.parametrize("first", FATES)
@pytest.mark.parametrize("idempotency", list(Idempotency))
def test_any_two_mishaps_end_well(idempotency: Idempotency, first: str) -> None:
    for trace in every(FATES, first=first, steps=2):
        assert wrong_with(play(trace, idempotency), idempotency) == "", trace


@pytest.mark.parametrize("first", TREACHEROUS)
@pytest.mark.parametrize("idempotency", REPEATABLE)
def test_any_three_treacherous_mishaps_end_well(idempotency: Idempotency, first: str) -> None:
    for trace in every(TREACHEROUS, first=first, steps=3):
        assert wrong_with(play(trace, idempotency), idempotency) == "", trace
