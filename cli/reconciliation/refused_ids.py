"""Which interactions had a trigger that was refused: their ids, out of what was kept of it."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from cli.deployment import Target
from cli.refused_choice import place_of
from switchboard.contracts.kept_trigger import KeptTrigger
from switchboard.errors import MalformedRequest
from switchboard.ports import KeptAside
from switchboard.use_cases.taking_back import REFUSED

_MOST: Final = 5000
# What was refused could not be read; an id that stands in it stands there as one word.
_WORD: Final = re.compile(r"[\w.:-]{4,128}")


def refused_ids(where: Target) -> Callable[[str], bool]:
    """Whether a trigger of an id is among what was refused; read once, when first asked.

    Raises, when asked: StateUnavailable.
    """

    @cache
    def words() -> frozenset[str]:
        return frozenset(_words(place_of(where))) if where.aside else frozenset()

    return lambda interaction_id: interaction_id in words()


def _words(place: KeptAside) -> Iterator[str]:
    for one in place.waiting(REFUSED, limit=_MOST):
        try:
            kept = KeptTrigger.read(place.read(REFUSED, one.id) or b"")
        except MalformedRequest:
            continue
        yield from _WORD.findall(kept.body.decode("utf-8", errors="replace"))
        for value in kept.query.values():
            yield from _WORD.findall(value)
