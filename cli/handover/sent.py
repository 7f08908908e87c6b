"""Where ECS takes each parameter from.

Rule: ECS's own list of values is not public, so a value is described and never named, and what no
public page of ECS says is marked to be confirmed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cli.handover.blocks import as_code, words_as_code
from cli.handover.methods import Method
from cli.handover.returned import VARIABLE_PREFIX
from cli.handover.stage import Stage
from switchboard.contracts.answers import RouteAnswer
from switchboard.domain.cells import Attribute
from switchboard.domain.ruleset import Ruleset

CHOICE_VARIABLE: Final = f"{VARIABLE_PREFIX}choice"
# How often self-service did not help, where rules look at it.
ATTEMPTS: Final = "self_service_attempts"
# Apart from the Return Values' variables, which may have the same names.
_RULES_PREFIX: Final = f"{VARIABLE_PREFIX}sent_"
_OF_ECS: Final = "ecs."
_AFTER: Final = "once our lookup answered"


@dataclass(frozen=True, slots=True)
class Value:
    """A value of ECS's. `is_documented`: a public page of ECS says that it can be passed."""

    description: str
    known: str = "from the start"
    is_documented: bool = False
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One HTTP Parameter of a method. `is_for_rules`: only the published rules ask for it."""

    name: str
    value: Value
    meaning: str
    is_for_rules: bool = False


# Source of what is documented: ECS Integration Capabilities via REST API; API Trigger.
_INTERACTION_ID: Final = Value("Interaction: its unique id", is_needed=True)
_COMMON: Final[Mapping[str, Value]] = {
    "interaction_id": _INTERACTION_ID,
    "channel": Value("Interaction: its media type (Telephony, Email, Chat, …)"),
    "contact": Value(
        "Interaction: the customer's telephone number; for e-mail the sender's address",
        is_documented=True,
        is_needed=True,
    ),
    "dialed_number": Value("Interaction: the number or address that the customer contacted"),
    "business_process": Value(
        "Business Process: its name", known="once it is in one", is_documented=True
    ),
}
_OF_ARRIVALS: Final[Mapping[str, Value]] = {
    **_COMMON,
    "account_number": Value(
        "Flow Variable that your flow fills with what the caller keyed in (Prompt and Collect "
        "Data)",
        known="if the flow asks for it",
    ),
    "customer_id": Value(
        f"Flow Variable `{CHOICE_VARIABLE}`, empty at the beginning, that your flow fills with the "
        "caller's choice: one of our `choice_1_id`, `choice_2_id` …",
        known="in a second call, after the prompt",
    ),
    "budget_ms": Value(
        "A constant: milliseconds, at least one second less than the Request Timeout. Only where a "
        "flow can wait longer, or less long, than this stage's usual time",
        known="where you set it",
    ),
}
_OF_TRIGGERS: Final[Mapping[str, Value]] = {
    **_COMMON,
    "occurred_at": Value("Interaction: the date and time of this event", is_documented=True),
    "direction": Value("Interaction: its origin, inbound or outbound"),
    "agent_name": Value("Agent: name", known="once offered to an agent", is_documented=True),
    "agent_extension": Value("Agent: extension", known="once offered to an agent"),
    "started_at": Value("Interaction: start date and time", is_documented=True),
    "ended_at": Value("Interaction: end date and time", known="at the end", is_documented=True),
    "duration_s": Value("Interaction: duration", known="at the end", is_documented=True),
    "queue_s": Value("Interaction: time in queue", known="at the end"),
    "handle_s": Value("Interaction: handling time", known="at the end"),
    "segment_state": Value("Segment: its state, such as Handling", known="at a Segment Change"),
    "segment_level": Value(
        "Segment: Channel, Business Process or Agent", known="at a Segment Change"
    ),
    "disposition_set": Value("Interaction: Disposition Code Set", known="after wrap-up"),
    "disposition_category": Value("Interaction: disposition category", known="after wrap-up"),
    "disposition_code": Value(
        "Interaction: Disposition Code", known="after wrap-up", is_documented=True
    ),
    "remarks": Value("Interaction: agent remarks", known="after wrap-up", is_documented=True),
    "customer_id": Value(
        f"Flow Variable `{VARIABLE_PREFIX}customer_id`: our `customer_id`", known=_AFTER
    ),
    "request_id": Value(
        f"Flow Variable `{VARIABLE_PREFIX}request_id`: our `request_id`", known=_AFTER
    ),
    "callback_reference": Value(
        "Interaction: the reference that we gave when we asked for this call",
        known="calls that we asked for",
    ),
}
_NOT_DESCRIBED_YET: Final = Value("To be agreed")


def parameters(method: Method, stage: Stage) -> tuple[Parameter, ...]:
    """Every parameter that is of use to this stage: in the contract's order, then the rules'."""
    read = _read_by_rules(stage.ruleset) if method.answers is RouteAnswer else {}
    is_of_use = stage.identifies_by("account_number") or "account_number" in read
    without_use = set() if is_of_use else {"account_number"}
    return (
        *(one for one in _every_parameter(method) if one.name not in without_use),
        *(
            _parameter_for_rules(name, attributes)
            for name, attributes in read.items()
            if name not in method.asks.model_fields
        ),
    )


def counts_attempts(rules: Ruleset) -> bool:
    """Whether they decide otherwise once self-service did not help."""
    return ATTEMPTS in _read_by_rules(rules)


def variable_for_rules(name: str) -> str:
    """The Flow Variable of a parameter that only rules ask for."""
    return _RULES_PREFIX + name


def _read_by_rules(rules: Ruleset) -> Mapping[str, Sequence[Attribute]]:
    """What rules read of ECS, by the parameter's name; two attributes may read the same."""
    read: dict[str, list[Attribute]] = {}
    for attribute in rules.attributes.values():
        if attribute.source.startswith(_OF_ECS):
            read.setdefault(attribute.source.removeprefix(_OF_ECS), []).append(attribute)
    return read


def _parameter_for_rules(name: str, attributes: Sequence[Attribute]) -> Parameter:
    forms = "; or ".join(dict.fromkeys(_form(attribute) for attribute in attributes))
    variable = as_code(variable_for_rules(name))
    value = Value(
        f"Flow Variable {variable}, empty at the beginning, that your flow sets: {forms}",
        known="once your flow has set it",
    )
    if name == ATTEMPTS:
        value = Value(
            f"Flow Variable {variable}, empty at the beginning, that your flow sets to how often "
            f"self-service did not help: {forms}",
            known="once self-service did not help",
        )
    names = words_as_code(attribute.name for attribute in attributes)
    return Parameter(name, value, f"What the published rules call {names}.", is_for_rules=True)


def _form(attribute: Attribute) -> str:
    """What its type reads."""
    match attribute.type:
        case "flag":
            return "`true` or `false`"
        case "number":
            return f"a number, in {attribute.unit}" if attribute.unit else "a number"
        case "choice":
            return f"one of {words_as_code(attribute.values)}"
        case "set":
            return f"any of {words_as_code(attribute.values)}, with commas between them"
        case "instant":
            return "a date and time, as ISO 8601 has it"


def _every_parameter(method: Method) -> tuple[Parameter, ...]:
    values = _OF_TRIGGERS if method.is_trigger else _OF_ARRIVALS
    return tuple(
        Parameter(name, values.get(name, _NOT_DESCRIBED_YET), field.description or "")
        for name, field in method.asks.model_fields.items()
    )


def is_described(method: Method) -> bool:
    """Whether somebody wrote down where ECS takes each of its parameters from."""
    return all(one.value is not _NOT_DESCRIBED_YET for one in _every_parameter(method))
