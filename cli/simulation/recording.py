"""Reads what `switchboard rules recorded` wrote: one JSON object a line."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cli.simulation.contact_line import contact_of
from cli.simulation.contacts import Contact
from cli.simulation.refusal import CannotSimulate

_MOST_SHOWN: Final = 5
_DAY_S: Final = 86_400
_MOST_DAYS: Final = 400


@dataclass(frozen=True, slots=True)
class Recording:
    """Contacts by voice in the order of time. `notes` say what was left out or put right."""

    contacts: tuple[Contact, ...]
    notes: tuple[str, ...] = ()


def read_recording(file: Path) -> Recording:
    """Raises: CannotSimulate, naming the lines, for a file that cannot be a recording."""
    try:
        with file.open(encoding="utf-8") as lines:
            return recording_of(lines, str(file))
    except OSError as error:
        raise CannotSimulate(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CannotSimulate(f"{file}: not text in UTF-8; record it again") from error


def recording_of(lines: Iterable[str], where: str) -> Recording:
    """Raises: CannotSimulate as `read_recording`."""
    problems: list[str] = []
    found: list[Contact] = []
    written = 0
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            contact = contact_of(line)
        except ValueError as error:
            problems.append(f"{where}, line {number}: {error}")
            continue
        written += 1
        if contact is not None:
            found.append(contact)
    _refuse(where, problems, written, len(found))
    return _in_order(found, left_out=written - len(found))


def _refuse(where: str, problems: list[str], written: int, usable: int) -> None:
    if problems:
        more = len(problems) - _MOST_SHOWN
        shown = problems[:_MOST_SHOWN] + ([f"and {more} lines more"] if more > 0 else [])
        raise CannotSimulate("\n".join(shown))
    if not written:
        raise CannotSimulate(
            f"{where}: empty. Write it with `switchboard rules recorded --out {where}` for a time "
            "in which calls were decided"
        )
    if not usable:
        raise CannotSimulate(
            f"{where}: none of the {written} contacts is a call; only callers wait in line, "
            "so there is nothing to simulate"
        )


def _in_order(found: list[Contact], *, left_out: int) -> Recording:
    notes = []
    if left_out:
        notes.append(f"{left_out} contacts in writing left out: only callers wait in line")
    endless = sum(_is_endless(contact) for contact in found)
    if endless:
        notes.append(
            f"{endless} contacts say more than a day of waiting or handling (milliseconds?); "
            "what became of them counts as not told"
        )
        found = [_without_times(each) if _is_endless(each) else each for each in found]
    contacts = sorted(found, key=lambda contact: contact.at_s)
    if contacts != found:
        notes.append("the lines were not in the order of time; they were put in order")
    first, last = contacts[0].at_s, contacts[-1].at_s
    if last - first > _MOST_DAYS * _DAY_S:
        raise CannotSimulate(
            f"contacts from {_day(first)} to {_day(last)}: that is more than {_MOST_DAYS} days. "
            "Look for an `at` that is wrong, or record a shorter time"
        )
    return Recording(tuple(contacts), tuple(notes))


def _is_endless(contact: Contact) -> bool:
    return max(contact.waited_s or 0, contact.handled_s or 0) > _DAY_S


def _without_times(contact: Contact) -> Contact:
    return replace(contact, waited_s=None, handled_s=None, abandoned=None)


def _day(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, tz=UTC).date().isoformat()
