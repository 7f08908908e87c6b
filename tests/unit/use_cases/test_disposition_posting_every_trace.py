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
    OUTCOMES,
    TOO_LONG,
    Kind,
    Step,
    Trace,
    TraceWorld,
)

# After these a record stands in the CRM, or soon will, and not everybody knows.
TREACHEROUS = ("written", "lost", "late", "dies after")
AMENDED = BEFORE[:2]
SECOND = [
    *(Step(*each) for each in product(AMENDED, ("lost", "late", "dies after claim", "dies after"))),
    *(Step(before, "written") for before in BEFORE[2:]),
]
BOTH = ("written", "lost", "late", "unavailable", "dies before", "dies after")
UNSEARCHED = [kind for kind in KINDS if not kind.searches]
REPEATABLE = [
    kind for kind in KINDS if kind.idempotency in {Idempotency.UPSERT, Idempotency.SEARCH_FIRST}
]


def one_mishap() -> Iterator[Trace]:
    for before, fate, then in product(BEFORE, FATES, AFTERWARDS + AT_ONCE):
        yield (Step(before, fate, then),)


def two_mishaps(first: str) -> Iterator[Trace]:
    # Another worker at once is what the second step is.
    others = ("nobody", "another after its lease", *AT_ONCE)
    for before, then, second in product(AMENDED, others, SECOND):
        yield (Step(before, first, then), second)


def three_mishaps(first: str) -> Iterator[Trace]:
    steps = [Step(before, fate) for before, fate in product(AMENDED, TREACHEROUS)]
    for before, second, third in product(AMENDED, steps, steps):
        yield (Step(before, first), second, third)


def paused_too_long() -> Iterator[Trace]:
    """A worker sends nothing when its time is over, but for an instant between look and leap.

    Whoever lives on notices that it came too late. Nobody but the CRM could, if it died then.
    """
    for before, fate, second in product(AMENDED, OUTCOMES, SECOND):
        yield (Step(before, fate, TOO_LONG), second)


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


@pytest.mark.parametrize("kind", UNSEARCHED, ids=str)
def test_a_worker_that_is_paused_for_too_long_does_no_harm(kind: Kind) -> None:
    for trace in paused_too_long():
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
    played += len(UNSEARCHED) * len([*paused_too_long()])

    with capsys.disabled():
        print(f"\n{played} traces of the posting are played")  # noqa: T201
    assert played > 10_000
