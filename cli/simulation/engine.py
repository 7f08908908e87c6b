"""`simulate`: callers and agents in, waits out. Queues that stand alone take the fast path."""

from collections import defaultdict
from collections.abc import Sequence

from cli.simulation.centre import NOBODY, Agent, Happened, Traffic
from cli.simulation.floor import Floor
from cli.simulation.one_queue import first_come_first_served


def simulate(agents: Sequence[Agent], traffic: Traffic) -> Happened:
    """What becomes of every caller. The same input gives the same answer, always.

    Callers must be in order of arrival.
    """
    alone = _queues_alone(agents, traffic)
    if not alone:
        return Floor(agents, traffic).run()
    calls: defaultdict[int, list[int]] = defaultdict(list)
    for call, queue in enumerate(traffic.queue):
        calls[queue if queue in alone else NOBODY].append(call)
    happened = Happened(list(traffic.patience_s), [NOBODY] * len(traffic.queue))
    for queue, chosen in calls.items():
        part = _only(traffic, chosen)
        found = _of_one(agents, queue, part) if queue in alone else Floor(agents, part).run()
        _put(happened, chosen, found)
    return happened


def _of_one(agents: Sequence[Agent], queue: int, traffic: Traffic) -> Happened:
    serving = [number for number, agent in enumerate(agents) if queue in agent.queues]
    found = first_come_first_served(
        traffic.arrived_s,
        traffic.handling_s,
        traffic.patience_s,
        [agents[number] for number in serving],
    )
    numbers = [*serving, NOBODY]
    return Happened(found.waited_s, [numbers[agent] for agent in found.answered_by])


def _queues_alone(agents: Sequence[Agent], traffic: Traffic) -> frozenset[int]:
    """The queues whose agents serve no other, and whose callers all stand alike."""
    used = set(traffic.queue)
    shared = {
        queue for agent in agents if len(agent.queues & used) > 1 for queue in agent.queues & used
    }
    standing: dict[int, object] = {}
    for queue, head_start, preference in zip(
        traffic.queue, traffic.head_start, traffic.preference, strict=True
    ):
        if preference is not None or standing.setdefault(queue, head_start) != head_start:
            shared.add(queue)
    return frozenset(used - shared)


def _only(traffic: Traffic, calls: Sequence[int]) -> Traffic:
    if len(calls) == len(traffic.queue):
        return traffic
    return Traffic(
        [traffic.arrived_s[call] for call in calls],
        [traffic.queue[call] for call in calls],
        [traffic.head_start[call] for call in calls],
        [traffic.handling_s[call] for call in calls],
        [traffic.patience_s[call] for call in calls],
        [traffic.preference[call] for call in calls],
    )


def _put(whole: Happened, calls: Sequence[int], part: Happened) -> None:
    for call, waited_s, agent in zip(calls, part.waited_s, part.answered_by, strict=True):
        whole.waited_s[call] = waited_s
        whole.answered_by[call] = agent
