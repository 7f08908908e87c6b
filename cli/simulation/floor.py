"""The floor of a contact centre, event by event: many queues, shared agents, priorities, holds.

The rules, in the order in which they decide:

- A caller with a preferred agent gets that agent at once if free; if busy, on shift and serving
  the queue, the caller is held for them, and when the hold ends takes the place in the queue that
  belongs to the time of arrival.
- A freed agent takes the caller held for them, then the caller of all queues they serve who
  stands first: time waited plus head start.
- A caller who finds agents free gets the one who has been idle longest.
- Nobody takes a call after the end of the shift; one that has begun is finished.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Final

from cli.simulation.centre import NOBODY, Agent, Happened, HeadStart, Traffic

# What happens at one moment happens in this order.
_SHIFT_ENDS: Final = 0
_SHIFT_BEGINS: Final = 1
_AGENT_FREE: Final = 2
_HOLD_ENDS: Final = 3

# Callers with a fixed head start stand in one line. Each rising one has a line of its own, because
# its callers overtake others with time, but never each other.
_Line = list[tuple[float, int]]
_Idle = OrderedDict[int, None]


class Floor:
    """One run. Who gives up is noticed when it matters: when somebody would be answered."""

    def __init__(self, agents: Sequence[Agent], traffic: Traffic) -> None:
        self._agents, self._traffic = agents, traffic
        self._waited_s = list(traffic.patience_s)
        self._answered_by = [NOBODY] * len(traffic.arrived_s)
        self._events: list[tuple[float, int, int]] = []
        self._lines: defaultdict[int, dict[HeadStart | None, _Line]] = defaultdict(dict)
        self._held: defaultdict[int, list[int]] = defaultdict(list)
        self._held_for: dict[int, int] = {}
        self._is_busy = [False] * len(agents)
        self._idle_since = [0.0] * len(agents)
        self._is_on_shift = [False] * len(agents)
        self._upcoming = [iter(agent.shifts) for agent in agents]
        # Agents with the same queues are interchangeable: one list of idle ones for all of them.
        pools: dict[frozenset[int], _Idle] = {agent.queues: OrderedDict() for agent in agents}
        self._pool = [pools[agent.queues] for agent in agents]
        self._pools = {
            queue: [pool for queues, pool in pools.items() if queue in queues]
            for queue in set(traffic.queue)
        }

    def run(self) -> Happened:
        """Let everything happen, until the last caller has gone and the last shift has ended."""
        events = self._events
        for agent in range(len(self._agents)):
            self._next_shift(agent)
        for call, arrived in enumerate(self._traffic.arrived_s):
            while events and events[0][0] <= arrived:
                self._happen(*heappop(events))
            self._arrive(call, arrived)
        while events:
            self._happen(*heappop(events))
        return Happened(self._waited_s, self._answered_by)

    def _happen(self, now: float, kind: int, who: int) -> None:
        if kind == _AGENT_FREE:
            self._is_busy[who] = False
            self._turn_to(who, now)
        elif kind == _HOLD_ENDS:
            self._end_hold(who, now)
        elif kind == _SHIFT_BEGINS:
            self._is_on_shift[who] = True
            self._turn_to(who, now)
        else:
            self._end_shift(who, now)

    def _arrive(self, call: int, now: float) -> None:
        preference = self._traffic.preference[call]
        if preference is None:
            self._enter(call, now)
        elif preference.agent in self._pool[preference.agent]:
            if self._traffic.queue[call] in self._agents[preference.agent].queues:
                self._answer(call, preference.agent, now)
            else:
                self._enter(call, now)
        elif self._may_hold(call, now):
            self._held[preference.agent].append(call)
            self._held_for[call] = preference.agent
            heappush(self._events, (now + preference.hold_s, _HOLD_ENDS, call))
        else:
            self._enter(call, now)

    def _may_hold(self, call: int, now: float) -> bool:
        preference = self._traffic.preference[call]
        if preference is None or preference.hold_s <= 0:
            return False
        agent = preference.agent
        if not (self._is_busy[agent] and self._is_on_shift[agent]):
            return False
        waiting = sum(not self._has_hung_up(held, now) for held in self._held[agent])
        return (
            waiting < preference.most_waiting
            and self._traffic.queue[call] in self._agents[agent].queues
        )

    def _enter(self, call: int, now: float) -> None:
        """To an idle agent, or into the queue."""
        agent = self._longest_idle(self._traffic.queue[call])
        if agent is None:
            self._stand(call)
        else:
            self._answer(call, agent, now)

    def _longest_idle(self, queue: int) -> int | None:
        first = [next(iter(pool)) for pool in self._pools[queue] if pool]
        if len(first) < 2:
            return first[0] if first else None
        return min(first, key=lambda agent: (self._idle_since[agent], agent))

    def _stand(self, call: int) -> None:
        head_start = self._traffic.head_start[call]
        arrived = self._traffic.arrived_s[call]
        lines = self._lines[self._traffic.queue[call]]
        if head_start.is_rising:
            heappush(lines.setdefault(head_start, []), (arrived, call))
        else:
            heappush(lines.setdefault(None, []), (arrived - head_start.start_s, call))

    def _answer(self, call: int, agent: int, now: float) -> None:
        self._pool[agent].pop(agent, None)
        self._is_busy[agent] = True
        self._waited_s[call] = now - self._traffic.arrived_s[call]
        self._answered_by[call] = agent
        heappush(self._events, (now + self._traffic.handling_s[call], _AGENT_FREE, agent))

    def _turn_to(self, agent: int, now: float) -> None:
        """An agent who has nothing to do takes the next caller, or is idle."""
        if self._is_busy[agent] or not self._is_on_shift[agent]:
            return
        call = self._held_by(agent, now)
        if call is None:
            call = self._first_for(agent, now)
        if call is None:
            self._idle_since[agent] = now
            self._pool[agent][agent] = None
        else:
            self._answer(call, agent, now)

    def _next_shift(self, agent: int) -> None:
        for start, end in self._upcoming[agent]:
            heappush(self._events, (start, _SHIFT_BEGINS, agent))
            heappush(self._events, (end, _SHIFT_ENDS, agent))
            return

    def _end_shift(self, agent: int, now: float) -> None:
        self._is_on_shift[agent] = False
        self._pool[agent].pop(agent, None)
        self._next_shift(agent)
        for call in self._held.pop(agent, ()):
            del self._held_for[call]
            self._return(call, now)

    def _end_hold(self, call: int, now: float) -> None:
        agent = self._held_for.pop(call, None)
        if agent is not None:
            self._held[agent].remove(call)
            self._return(call, now)

    def _return(self, call: int, now: float) -> None:
        if not self._has_hung_up(call, now):
            self._enter(call, now)

    def _held_by(self, agent: int, now: float) -> int | None:
        held = self._held[agent]
        while held:
            call = held.pop(0)
            del self._held_for[call]
            if not self._has_hung_up(call, now):
                return call
        return None

    def _first_for(self, agent: int, now: float) -> int | None:
        """The caller who stands first in the queues this agent serves, taken out of the line."""
        best: tuple[float, int] | None = None
        best_line: _Line = []
        for rising, line in self._lines_of(agent):
            while line and self._has_hung_up(line[0][1], now):
                heappop(line)
            if not line:
                continue
            since, call = line[0]
            standing = now - since if rising is None else rising.standing_s(now - since)
            if best is None or (standing, -call) > best:
                best, best_line = (standing, -call), line
        return heappop(best_line)[1] if best else None

    def _lines_of(self, agent: int) -> Iterator[tuple[HeadStart | None, _Line]]:
        for queue in self._agents[agent].queues:
            if queue in self._lines:
                yield from self._lines[queue].items()

    def _has_hung_up(self, call: int, now: float) -> bool:
        return now - self._traffic.arrived_s[call] > self._traffic.patience_s[call]
