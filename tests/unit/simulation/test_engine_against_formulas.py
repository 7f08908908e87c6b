"""The engine against what is known exactly, within two parts in a hundred.

Sizes are chosen so that chance alone moves a result by about half a part in a hundred; the seeds
are fixed, so a result never changes by itself. `python -m bench.simulate --check` does the same
with ten times the callers, nearer to a full house, where everything swings more.
"""

import math

import pytest

from cli.simulation.centre import NOBODY, HeadStart
from cli.simulation.engine import simulate
from cli.simulation.formulas import ErlangA, ErlangC, one_agent_wait_s, priority_waits_s
from tests.unit.simulation.floors import agents, callers, mean_wait_s, poisson

CALLS = 300_000
WITHIN = 0.02
STRICT = (HeadStart(1e9), HeadStart(1e6), HeadStart())


def test_where_nobody_hangs_up_it_is_erlang_c() -> None:
    exact = ErlangC(135 / 3600, 240, 12)

    happened = simulate(agents(12), poisson(CALLS, per_hour=135, handling_s=240, seed=1))

    waited = happened.waited_s
    assert mean_wait_s(happened) == pytest.approx(exact.mean_wait_s, rel=WITHIN)
    assert sum(w > 0 for w in waited) / CALLS == pytest.approx(exact.chance_of_waiting, rel=WITHIN)
    for threshold_s in (10, 20, 60):
        level = sum(w <= threshold_s for w in waited) / CALLS
        assert level == pytest.approx(exact.answered_within(threshold_s), rel=WITHIN)


@pytest.mark.parametrize("per_hour", [300, 360])
def test_where_callers_hang_up_it_is_erlang_a_also_with_too_few_agents(per_hour: int) -> None:
    exact = ErlangA(per_hour / 3600, 240, 20, 180)

    happened = simulate(
        agents(20), poisson(CALLS, per_hour=per_hour, handling_s=240, patience_s=180, seed=2)
    )

    lost = happened.answered_by.count(NOBODY) / CALLS
    assert lost == pytest.approx(exact.chance_of_abandoning, rel=WITHIN)
    assert mean_wait_s(happened) == pytest.approx(exact.mean_wait_s, rel=WITHIN)


def test_three_strict_priorities_wait_as_davis_computed() -> None:
    shares, whole = (0.15, 0.55, 0.30), 128 / 3600
    exact = priority_waits_s([share * whole for share in shares], 240, 10)
    traffic = poisson(
        CALLS,
        per_hour=128,
        handling_s=240,
        seed=3,
        classes=list(zip(shares, STRICT, strict=True)),
    )

    happened = simulate(agents(10), traffic)

    for head_start, wait_s in zip(STRICT, exact, strict=True):
        calls = [call for call in range(CALLS) if traffic.head_start[call] is head_start]
        assert mean_wait_s(happened, calls) == pytest.approx(wait_s, rel=WITHIN)


@pytest.mark.parametrize(("variation", "name"), [(0, "fixed"), (1, "exponential")])
def test_one_agent_is_pollaczek_khinchine(variation: int, name: str) -> None:
    traffic = poisson(CALLS, per_hour=42, handling_s=60, seed=4)
    if variation == 0:
        traffic = callers(traffic.arrived_s, [60.0] * CALLS)

    happened = simulate(agents(1), traffic)

    exact = one_agent_wait_s(42 / 3600, 60, variation)
    assert mean_wait_s(happened) == pytest.approx(exact, rel=WITHIN), name


def test_more_agents_are_never_worse_on_average_where_callers_hang_up() -> None:
    traffic = poisson(50_000, per_hour=270, handling_s=240, patience_s=180, seed=5)

    lost = [simulate(agents(n), traffic).answered_by.count(NOBODY) for n in range(14, 27, 2)]

    assert lost == sorted(lost, reverse=True)
    assert math.isclose(lost[-1] / 50_000, 0, abs_tol=0.01)
