"""What each Return Value can be, and where ECS should keep it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from pydantic.fields import FieldInfo

from cli.handover.methods import Method
from cli.handover.stage import Stage
from switchboard.contracts.answers import RouteAnswer, TriggerAnswer
from switchboard.contracts.attributes import AttributeSpec
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.ambiguity import Policy
from switchboard.domain.challenger import ARMS
from switchboard.domain.customer import NotAsked, Scalar, Source
from switchboard.domain.ruleset import Ruleset
from switchboard.edges.flat import LONGEST_VALUE, flat
from switchboard.edges.routing_answer import FLAG, PROMPTS
from switchboard.use_cases.arrival_lookup import MatchedBy
from switchboard.use_cases.lookup_settings import LONGEST_BUDGET_MS

# Before our names, so that none of ECS's or of the flow's own is met.
VARIABLE_PREFIX: Final = "sb_"
_YES_OR_NO: Final = ("true", "false")
# Names that only rules give: other rules may give longer ones, or the first where there is none.
_LONGEST_NAME: Final = 64
_NAMED_BY_RULES: Final = frozenset(f"prompt_{number}" for number in range(1, PROMPTS + 1))
_NOT_ASKED: Final[tuple[str, ...]] = get_args(NotAsked.__annotations__["reason"])
# A policy that decides nothing leaves no trace in the answer.
_LEAVE_OPEN: Final = frozenset({"ask", "unknown"})

Kind = Literal[
    "word", "text", "whole number", "number", "yes or no", "day or time", "address", "id"
]

# By what ECS's own fields are called in its public pages. Whether a Return Value can write one is
# a question of the sheet.
_FIELDS: Final[Mapping[str, str]] = {
    "customer_name": "the contact's name",
    "priority_class": "the Priority Class",
    "screen_pop_url": "what Automatic Popup Link opens",
}


@dataclass(frozen=True, slots=True)
class ReturnValue:
    """One key of an answer. `words` are all that it can be, and empty where that is open.

    `field` is a field of ECS's own that would be better than a variable.
    """

    name: str
    kind: Kind
    meaning: str
    longest: int = LONGEST_VALUE
    words: tuple[str, ...] = ()
    is_attribute: bool = False

    @property
    def variable(self) -> str:
        return VARIABLE_PREFIX + self.name

    @property
    def field(self) -> str:
        return _FIELDS.get(self.name, "")


def return_values(method: Method, stage: Stage) -> tuple[ReturnValue, ...]:
    """Every key of the method's answer, in the answer's order."""
    own = tuple(
        _described(name, field, stage) for name, field in method.answers.model_fields.items()
    )
    if method.answers is TriggerAnswer:
        return own
    flags = _flags(stage) if method.answers is RouteAnswer else ()
    return (*own, *flags, *_attributes(stage.lookup))


def outcome_words() -> tuple[str, ...]:
    """Everything that a lookup may come to."""
    return ("known", "unknown", "ambiguous", *_NOT_ASKED, "degraded")


def words_in_words(values: Iterable[ReturnValue]) -> list[tuple[str, str, str]]:
    """(key, word, other word that contains it): what a Branch must not test with Contains."""
    return [
        (value.name, word, other)
        for value in values
        for word in value.words
        for other in value.words
        if word and word != other and word in other and not word.isdecimal()
    ]


def _described(name: str, field: FieldInfo, stage: Stage) -> ReturnValue:
    meaning = field.description or _MEANINGS.get(name, "")
    if words := _words(name, stage):
        longest = max(_longest(words), _LONGEST_NAME if name in _NAMED_BY_RULES else 0)
        return ReturnValue(name, "word", meaning, longest, words)
    kind, longest = _SHAPES.get(name, ("text", LONGEST_VALUE))
    if field.annotation is int and name not in _SHAPES:
        kind = "whole number"
    return ReturnValue(name, kind, meaning, longest)


def _words(name: str, stage: Stage) -> tuple[str, ...]:
    """All that a key can be, where contracts, configuration or ruleset say so."""
    rules = stage.ruleset
    decided = [row.then for row in rules.route.rows]
    priorities = [then.priority for then in decided if then.priority]
    if name in _NAMED_BY_RULES:
        return _prompts(rules, int(name.rpartition("_")[2]))
    found: Mapping[str, Iterable[str]] = {
        "outcome": outcome_words(),
        "source": get_args(Source),
        "matched_by": ("", *filter(stage.identifies_by, get_args(MatchedBy))),
        "resolved_by": ("", "choice", *(p for p in get_args(Policy) if p not in _LEAVE_OPEN)),
        "action": (then.action for then in decided),
        "queue": ("", *rules.queues),
        "business_process": ("", *rules.business_processes),
        "demand": ("", *(queue.demand for queue in rules.queues.values())),
        "priority_class": (priority.class_name for priority in priorities),
        "priority_seconds": (str(round(priority.seconds)) for priority in priorities),
        "self_service_flow": ("", *(then.flow for then in decided)),
        "row": (row.id for row in rules.route.rows),
        "arm": ARMS,
        "accepted": ("true",),
        "duplicate": _YES_OR_NO,
    }
    return _each_once(flat({"": word})[""] for word in found.get(name, ()))


def _prompts(rules: Ruleset, number: int) -> tuple[str, ...]:
    """Each that some row puts there itself; and any of those that tables add, where one asks."""
    said = [row.then.prompts for row in rules.route.rows]
    named = [prompts[number - 1] for prompts in said if prompts and len(prompts) >= number]
    added = [p for table in rules.tables[1:] for row in table.rows for p in row.then.prompts or ()]
    may_be_added = None in said and len(set(added)) >= number
    return _each_once(("", *named, *(added if may_be_added else ())))


def _flags(stage: Stage) -> Iterable[ReturnValue]:
    for name in stage.ruleset.flags:
        meaning = f"Whether the rules set the flag `{name}`."
        longest = _longest(_YES_OR_NO)
        yield ReturnValue(f"{FLAG}{name}", "yes or no", meaning, longest, _YES_OR_NO)


def _attributes(lookup: LookupConfiguration) -> Iterable[ReturnValue]:
    for name, spec in lookup.attributes.items():
        yield _attribute(name, spec, lookup)


def _attribute(name: str, spec: AttributeSpec, lookup: LookupConfiguration) -> ReturnValue:
    origin, field = spec.place(name)
    default = flat({"": spec.default})[""]
    meaning = f"{_ORIGINS[origin]} `{field}`; {f'`{default}`' if default else 'empty'} if none."
    table = lookup.tables.get(spec.table)
    if table:
        words = _each_once(flat({"": value})[""] for value in (*table.outcomes, spec.default))
        return ReturnValue(name, "word", meaning, _longest(words), words, is_attribute=True)
    if spec.yes_if is not None or spec.type == "flag" or isinstance(spec.default, bool):
        words = _each_once((*_YES_OR_NO, default))
        return ReturnValue(name, "yes or no", meaning, _longest(words), words, is_attribute=True)
    kind = _kind(spec)
    longest = spec.longest if kind == "text" else _LONGEST_OF.get(kind, LONGEST_VALUE)
    return ReturnValue(name, kind, meaning, longest, is_attribute=True)


def _kind(spec: AttributeSpec) -> Kind:
    if spec.derived:
        return "whole number"
    if spec.type in {"date", "moment"}:
        return "day or time"
    return "number" if spec.type == "number" or _is_number(spec.default) else "text"


def _is_number(value: Scalar) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _longest(words: Iterable[str]) -> int:
    return max(len(word) for word in words)


_ORIGINS: Final[Mapping[str, str]] = {
    "crm": "The CRM's",
    "history": "From our own records:",
    "customer": "The customer's",
}
_LONGEST_OF: Final[Mapping[Kind, int]] = {"number": 30, "whole number": 10, "day or time": 32}
_SHAPES: Final[Mapping[str, tuple[Kind, int]]] = {
    "match_count": ("whole number", 5),
    "elapsed_ms": ("whole number", len(str(LONGEST_BUDGET_MS)) + 1),
    "request_id": ("id", 64),
    "interaction_id": ("id", 128),
    "customer_id": ("id", LONGEST_VALUE),
    "choice_1_id": ("id", LONGEST_VALUE),
    "choice_2_id": ("id", LONGEST_VALUE),
    "choice_3_id": ("id", LONGEST_VALUE),
    "screen_pop_url": ("address", LONGEST_VALUE),
    "ruleset": ("id", 16),
}
_MEANINGS: Final[Mapping[str, str]] = {
    "prompt_2": "Key of the second prompt; empty for none.",
    "prompt_3": "Key of the third prompt; empty for none.",
    "choice_1_label": "What to say for the first choice.",
    "choice_2_id": "The second choice; empty for none.",
    "choice_2_label": "What to say for it.",
    "choice_3_id": "The third choice; empty for none.",
    "choice_3_label": "What to say for it.",
    "interaction_id": "The interaction that it was kept for.",
    "request_id": "Joins our log lines.",
}
