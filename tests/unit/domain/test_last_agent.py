"""Whom a contact waits for, given how the agents are; and how that is told."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard.domain.last_agent import (
    AgentChoice,
    AgentState,
    Candidate,
    Presence,
    Shortlist,
    Tried,
    avoidance,
    pick,
    preference,
)
from switchboard.domain.ruleset import LastAgentProfile, Queue

CARE = Queue("care", "Customer Care")
RAPPORT = LastAgentProfile("rapport", must=("logged_in", "has_queue"), hold_s=15)
MAYA = Candidate("2001", ("history",), "2001", "Maya Lindqvist")
INES = Candidate("2003", ("crm.owner",), "2003")
BOTH = Shortlist((MAYA, INES))


def state(presence: Presence = "ready", *queues: str, **how: Any) -> AgentState:
    return AgentState(presence, frozenset(queues or ("Customer Care",)), **how)


def chosen(
    states: dict[str, AgentState | None], profile: LastAgentProfile = RAPPORT, **how: Any
) -> AgentChoice:
    settings = {"queue": CARE, "channel": "voice", "refused": {}, **how}
    return preference(profile, BOTH, *pick(profile, BOTH, states=states, **settings))


def test_the_first_who_is_there_is_preferred_and_held_for() -> None:
    choice = chosen({"2001": state(), "2003": state()})

    assert choice == AgentChoice(prefers="2001", hold_s=15, sentence="2001 preferred, from history")


def test_the_sentence_tells_who_was_tried_and_why_not() -> None:
    choice = chosen({"2001": state("offline"), "2003": state()})

    assert choice.prefers == "2003"
    assert choice.tried == (Tried("2001", "not logged in"),)
    assert choice.sentence == "2001: not logged in; 2003 preferred, from crm.owner"


@pytest.mark.parametrize(
    ("must", "presence", "why"),
    [
        (("logged_in",), "ready", ""),
        (("logged_in",), "soon", ""),
        (("logged_in",), "away", "on a break or not answering"),
        (("logged_in",), "offline", "not logged in"),
        (("ready",), "ready", ""),
        (("ready",), "soon", "busy"),
        (("ready",), "away", "on a break or not answering"),
        (("ready",), "offline", "not logged in"),
        (("has_queue",), "soon", ""),
        (("has_queue",), "offline", ""),
        (("has_queue",), "nobody", "no agent of the contact centre"),
        (("logged_in",), "nobody", "no agent of the contact centre"),
        ((), "offline", ""),
        ((), "nobody", ""),
    ],
)
def test_what_a_profile_demands_of_a_state(
    must: tuple[str, ...], presence: Presence, why: str
) -> None:
    choice = chosen({"2001": state(presence), "2003": state()}, replace(RAPPORT, must=must))

    assert choice.prefers == ("2003" if why else "2001")
    assert choice.tried == ((Tried("2001", why),) if why else ())


@pytest.mark.parametrize(
    ("how", "channel", "why"),
    [
        (state("ready", "Collections"), "voice", "not in Customer Care"),
        (state(channels=frozenset({"email"})), "voice", "takes no voice"),
        (state(channels=frozenset({"email"})), "callback", "takes no voice"),
        (state(channels=frozenset({"voice"})), "callback", ""),
        (state(channels=frozenset({"email"})), "", ""),
        (state(channels=None), "email", ""),
    ],
)
def test_an_agent_must_get_contacts_of_this_queue_and_channel(
    how: AgentState, channel: str, why: str
) -> None:
    choice = chosen({"2001": how, "2003": state()}, channel=channel)

    assert choice.tried == ((Tried("2001", why),) if why else ())


def test_without_a_queue_there_is_none_to_be_a_member_of() -> None:
    assert chosen({"2001": state("ready", "Collections")}, queue=None).prefers == "2001"


@pytest.mark.parametrize(
    "states",
    [{}, {"2001": None, "2003": None}, {"2001": AgentState("ready"), "2003": AgentState("soon")}],
    ids=["not told", "not offered", "queues not told"],
)
def test_what_is_not_known_is_tried_or_skipped_as_the_profile_says(
    states: dict[str, AgentState | None],
) -> None:
    tries = chosen(states, replace(RAPPORT, if_unknown="try"))
    skips = chosen(states, replace(RAPPORT, if_unknown="skip"))

    assert tries.prefers == "2001"
    assert skips.prefers == ""
    assert skips.sentence == ("2001: state not known; 2003: state not known; nobody preferred")


def test_fairness_speaks_last() -> None:
    states: dict[str, AgentState | None] = {"2001": state("offline"), "2003": state()}

    choice = chosen(states, refused={"2001": "somebody waits", "2003": "somebody waits"})

    assert choice.tried == (Tried("2001", "not logged in"), Tried("2003", "somebody waits"))


@pytest.mark.parametrize(
    ("shortlist", "sentence"),
    [
        (Shortlist(), "nobody preferred, no agent of an earlier contact is known"),
        (
            Shortlist(guard="because open complaint is true"),
            "nobody preferred, because open complaint is true",
        ),
        (
            Shortlist(tried=(Tried("2001", "did not talk"),)),
            "2001: did not talk; nobody preferred",
        ),
    ],
)
def test_it_is_told_when_nobody_is_preferred(shortlist: Shortlist, sentence: str) -> None:
    choice = preference(RAPPORT, shortlist, None, shortlist.tried)

    assert choice == AgentChoice(tried=shortlist.tried, sentence=sentence)


def test_a_long_story_is_told_in_part() -> None:
    tried = tuple(Tried(f"20{number:02}", "did not talk") for number in range(20))

    assert preference(RAPPORT, Shortlist(), MAYA, tried).sentence.count(":") == 4


def test_who_is_to_be_avoided_is_told_and_nobody_preferred() -> None:
    assert avoidance("2001") == AgentChoice(
        avoids="2001", sentence="not 2001, who had the last contact"
    )
    assert avoidance("").avoids == ""
    assert avoidance("").sentence.startswith("nobody to avoid")


def test_a_value_shows_no_names_when_it_is_printed() -> None:
    candidate = Candidate("Maya Lindqvist", ("history",), "2001", "Maya Lindqvist")
    choice = preference(RAPPORT, Shortlist((candidate,)), candidate, (Tried("Bob", "why"),))

    assert "Maya" not in repr(choice) + repr(candidate)
    assert "Bob" not in repr(choice)
