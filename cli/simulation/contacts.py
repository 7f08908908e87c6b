"""Reads what `switchboard rules recorded` wrote, a JSON object a line: see docs/replay.md."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NoReturn

from cli.simulation.refusal import CannotSimulate
from switchboard.domain.cells import unknown

_ON_THE_LINE: Final = frozenset({"", "voice", "callback"})
_ACTIONS: Final = ("queue", "self_service", "message", "callback")
_MOST_SHOWN: Final = 5
_DAY_S: Final = 86_400
_MOST_DAYS: Final = 400
_MOST_SECONDS: Final = 1e12
_NEEDED: Final = ("at", "queue", "waited_s", "handled_s", "abandoned", "agent", "facts")


@dataclass(frozen=True, slots=True)
class Contact:
    """A decided contact and what became of it; None where that was not told.

    `at_s` counts from 1970. `abandoned` is None as well for a contact that was not queued.
    """

    at_s: float
    action: str
    queue: str
    priority_s: float
    gain_per_min_s: float
    max_s: float
    preferred_agent: str
    hold_s: float
    waited_s: float | None
    handled_s: float | None
    abandoned: bool | None
    agent: str
    customer: str
    disposition: str
    facts: Mapping[str, Any] = field(repr=False)

    @property
    def was_answered(self) -> bool:
        return self.abandoned is False and self.waited_s is not None

    @property
    def is_told(self) -> bool:
        """Whether it is known how the waiting ended."""
        return self.abandoned is True or self.was_answered


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
            contact = _contact(line)
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


def _contact(line: str) -> Contact | None:
    """None for a contact in writing. Raises: ValueError that says what is wrong with the line."""
    said = _object(line)
    for key in _NEEDED:
        if key not in said:
            raise ValueError(f"no `{key}`; `switchboard rules recorded` writes every key")
    if _text(said, "channel") not in _ON_THE_LINE:
        return None
    queue = _text(said, "queue")
    facts = said["facts"]
    if not isinstance(facts, dict):
        raise ValueError("`facts` is no object; write {} for none")  # noqa: TRY004  of the file
    return Contact(
        at_s=_moment(said["at"]),
        action=_action(said.get("action", "queue" if queue else "message"), queue),
        queue=queue,
        priority_s=_number(said, "priority_seconds") or 0,
        gain_per_min_s=_number(said, "gain_per_min_s") or 0,
        max_s=_number(said, "max_seconds") or 0,
        preferred_agent=_text(said, "preferred_agent"),
        hold_s=_number(said, "hold_s") or 0,
        waited_s=_number(said, "waited_s"),
        handled_s=_number(said, "handled_s"),
        abandoned=_told(said["abandoned"]),
        agent=_text(said, "agent"),
        customer=_text(said, "customer"),
        disposition=_text(said, "disposition_code"),
        facts=facts,
    )


def _object(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line, parse_constant=_no_number)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError("not JSON; is the file cut off?") from error
    if not isinstance(said, dict):
        raise ValueError("no JSON object; write one contact a line")  # noqa: TRY004  of the file
    return said


def _no_number(written: str) -> NoReturn:
    raise ValueError(f"{written} is no number")


def _action(written: object, queue: str) -> str:
    if written not in _ACTIONS:
        raise ValueError(f"action: {unknown(written, _ACTIONS)}")
    if written == "queue" and not queue:
        raise ValueError("action is `queue`, but `queue` is empty")
    return str(written)


def _moment(written: object) -> float:
    try:
        at = datetime.fromisoformat(str(written))
        if at.tzinfo is not None:
            return at.timestamp()
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"at: {written!r} is no moment in UTC; write 2026-11-23T14:05:00Z")


def _number(said: Mapping[str, Any], key: str) -> float | None:
    value = said.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key}: {value!r} is no number of seconds")  # noqa: TRY004  of the file
    # `inf` where JSON wrote 1e999; an int of a thousand digits fits no float.
    if abs(value) > _MOST_SECONDS:
        raise ValueError(f"{key}: too large for a number of seconds")
    if value < 0:
        raise ValueError(f"{key} is {value:g}: nothing lasts less than no time")
    return float(value)


def _told(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ValueError(f"abandoned: {value!r} is neither true, false nor null")


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise ValueError(f"{key}: write {value!r} as text, in quotes")


def queued(contacts: Iterable[Contact]) -> Iterator[Contact]:
    """Those that waited in line, or would have."""
    return (contact for contact in contacts if contact.action == "queue")
