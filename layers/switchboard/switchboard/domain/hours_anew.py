"""What other rules' hours say of recorded contacts: they depend on the moment alone.

So they need not be replayed from the record, as a customer's tier of that day must be.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from switchboard.domain.hours import Calendar, calendar_facts
from switchboard.domain.replayed import Recorded
from switchboard.domain.ruleset import Ruleset

_ORIGIN: Final = "calendar."
_BEFORE: Final = "old calendar."
_MAIN: Final = "main"


class HoursAnew:
    """Tells what the new rules' calendars say, where the record cannot: of sources that they read
    from a calendar which is another now, or that the old rules did not look at.

    `sources` are these, and none when the hours are the same. `old` are the old rules as they read
    a contact that `read` went over: the hours that were recorded.
    """

    def __init__(self, old: Ruleset, new: Ruleset) -> None:
        known = {attribute.source for attribute in old.attributes.values()}
        self.sources = tuple(
            source
            for source in dict.fromkeys(each.source for each in new.attributes.values())
            if source.startswith(_ORIGIN)
            and (source not in known or _calendar(old, source) != _calendar(new, source))
        )
        self.counts: Counter[str] = Counter()
        self.old = _reading_recorded(old, self.sources) if self.sources else old
        read = {_calendar_name(source) for source in self.sources}
        self._calendars = {
            name: calendar for name, calendar in new.calendars.items() if name in read
        }

    def at(self, moment: datetime) -> dict[str, bool]:
        """The `sources` at a moment that has a time zone.

        Raises: OverflowError for the first and the last day that there is.
        """
        told = calendar_facts(self._calendars, moment)
        return {source: told[source.removeprefix(_ORIGIN)] for source in self.sources}

    def read(self, contact: Recorded) -> Recorded:
        """The contact with the new hours, and the recorded ones where `old` reads them.

        Without a moment that can be read, the new hours are the recorded ones.
        """
        facts: dict[str, Any] = dict(contact.facts)
        for source in self.sources:
            if source in facts:
                facts[_recorded(source)] = facts[source]
        told = self._told(contact.at)
        self.counts.update(told.keys())
        return replace(contact, facts={**facts, **told})

    def _told(self, at: str) -> Mapping[str, bool]:
        try:
            moment = datetime.fromisoformat(at)
            return self.at(moment) if moment.tzinfo else {}
        except (ValueError, OverflowError):
            return {}


def _calendar(ruleset: Ruleset, source: str) -> Calendar | None:
    return ruleset.calendars.get(_calendar_name(source))


def _calendar_name(source: str) -> str:
    """`calendar.sales.open` is that of sales, `calendar.open` of main."""
    name, dot, _ = source.removeprefix(_ORIGIN).rpartition(".")
    return name if dot else _MAIN


def _recorded(source: str) -> str:
    return _BEFORE + source.removeprefix(_ORIGIN)


def _reading_recorded(old: Ruleset, sources: tuple[str, ...]) -> Ruleset:
    attributes = {
        name: replace(attribute, source=_recorded(attribute.source))
        if attribute.source in sources
        else attribute
        for name, attribute in old.attributes.items()
    }
    return replace(old, attributes=attributes)
