"""How many calls a second the simulator does, and how near it comes to what is known exactly.

    python -m bench.simulate [--check]

CPU time on one core, best of several rounds. The reference is the least there can be: a loop over
a heap of the moments at which agents are free, without names, shifts, patience or priorities, in
the same run. With `--check` the formulas are met at full size as well, each run with chance of its
own: Erlang C and the priorities at nine tenths of a full house, where chance swings most.
"""

import argparse
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heapreplace
from typing import Final

from rich.console import Console
from rich.table import Table

from cli.simulation.centre import NOBODY, Agent, Happened, HeadStart, Preference, Traffic
from cli.simulation.engine import simulate
from cli.simulation.formulas import ErlangA, ErlangC, one_agent_wait_s, priority_waits_s

LEAST_PER_S: Final = 100_000
MOST_TIMES_BARE: Final = 6.0
WITHIN: Final = 0.02
_CALLS: Final = 200_000
_ROUNDS: Final = 5
_PROOF_CALLS: Final = 400_000
_PROOF_RUNS: Final = 24
_PLAIN: Final = HeadStart()
_STRICT: Final = (HeadStart(1e9), HeadStart(1e6), _PLAIN)
_SHARES: Final = (0.15, 0.55, 0.30)


@dataclass(frozen=True)
class Speed:
    """Calls a second, and how often the time of the bare loop over as many calls."""

    what: str
    per_s: float
    times_bare: float


@dataclass(frozen=True)
class Proof:
    """An exact figure and the simulated one."""

    what: str
    exact: float
    simulated: float

    @property
    def off(self) -> float:
        return self.simulated / self.exact - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--check", action="store_true", help="meet the formulas, fail if slow")
    asked = parser.parse_args()
    console = Console()
    speeds = measured()
    show_speeds(speeds, console)
    if not asked.check:
        return
    proofs = proved()
    show_proofs(proofs, console)
    one_queue = speeds[1]
    failed = [proof.what for proof in proofs if abs(proof.off) > WITHIN]
    if one_queue.per_s < LEAST_PER_S or one_queue.times_bare > MOST_TIMES_BARE:
        failed.append("one queue is slower than promised")
    if failed:
        raise SystemExit(f"not as promised: {', '.join(failed)}")


def measured() -> tuple[Speed, ...]:
    """The bare loop, one queue, and everything at once with 20 and with 100 agents."""
    plain = traffic(_CALLS, 270 / 3600, seed=1)
    bare_s = best_s(lambda: bare(plain, 20))
    speeds = [Speed("bare heap, 20 agents", _CALLS / bare_s, 1.0)]
    cases = (
        ("one queue, 20 agents", staff(20), plain),
        ("one queue, 100 agents", staff(100), traffic(_CALLS, 1350 / 3600, seed=1)),
        ("priorities, holds, patience, 20 agents", staff(20), everything(20)),
        ("priorities, holds, patience, 100 agents", staff(100), everything(100)),
    )
    for what, agents, calls in cases:
        spent_s = best_s(partial(simulate, agents, calls))
        speeds.append(Speed(what, _CALLS / spent_s, spent_s / bare_s))
    return tuple(speeds)


def bare(calls: Traffic, agents: int) -> list[float]:
    """M/M/n and nothing else: the waits."""
    free, waits = [0.0] * agents, []
    for arrived, handling in zip(calls.arrived_s, calls.handling_s, strict=True):
        begun = max(arrived, free[0])
        heapreplace(free, begun + handling)
        waits.append(begun - arrived)
    return waits


def best_s(work: Callable[[], object]) -> float:
    def round_s() -> float:
        started_s = time.process_time()
        work()
        return time.process_time() - started_s

    return min(round_s() for _ in range(_ROUNDS))


def staff(count: int) -> list[Agent]:
    return [Agent(str(number), frozenset({0}), ((0.0, 1e12),)) for number in range(count)]


def traffic(
    count: int,
    per_s: float,
    *,
    seed: int,
    handling_s: float = 240,
    patience_s: float = math.inf,
    head_starts: Sequence[HeadStart] = (_PLAIN,),
    is_fixed: bool = False,
) -> Traffic:
    """Poisson arrivals; handling and patience are exponential."""
    chance = random.Random(seed)  # noqa: S311  nothing is kept secret
    may_hang_up = patience_s < math.inf
    moment, arrived_s = 0.0, []
    for _ in range(count):
        moment += chance.expovariate(per_s)
        arrived_s.append(moment)
    return Traffic(
        arrived_s,
        [0] * count,
        chance.choices(head_starts, weights=_SHARES[: len(head_starts)], k=count),
        [handling_s if is_fixed else chance.expovariate(1 / handling_s) for _ in range(count)],
        [chance.expovariate(1 / patience_s) if may_hang_up else math.inf for _ in range(count)],
        [None] * count,
    )


