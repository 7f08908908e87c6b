"""Reads the last-agent profiles of a ruleset: the guards that a row names by one word."""

from collections.abc import Mapping
from typing import Any, Final, Literal, cast

from switchboard.domain.catalogue_reader import SOURCE, check_name
from switchboard.domain.cells import Attribute
from switchboard.domain.reading import Reading
from switchboard.domain.ruleset import LastAgentProfile

PROFILE_KEYS: Final = (
    "seen_within", "min_talk", "hold", "from", "must", "never_if", "not_after", "outbound",
    "max_waiting_per_agent", "max_per_day", "if_unknown", "confirm_long_hold",
)  # fmt: skip
MUSTS: Final = ("logged_in", "ready", "has_queue")
IF_UNKNOWN: Final = ("try", "skip")
_WAITING: Final = range(1, 21)
_PER_DAY: Final = range(1001)  # 0 is no limit


def read_profiles(
    reading: Reading, raw: object, attributes: Mapping[str, Attribute]
) -> dict[str, LastAgentProfile]:
    specs = reading.mapping("last_agent", raw)
    flags = tuple(a.name for a in attributes.values() if a.type == "flag")
    return {name: _ProfileReader(reading, name, spec).read(flags) for name, spec in specs.items()}


class _ProfileReader:
    def __init__(self, reading: Reading, name: str, raw: object) -> None:
        self._reading = reading
        self._where = f"last_agent.{name}"
        self._usual = LastAgentProfile(name)
        check_name(reading, self._where, name)
        self._spec = reading.mapping(self._where, raw)
        reading.known_keys(self._where, self._spec, PROFILE_KEYS)

    def read(self, flags: tuple[str, ...]) -> LastAgentProfile:
        usual = self._usual
        return LastAgentProfile(
            id=usual.id,
            sources=self._sources() or usual.sources,
            seen_within_s=self._duration("seen_within", usual.seen_within_s),
            min_talk_s=self._duration("min_talk", usual.min_talk_s),
            hold_s=self._duration("hold", usual.hold_s),
            must=self._words("must", MUSTS),
            never_if=self._words("never_if", flags),
            not_after=self._words("not_after", None),
            outbound=self._flag("outbound", default=usual.outbound),
            max_waiting=self._whole("max_waiting_per_agent", usual.max_waiting, _WAITING),
            max_per_day=self._whole("max_per_day", usual.max_per_day, _PER_DAY),
            if_unknown=cast("Literal['try', 'skip']", self._if_unknown()),
            confirms_long_hold=self._flag("confirm_long_hold", default=usual.confirms_long_hold),
        )

    def _sources(self) -> tuple[str, ...]:
        sources = self._words("from", None)
        for source in sources:
            is_crm = source.startswith("crm.") and SOURCE.fullmatch(source)
            if source != "history" and not is_crm:
                told = f"{source!r}: write history, or a value of the CRM, as crm.owner"
                self._reading.problem(f"{self._where}.from", told)
        return sources

    def _words(self, key: str, allowed: tuple[str, ...] | None) -> tuple[str, ...]:
        words = self._reading.words(*self._at(key))
        for word in words if allowed is not None else ():
            self._reading.one_of(f"{self._where}.{key}", word, allowed or ())
        return words

    def _if_unknown(self) -> str:
        where, said = self._at("if_unknown")
        if said is None:
            return self._usual.if_unknown
        return self._reading.one_of(where, said, IF_UNKNOWN)

    def _duration(self, key: str, default: float) -> float:
        return self._reading.duration(*self._at(key), default=default)

    def _flag(self, key: str, *, default: bool) -> bool:
        return self._reading.flag(*self._at(key), default=default)

    def _whole(self, key: str, default: int, span: range) -> int:
        return self._reading.whole(*self._at(key), default=default, span=span)

    def _at(self, key: str) -> tuple[str, Any]:
        return f"{self._where}.{key}", self._spec.get(key)
