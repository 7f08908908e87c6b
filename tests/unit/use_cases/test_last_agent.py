"""A contact goes back to the agent they know, or loses nothing by it."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.interaction import TriggerEvent, TriggerKind
from switchboard.domain.last_agent import AgentChoice, AgentState
from switchboard.domain.routing_controls import Pair
from switchboard.domain.ruleset import LastAgentProfile, Outcome, Queue, Ruleset
from switchboard.errors import Misconfigured, StateUnavailable, UpstreamUnavailable
from switchboard.ports import AgentLoad, AgentStates, Arrival, LedgerRow
from switchboard.use_cases.last_agent import MOST_S, Asked, prefer_agent
from tests.fakes.agent_load import InMemoryAgentLoad
from tests.fakes.contact_centre import InMemoryContactCentre
from tests.fakes.ledger import InMemoryInteractionLedger
from tests.unit.use_cases.people import ADA, BOB, NOW, after, told

HERE = AgentState("ready", frozenset({"Customer Care"}))
RAPPORT = LastAgentProfile(
    "rapport", sources=("history", "crm.owner"), must=("logged_in", "has_queue")
)
OWNED = replace(ADA, attributes={"owner": "2003"})
TO_CARE = Outcome("queue", queue="care", last_agent="rapport")


def ruleset(profile: LastAgentProfile = RAPPORT, zone: str = "America/New_York") -> Ruleset:
    return Ruleset(
        name="main",
        time_zone=zone,
        attributes={},
        queues={"care": Queue("care", "Customer Care")},
        prompts=(),
        views=(),
        flags=(),
        priority_classes={},
        priority_point_s=6,
        last_agents={profile.id: profile},
        calendars={},
        tables=(),
        stories=(),
    )


class Floor:
    """Agents, who waits for them, and Ada, who calls again."""

    def __init__(self) -> None:
        self.centre = InMemoryContactCentre()
        self.load = InMemoryAgentLoad()
        self.ledger = InMemoryInteractionLedger()
        self.built: list[str] = []
        self.centre.agents = {"2001": HERE, "2003": HERE}

    def talked(self, days_ago: float, agent: str, **said: str) -> None:
        at = NOW - timedelta(days=days_ago)
        fields: dict[str, Any] = {"agent_extension": agent, "handle_s": "240", **said}
        self.heard(told(interaction_id=f"i-{days_ago}", at=at, **fields))

    def heard(self, event: TriggerEvent) -> None:
        at = event.occurred_at
        self.ledger.merge(event, now=at, due_when=lambda _: after(1e6))
        self.ledger.note_arrival(event.interaction_id, Arrival("r", at, "known", customer=ADA))

    def past(self) -> tuple[LedgerRow, ...]:
        return self.ledger.history(ADA.key, limit=20)

    def states(self) -> AgentStates:
        self.built.append("states")
        return self.centre

    def loads(self) -> AgentLoad:
        self.built.append("load")
        return self.load

    def choice(
        self,
        then: Outcome = TO_CARE,
        *,
        profile: LastAgentProfile = RAPPORT,
        customer: Customer | None = OWNED,
        holder: str = "i-now",
        at: datetime = NOW,
        **how: Any,
    ) -> AgentChoice:
        settings: dict[str, Any] = {
            "facts": {},
            "do_not_pair": (),
            "states": self.states,
            "load": self.loads,
            "deadline": Deadline.after(1),
            **how,
        }
        zone = settings.pop("zone", "America/New_York")
        return prefer_agent(
            then,
            Asked(customer, self.past(), "voice", holder),
            ruleset=ruleset(profile, zone),
            now=at,
            **settings,
        )


@pytest.fixture
def floor() -> Floor:
    floor = Floor()
    floor.talked(2, "2001")
    return floor


def test_a_customer_goes_back_to_the_agent_of_last_time(floor: Floor) -> None:
    choice = floor.choice()

    assert (choice.prefers, choice.hold_s) == ("2001", 15)
    assert choice.sentence == "2001 preferred, from history"


def test_the_agent_with_whom_a_transferred_contact_ended_resolved_it(floor: Floor) -> None:
    at = NOW - timedelta(days=1)
    for minute, agent in enumerate(["2001", "2003"]):
        kind = [TriggerKind.INTERNAL_TRANSFER, TriggerKind.INTERACTION_ENDS][minute]
        moment = at + timedelta(minutes=minute)
        event = told(kind, interaction_id="i-1", at=moment, agent_extension=agent, handle_s="240")
        floor.heard(event)

    assert floor.choice().prefers == "2003"


def test_who_is_not_there_is_told_and_the_owner_preferred(floor: Floor) -> None:
    floor.centre.agents["2001"] = AgentState("offline")

    assert floor.choice().sentence == "2001: not logged in; 2003 preferred, from crm.owner"


def test_a_row_that_names_no_profile_asks_nothing(floor: Floor) -> None:
    assert floor.choice(Outcome("queue", queue="care")) == AgentChoice()
    assert floor.built == []


def test_a_profile_that_demands_nothing_asks_for_no_state(floor: Floor) -> None:
    assert floor.choice(profile=replace(RAPPORT, must=())).prefers == "2001"
    assert floor.built == ["load"]


@pytest.mark.parametrize("customer", [None, BOB])
def test_for_somebody_new_nothing_is_asked(customer: Customer | None) -> None:
    floor = Floor()

    assert floor.choice(customer=customer).prefers == ""
    assert floor.built == []


def test_a_guard_asks_nothing_either(floor: Floor) -> None:
    profile = replace(RAPPORT, never_if=("open_complaint",))

    choice = floor.choice(profile=profile, facts={"open_complaint": True})

    assert choice.sentence == "nobody preferred, because open complaint is true"
    assert floor.built == []


def test_each_candidate_is_asked_for_once(floor: Floor) -> None:
    floor.choice()

    assert sorted(floor.centre.asked) == ["2001", "2003"]


def test_a_row_may_want_anybody_but_the_agent_of_last_time(floor: Floor) -> None:
    floor.talked(1, "2002", handle_s="3")

    choice = floor.choice(Outcome("queue", queue="care", avoids_last_agent=True))

    assert (choice.prefers, choice.avoids) == ("", "2002")
    assert floor.built == []


def test_a_pair_that_is_kept_apart_does_not_meet(floor: Floor) -> None:
    pairs = [Pair(OWNED.key, "2001", "by request", "lee", NOW), Pair(BOB.key, "2003", "", "", NOW)]

    choice = floor.choice(do_not_pair=pairs)

    assert choice.sentence == (
        "2001: not to be paired with this customer; 2003 preferred, from crm.owner"
    )


def test_one_contact_waits_for_an_agent_the_next_goes_to_another(floor: Floor) -> None:
    assert floor.choice(holder="i-a").prefers == "2001"
    assert floor.choice(holder="i-b").sentence == (
        "2001: somebody waits for them already; 2003 preferred, from crm.owner"
    )
    assert floor.choice(holder="i-c").prefers == ""


def test_ecs_may_ask_twice_for_one_contact(floor: Floor) -> None:
    assert floor.choice() == floor.choice()


def test_the_place_is_free_again_after_the_hold(floor: Floor) -> None:
    floor.choice(holder="i-a")

    assert floor.choice(holder="i-b", at=after(19)).prefers == "2003"
    assert floor.choice(holder="i-b", at=after(20)).prefers == "2001"


def test_the_day_of_the_daily_limit_is_the_contact_centres(floor: Floor) -> None:
    profile = replace(RAPPORT, sources=("history",), max_per_day=1)
    midnight_in_new_york = NOW.replace(hour=5) + timedelta(days=1)
    floor.choice(profile=profile, holder="i-a", at=midnight_in_new_york - timedelta(hours=1))

    before = floor.choice(
        profile=profile, holder="i-b", at=midnight_in_new_york - timedelta(minutes=1)
    )
    next_day = floor.choice(profile=profile, holder="i-b", at=midnight_in_new_york)

    assert before.sentence == ("2001: has had enough of these contacts today; nobody preferred")
    assert next_day.prefers == "2001"


@pytest.mark.parametrize(
    ("said", "is_long"),
    [
        ({"handle_s": "60"}, True),
        ({"handle_s": "59", "duration_s": "900"}, False),
        ({"handle_s": "", "duration_s": "90", "queue_s": "30"}, True),
        ({"handle_s": "", "duration_s": "90", "queue_s": "31"}, False),
        ({"handle_s": "", "duration_s": "90"}, True),
        ({"handle_s": "", "duration_s": "10", "queue_s": "30"}, False),
        ({"handle_s": "a while", "duration_s": "10"}, False),
        ({"handle_s": "a while"}, True),
        ({"handle_s": ""}, True),
    ],
    ids=str,
)
def test_how_long_they_talked_is_taken_from_what_ecs_sends(
    said: dict[str, str], *, is_long: bool
) -> None:
    floor = Floor()
    floor.talked(1, "2001", **said)

    assert (floor.choice(customer=ADA).prefers == "2001") is is_long


def test_a_contact_that_goes_on_is_no_earlier_one() -> None:
    floor = Floor()
    event = told(TriggerKind.SEGMENT_CHANGE, interaction_id="i-0", agent_extension="2001")
    floor.heard(event)

    assert floor.choice(customer=ADA).prefers == ""


@pytest.mark.parametrize(
    "error",
    [
        UpstreamUnavailable("ecs", "transient"),
        Misconfigured("no ecs was ever published"),
        StateUnavailable("the secret cannot be read"),
    ],
    ids=lambda error: error.code,
)
@pytest.mark.parametrize("if_unknown", ["try", "skip"])
def test_a_contact_centre_that_fails_costs_no_more_than_the_preference(
    floor: Floor, error: Any, if_unknown: Any
) -> None:
    floor.centre.failing_with = error

    choice = floor.choice(profile=replace(RAPPORT, if_unknown=if_unknown))

    assert choice.prefers == ("2001" if if_unknown == "try" else "")


def test_a_contact_centre_that_tells_no_states_is_nothing_to_log(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    floor.centre.tells_agent_states = False

    assert floor.choice().prefers == "2001"
    assert caplog.records == []


def test_a_table_that_fails_costs_the_preference(
    floor: Floor, caplog: pytest.LogCaptureFixture
) -> None:
    floor.load.is_down = True

    with caplog.at_level(logging.WARNING):
        choice = floor.choice()

    assert choice.prefers == ""
    assert "who else waits for them is not known" in choice.sentence
    assert "2001" not in caplog.text


class Slow:
    """A contact centre and a table that answer when the caller has left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def agent_state(self, **_: object) -> AgentState | None:
        time.sleep(self._seconds)
        return AgentState("offline")

    def reserve(self, *_: object, **__: object) -> Any:
        time.sleep(self._seconds)


def took_s(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def test_a_contact_centre_that_hangs_is_left_and_the_preference_tried(floor: Floor) -> None:
    choices: list[AgentChoice] = []

    lasted = took_s(lambda: choices.append(floor.choice(states=lambda: Slow(0.6))))

    assert choices[0].prefers == "2001"
    assert lasted < MOST_S + 0.1


def test_whatever_hangs_a_caller_waits_no_longer_than_that(floor: Floor) -> None:
    slow: dict[str, Any] = {"states": lambda: Slow(0.6), "load": lambda: Slow(0.6)}

    assert took_s(lambda: floor.choice(**slow)) < MOST_S + 0.1
    assert took_s(lambda: floor.choice(**slow, deadline=Deadline.after(0.05))) < 0.15
    assert took_s(lambda: floor.choice(**slow, deadline=Deadline.after(0))) < 0.1
