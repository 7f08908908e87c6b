"""A contact centre that never was: its ruleset, its people, and what was recorded of it.

What happened there was simulated as well, but from shifts, patience and handling times that the
recording does not tell. Who forecasts must find them out.
"""

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.simulation.centre import NOBODY, Agent, HeadStart, Preference, Traffic
from cli.simulation.engine import simulate

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
QUEUES = ("general", "vip")
TIERS = ("high", "standard", "low")

RULES = """
format: routing/1
name: test-desk
timezone: UTC
priority_point: 6s
service_level: 20s
attributes:
  tier:      {type: choice, values: [high, standard, low], from: crm.tier}
  spend:     {type: number, from: crm.spend}
  complaint: {type: flag, from: crm.open_complaint}
names:
  queues:
    general: Customer Care
    vip: {business_process: Customer Care, demand: VIP}
    fresh: Fresh Start
  prompts: []
  views: []
  flags: []
  priority_classes: {Normal: 0s, Urgent: 120s, Front: 600s}
last_agent:
  rapport: {seen_within: 14d, min_talk: 60s, hold: 15s, never_if: [complaint]}
tables:
- id: route
  hit: first
  rows:
"""

AS_NOW = """
  - {id: high, when: {tier: high}, then: {do: queue, queue: vip, priority: 20}}
  - {id: rest, when: {}, then: {do: queue, queue: general, priority: 0}}
"""


def ruleset_text(rows: str) -> str:
    return RULES + rows


def staff(days: int) -> list[Agent]:
    """Fifteen who answer everybody, three for the best customers alone; early and late shifts."""
    early, late = _shifts(days, 8, 16), _shifts(days, 10, 18)
    everything, best = frozenset({0, 1}), frozenset({1})
    return [
        *(Agent(str(2001 + n), everything, early if n % 2 else late) for n in range(15)),
        *(Agent(str(2101 + n), best, early if n % 2 else late) for n in range(3)),
    ]


STAFFING = """
format: staffing/1
timezone: UTC
agents:
- extensions: [{odd}]
  queues: [general, vip]
  shifts: {{mon-sun: ["08:00-16:00"]}}
- extensions: [{even}]
  queues: [general, vip]
  shifts: {{mon-sun: ["10:00-18:00"]}}
- {{extensions: ["2102"], queues: [vip], shifts: {{mon-sun: ["08:00-16:00"]}}}}
- {{extensions: ["2101", "2103"], queues: [vip], shifts: {{mon-sun: ["10:00-18:00"]}}}}
""".format(
    odd=", ".join(f'"{2001 + n}"' for n in range(15) if n % 2),
    even=", ".join(f'"{2001 + n}"' for n in range(15) if not n % 2),
)


def recording(days: int = 5, *, seed: int = 1, per_hour: float = 185) -> list[dict[str, Any]]:
    """The lines of the file, as objects."""
    chance = random.Random(seed)
    arrived_s = list(_arrivals(chance, days, per_hour))
    tiers = chance.choices(TIERS, weights=(1, 6, 3), k=len(arrived_s))
    customers = [f"customer-{chance.randrange(len(arrived_s) // 2)}" for _ in arrived_s]
    agents = staff(days)
    preferred = [
        Preference(chance.randrange(15), 15.0) if chance.random() < 0.2 else None for _ in arrived_s
    ]
    traffic = Traffic(
        arrived_s,
        [1 if tier == "high" else 0 for tier in tiers],
        [HeadStart(120.0) if tier == "high" else HeadStart() for tier in tiers],
        [chance.lognormvariate(math.log(200), 0.6) for _ in arrived_s],
        [chance.expovariate(1 / 240) for _ in arrived_s],
        preferred,
    )
    happened = simulate(agents, traffic)
    lines = []
    for number, at_s in enumerate(arrived_s):
        agent = happened.answered_by[number]
        preference = preferred[number]
        lines.append(
            {
                "at": (MONDAY + timedelta(seconds=at_s)).isoformat(),
                "action": "queue",
                "queue": QUEUES[traffic.queue[number]],
                "priority_seconds": int(traffic.head_start[number].start_s),
                "gain_per_min_s": 0,
                "max_seconds": 0,
                "preferred_agent": agents[preference.agent].extension if preference else "",
                "hold_s": preference.hold_s if preference else 0,
                "facts": {"crm.tier": tiers[number], "crm.spend": 10.0 * number},
                "channel": "voice",
                "waited_s": round(happened.waited_s[number]),
                "handled_s": None if agent == NOBODY else round(traffic.handling_s[number]),
                "abandoned": agent == NOBODY,
                "agent": "" if agent == NOBODY else agents[agent].extension,
                "disposition_code": "",
                "customer": customers[number],
            }
        )
    return lines


def as_text(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


def _arrivals(chance: random.Random, days: int, per_hour: float) -> Iterator[float]:
    """From eight to half past five, with a peak at eleven."""
    for day in range(days):
        moment = day * 86_400 + 8 * 3600.0
        while True:
            hour = moment % 86_400 / 3600
            busy = per_hour * (0.6 + 0.6 * math.exp(-(((hour - 12.5) / 2.0) ** 2)))
            moment += chance.expovariate(busy / 3600)
            if moment >= day * 86_400 + 17.5 * 3600:
                break
            yield moment


def _shifts(days: int, begin: int, end: int) -> tuple[tuple[float, float], ...]:
    return tuple(
        (day * 86_400 + begin * 3600.0, day * 86_400 + end * 3600.0) for day in range(days)
    )
