"""GET, POST /v1/arrivals/route: where does this go, and why? It looks up by itself."""

from switchboard import quiet_start  # first, because it stops the search for garbage

# isort: split

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.edges.arrival_report import report_lookup
from switchboard.edges.arrivals import Reception, receive
from switchboard.edges.direct_api import DirectApi
from switchboard.edges.flat import flat
from switchboard.edges.http_api import require_key
from switchboard.edges.routing_answer import arriving, report_routing, routing_values
from switchboard.observability import logger, metrics, mistakes_without_words
from switchboard.use_cases.arrival_lookup import note_arrival, settle
from switchboard.use_cases.customer_history import history_facts
from switchboard.use_cases.routing_decision import Agents, Rules, route_interaction

PATH = "/v1/arrivals/route"
api = DirectApi(PATH, "GET", "POST")


@api.answers(
    summary="Route an arriving contact",
    tags=["arrivals"],
    openapi_extensions={"x-asks": "ecs.Arrival", "x-answers": "answers.RouteAnswer"},
)
def route() -> dict[str, str]:
    require_key(api)
    reception = receive(api, wiring.lookup_settings)
    read_rules = _begin_reading_rules(reception)
    lookup = reception.begin_lookup(crms=wiring.asked_crms, stores=wiring.lookup_stores())
    desk_url = reception.desk_url(read_key=wiring.desk_link_key)
    rules = read_rules()
    found = lookup.result()
    past = reception.history(found.match, ledger=wiring.ledger())
    routed = route_interaction(
        arriving(reception, found.match, past),
        rules,
        agents=Agents(wiring.agent_states, wiring.agent_load),
        now=reception.now,
        deadline=reception.until_answering,
    )
    decided = routing_values(routed, _flags(rules))
    note = note_arrival(
        reception.asked.interaction_id,
        reception.note(found.match, flat(decided), routed.record),
        ledger=wiring.ledger(),
    )
    settle([*found.kept, note], reception.deadline)
    facts = history_facts(past, reception.now)
    said = flat(reception.lookup_values(found, facts, desk_url=desk_url, decided=decided))
    report_lookup(said, found, decided)
    report_routing(routed)
    return said


def _begin_reading_rules(reception: Reception) -> Callable[[], Rules]:
    """Each beside the other: what is good to have keeps nobody from the ruleset."""
    ruleset = reception.begin_reading(
        wiring.ruleset, at_hand=wiring.ruleset_at_hand, name="ruleset"
    )
    challenger = reception.begin_reading_if_any(
        wiring.challenger, at_hand=wiring.challenger_at_hand, name="challenger"
    )
    controls = reception.begin_reading_if_any(
        wiring.controls_in_force, at_hand=wiring.controls_at_hand, name="switches"
    )

    def rules() -> Rules:
        active, digest = ruleset()
        return Rules(active, digest, challenger(), controls())

    return rules


def _flags(rules: Rules) -> tuple[str, ...]:
    """Those of the challenger, too: ECS finds the same keys whoever decided."""
    others = rules.challenger.ruleset.flags if rules.challenger else ()
    return tuple(dict.fromkeys((*rules.ruleset.flags, *others)))


@mistakes_without_words
@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    return api.resolve(event)


wiring.prepare_lookups(
    wiring.ruleset, wiring.challenger, wiring.controls_in_force, wiring.prepare_agents
)
quiet_start.end()
