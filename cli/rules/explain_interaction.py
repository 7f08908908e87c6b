"""Why a recorded interaction went where it went, by the rules of that moment."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any, NoReturn

import typer

from cli.deployment import target
from cli.publishing import publications_of
from cli.rules.named_ruleset import NamedRuleset, ruleset_version
from cli.rules.printable import printable
from cli.rules.telling import refusing
from cli.rules.told import told
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.cells import Attribute, Value
from switchboard.domain.facts import fact_text, recalled
from switchboard.domain.routing import decide, explain
from switchboard.domain.routing_record import RoutingRecord
from switchboard.errors import Misconfigured, NotFound
from switchboard.ports import LedgerRow, Publications


def explain_interaction(interaction_id: str, stack: str | None) -> None:
    """Tell it, or end the command with what there is to do."""
    where = target(stack)
    ledger = DynamoDbInteractionLedger(
        DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
    )
    with refusing():
        routing = _routing(ledger.read(interaction_id))
        for line in explained(routing, publications_of(where)):
            typer.echo(printable(line))


def explained(routing: RoutingRecord, publications: Publications) -> Iterator[str]:
    """The rows that did not match, the one that did, and what else came into it."""
    at = routing.at.astimezone(UTC)
    yield f"decided {at:%Y-%m-%d %H:%M:%S} UTC by {routing.arm} {routing.ruleset}"
    try:
        rules = ruleset_version(routing.ruleset, publications)
    except (NotFound, Misconfigured) as error:
        yield from _without_rules(routing, str(error))
    else:
        yield from _with_rules(routing, rules)
    yield f"last agent: {routing.agents_tried or 'nobody was looked for'}"
    if routing.agent:
        yield f"  {routing.agent} preferred, held for {routing.hold_s:g} s"
    yield from _challenger(routing)


def _with_rules(routing: RoutingRecord, rules: NamedRuleset) -> Iterator[str]:
    attributes = rules.ruleset.attributes
    facts = recalled(attributes, routing.facts)
    for passed in explain(rules.ruleset, facts):
        yield f"not {passed.row}: {passed.why}"
    decision = decide(rules.ruleset, facts)
    yield from told(rules.ruleset, decision)
    if decision.collected:
        yield f"  added by {', '.join(decision.collected)}"
    if decision.row != routing.row:
        yield f"  but then {routing.row} had decided: this release reads the rules differently"
    yield from _known(attributes, facts)


def _known(attributes: Mapping[str, Attribute], facts: Mapping[str, Value]) -> Iterator[str]:
    """What could be looked at: every value, and what there was none of."""
    values = [
        f"{name} {fact_text(attribute, facts[name])}"
        for name, attribute in attributes.items()
        if facts[name] is not None
    ]
    missing = [name for name in attributes if facts[name] is None]
    yield f"known: {'; '.join(values) or 'nothing'}"
    yield f"missing: {', '.join(missing) or 'nothing'}"


def _without_rules(routing: RoutingRecord, why: str) -> Iterator[str]:
    """What the record alone tells."""
    yield f"its rules cannot be shown: {why}"
    yield f"decided by {routing.row}"
    yield f"  {routing.action} {routing.queue}".rstrip()
    if routing.priority_s:
        yield f"  head start {routing.priority_s:g} s"
    yield f"  prompts {', '.join(routing.prompts) or 'none'}"
    facts = (f"{source} = {_written(fact)}" for source, fact in routing.facts.items())
    yield f"known: {'; '.join(facts) or 'nothing'}"


def _challenger(routing: RoutingRecord) -> Iterator[str]:
    if not routing.challenger:
        return
    if routing.arm == "challenger":
        yield f"challenger: it decided, in a split; version {routing.challenger}"
        return
    same = "the same row" if routing.challenger_row == routing.row else routing.challenger_row
    yield f"challenger: {routing.challenger} would have chosen {same}"


def _written(fact: Any) -> str:
    if isinstance(fact, list):
        return ", ".join(fact) or "none"
    return "missing" if fact is None else str(fact)


def _routing(row: LedgerRow | None) -> RoutingRecord:
    if row is None:
        _fail("No trigger and no lookup with this interaction id reached us, or it has expired.")
    if row.arrival is None or row.arrival.routing is None:
        _fail(
            "No decision is recorded for it: the flow asked for a lookup only, or it was routed "
            "before decisions were recorded. `switchboard explain` tells what there is."
        )
    return row.arrival.routing


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)
