from dataclasses import replace

import pytest

from cli.simulation.centre import HeadStart
from cli.simulation.past import past_of
from cli.simulation.places import Place
from cli.simulation.plans import decided_plan, groups, recorded_plan
from cli.simulation.ranking import AS_WRITTEN
from cli.yaml_text import read_yaml_as_written
from switchboard.domain.ruleset import LastAgentProfile, Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.simulation.people import contact, facts, rules
from tests.unit.simulation.recordings import ruleset_text

SELF_SERVICE = """
  - {id: low, when: {tier: low}, then: {do: self_service, flow: menu, on_fail: slow}}
  - {id: shut, when: {complaint: true}, then: {do: message}}
  - {id: slow, when: {}, then: {do: queue, queue: general, priority: {start: 1, gain_per_min: 2, max: 9}}}
"""  # noqa: E501
LAST_AGENT = """
  - {id: all, when: {}, then: {do: queue, queue: general, last_agent: rapport}}
"""
DAY_S = 86_400


def test_as_it_was_is_as_it_was_recorded_and_nothing_grew() -> None:
    queued = contact(
        priority_s=120, gain_per_min_s=60, max_s=300, preferred_agent="2001", hold_s=15
    )

    plan = recorded_plan([queued, contact(action="message", queue="")])

    assert plan.places == [Place("general", HeadStart(120), "2001", 15), None]
    assert plan.elsewhere == {"message": 1}


def test_the_new_ruleset_decides_from_the_recorded_facts() -> None:
    decided = rules(
        "  - {id: high, when: {tier: high}, then: {do: queue, queue: vip, priority: 20}}\n"
        "  - {id: rest, when: {}, then: {do: queue, queue: general}}"
    )

    plan = decided_plan([contact(facts=facts(tier="high")), contact(facts={})], decided)

    assert plan.places == [Place("vip", HeadStart(120.0)), Place("general", HeadStart())]
    assert plan.queues == {"vip", "general"}


def test_the_new_rulesets_hours_are_read_anew_and_not_those_that_were_recorded() -> None:
    document = read_yaml_as_written(
        ruleset_text(
            "  - {id: shut, when: {open: false}, then: {do: message, prompts: none}}\n"
            "  - {id: rest, when: {}, then: {do: queue, queue: general}}"
        )
    )
    document["attributes"]["open"] = {"type": "flag", "from": "calendar.open"}
    document["calendars"] = {"main": {"weekly": {"mon-sun": ["09:00-12:00"]}, "timezone": "UTC"}}
    recorded_open = {"calendar.open": True}

    plan = decided_plan(
        [contact(10 * 3600, facts=recorded_open), contact(13 * 3600, facts=recorded_open)],
        read_ruleset(document),
    )

    assert plan.places == [Place("general", HeadStart()), None]
    assert plan.elsewhere == {"message": 1}


def test_self_service_leads_to_the_row_for_its_failure() -> None:
    (place,) = decided_plan([contact(facts=facts(tier="low"))], rules(SELF_SERVICE)).places

    assert place == Place("general", HeadStart(6, 0.2, 54), after_self_service=True)


def test_whoever_was_helped_by_self_service_is_helped_again() -> None:
    helped = contact(action="self_service", queue="", facts=facts(tier="low"))

    plan = decided_plan([helped], rules(SELF_SERVICE))

    assert plan.places == [None]
    assert plan.elsewhere == {"self_service": 1}


def test_who_hears_a_message_waits_in_no_line() -> None:
    plan = decided_plan([contact(facts=facts(open_complaint=True))], rules(SELF_SERVICE))

    assert plan.places == [None]
    assert plan.elsewhere == {"message": 1}


def test_the_agent_chosen_then_is_preferred_now() -> None:
    (place,) = decided_plan([contact(preferred_agent="2007")], rules(LAST_AGENT)).places

    assert place == Place("general", HeadStart(), "2007", 15.0, 1)


def test_who_answered_the_customer_before_in_the_recording_is_preferred() -> None:
    earlier, later = contact(0, customer="ada"), contact(DAY_S, customer="ada")

    plan = decided_plan([earlier, contact(60, customer="bob"), later], rules(LAST_AGENT))

    assert [place.agent for place in plan.places if place] == ["", "", "2001"]
    assert plan.without_agent == 2


