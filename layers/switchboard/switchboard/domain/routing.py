"""Where a contact goes, and why. Facts are gathered first; deciding does no I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from switchboard.domain.cells import Attribute, Cell
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.ruleset import Outcome, Row, Ruleset, Story

_TRUE_WORDS = frozenset({"true", "yes", "1"})
_FALSE_WORDS = frozenset({"false", "no", "0"})


@dataclass(frozen=True, slots=True)
class Decision:
    """The first row that matched, what it read, and a sentence that says so."""

    ruleset: str
    row: str
    then: Outcome
    because: str
    read: Mapping[str, Scalar] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Passed:
    """A row that did not decide, and the first of its cells that failed."""

    row: str
    why: str


def decide(ruleset: Ruleset, facts: Mapping[str, Scalar], *, digest: str = "") -> Decision:
    """The first row whose cells all hold. A checked ruleset always has one."""
    row = next(row for row in ruleset.rows if _failing(row, facts) is None)
    read = {cell.attribute: facts.get(cell.attribute) for cell in row.cells}
    return Decision(digest, row.id, row.then, _because(row, facts), read)


def explain(ruleset: Ruleset, facts: Mapping[str, Scalar]) -> tuple[Passed, ...]:
    """Why each row before the deciding one did not match."""
    return tuple(_passed(ruleset, facts))


def failing_stories(ruleset: Ruleset) -> tuple[str, ...]:
    """One line for each story in the file that the ruleset does not keep."""
    return tuple(line for story in ruleset.stories if (line := _failure(ruleset, story)))


def gather_facts(
    attributes: Mapping[str, Attribute],
    *,
    ecs: Mapping[str, Scalar],
    lookup: Mapping[str, Scalar],
    customer: Customer | None,
    history: Mapping[str, Scalar],
) -> dict[str, Scalar]:
    """The value of every attribute, from its source and as its type; None when there is none."""
    sources = {
        "ecs": ecs,
        "lookup": lookup,
        "crm": customer.attributes if customer else {},
        "history": history,
    }
    facts: dict[str, Scalar] = {}
    for attribute in attributes.values():
        source, _, name = attribute.source.partition(".")
        facts[attribute.name] = _typed(attribute, sources[source].get(name))
    return facts


def facts_of(attributes: Mapping[str, Attribute], said: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Facts by attribute name, each as its attribute's type; None for what was not said."""
    return {name: _typed(attribute, said.get(name)) for name, attribute in attributes.items()}


def _passed(ruleset: Ruleset, facts: Mapping[str, Scalar]) -> Iterator[Passed]:
    for row in ruleset.rows:
        cell = _failing(row, facts)
        if cell is None:
            return
        yield Passed(row.id, f"{_read(cell, facts)}, needs {cell.text}")


def _failing(row: Row, facts: Mapping[str, Scalar]) -> Cell | None:
    return next((cell for cell in row.cells if not cell.holds(facts.get(cell.attribute))), None)


def _because(row: Row, facts: Mapping[str, Scalar]) -> str:
    if not row.cells:
        return f"{row.id}: no other rule applied"
    return f"{row.id}: " + " and ".join(_read(cell, facts) for cell in row.cells)


def _read(cell: Cell, facts: Mapping[str, Scalar]) -> str:
    value = facts.get(cell.attribute)
    name = cell.attribute.replace("_", " ")
    match value:
        case None:
            return f"{name} is not known"
        case bool():
            return f"{name} is {'true' if value else 'false'}"
        case float():
            return f"{name} is {value:g}"
    return f"{name} is {value}"


def _failure(ruleset: Ruleset, story: Story) -> str:
    decision = decide(ruleset, story.given)
    got = {
        "row": decision.row,
        "do": decision.then.action,
        "business_process": decision.then.business_process,
        "prompts": list(decision.then.prompts),
    }
    wrong = {k: got.get(k) for k, wanted in story.expect.items() if got.get(k) != wanted}
    return f"test {story.name!r}: expected {dict(story.expect)}, got {wrong}" if wrong else ""


def _typed(attribute: Attribute, value: Scalar) -> Scalar:
    if value is None or value == "":
        return None
    match attribute.type:
        case "flag":
            return _as_flag(value)
        case "number":
            return _as_number(value)
        case "choice":
            return str(value) if str(value) in attribute.values else None


def _as_flag(value: Scalar) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in _TRUE_WORDS else False if word in _FALSE_WORDS else None


def _as_number(value: Scalar) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value or 0)
    except (ValueError, OverflowError):
        return None
