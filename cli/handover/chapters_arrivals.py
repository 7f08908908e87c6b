"""The chapters of the methods that a flow calls: what comes back, and what it does with that."""

from collections.abc import Iterator

from cli.handover.advice import ACTIONS, OUTCOMES
from cli.handover.blocks import (
    Block,
    Bullets,
    Heading,
    Note,
    Paragraph,
    Table,
    as_code,
    words_as_code,
)
from cli.handover.methods import Method
from cli.handover.parts import (
    Content,
    parameter_table,
    purpose,
    see_samples,
    settings,
    value_row,
)
from cli.handover.returned import words_in_words
from switchboard.contracts.answers import LookupAnswer


def arrival(of: Content, method: Method) -> Iterator[Block]:
    yield Heading(1, f"Method: {method.key}", method.key)
    yield Paragraph(purpose(of, method))
    yield settings(of, method)
    yield parameter_table(of, method, "HTTP Parameters")
    yield from _return_values(of, method)
    yield from _outcomes(of, method)
    if method.answers is not LookupAnswer:
        yield from _decisions(of)
    yield from _on_fault(of, method)
    yield see_samples(of, method)


def _return_values(of: Content, method: Method) -> Iterator[Block]:
    values = of.values[method.key]
    yield Table(
        "Return Values",
        ("Key", "Flow Variable", "Kind", "Longest", "Can be", "Meaning"),
        tuple(
            (as_code(value.name), as_code(value.variable), *value_row(value)[1:])
            for value in values
        ),
        (17, 20, 9, 8, 19, 27),
    )
    better = [value for value in values if value.field]
    yield Note(
        "If a Return Value can write a field of ECS, these belong there instead: "
        + "; ".join(f"`{value.name}` in {value.field}" for value in better)
        + "."
    )
    if clashes := words_in_words(values):
        pairs = ", ".join(f"{as_code(other)} contains {as_code(one)}" for _, one, other in clashes)
        yield Note(f"In a Branch test words with Is, never with Contains: {pairs}.", "Important")


def _outcomes(of: Content, method: Method) -> Iterator[Block]:
    (outcome,) = [one for one in of.values[method.key] if one.name == "outcome"]
    yield Table(
        f"Branch: Flow Variable {outcome.variable}, operator Is",
        ("Filter", "What it means", "What the flow does"),
        tuple(
            (as_code(word), OUTCOMES[word].means, _doing(of, method, word))
            for word in outcome.words
        ),
        (14, 42, 44),
    )


def _doing(of: Content, method: Method, word: str) -> str:
    """A flow that asks where to go needs to know no outcome: it is told."""
    if method.answers is LookupAnswer or word in {"ambiguous", "unreadable"}:
        return OUTCOMES[word].do
    return "Follow `action`: the rules have taken it into account."


def _decisions(of: Content) -> Iterator[Block]:
    rows = of.stage.ruleset.rows
    actions = dict.fromkeys(row.then.action for row in rows)
    yield Table(
        "Branch: Flow Variable sb_action, operator Is",
        ("Filter", "What the flow does"),
        tuple((as_code(action), ACTIONS[action]) for action in actions),
        (20, 80),
    )
    yield Table(
        "What the published rules can decide",
        ("row", "action", "business_process", "priority_class", "prompts", "preferred_agent"),
        tuple(
            (
                as_code(row.id),
                as_code(row.then.action),
                as_code(row.then.business_process),
                as_code(row.then.priority_class),
                words_as_code(row.then.prompts) or "(none)",
                "the last agent" if row.then.last_agent else "(empty)",
            )
            for row in rows
        ),
        (20, 14, 20, 16, 15, 15),
    )
    yield Bullets(
        (
            "Make a leg for every Business Process, and let what no filter knows go to "
            f"{as_code(rows[-1].then.business_process)}: rules are published without a change "
            "in ECS.",
            "Play `prompt_1` to `prompt_3` in order, each unless it is empty. Each word is the "
            "key of a prompt in the Media Repository.",
            "If `preferred_agent` Is Not empty: Assign Agent by Extension; its leg No Agent "
            "Found goes on to the Queue.",
            "Add Remark with the property `sb_remark`, so that the agent reads why.",
        )
    )


def _on_fault(of: Content, method: Method) -> Iterator[Block]:
    yield Heading(2, f"On FAULT of {method.key}", f"{method.key}-on-fault")
    last = of.stage.ruleset.rows[-1].then
    prompts = words_as_code(last.prompts)
    way_on = (
        "Go on as with the outcome `degraded`: the flow's own path for somebody unknown."
        if method.answers is LookupAnswer
        else f"Go on as the last rule would: {as_code(last.action)}, Business Process "
        f"{as_code(last.business_process)}, Priority Class {as_code(last.priority_class)}"
        + (f", prompts {prompts}." if prompts else ".")
    )
    yield Bullets(
        (
            way_on,
            "Do not call again in the same flow: the caller has waited long enough.",
            "Never end the interaction, and never tell the caller of it.",
            "Variables may hold nothing: that is why the flow sets them to empty at its beginning.",
            "Add Remark with a constant, such as “No data from Switchboard”, so that the agent "
            "knows.",
            "Leave the triggers as they are: the record is written all the same, and finds its "
            "customer by the number.",
            "Let Add To Log note it. Several in a row are a case for Switchboard's operator.",
        )
    )