@pytest.mark.parametrize(
    "first",
    [
        contact(0, customer="ada", handled_s=59),
        contact(-15 * DAY_S, customer="ada"),
        contact(0, customer="ada", abandoned=True, agent=""),
        contact(0, customer="", agent="2001"),
        contact(DAY_S - 10, customer="ada"),
    ],
    ids=["talked too little", "too long ago", "hung up", "unknown", "still talking"],
)
def test_nobody_is_preferred_where_the_profile_would_not(first: object) -> None:
    plan = decided_plan([first, contact(DAY_S, customer="ada")], rules(LAST_AGENT))  # type: ignore[list-item]

    assert plan.without_agent == 2


def test_a_complaint_keeps_the_agent_of_last_time_away() -> None:
    complaint = contact(preferred_agent="2007", facts=facts(open_complaint=True))

    plan = decided_plan([complaint], rules(LAST_AGENT))

    assert plan.places == [Place("general", HeadStart())]
    assert plan.without_agent == 0


def test_whom_this_profile_did_not_find_then_it_does_not_find_now() -> None:
    """Met before, but dropped: not ready, or kept from this customer."""
    ada = {"customer": "ada", "hold_s": 0, "row": "all"}
    dropped = [contact(0, **ada), contact(DAY_S, **ada)]
    found = contact(60, customer="bob", preferred_agent="2007", hold_s=15, row="all")
    contacts = [dropped[0], found, dropped[1]]

    plan = decided_plan(contacts, rules(LAST_AGENT))

    assert [place.agent for place in plan.places if place] == ["", "2007", ""]
    assert plan.without_agent == 0


def test_another_row_or_another_hold_looks_again() -> None:
    earlier, later = contact(0, customer="ada"), contact(DAY_S, customer="ada", row="plain")
    found = contact(60, preferred_agent="2007", hold_s=15, row="last")
    shorter = contact(60, preferred_agent="2007", hold_s=5, row="plain")

    plan = decided_plan([earlier, found, shorter, later], rules(LAST_AGENT))

    assert plan.places[-1] == Place("general", HeadStart(), "2001", 15.0, 1)


def test_a_hold_of_then_lets_as_many_wait_as_the_profile_that_holds_as_long() -> None:
    ruleset = with_profile(replace(rules(LAST_AGENT).last_agents["rapport"], max_waiting=3))
    contacts = [contact(preferred_agent="2007", hold_s=15)]
    past = past_of(contacts, ruleset, AS_WRITTEN)

    assert recorded_plan(contacts, past).places == decided_plan(contacts, ruleset).places
    assert [place.most_waiting for place in recorded_plan(contacts, past).places if place] == [3]


def test_contacts_are_grouped_by_the_value_of_an_attribute() -> None:
    contacts = [
        contact(facts=facts(tier="high", open_complaint=True)),
        contact(facts=facts(tier="gold", open_complaint=False)),
        contact(),
    ]
    ruleset = rules(SELF_SERVICE)

    assert groups(contacts, ruleset, "tier") == [
        ("tier", "high"),
        ("tier", "none of the listed"),
        ("tier", "not known"),
    ]
    assert [word for _, word in groups(contacts, ruleset, "complaint")] == [
        "true",
        "false",
        "not known",
    ]


def test_an_attribute_that_is_not_there_is_suggested() -> None:
    with pytest.raises(ValueError, match="did you mean 'tier'"):
        groups([], rules(SELF_SERVICE), "teir")


def test_an_attribute_with_many_values_makes_no_groups() -> None:
    contacts = [contact(facts=facts(spend=float(number))) for number in range(30)]

    with pytest.raises(ValueError, match="30 values; choose a flag or a choice"):
        groups(contacts, rules(SELF_SERVICE), "spend")


def test_no_more_than_the_profile_allows_are_sent_to_one_agent_in_a_day() -> None:
    once = rules(LAST_AGENT).last_agents["rapport"]
    ruleset = with_profile(replace(once, max_per_day=1))
    known = [contact(at_s, preferred_agent="2007") for at_s in (0, 60, DAY_S)]

    plan = decided_plan(known, ruleset)

    assert [place.agent for place in plan.places if place] == ["2007", "", "2007"]


@pytest.mark.parametrize(
    "change", [{"sources": ("crm.owner",)}, {"not_after": ("Angry",)}], ids=["source", "ending"]
)
def test_who_answered_before_is_not_preferred_where_the_profile_says_so(
    change: dict[str, tuple[str, ...]],
) -> None:
    ruleset = with_profile(replace(rules(LAST_AGENT).last_agents["rapport"], **change))  # type: ignore[arg-type]
    contacts = [contact(0, customer="ada", disposition="angry "), contact(DAY_S, customer="ada")]

    assert decided_plan(contacts, ruleset).without_agent == 2


def with_profile(profile: LastAgentProfile) -> Ruleset:
    return replace(rules(LAST_AGENT), last_agents={profile.id: profile})
