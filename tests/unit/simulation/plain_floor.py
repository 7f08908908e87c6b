"""The rules of the floor written a second time, slowly: everybody is looked at, at every moment.

Nothing here is clever, so that where it and the engine differ, the engine is wrong. Moments are
taken to be distinct, as they are in random worlds.
"""

from collections.abc import Iterator, Sequence

from cli.simulation.centre import NOBODY, Agent, Happened, Traffic


class PlainFloor:
    def __init__(self, agents: Sequence[Agent], traffic: Traffic) -> None:
        self.agents, self.traffic = agents, traffic
        self.busy_until = [float("-inf")] * len(agents)
        self.idle_since = [0.0] * len(agents)
        self.was_idle: set[int] = set()
        self.held: dict[int, int] = {}
        self.queued: set[int] = set()
        self.waited = list(traffic.patience_s)
        self.by = [NOBODY] * len(traffic.arrived_s)

    def run(self) -> Happened:
        arriving = list(enumerate(self.traffic.arrived_s))
        now = -1.0
        while True:
            moments = [at for at in self._moments() if at > now]
            if arriving:
                moments.append(arriving[0][1])
            if not moments:
                return Happened(self.waited, self.by)
            now = min(moments)
            self._settle(now)
            if arriving and arriving[0][1] == now:
                self._arrive(arriving.pop(0)[0], now)

    def _moments(self) -> Iterator[float]:
        for agent in self.agents:
            for shift in agent.shifts:
                yield from shift
        yield from self.busy_until
        for call in self.held:
            yield self._hold_ends(call)

    def _hold_ends(self, call: int) -> float:
        preference = self.traffic.preference[call]
        assert preference
        return self.traffic.arrived_s[call] + preference.hold_s

    def _settle(self, now: float) -> None:
        for call in [*self.held, *self.queued]:
            if now - self.traffic.arrived_s[call] > self.traffic.patience_s[call]:
                self.held.pop(call, None)
                self.queued.discard(call)
        for call, agent in sorted(self.held.items()):
            if now >= self._hold_ends(call) or not self._on_shift(agent, now):
                del self.held[call]
                self._enter(call, now)
        for agent in range(len(self.agents)):
            self._look_after(agent, now)

    def _look_after(self, agent: int, now: float) -> None:
        if not self._is_free(agent, now):
            self.was_idle.discard(agent)
            return
        own = [call for call, held_for in self.held.items() if held_for == agent]
        theirs = [c for c in self.queued if self.traffic.queue[c] in self.agents[agent].queues]
        if own:
            self._answer(min(own), agent, now)
        elif theirs:
            self._answer(max(theirs, key=lambda call: self._standing(call, now)), agent, now)
        elif agent not in self.was_idle:
            self.was_idle.add(agent)
            self.idle_since[agent] = now

    def _standing(self, call: int, now: float) -> float:
        return self.traffic.head_start[call].standing_s(now - self.traffic.arrived_s[call])

    def _arrive(self, call: int, now: float) -> None:
        preference = self.traffic.preference[call]
        if preference and self.traffic.queue[call] in self.agents[preference.agent].queues:
            agent = preference.agent
            waiting = list(self.held.values()).count(agent)
            if self._is_free(agent, now):
                return self._answer(call, agent, now)
            is_there = self._on_shift(agent, now) and now < self.busy_until[agent]
            if is_there and preference.hold_s > 0 and waiting < preference.most_waiting:
                self.held[call] = agent
                return None
        return self._enter(call, now)

    def _enter(self, call: int, now: float) -> None:
        queue = self.traffic.queue[call]
        free = [
            agent
            for agent, who in enumerate(self.agents)
            if queue in who.queues and self._is_free(agent, now) and agent in self.was_idle
        ]
        if free:
            self._answer(call, min(free, key=lambda agent: self.idle_since[agent]), now)
        else:
            self.queued.add(call)

    def _answer(self, call: int, agent: int, now: float) -> None:
        self.held.pop(call, None)
        self.queued.discard(call)
        self.was_idle.discard(agent)
        self.busy_until[agent] = now + self.traffic.handling_s[call]
        self.waited[call] = now - self.traffic.arrived_s[call]
        self.by[call] = agent

    def _on_shift(self, agent: int, now: float) -> bool:
        return any(start <= now < end for start, end in self.agents[agent].shifts)

    def _is_free(self, agent: int, now: float) -> bool:
        return self._on_shift(agent, now) and now >= self.busy_until[agent]