def everything(agents: int) -> Traffic:
    """Three priorities of which one rises, patience, and four of ten callers know an agent."""
    chance = random.Random(2)  # noqa: S311
    head_starts = (HeadStart(120), HeadStart(60), HeadStart(0, 0.2, 60))
    calls = traffic(_CALLS, 0.9 * agents / 240, seed=2, patience_s=180, head_starts=head_starts)
    known = [Preference(agent, 15.0) for agent in range(agents)]
    preferences = [chance.choice(known) if chance.random() < 0.4 else None for _ in range(_CALLS)]
    return Traffic(
        calls.arrived_s,
        calls.queue,
        calls.head_start,
        calls.handling_s,
        calls.patience_s,
        preferences,
    )


def proved() -> tuple[Proof, ...]:
    return (*erlang_c(), *erlang_a(), *priorities(), *one_agent())


def erlang_c() -> list[Proof]:
    exact = ErlangC(270 / 3600, 240, 20)
    runs = [waits_of(traffic(_PROOF_CALLS, 270 / 3600, seed=n), 20) for n in range(_PROOF_RUNS)]
    return [
        Proof("Erlang C, mean wait, s", exact.mean_wait_s, mean([mean(run) for run in runs])),
        Proof(
            "Erlang C, chance of waiting",
            exact.chance_of_waiting,
            mean([mean([wait > 0 for wait in run]) for run in runs]),
        ),
        Proof(
            "Erlang C, answered within 20 s",
            exact.answered_within(20),
            mean([mean([wait <= 20 for wait in run]) for run in runs]),
        ),
    ]


def erlang_a() -> list[Proof]:
    exact = ErlangA(330 / 3600, 240, 20, 180)
    runs = [
        simulate(staff(20), traffic(_PROOF_CALLS, 330 / 3600, seed=n, patience_s=180))
        for n in range(_PROOF_RUNS // 4)
    ]
    lost = mean([run.answered_by.count(NOBODY) / _PROOF_CALLS for run in runs])
    waited = mean([mean(run.waited_s) for run in runs])
    return [
        Proof("Erlang A, hung up", exact.chance_of_abandoning, lost),
        Proof("Erlang A, mean wait, s", exact.mean_wait_s, waited),
    ]


def priorities() -> list[Proof]:
    rates = [share * 270 / 3600 for share in _SHARES]
    exact = priority_waits_s(rates, 240, 20)
    found: list[list[float]] = [[], [], []]
    for seed in range(_PROOF_RUNS):
        calls = traffic(_PROOF_CALLS, 270 / 3600, seed=seed, head_starts=_STRICT)
        happened = simulate(staff(20), calls)
        for number, head_start in enumerate(_STRICT):
            found[number].append(_mean_of(happened, calls, head_start))
    return [
        Proof(f"priority {number + 1} of 3, mean wait, s", exact[number], mean(found[number]))
        for number in range(3)
    ]


def one_agent() -> list[Proof]:
    exact = one_agent_wait_s(0.8 / 60, 60, 0)
    runs = [
        waits_of(traffic(_PROOF_CALLS, 0.8 / 60, seed=n, handling_s=60, is_fixed=True), 1)
        for n in range(_PROOF_RUNS // 4)
    ]
    return [Proof("one agent, fixed service, s", exact, mean([mean(run) for run in runs]))]


def waits_of(calls: Traffic, agents: int) -> list[float]:
    return simulate(staff(agents), calls).waited_s


def _mean_of(happened: Happened, calls: Traffic, head_start: HeadStart) -> float:
    pairs = zip(happened.waited_s, calls.head_start, strict=True)
    return mean([wait for wait, given in pairs if given is head_start])


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def show_speeds(speeds: Sequence[Speed], console: Console) -> None:
    table = Table(title=f"{_CALLS:,} calls, CPU time of one core")
    table.add_column("what")
    table.add_column("calls a second", justify="right")
    table.add_column("times the bare loop", justify="right")
    for one in speeds:
        table.add_row(one.what, f"{one.per_s:,.0f}", f"{one.times_bare:.1f}")
    console.print(table)
    console.print(
        f"promised for one queue: {LEAST_PER_S:,} a second, and at most {MOST_TIMES_BARE:g} times "
        "the bare loop"
    )


def show_proofs(proofs: Sequence[Proof], console: Console) -> None:
    table = Table(title=f"Against the formulas, up to {_PROOF_RUNS} runs of {_PROOF_CALLS:,} calls")
    for heading in ("what", "exact", "simulated", "off"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for one in proofs:
        table.add_row(one.what, f"{one.exact:.4f}", f"{one.simulated:.4f}", f"{one.off:+.2%}")
    console.print(table)
    console.print(f"promised: within {WITHIN:.0%}")


class _Plain(argparse.RawDescriptionHelpFormatter):
    """The docstring as it was written."""


if __name__ == "__main__":
    main()
