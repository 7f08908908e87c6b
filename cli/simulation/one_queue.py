"""One queue, first come first served: no event needs to be kept, so this is the fast path.

Callers leave the queue in the order they came, so the agent who is free first, or longest, takes
the next one. `floor.py` does the same with everything else there is, and comes to the same waits.
"""

from collections.abc import Sequence
from heapq import heapify, heappop, heapreplace

from cli.simulation.centre import NOBODY, Agent, Happened


def first_come_first_served(
    arrived_s: Sequence[float],
    handling_s: Sequence[float],
    patience_s: Sequence[float],
    agents: Sequence[Agent],
) -> Happened:
    """What becomes of the callers of one queue whose agents serve no other."""
    upcoming = [iter(agent.shifts) for agent in agents]
    begun = [next(shifts, (0.0, 0.0)) for shifts in upcoming]
    until = [end for _, end in begun]
    free = [(start, agent) for agent, (start, _) in enumerate(begun)]
    heapify(free)
    waited_s, answered_by = list(patience_s), [NOBODY] * len(arrived_s)
    for call, arrived in enumerate(arrived_s):
        while free:
            since, agent = free[0]
            answered = since if since > arrived else arrived
            if answered < until[agent]:
                if answered - arrived <= patience_s[call]:
                    waited_s[call], answered_by[call] = answered - arrived, agent
                    heapreplace(free, (answered + handling_s[call], agent))
                break
            shift = next(upcoming[agent], None)
            if shift is None:
                heappop(free)
                continue
            until[agent] = shift[1]
            heapreplace(free, (max(since, shift[0]), agent))
    return Happened(waited_s, answered_by)
