"""Twenty workers and a CRM that fails by chance, played through real gates in a time of its own."""

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass

from switchboard.adapters.connector.gate import Admitted, SharedGate
from switchboard.adapters.connector.pacing import Lane
from switchboard.errors import UpstreamUnavailable
from tests.unit.connector.gate_world import DOWN, OK, World

WORKERS = 20


@dataclass
class Tally:
    """What became of the calls that were wanted."""

    wanted: int = 0
    sent: int = 0
    served: int = 0

    def share_of(self, chance: float) -> float:
        """Of what the CRM would have served, had it been asked every time."""
        return self.served / (self.wanted * chance)


def play(
    *,
    works: Callable[[float, random.Random], bool],
    calls_per_s: float,
    for_s: float,
    takes_s: float = 0.2,
    seed: int = 1,
    lane: Lane = Lane.LOOKUP,
) -> Tally:
    """Calls come to a worker at random, and never two at once.

    `works` says of a moment whether the CRM answers; a call lasts `takes_s` either way.
    """
    world, chance, tally = World(), random.Random(seed), Tally()
    gates = [world.gate(lane) for _ in range(WORKERS)]
    # (moment, a number that keeps the order, worker, what it was let through with)
    moments: list[tuple[float, int, int, Admitted | None]] = []
    numbers = iter(range(10**9))

    def comes_again(worker: int, now_s: float) -> None:
        at_s = now_s + chance.expovariate(calls_per_s / WORKERS)
        heapq.heappush(moments, (at_s, next(numbers), worker, None))

    for worker in range(WORKERS):
        comes_again(worker, 0.0)
    while moments[0][0] < for_s:
        now_s, _, worker, admitted = heapq.heappop(moments)
        world.moves_to(now_s)
        gate: SharedGate = gates[worker]
        if admitted is None:
            tally.wanted += 1
            try:
                admitted = world.enter(gate)
            except UpstreamUnavailable:
                comes_again(worker, now_s)
                continue
            tally.sent += 1
            heapq.heappush(moments, (now_s + takes_s, next(numbers), worker, admitted))
            continue
        is_served = works(now_s, chance)
        tally.served += is_served
        gate.leave(admitted, OK if is_served else DOWN)
        comes_again(worker, now_s)
    return tally
