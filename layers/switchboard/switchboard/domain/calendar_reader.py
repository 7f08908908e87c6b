"""Reads the calendars that people wrote in a ruleset's file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from difflib import get_close_matches
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from switchboard.domain.cells import unknown
from switchboard.domain.hours import DAY_MIN, DAY_NAMES, Calendar, Holiday, Hours, Span
from switchboard.domain.reading import Reading, TooManyProblems

_ID: Final = re.compile(r"[a-z][a-z0-9_]*")
_SPAN: Final = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", re.ASCII)
_CALENDAR_KEYS: Final = ("timezone", "weekly", "holidays")
_HOLIDAY_KEYS: Final = ("date", "name", "open")
# Every one is looked at for every contact.
_MOST_CALENDARS: Final = 20


def read_calendars(
    document: object, *, default_zone: str
) -> tuple[dict[str, Calendar], tuple[str, ...]]:
    """The calendars, and a line for every mistake in them.

    `default_zone` is the ruleset's, for a calendar that names none.
    """
    reader = _Reader()
    calendars: dict[str, Calendar] = {}
    # Too many are told, and no calendar of such a file is used.
    with suppress(TooManyProblems):
        calendars = reader.calendars(document, ZoneInfo(default_zone))
    return calendars, tuple(reader.problems)


def read_zone(name: object) -> ZoneInfo:
    """Raises: ValueError that says how a time zone is written."""
    try:
        return ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):
        pass
    near = get_close_matches(str(name), sorted(available_timezones()), n=1)
    advice = f"did you mean {near[0]!r}?" if near else "write one like America/New_York"
    raise ValueError(f"no time zone {name!r}; {advice}")


class _Reader(Reading):
    def calendars(self, document: object, zone: ZoneInfo) -> dict[str, Calendar]:
        every = self.mapping("calendars", document)
        if len(every) > _MOST_CALENDARS:
            self.problem("calendars", f"{len(every)} of them; at most {_MOST_CALENDARS} are read")
        return {name: self.calendar(name, spec, zone) for name, spec in every.items()}

    def calendar(self, name: str, raw: object, default_zone: ZoneInfo) -> Calendar:
        where = f"calendars.{name}"
        if not _ID.fullmatch(name):
            self.problem(where, "name it with small letters, digits and _, for example sales")
        spec = self.mapping(where, raw)
        self.known_keys(where, spec, _CALENDAR_KEYS)
        zone = spec.get("timezone")
        return Calendar(
            name,
            self.read(f"{where}.timezone", read_zone, zone, default_zone) if zone else default_zone,
            self._weekly(f"{where}.weekly", spec.get("weekly")),
            self._holidays(f"{where}.holidays", spec.get("holidays")),
        )

    def _weekly(self, where: str, raw: object) -> tuple[Hours, ...]:
        said: dict[int, tuple[str, Hours]] = {}
        for key, spans in self.mapping(where, raw).items():
            hours = self._hours(f"{where}.{key}", spans)
            for day in self._days(f"{where}.{key}", key):
                if day in said:
                    twice = f"{DAY_NAMES[day]} stands in {said[day][0]!r} too; write each day once"
                    self.problem(f"{where}.{key}", twice)
                said[day] = (key, hours)
        return tuple(said[day][1] if day in said else () for day in range(7))

    def _days(self, where: str, key: str) -> Iterator[int]:
        """Days by number, Monday 0; `sat-mon` goes over the weekend."""
        for part in key.lower().split(","):
            names = [name.strip() for name in part.split("-")]
            wrong = [name for name in names if name not in DAY_NAMES]
            if wrong:
                self.problem(where, unknown(wrong[0], DAY_NAMES))
            elif len(names) > 2:
                self.problem(where, "write a day, or two with - between: mon-fri")
            else:
                first, last = DAY_NAMES.index(names[0]), DAY_NAMES.index(names[-1])
                yield from ((first + n) % 7 for n in range((last - first) % 7 + 1))

    def _holidays(self, where: str, raw: object) -> Mapping[date, Holiday]:
        found: dict[date, Holiday] = {}
        for entry in self.entries(where, raw):
            holiday = self._holiday(where, entry)
            if holiday and holiday.on in found:
                self.problem(where, f"{holiday.on} stands twice; write each date once")
            elif holiday:
                found[holiday.on] = holiday
        return found

    def _holiday(self, where: str, raw: object) -> Holiday | None:
        if not isinstance(raw, Mapping):
            self.problem(where, f"write {{date: 2026-12-25, name: Christmas Day}}, not {raw!r}")
            return None
        spec = self.mapping(where, raw)
        said = str(spec.get("date") or "")
        self.known_keys(f"{where}, {said}", spec, _HOLIDAY_KEYS)
        day = _date(said)
        if day is None:
            self.problem(where, f"no date {said!r}; write it as 2026-12-25")
            return None
        hours = self._hours(f"{where}, {said}: open", spec.get("open"))
        return Holiday(day, self.text(f"{where}, {said}: name", spec.get("name")), hours)

    def _hours(self, where: str, raw: object) -> Hours:
        spans = [self._span(where, written) for written in self._written(where, raw)]
        hours = tuple(sorted((span for span in spans if span), key=lambda span: span.start_min))
        for one, other in pairwise(hours):
            if other.start_min < one.end_min:
                self.problem(where, f"{_text(one)} and {_text(other)} overlap")
        return hours

    def _written(self, where: str, raw: object) -> Sequence[object]:
        if isinstance(raw, str) and raw:
            self.problem(where, f'write ["09:00-18:00"], or [] for closed, not {raw!r}')
            return ()
        return self.entries(where, raw)

    def _span(self, where: str, raw: object) -> Span | None:
        match = _SPAN.fullmatch(str(raw).strip())
        hour, minute, last_hour, last_minute = map(int, match.groups()) if match else (99,) * 4
        start, end = hour * 60 + minute, last_hour * 60 + last_minute
        if start >= DAY_MIN or end > DAY_MIN or minute > 59 or last_minute > 59:
            self.problem(where, f"{raw!r} is no span of hours; write it as 09:00-18:00")
            return None
        if start == end:
            self.problem(where, f"{raw!r} has no length; write 00:00-24:00 for the whole day")
            return None
        return Span(start, end if start < end else end + DAY_MIN)


def _date(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None  # 20261225 and 2026-W52-5 are dates to Python


def _text(span: Span) -> str:
    last = span.end_min if span.end_min <= DAY_MIN else span.end_min - DAY_MIN
    return "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (span.start_min, last))
