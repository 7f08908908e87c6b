"""Which queues an agent serves, as the recording shows: not those of a stray call.

Transfers count for the agent who had the call last, so now and then somebody has answered in a
queue that is not theirs. A few such calls would make one big team of two.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from cli.simulation.contacts import Contact, queued

# Source: transfers and overflow are a percent or two of an agent's calls.
_LEAST_SHARE: Final = 0.05
_LEAST_OF_USUAL: Final = 0.25
_FEWEST: Final = 3


class Stray(NamedTuple):
    """Calls that an agent answered in a queue that is taken not to be theirs."""

    agent: str
    queue: str
    calls: int
    of: int


@dataclass(frozen=True, slots=True)
class Skills:
    """The queues of each agent who answered, and what was left out."""

    queues: Mapping[str, frozenset[str]]
    strays: tuple[Stray, ...]


def skills_of(contacts: Iterable[Contact]) -> Skills:
    """A queue is an agent's by at least 5 % of the agent's calls, and three of them.

    A queue that has few calls altogether needs a quarter of its share of all calls. The queue an
    agent answers most is always theirs, and one that nobody's calls would do for is everybody's
    who answered there.
    """
    calls: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for contact in queued(contacts):
        if contact.was_answered and contact.agent:
            calls[contact.agent][contact.queue] += 1
    everybody = sum(calls.values(), Counter[str]())
    served = {agent: _served(answered, everybody) for agent, answered in calls.items()}
    alone = everybody.keys() - {queue for queues in served.values() for queue in queues}
    queues = {agent: served[agent] | (alone & calls[agent].keys()) for agent in calls}
    strays = (
        Stray(agent, queue, calls[agent][queue], calls[agent].total())
        for agent in sorted(calls)
        for queue in sorted(calls[agent].keys() - queues[agent])
    )
    return Skills(queues, tuple(strays))


def _served(answered: Counter[str], everybody: Counter[str]) -> frozenset[str]:
    (main, _), *_ = answered.most_common(1)
    return frozenset(
        queue
        for queue, calls in answered.items()
        if queue == main
        or (
            calls >= _FEWEST
            and calls / answered.total()
            >= min(_LEAST_SHARE, _LEAST_OF_USUAL * everybody[queue] / everybody.total())
        )
    )
