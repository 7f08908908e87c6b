"""Callers and agents for tests: by hand, by chance, and by the assumptions of the formulas."""

import math
import random
from collections.abc import Sequence

from cli.simulation.centre import Agent, Happened, HeadStart, Preference, Traffic

FOR_EVER = 1e12
PLAIN = HeadStart()


def agents(count: int, *queues: int) -> list[Agent]:
    """Agents who never go home."""
    return [
        Agent(str(2001 + number), frozenset(queues or (0,)), ((0.0, FOR_EVER),))
        for number in range(count)
    ]


def callers(
    arrived_s: Sequence[float],
    handling_s: Sequence[float],
    *,
    queue: Sequence[int] | None = None,
    head_start: Sequence[HeadStart] | None = None,
    patience_s: Sequence[float] | None = None,
    preference: Sequence[Preference | None] | None = None,
) -> Traffic:
    count = len(arrived_s)
    return Traffic(
        arrived_s,
        queue or [0] * count,
        head_start or [PLAIN] * count,
        handling_s,
        patience_s or [math.inf] * count,
        preference or [None] * count,
    )


def poisson(
    count: int,
    *,
    per_hour: float,
    handling_s: float,
    seed: int,
    patience_s: float = math.inf,
    classes: Sequence[tuple[float, HeadStart]] = ((1.0, PLAIN),),
) -> Traffic:
    """Everything exponential, as the formulas take it."""
    chance = random.Random(seed)
    moment, arrived_s = 0.0, []
    for _ in range(count):
        moment += chance.expovariate(per_hour / 3600)
        arrived_s.append(moment)
    shares, head_starts = zip(*classes, strict=True)
    return callers(
        arrived_s,
        [chance.expovariate(1 / handling_s) for _ in range(count)],
        head_start=chance.choices(head_starts, weights=shares, k=count),
        patience_s=[chance.expovariate(1 / patience_s) for _ in range(count)]
        if patience_s < math.inf
        else None,
    )


def small_world(seed: int, *, holds: bool = True) -> tuple[list[Agent], Traffic]:
    """A few agents with odd shifts and odd queues, and enough callers to quarrel over them."""
    chance = random.Random(seed)
    queues = chance.randint(1, 3)
    staff = [_agent(chance, number, queues) for number in range(chance.randint(1, 4))]
    count = chance.randint(1, 30)
    head_starts = [
        PLAIN,
        HeadStart(chance.uniform(1, 60)),
        HeadStart(chance.uniform(0, 20), chance.uniform(0.01, 2), chance.uniform(0, 90)),
    ]
    preferences = [
        Preference(chance.randrange(len(staff)), chance.choice([0.0, chance.uniform(1, 30)]), most)
        for most in (1, 2, 3)
    ]
    return staff, callers(
        sorted(chance.uniform(0, 200) for _ in range(count)),
        [chance.uniform(1, 40) for _ in range(count)],
        queue=[chance.randrange(queues) for _ in range(count)],
        head_start=[chance.choice(head_starts) for _ in range(count)],
        patience_s=[chance.choice([math.inf, chance.uniform(0, 60)]) for _ in range(count)],
        preference=[chance.choice([None, *preferences]) if holds else None for _ in range(count)],
    )


def _agent(chance: random.Random, number: int, queues: int) -> Agent:
    moments = sorted(chance.uniform(0, 250) for _ in range(2 * chance.randint(0, 3)))
    served = frozenset(chance.sample(range(queues), chance.randint(1, queues)))
    shifts = tuple(zip(moments[::2], moments[1::2], strict=True))
    return Agent(str(2001 + number), served, shifts)


def mean_wait_s(happened: Happened, calls: Sequence[int] | None = None) -> float:
    """Over all callers, as the formulas have it."""
    chosen = range(len(happened.waited_s)) if calls is None else calls
    return sum(happened.waited_s[call] for call in chosen) / len(chosen)
