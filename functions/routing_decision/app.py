"""GET, POST /v1/arrivals/route: where does this go, and why? It looks up by itself."""

from switchboard import quiet_start  # first, because it stops the search for garbage

# isort: split

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.edges.arrival_report import report_lookup
from switchboard.edges.arrivals import receive
from switchboard.edges.direct_api import DirectApi
from switchboard.edges.flat import flat
from switchboard.edges.http_api import require_key
from switchboard.edges.routing_answer import arriving, report_routing, routing_values
from switchboard.observability import logger, metrics
from switchboard.use_cases.arrival_lookup import note_arrival, settle
from switchboard.use_cases.customer_history import history_facts
from switchboard.use_cases.routing_decision import Agents, route_interaction

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
    read_rules = reception.begin_reading(wiring.routing_rules, name="ruleset")
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
    decided = routing_values(routed, rules.ruleset.flags)
    note = note_arrival(
        reception.asked.interaction_id,
        reception.note(found.match, flat(decided), routed.record),
        ledger=wiring.ledger(),
    )
    settle([*found.kept, note], reception.deadline)
    facts = history_facts(past, reception.now)
    said = flat(reception.lookup_values(found, facts, desk_url=desk_url, decided=decided))
    report_lookup(said, found, {"row": said["row"], "ruleset": said["ruleset"]})
    report_routing(routed)
    return said


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    return api.resolve(event)


wiring.prepare_lookups(wiring.routing_rules, wiring.prepare_agents)
quiet_start.end()
