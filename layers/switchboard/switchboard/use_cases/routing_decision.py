"""Where does this interaction go? The ruleset decides, from what the lookup and the ledger know."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from switchboard.domain.cells import Value
from switchboard.domain.challenger import Difference, RunningChallenger, arm_of, difference
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.deadline import Deadline
from switchboard.domain.facts import gather_facts, is_unlisted, recorded, recorded_by_both
from switchboard.domain.hours import calendar_facts
from switchboard.domain.last_agent import AgentChoice
from switchboard.domain.routing import Decision, decide
from switchboard.domain.routing_controls import RoutingControls, active_switches
from switchboard.domain.routing_record import Arm, RoutingRecord, record_of
from switchboard.domain.ruleset import Ruleset
from switchboard.ports import AgentLoad, AgentStates, LedgerRow
from switchboard.use_cases.customer_history import history_facts
from switchboard.use_cases.last_agent import Asked, prefer_agent

_CHAMPION: Final[Arm] = "champion"


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides just now: the active ruleset, another one beside it, and the switches."""

    ruleset: Ruleset
    digest: str
    challenger: RunningChallenger | None = None
    controls: RoutingControls = field(default_factory=RoutingControls)


@dataclass(frozen=True, slots=True)
class Arriving:
    """Who arrives, and what ECS said of it. `past` are the customer's interactions, newest first;
    None when they could not be read.

    `holder` is the same when ECS asks again for the same interaction.
    """

    outcome: str
    customer: Customer | None
    ecs: Mapping[str, Scalar] = field(repr=False)
    past: Sequence[LedgerRow] | None = field(repr=False)
    contact: str = field(repr=False)
    holder: str


@dataclass(frozen=True, slots=True)
class Agents:
    """How agents are, and how many wait for them; built only when a row prefers one."""

    states: Callable[[], AgentStates]
    load: Callable[[], AgentLoad]


@dataclass(frozen=True, slots=True)
class Routed:
    """The decision, by which ruleset, who is preferred, and what is kept of it all.

    `unlisted` are attributes whose value the catalogue does not list. `differs` is what the
    challenger decides otherwise, whichever of the two counts.
    """

    decision: Decision
    ruleset: Ruleset
    facts: Mapping[str, Value] = field(repr=False)
    agent: AgentChoice
    record: RoutingRecord
    arm: Arm = "champion"
    differs: Difference | None = None
    unlisted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Opinion:
    """What one ruleset makes of the arrival."""

    ruleset: Ruleset
    facts: Mapping[str, Value]
    decision: Decision


def route_interaction(
    arriving: Arriving, rules: Rules, *, agents: Agents, now: datetime, deadline: Deadline
) -> Routed:
    """Decide from what is known now. Only a preferred agent may cost time, and little of it."""
    champion = _opinion(arriving, rules.ruleset, rules.digest, rules.controls, now)
    challenger: _Opinion | None = None
    arm = _CHAMPION
    if rules.challenger:
        other = rules.challenger
        challenger = _opinion(arriving, other.ruleset, other.digest, rules.controls, now)
        arm = _arm(arriving, other, rules.ruleset, now)
    counts = challenger if challenger and arm == "challenger" else champion
    choice = _agent(arriving, counts, rules.controls, agents, now, deadline)
    return Routed(
        decision=counts.decision,
        ruleset=counts.ruleset,
        facts=counts.facts,
        agent=choice,
        record=_record(champion, challenger, arm, choice, now),
        arm=arm,
        differs=_difference(champion, challenger) if challenger else None,
        unlisted=tuple(name for name, value in counts.facts.items() if is_unlisted(value)),
    )


def lookup_facts(outcome: str) -> dict[str, Scalar]:
    """What rules may ask of the lookup itself, as ``lookup.known``."""
    return {
        "known": outcome == "known",
        "ambiguous": outcome == "ambiguous",
        "withheld": outcome in {"withheld", "unreadable"},
        "internal": outcome == "internal",
        "ok": outcome != "degraded",
    }


def _opinion(
    arriving: Arriving, ruleset: Ruleset, digest: str, controls: RoutingControls, now: datetime
) -> _Opinion:
    facts = gather_facts(
        ruleset.attributes,
        ecs=arriving.ecs,
        lookup=lookup_facts(arriving.outcome),
        customer=arriving.customer,
        history=history_facts(arriving.past, now),
        calendar=calendar_facts(ruleset.calendars, now),
        switches=active_switches(controls, now),
        now=now.astimezone(ZoneInfo(ruleset.time_zone)),
    )
    return _Opinion(ruleset, facts, decide(ruleset, facts, digest=digest))


def _arm(arriving: Arriving, challenger: RunningChallenger, ruleset: Ruleset, now: datetime) -> Arm:
    return arm_of(
        challenger.terms,
        customer_key=arriving.customer.key if arriving.customer else "",
        contact=arriving.contact,
        now=now,
        zone=ZoneInfo(ruleset.time_zone),
    )


def _difference(champion: _Opinion, challenger: _Opinion) -> Difference | None:
    return difference(
        champion.decision,
        challenger.decision,
        rulesets=(champion.ruleset, challenger.ruleset),
    )


def _record(
    champion: _Opinion,
    challenger: _Opinion | None,
    arm: Arm,
    choice: AgentChoice,
    now: datetime,
) -> RoutingRecord:
    """Of the decision that counts, with the facts of both rulesets: either can decide again."""
    facts = recorded(champion.ruleset.attributes, champion.facts)
    decision = champion.decision
    if challenger:
        other = recorded(challenger.ruleset.attributes, challenger.facts)
        facts = recorded_by_both(facts, other)
        decision = challenger.decision if arm == "challenger" else decision
    return replace(
        record_of(decision, facts, at=now),
        agent=choice.prefers,
        hold_s=choice.hold_s,
        agents_tried=choice.sentence,
        arm=arm,
        challenger=challenger.decision.ruleset if challenger else "",
        challenger_row=challenger.decision.row if challenger else "",
    )


def _agent(
    arriving: Arriving,
    counts: _Opinion,
    controls: RoutingControls,
    agents: Agents,
    now: datetime,
    deadline: Deadline,
) -> AgentChoice:
    asked = Asked(
        customer=arriving.customer,
        past=arriving.past or (),
        channel=str(arriving.ecs.get("channel") or ""),
        holder=arriving.holder,
    )
    return prefer_agent(
        counts.decision.then,
        asked,
        ruleset=counts.ruleset,
        facts=counts.facts,
        do_not_pair=controls.do_not_pair,
        states=agents.states,
        load=agents.load,
        now=now,
        deadline=deadline,
    )
