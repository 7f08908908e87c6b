"""Which column of an exported file is which of our fields, and which columns nobody reads."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

_PART: Final = re.compile(
    r'\s*(?P<field>[A-Za-z_]\w*)\s*=\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^,"=]*))\s*'
)

# Fields as people write them shortly, for `--columns id="Interaction ID",started=Start`.
SHORT_NAMES: Final = {
    "id": "interaction_id",
    "started": "started_at",
    "start": "started_at",
    "start_time": "started_at",
    "ended": "ended_at",
    "end": "ended_at",
    "end_time": "ended_at",
    "agent": "agent_name",
    "extension": "agent_extension",
    "duration": "duration_s",
    "disposition": "disposition_code",
    "customer": "customer_id",
}


class NoReport(ValueError):
    """The file cannot be read as a report; says what to do, and nothing of its contents."""


@dataclass(frozen=True, slots=True)
class Header:
    """The place of each field in a row, from 0.

    `kept` are columns that stay under their own names, as an unknown field of a trigger does.
    `unused` are those that nobody reads; one without a name is empty.
    """

    places: Mapping[str, int]
    kept: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()


def columns_in(text: str, known: Collection[str]) -> dict[str, str]:
    """The header of each field, from ``id="Interaction ID",started=Start``.

    Raises: NoReport that says how to write it.
    """
    columns: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _PART.match(text, position)
        header = (found["quoted"] or found["plain"] or "").strip() if found else ""
        at_end = found is not None and text[found.end() : found.end() + 1] in ("", ",")
        if found is None or not header or not at_end:
            raise NoReport('write the columns as id="Interaction ID",started=Start')
        if found["field"] in columns:
            raise NoReport(f"two columns are given for {found['field']}; leave one out")
        columns[found["field"]] = header
        position = found.end() + 1
    return checked_columns(columns, known)


def checked_columns(columns: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """The header of each field, the fields by their whole names. Raises: NoReport."""
    checked: dict[str, str] = {}
    for name, header in columns.items():
        whole = SHORT_NAMES.get(name, name)
        if whole not in known:
            near = get_close_matches(name, [*SHORT_NAMES, *known], n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
            raise NoReport(f"there is no field {name}{meant}")
        if whole in checked:
            raise NoReport(f"two columns are given for {whole}; leave one out")
        checked[whole] = header
    return checked


def fields_in(
    texts: Sequence[str], columns: Mapping[str, str], known: Collection[str]
) -> dict[str, list[int]]:
    """Each field that a record names, and every place where it does.

    Without `columns`, headers are `known` fields in their whole or short names.
    """
    headers = [_folded(plain(text)) for text in texts]
    if columns:
        wanted = {name: _folded(header) for name, header in columns.items()}
        found = {name: _places(headers, header) for name, header in wanted.items()}
        return {name: places for name, places in found.items() if places}
    places: dict[str, list[int]] = {}
    for place, header in enumerate(headers):
        name = re.sub(r"\W+", "_", header).strip("_")
        whole = SHORT_NAMES.get(name, name)
        if whole in known:
            places.setdefault(whole, []).append(place)
    return places


def header_in(
    texts: Sequence[str],
    columns: Mapping[str, str],
    known: Collection[str],
    *,
    keeps_others: bool,
) -> Header:
    """What the record that names the columns says of them.

    Raises: NoReport when two columns mean one field: which of them is right, nobody knows.
    """
    found = fields_in(texts, columns, known)
    names = [plain(text) for text in texts]
    for field, places in found.items():
        if len(places) > 1:
            first, second = names[places[0]], names[places[1]]
            which = "say which with --columns" if first != second else "give one another name"
            raise NoReport(f"the columns {first!r} and {second!r} both mean {field}; {which}")
    taken = {place for places in found.values() for place in places}
    others = {place: name for place, name in enumerate(names) if place not in taken}
    times = Counter(others.values())
    keeps = keeps_others and not columns
    kept = {n: p for p, n in others.items() if keeps and n and times[n] == 1 and n not in found}
    return Header(
        {name: places[0] for name, places in found.items()} | kept,
        tuple(kept),
        tuple(name for place, name in others.items() if place not in kept.values()),
    )


def plain(text: str) -> str:
    """Without the blanks around it, and without what keeps a spreadsheet from rewriting it."""
    text = text.replace("\u00a0", " ").strip().strip("\ufeff")
    if text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text[1:] if text.startswith("'") else text


def _places(headers: Sequence[str], wanted: str) -> list[int]:
    return [place for place, header in enumerate(headers) if header == wanted]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
