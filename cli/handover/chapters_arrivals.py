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
from cli.handover.questions import to_confirm
from cli.handover.returned import VARIABLE_PREFIX, words_in_words
from cli.handover.sent import ATTEMPTS, CHOICE_VARIABLE, counts_attempts, variable_for_rules
from switchboard.contracts.answers import LookupAnswer
from switchboard.domain.ruleset import Outcome, Queue, Ruleset


def arrival(of: Content, method: Method) -> Iterator[Block]:
    yield Heading(1, f"Method: {method.key}", method.key)
    yield Paragraph(purpose(of, method))
    yield settings(of, method)
    yield parameter_table(of, method, "HTTP Parameters")
    yield from _return_values(of, method)
    yield from _outcomes(of, method)
    yield from _several(of, method)
    if method.answers is not LookupAnswer:
        yield from decisions(of, method)
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
    words = outcome.words
    yield Table(
        f"Branch: Flow Variable {outcome.variable}, operator Is",
        ("Filter", "What it means", "What the flow does"),
        (
            *((as_code(word), OUTCOMES[word].means, _doing(of, method, word)) for word in words),
            ("anything else, or empty", "No answer of ours arrived.", "As on FAULT."),
        ),
        (14, 42, 44),
    )


def _doing(of: Content, method: Method, word: str) -> str:
    """A flow that asks where to go needs to know no outcome: it is told."""
    if word == "ambiguous":
        return f"[Ask which one](#{_several_anchor(method)}). Else {_when_open(method)}."
    if method.answers is not LookupAnswer:
        return "Follow `action`: the rules have taken it into account."
    if word == "withheld" and of.stage.identifies_by("account_number"):
        return f"{OUTCOMES[word].do} The flow may ask for an account number and call again."
    return OUTCOMES[word].do


def _several(of: Content, method: Method) -> Iterator[Block]:
    """Asked once: the second answer is final, whatever it is."""
    yield Heading(2, f"Several customers: {method.key}", _several_anchor(method))
    choice = f"`{CHOICE_VARIABLE}`"
    yield Bullets(
        (
            f"Set {choice} to empty at the beginning of the flow ({to_confirm('Variables')}).",
            f"If `{VARIABLE_PREFIX}choice_1_id` Is Not empty, and {choice} Is empty "
            f"({to_confirm('Variables')}): read out the labels that are not empty, with Prompt and "
            f"Collect Selection ({to_confirm('Spoken text')}).",
            "Offer `0` for none of these.",
            f"Put the chosen id into {choice} ({to_confirm('Variables')}), send it as "
            "`customer_id`, and call this method again, once.",
            "If it is still `ambiguous`, if the caller chose none of these, or if there was "
            f"nothing to choose: {_when_open(method)}.",
        ),
        numbered=True,
    )


def _several_anchor(method: Method) -> str:
    return f"{method.key}-several"


def _when_open(method: Method) -> str:
    if method.answers is LookupAnswer:
        return "go on as with `unknown`"
    return "follow `action`"


def decisions(of: Content, method: Method) -> Iterator[Block]:
    rules = of.stage.ruleset
    rows = rules.route.rows
    actions = dict.fromkeys(row.then.action for row in rows)
    yield Table(
        "Branch: Flow Variable sb_action, operator Is",
        ("Filter", "What the flow does"),
        (
            *((as_code(action), _acting(of, method, action)) for action in actions),
            ("anything else", f"As {as_code('queue')}."),
        ),
        (20, 80),
    )
    yield Table(
        "What the published rules can decide",
        ("row", "action", "business_process", "demand", "priority_class", "prompts", "agent"),
        tuple(
            (
                as_code(row.id),
                as_code(row.then.action),
                as_code(_process(rules, row.then)),
                as_code(_queue(rules, row.then).demand) if row.then.queue else "(empty)",
                as_code(_class(row.then)),
                _prompts(row.then),
                _agent(row.then),
            )
            for row in rows
        ),
        (20, 12, 16, 13, 11, 16, 12),
    )
    yield Bullets(
        (
            "Make a leg for every Business Process, and let what no filter knows go to "
            f"{as_code(_process(rules, rows[-1].then))}: rules are published without a change "
            "in ECS.",
            "Play `prompt_1` to `prompt_3` in order, each unless it is empty. Each word stands for "
            "a prompt that you keep in the Media Repository: make a Branch with a leg for each. "
            f"{to_confirm('Prompts and remarks')}.",
            f"If `preferred_agent` Is Not empty ({to_confirm('Variables')}): Assign Agent by "
            f"{'Extension' if rules.agent_form == 'extension' else 'Name'} "
            f"({to_confirm('Agents')}); its leg No Agent Found goes on to the Queue. "
            "`preferred_agent_hold_s` is how long nobody else should have the interaction.",
            "If `demand` Is Not empty, set it before the Queue, where a Business Process routes "
            f"by skill ({to_confirm('Priority')}).",
            "`avoid_agent` is who must not have the interaction. Where that matters, route such "
            "interactions to a Business Process or Demand that others serve.",
            f"Add Remark with `sb_remark` ({to_confirm('Prompts and remarks')}), so that the agent "
            "reads why.",
        )
    )


def _acting(of: Content, method: Method, action: str) -> str:
    """Where rules count attempts, they say what comes after self-service, too."""
    if action != "self_service" or not counts_attempts(of.stage.ruleset):
        return ACTIONS[action]
    return (
        "Play the prompts and offer self-service. For who is not helped by it, set "
        f"{as_code(variable_for_rules(ATTEMPTS))} one higher, `1` the first time "
        f"({to_confirm('Variables')}), send it as {as_code(ATTEMPTS)}, call {as_code(method.key)} "
        "again, and follow what it answers then."
    )


def _on_fault(of: Content, method: Method) -> Iterator[Block]:
    yield Heading(2, f"On FAULT of {method.key}", f"{method.key}-on-fault")
    rules = of.stage.ruleset
    last = rules.route.rows[-1].then
    prompts = words_as_code(last.prompts or ())
    way_on = (
        "Go on as with the outcome `degraded`: the flow's own path for somebody unknown."
        if method.answers is LookupAnswer
        else f"Go on as the last rule would: {as_code(last.action)}, Business Process "
        f"{as_code(_process(rules, last))}, Priority Class {as_code(_class(last))}"
        + (f", prompts {prompts}." if prompts else ".")
    )
    yield Bullets(
        (
            way_on,
            "Do not call again in the same flow: the caller has waited long enough.",
            "Never end the interaction, and never tell the caller of it.",
            "Variables may hold nothing: that is why the flow sets them to empty at its beginning. "
            f"{to_confirm('Variables')}.",
            "Add Remark with a constant, such as “No data from Switchboard”, so that the agent "
            "knows.",
            "Leave the triggers as they are: the record is written all the same, and finds its "
            "customer by the number, if only one has it.",
            "Let Add To Log note it. Several in a row are a case for Switchboard's operator.",
        )
    )


def _queue(rules: Ruleset, then: Outcome) -> Queue:
    return rules.queues.get(then.queue, Queue("", ""))


def _process(rules: Ruleset, then: Outcome) -> str:
    return _queue(rules, then).business_process


def _class(then: Outcome) -> str:
    return then.priority.class_name if then.priority else ""


def _prompts(then: Outcome) -> str:
    if then.prompts is None:
        return "by the tables that add them"
    return words_as_code(then.prompts) or "(none)"


def _agent(then: Outcome) -> str:
    if then.avoids_last_agent:
        return "not the last agent"
    return f"by {as_code(then.last_agent)}" if then.last_agent else "(empty)"
