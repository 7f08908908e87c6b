"""Who was there to answer, where and when: from a file, or as the recording shows."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import yaml

from cli.simulation.contacts import Contact, queued
from cli.simulation.refusal import CannotSimulate
from cli.simulation.skills import skills_of
from cli.yaml_text import KeysTwice, read_yaml_as_written
from switchboard.domain.calendar_reader import read_calendars, read_zone
from switchboard.domain.hours import Calendar
from switchboard.domain.reading import Reading

FORMAT: Final = "staffing/1"
Shift = tuple[float, float]

_KEYS: Final = ("format", "timezone", "agents")
_AGENT_KEYS: Final = ("extensions", "queues", "shifts", "exceptions")
# Between two shifts of a person lie more hours than this; between two calls of one shift do not.
_REST_S: Final = 6 * 3600
_MOST_AGENTS: Final = 5000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on the staff, with shifts in seconds from 1970."""

    extension: str
    queues: frozenset[str]
    shifts: tuple[Shift, ...]


def read_staffing(file: Path, *, first_s: float, last_s: float) -> tuple[Person, ...]:
    """The people of a file, with their shifts between the two moments.

    Raises: CannotSimulate with every problem of the file.
    """
    try:
        document = read_yaml_as_written(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise CannotSimulate(f"{file}: {error.strerror}") from error
    except KeysTwice as error:
        raise CannotSimulate(f"{file}: {error}") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise CannotSimulate(f"{file}: not YAML: {error}") from error
    reader = _Reader(first_s, last_s)
    people = reader.people(document)
    if reader.problems:
        raise CannotSimulate("\n".join(f"{file}: {problem}" for problem in reader.problems))
    return people


class _Reader(Reading):
    def __init__(self, first_s: float, last_s: float) -> None:
        super().__init__()
        self._first_s, self._last_s = first_s, last_s
        self._zone = "UTC"

    def people(self, document: Any) -> tuple[Person, ...]:
        spec = self.mapping("staffing", document)
        self.known_keys("staffing", spec, _KEYS)
        self.one_of("format", spec.get("format"), (FORMAT,))
        self._zone = self._read_zone(spec.get("timezone"))
        groups = self.entries("agents", spec.get("agents"))
        people = [each for n, raw in enumerate(groups, 1) for each in self._group(n, raw)]
        if not people and not self.problems:
            self.problem("agents", "nobody; list who answers, as docs/simulation.md shows")
        if len(people) > _MOST_AGENTS:
            self.problem("agents", f"{len(people)} of them; at most {_MOST_AGENTS} are simulated")
        self._name_twice(people)
        return tuple(people)

    def _read_zone(self, name: object) -> str:
        try:
            return read_zone(name or "write one").key
        except ValueError as error:
            self.problem("timezone", str(error))
            return "UTC"

    def _group(self, number: int, raw: object) -> Iterator[Person]:
        where = f"agents, entry {number}"
        spec = self.mapping(where, raw)
        self.known_keys(where, spec, _AGENT_KEYS)
        extensions = self.words(f"{where}: extensions", spec.get("extensions"))
        queues = frozenset(self.words(f"{where}: queues", spec.get("queues")))
        for name, said in (("extensions", extensions), ("queues", queues)):
            if not said:
                self.problem(f"{where}: {name}", "none; write a list")
        shifts = self._shifts(where, spec)
        for extension in extensions:
            yield Person(extension, queues, shifts)

    def _shifts(self, where: str, spec: Any) -> tuple[Shift, ...]:
        """Weekly hours and dates that differ are a calendar's, and are read as one."""
        hours = {"weekly": spec.get("shifts"), "holidays": spec.get("exceptions")}
        calendars, problems = read_calendars({"shifts": hours}, default_zone=self._zone)
        for problem in problems:
            said = problem.replace("calendars.shifts.weekly", "shifts")
            self.problem(where, said.replace("calendars.shifts.holidays", "exceptions"))
        found = tuple(_between(calendars["shifts"], self._first_s, self._last_s))
        if not found and not self.problems:
            self.problem(where, "no shift in the time of the recording; see `shifts`")
        return found

    def _name_twice(self, people: Sequence[Person]) -> None:
        seen: set[str] = set()
        for person in people:
            if person.extension in seen:
                self.problem("agents", f"{person.extension} stands twice; write each once")
            seen.add(person.extension)


def _between(calendar: Calendar, first_s: float, last_s: float) -> Iterator[Shift]:
    """Hours that touch or overlap, as over midnight, are one shift."""
    begun: Shift | None = None
    for start, end in sorted(_spans(calendar, first_s, last_s)):
        if begun and start <= begun[1]:
            begun = (begun[0], max(begun[1], end))
            continue
        if begun:
            yield begun
        begun = (start, end)
    if begun:
        yield begun


def _spans(calendar: Calendar, first_s: float, last_s: float) -> Iterator[Shift]:
    day = datetime.fromtimestamp(first_s, tz=calendar.zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(last_s, tz=calendar.zone).date()
    while day <= last:
        for span in calendar.hours_on(day):
            start = _moment(day, span.start_min, calendar.zone)
            end = _moment(day, span.end_min, calendar.zone)
            # In the night in which the clocks go forward a span may have no length.
            if start < end and end > first_s:
                yield start, end
        day += timedelta(days=1)


def _moment(day: date, minute: int, zone: ZoneInfo) -> float:
    """When the clock on the wall shows so many minutes of that day."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001  next line
    return wall.replace(tzinfo=zone).timestamp()


def derived_staffing(contacts: Sequence[Contact]) -> tuple[Person, ...]:
    """Everybody who answered, in the queues that are theirs, from their first call to their last.

    A pause of more than six hours parts two shifts. Breaks in between cannot be seen, so there
    seem to be a few more agents than there were; calibration tells whether that matters.
    """
    queues = skills_of(contacts).queues
    seen: defaultdict[str, list[Shift]] = defaultdict(list)
    for contact in queued(contacts):
        if contact.was_answered and contact.agent:
            answered_s = contact.at_s + (contact.waited_s or 0)
            seen[contact.agent].append((answered_s, answered_s + (contact.handled_s or 1)))
    return tuple(
        Person(extension, queues[extension], tuple(_shifts(sorted(calls))))
        for extension, calls in sorted(seen.items())
    )


def _shifts(calls: Sequence[Shift]) -> Iterator[Shift]:
    start, end = calls[0]
    for answered, over in calls[1:]:
        if answered - end > _REST_S:
            yield start, end
            start = answered
        end = max(end, over)
    yield start, end
