"""What each trigger leaves behind in its interaction's row, for `switchboard explain`.

One that is merged leaves its note in `trail`, with the very write that merges it. One that changes
nothing, because it is a repeat or is refused, leaves an attribute of its own: no other writer can
overwrite that, nobody has to try again because of it, and brought twice it is the same attribute.
"""

import hashlib
from dataclasses import replace
from typing import Final

from switchboard.adapters.documents import read_trail, trail_text
from switchboard.adapters.dynamodb_table import Update
from switchboard.adapters.items import Item
from switchboard.ports import TriggerNote

# An interaction has eight to twenty triggers; of one with more, the rest are only counted.
MOST_NOTES: Final = 100
LARGEST_TRAIL: Final = 30_000
# Above this a note has no names of fields, so that there is room for notes.
_ROOM_FOR_NAMES: Final = 20_000
_PREFIX: Final = "note#"


def notes_in(item: Item) -> tuple[TriggerNote, ...]:
    """In the order in which they came; of one moment, those that changed something first."""
    notes = (*_trail(item), *(read_trail(text)[0] for text in _beside(item)))
    return tuple(sorted(notes, key=lambda note: note.received_at))


def without_notes(item: Item) -> Item:
    """For who reads many rows and does not tell of triggers: reading notes takes a while."""
    return {
        name: value
        for name, value in item.items()
        if name != "trail" and not name.startswith(_PREFIX)
    }


def is_told(note: TriggerNote, seen: Item) -> bool:
    """Whether it is the same trigger again: the SDK repeats what had no answer, the spill too."""
    return any(
        (told.received_at, told.kind, told.request_id, told.refused)
        == (note.received_at, note.kind, note.request_id, note.refused)
        for told in notes_in(seen)
    )


def tell_merged(change: Update, note: TriggerNote, seen: Item) -> None:
    """Have the write that merges a trigger tell of it, too.

    Of an interaction of which much is said, not every name is told.
    """
    nameless = replace(note, fields=(), other_fields=len(note.fields))
    for told, room in ((note, _ROOM_FOR_NAMES), (nameless, LARGEST_TRAIL)):
        text = trail_text((*_trail(seen), told))
        if _has_room(seen, "".join(_beside(seen)) + text, most=room):
            change.set({"trail": text})
            return
    change.count_one_more("untold")


def tell_unmerged(note: TriggerNote, seen: Item) -> Update:
    """The write that tells of a trigger that changes nothing; it fails where the row is gone, or
    full since it was seen."""
    change = Update().only_if("attribute_exists(revision)")
    text = trail_text((note,))
    if not _has_room(seen, "".join((str(seen.get("trail", "")), *_beside(seen), text))):
        return change.count_one_more("untold")
    name = _PREFIX + hashlib.sha256(text.encode()).hexdigest()[:16]
    change.set({name: text}).count_one_more("notes_beside")
    return change.only_if(
        "attribute_not_exists(notes_beside) OR notes_beside < :most_notes", most_notes=MOST_NOTES
    )


def _has_room(seen: Item, texts: str, *, most: int = LARGEST_TRAIL) -> bool:
    """Whether one more may be told, when all together would be these texts."""
    return len(notes_in(seen)) < MOST_NOTES and len(texts.encode()) <= most


def _trail(item: Item) -> tuple[TriggerNote, ...]:
    return read_trail(str(item["trail"])) if "trail" in item else ()


def _beside(item: Item) -> list[str]:
    return [str(text) for name, text in sorted(item.items()) if name.startswith(_PREFIX)]
