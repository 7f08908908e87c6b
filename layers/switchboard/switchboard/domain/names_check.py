"""Names and codes that ECS cannot carry or cannot tell apart."""

from collections.abc import Iterable, Iterator
from typing import Final

from switchboard.domain.attributes import LONGEST
from switchboard.domain.ruleset import Ruleset

# The reason and who was preferred stand in the same line.
LONGEST_REMARK: Final = 100


def values_ecs_cannot_carry(ruleset: Ruleset) -> Iterator[str]:
    """ECS gets one short line for each value, and our own codes as plain ASCII."""
    for queue in ruleset.queues.values():
        where = f"names.queues.{queue.id}"
        if queue.id != queue.business_process and not queue.id.isascii():
            yield f"{where}: is not ASCII; write it with plain letters, and its name as its value"
        yield from _uncarried(f"{where}.business_process", queue.business_process)
        yield from _uncarried(f"{where}.demand", queue.demand)
    for name in ruleset.priority_classes:
        yield from _uncarried("names.priority_classes", name)
    for row in ruleset.route.rows:
        yield from _uncarried(f"row {row.id}, remark", row.then.remark, LONGEST_REMARK)
        yield from _uncarried(f"row {row.id}, flow", row.then.flow)
        if not row.then.flow.isascii():
            yield f"row {row.id}, flow: {row.then.flow!r} is not ASCII; write it with plain letters"


def confused_codes(ruleset: Ruleset) -> Iterator[str]:
    """Codes of one answer key that contain one another. A flag has a key of its own."""
    flows = (row.then.flow for row in ruleset.route.rows if row.then.flow)
    places = {"names.prompts": ruleset.prompts, "names.views": ruleset.views, "flows": flows}
    for where, codes in places.items():
        for short, long in _within_another(codes):
            yield (
                f"{where}: {short} stands inside {long}, so a Branch with Contains takes "
                f"{long} for {short}; rename one of them"
            )


def confused_names(ruleset: Ruleset) -> Iterator[str]:
    """The same for names of ECS, which are not ours to refuse, and for queues, which have both."""
    queues = ruleset.queues.values()
    said = set()
    places = {
        "names.queues, business_process": (queue.business_process for queue in queues),
        "names.queues, demand": (queue.demand for queue in queues if queue.demand),
        "names.queues": ruleset.queues,
        "names.priority_classes": ruleset.priority_classes,
    }
    for where, names in places.items():
        for short, long in _within_another(names):
            if (short, long) in said:
                continue  # a queue and its Business Process of one name
            said.add((short, long))
            yield (
                f"{where}: {short!r} stands inside {long!r}; in a Branch compare with Is, "
                "never with Contains"
            )


def _uncarried(where: str, text: str, longest: int = LONGEST) -> Iterator[str]:
    if len(text) > longest:
        yield f"{where}: {len(text)} characters, and there is room for {longest}; shorten it"
    if not text.isprintable():
        yield f"{where}: has a line break or a character that cannot be seen; write one plain line"


def _within_another(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Capitals make no difference, because it is not known whether they do to ECS."""
    different = list(dict.fromkeys(names))
    for short in different:
        for long in different:
            if short != long and short.casefold() in long.casefold():
                yield short, long
