"""Which interactions a posting profile takes: lists of words, each about one field."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

HANDLED: Final = "handled"
NOT_HANDLED: Final = "not_handled"

_Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PostingFilter:
    """What each field may be; a list without words lets everything through.

    Capitals and outer blanks never matter. Of a dialed number only the digits count, of an agent
    the name or the extension.
    """

    business_processes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()
    dispositions: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    dialed_numbers: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()

    def lets_through(self, told: _Fields) -> bool:
        return not self.mismatch(told)

    def mismatch(self, told: _Fields) -> str:
        """What the filter takes instead, such as "takes channel voice only"; empty when it fits.

        Names neither agents nor numbers: it stands in logs.
        """
        for name, words in self.conditions():
            aspect = ASPECTS[name]
            allowed = {aspect.compared(word) for word in words}
            if not allowed.intersection(map(aspect.compared, aspect.values(told))):
                return f"takes {aspect.told(words)} only"
        return ""

    def conditions(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The lists that have words, by name."""
        every = ((name, getattr(self, name)) for name in ASPECTS)
        return ((name, words) for name, words in every if words)

    def covers(self, other: "PostingFilter") -> bool:
        """Whether this one surely lets through whatever the other does."""
        narrow = dict(other.conditions())
        return all(
            name in narrow and _compared(name, narrow[name]) <= _compared(name, words)
            for name, words in self.conditions()
        )


EVERYTHING: Final = PostingFilter()


@dataclass(frozen=True, slots=True)
class NeverRule:
    """What is not written, whatever else is said, and why."""

    filter: PostingFilter
    why: str


def folded(text: str) -> str:
    """A word as it is compared."""
    return text.strip().casefold()


def outcome_of(told: _Fields) -> str:
    """Whether somebody handled it. ECS names no field that says so for certain.

    An agent who is named, or any handling time, counts as handled.
    """
    has_agent = told.get("agent_name", "").strip() or told.get("agent_extension", "").strip()
    return HANDLED if has_agent or _is_positive(told.get("handle_s", "")) else NOT_HANDLED


@dataclass(frozen=True, slots=True)
class _Aspect:
    """One thing that a filter looks at. Without a `label` its words are nobody else's business."""

    label: str
    values: Callable[[_Fields], tuple[str, ...]]
    compared: Callable[[str], str] = folded
    shows_words: bool = True

    def told(self, words: tuple[str, ...]) -> str:
        return f"{self.label} {' or '.join(words)}" if self.shows_words else self.label


def _one(name: str) -> Callable[[_Fields], tuple[str, ...]]:
    return lambda told: (told.get(name, ""),)


def _agent(told: _Fields) -> tuple[str, ...]:
    return told.get("agent_name", ""), told.get("agent_extension", "")


def _outcome(told: _Fields) -> tuple[str, ...]:
    return (outcome_of(told),)


def _digits(text: str) -> str:
    """A number without its punctuation; an address as it is."""
    digits = "".join(character for character in text if character.isdigit())
    has_letters = any(character.isalpha() or character == "@" for character in text)
    return folded(text) if has_letters or not digits else digits


ASPECTS: Final[Mapping[str, _Aspect]] = {
    "business_processes": _Aspect("Business Process", _one("business_process")),
    "channels": _Aspect("channel", _one("channel")),
    "directions": _Aspect("direction", _one("direction")),
    "dispositions": _Aspect("disposition", _one("disposition_code")),
    "outcomes": _Aspect("outcome", _outcome),
    "dialed_numbers": _Aspect(
        "some dialed numbers", _one("dialed_number"), _digits, shows_words=False
    ),
    "agents": _Aspect("some agents", _agent, shows_words=False),
}


def _compared(name: str, words: tuple[str, ...]) -> set[str]:
    return {ASPECTS[name].compared(word) for word in words}


def _is_positive(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
