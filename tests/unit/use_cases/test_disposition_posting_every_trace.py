"""Every way in which the posting of an interaction can go wrong, one after the other, ends well.

Each trace ends with the record written or left to a person, with one record at most, and never
with an older version than what is known. How a trace is played is told in `trace_world`.
"""

import logging
from collections.abc import Iterator
from itertools import product

import pytest

from switchboard.domain.posting import Idempotency
from tests.unit.use_cases.trace_world import (
    AFTERWARDS,
    AT_ONCE,
    BEFORE,
    FATES,
    KINDS,
    Kind,
    Step,
    Trace,
    TraceWorld,
)

# After these a record stands in the CRM, or soon will, and not everybody knows.
TREACHEROUS = ("written", "lost", "late", "dies after")
AMENDED = BEFORE[:2]
SECOND = [
    Step(before, fate)
    for before, fate in product(AMENDED, ("lost", "late", "dies after claim", "dies after"))
]
BOTH = ("written", "lost", "late", "unavailable", "dies before", "dies after")
REPEATABLE = [
    kind for kind in KINDS if kind.idempotency in {Idempotency.UPSERT, Idempotency.SEARCH_FIRST}
]


def one_mishap() -> Iterator[Trace]:
    for before, fate, then in product(BEFORE, FATES, AFTERWARDS + AT_ONCE):
        yield (Step(before, fate, then),)


def two_mishaps(first: str) -> Iterator[Trace]:
    for before, then, second in product(AMENDED, AFTERWARDS + AT_ONCE, SECOND):
        yield (Step(before, first, then), second)


def three_mishaps(first: str) -> Iterator[Trace]:
    steps = [Step(before, fate) for before, fate in product(AMENDED, TREACHEROUS)]
    for before, second, third in product(AMENDED, steps, steps):
        yield (Step(before, first), second, third)


def between_two_connectors() -> Iterator[Trace]:
    for fate, elsewhere, then in product(BOTH, BOTH, AFTERWARDS):
        yield (Step("", fate, then, elsewhere),)


@pytest.fixture(autouse=True)
def silent(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_any_mishap_ends_well(kind: Kind) -> None:
    for trace in one_mishap():
        assert TraceWorld(kind).play(trace) == "", trace


@pytest.mark.parametrize("first", FATES)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_any_two_mishaps_end_well(kind: Kind, first: str) -> None:
    for trace in two_mishaps(first):
        assert TraceWorld(kind).play(trace) == "", trace


@pytest.mark.parametrize("first", TREACHEROUS)
@pytest.mark.parametrize("kind", REPEATABLE, ids=str)
def test_any_three_treacherous_mishaps_end_well(kind: Kind, first: str) -> None:
    for trace in three_mishaps(first):
        assert TraceWorld(kind).play(trace) == "", trace


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_row_for_two_connectors_ends_well_at_both(kind: Kind) -> None:
    for trace in between_two_connectors():
        assert TraceWorld(kind, ("sandbox", "other")).play(trace) == "", trace


def test_it_is_more_than_ten_thousand_traces(capsys: pytest.CaptureFixture[str]) -> None:
    for_each = [*one_mishap(), *between_two_connectors()]
    for_each += [trace for first in FATES for trace in two_mishaps(first)]
    treacherous = [trace for first in TREACHEROUS for trace in three_mishaps(first)]
    played = len(KINDS) * len(for_each) + len(REPEATABLE) * len(treacherous)

    with capsys.disabled():
        print(f"\n{played} traces of the posting are played")  # noqa: T201
    assert played > 10_000
