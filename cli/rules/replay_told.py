"""A replay in sentences: what both the terminal and the report say of it."""

from collections.abc import Iterator
from typing import Final

from cli.rules.replay_sheets import share
from switchboard.domain.replayed import Example, Explained, Replayed

_DAY: Final = len("2026-11-01")
_MINUTE: Final = len("2026-11-01T12:00")


def headline(replayed: Replayed) -> str:
    total, changed = replayed.contacts, replayed.differently
    return (
        f"{changed:,} of {total:,} contacts ({share(changed, total)}) would be decided "
        f"differently, recorded {replayed.first_at[:_DAY]} to {replayed.last_at[:_DAY]}."
    )


def caveats(replayed: Replayed) -> Iterator[str]:
    """What to know before the numbers are believed; nothing when all is well."""
    for source, count in replayed.read_anew.items():
        yield _read_anew(source, count, replayed.contacts - count)
    for source, count in replayed.not_recorded.items():
        yield (
            f"{source} was not looked at when {count:,} contacts were recorded, so to the new "
            "rules it is missing there. To know, publish rules that only look at it, and replay "
            "what is recorded from then on."
        )
    for source, count in replayed.not_listed.items():
        yield (
            f"{source}: the new rules list words that the old ones do not. {count:,} contacts may "
            "have had one of these; it was not recorded which."
        )
    if replayed.other_rulesets:
        count = sum(replayed.other_rulesets.values())
        digests = ", ".join(digest or "unknown" for digest in replayed.other_rulesets)
        yield (
            f"{count:,} contacts had been decided by other rules than the old ones ({digests}); "
            "here the old ones decide them, from what was recorded."
        )
    for moved in replayed.drifted:
        yield (
            f"For {moved.contacts:,} contacts the old rules had chosen {moved.old}, and from the "
            f"recorded facts they choose {moved.new}. Two attributes that read one source as "
            "different types do that, or a release that reads rules differently."
        )


def _read_anew(source: str, count: int, unread: int) -> str:
    said = (
        f"{source}: hours were read anew from the new calendars for {count:,} contacts, by when "
        "each was decided. The old rules see what was recorded."
    )
    if not unread:
        return said
    return f"{said} {unread:,} have no `at` that tells a moment; there the new ones do as well."


def moment(example: Example) -> str:
    at = f"{example.at[:_MINUTE].replace('T', ' ')} UTC"
    return f"{at}, {example.id}" if example.id else at


def differences(example: Example) -> list[str]:
    return [f"{one.what}: {one.old} → {one.new}" for one in example.differs]


def reasons(example: Example) -> Iterator[str]:
    """Why each decides so, and why it is not the other's row."""
    for name, ours, theirs in (
        ("old", example.old, example.new),
        ("new", example.new, example.old),
    ):
        yield f"{name}: {ours.goes_to}, by {ours.because}"
        yield from _not(ours, theirs.row)


def _not(explained: Explained, row: str) -> Iterator[str]:
    if why := explained.why_not(row):
        yield f"     not {row}: {why}"
