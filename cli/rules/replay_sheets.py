"""A replay as tables of text, for the terminal and for the report."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from switchboard.domain.replayed import Moved, Replayed

Line = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table; the first `names` columns are names, the others numbers."""

    title: str
    heads: Line
    lines: tuple[Line, ...]
    names: int = 1


def sheets(replayed: Replayed) -> list[Sheet]:
    """What changed, from the whole to the parts; nothing where nothing did."""
    every = (_aspects(replayed), _rows(replayed), _queues(replayed), _prompts(replayed))
    found = [sheet for sheet in every if sheet.lines]
    return [*found, _groups(replayed)] if replayed.by else found


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0.0%"


def contacts_by(moves: Iterable[Moved]) -> Mapping[str, tuple[int, int]]:
    """How many contacts each name has by the old rules and by the new; the most first."""
    counts: dict[str, tuple[int, int]] = {}
    for moved in moves:
        old, new = counts.get(moved.old, (0, 0))
        counts[moved.old] = old + moved.contacts, new
        old, new = counts.get(moved.new, (0, 0))
        counts[moved.new] = old, new + moved.contacts
    return dict(sorted(counts.items(), key=lambda each: (-max(each[1]), each[0])))


def _aspects(replayed: Replayed) -> Sheet:
    lines = (
        (what, f"{count:,}", share(count, replayed.contacts))
        for what, count in replayed.aspects.items()
    )
    return Sheet("What differs", ("what", "contacts", "of all"), tuple(lines))


def _rows(replayed: Replayed) -> Sheet:
    """A row that was only renamed stands here as well, with nobody decided differently."""
    lines = (
        (moved.old, moved.new, f"{moved.contacts:,}", f"{moved.differently:,}")
        for moved in replayed.rows
        if moved.differently or moved.old != moved.new
    )
    heads = ("old row", "new row", "contacts", "differently")
    return Sheet("Rows", heads, tuple(lines), names=2)


def _queues(replayed: Replayed) -> Sheet:
    lines = (
        (queue, f"{old:,}", f"{new:,}", f"{new - old:+,}")
        for queue, (old, new) in contacts_by(replayed.queues).items()
        if any(queue in (moved.old, moved.new) for moved in _changed(replayed.queues))
    )
    return Sheet("Queues", ("queue", "old", "new", "difference"), tuple(lines))


def _prompts(replayed: Replayed) -> Sheet:
    lines = ((moved.old, moved.new, f"{moved.contacts:,}") for moved in _changed(replayed.prompts))
    return Sheet("Prompts", ("old", "new", "contacts"), tuple(lines), names=2)


def _groups(replayed: Replayed) -> Sheet:
    lines = (
        (
            group.value,
            f"{group.contacts:,}",
            f"{group.differently:,}",
            share(group.differently, group.contacts),
        )
        for group in replayed.groups
    )
    heads = (replayed.by, "contacts", "differently", "of these")
    return Sheet(f"By {replayed.by}", heads, tuple(lines))


def _changed(moves: Iterable[Moved]) -> Iterator[Moved]:
    return (moved for moved in moves if moved.old != moved.new)
