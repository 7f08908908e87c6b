"""Who a contact may go back to, before anybody is asked how they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.agent_candidates import PastContact, last_agent, shortlist
from switchboard.domain.customer import Scalar
from switchboard.domain.last_agent import Candidate, Shortlist, Tried
from switchboard.domain.ruleset import LastAgentProfile

NOW = datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
RAPPORT = LastAgentProfile("rapport", sources=("history", "crm.owner"))
NAMES = {"2001": "Maya Lindqvist", "2002": "Jonas Abara", "2003": "Ines Castellano"}


def ago(days: float, extension: str = "2001", **said: Any) -> PastContact:
    fields = {"name": NAMES.get(extension, ""), "talked_s": 120.0, **said}
    return PastContact(NOW - timedelta(days=days), extension, **fields)


def listed(*past: PastContact, owner: Scalar = None, **how: Any) -> Shortlist:
    profile = how.pop("profile", RAPPORT)
    settings = {"facts": {}, "not_paired": (), "form": "extension", "now": NOW, **how}
    return shortlist(profile, past=past, owned={"owner": owner}, **settings)


def agents(found: Shortlist) -> list[str]:
    return [candidate.agent for candidate in found.candidates]


def test_the_agent_of_last_time_comes_first_and_then_the_owner() -> None:
    found = listed(ago(1), ago(2, "2002"), owner="2003")

    assert found.candidates == (
        Candidate("2001", ("history",), "2001", "Maya Lindqvist"),
        Candidate("2003", ("crm.owner",), "2003"),
    )
    assert found.tried == ()


def test_the_sources_are_asked_in_the_order_of_the_profile() -> None:
    profile = replace(RAPPORT, sources=("crm.owner", "history"))

    assert agents(listed(ago(1), owner="2003", profile=profile)) == ["2003", "2001"]


def test_an_agent_whom_two_sources_name_is_one_candidate() -> None:
    (candidate,) = listed(ago(1), owner="2001").candidates

    assert candidate.sources == ("history", "crm.owner")


def test_no_more_than_two_are_asked_for() -> None:
    profile = replace(RAPPORT, sources=("crm.owner", "crm.deputy", "history"))
    owned = {"owner": "2001", "deputy": "2002"}

    found = shortlist(
        profile,
        past=[ago(1, "2003")],
        owned=owned,
        facts={},
        not_paired=(),
        form="extension",
        now=NOW,
    )

    assert agents(found) == ["2001", "2002"]


@pytest.mark.parametrize(
    ("newest", "why"),
    [
        (ago(20), "last contact 2 weeks ago"),
        (ago(1, talked_s=20.0), "talked 20 seconds only"),
        (ago(1, talked_s=0.0), "did not talk"),
        (ago(1, is_outbound=True), "the contact was outbound"),
        (ago(1, disposition=" complaint"), "last contact ended as  complaint"),
        (ago(1, "", name="Maya Lindqvist"), "no extension known"),
        (ago(1, "Queue A"), "no extension known"),
    ],
    ids=[
        *("too long ago", "too short", "not answered", "outbound", "disposition"),
        *("no extension", "another thing"),
    ],
)
def test_a_contact_that_does_not_count_leads_to_the_one_before(
    newest: PastContact, why: str
) -> None:
    profile = replace(RAPPORT, outbound=False, not_after=("Complaint",))

    found = listed(newest, ago(2, "2002"), profile=profile)

    assert agents(found) == ["2002"]
    assert found.tried == (Tried(newest.extension or newest.name, why),)


def test_the_window_and_the_talk_time_include_their_limits() -> None:
    found = listed(ago(14, talked_s=60.0))

    assert agents(found) == ["2001"]


def test_without_a_minimum_an_unanswered_contact_still_does_not_count() -> None:
    profile = replace(RAPPORT, min_talk_s=0)

    assert agents(listed(ago(1, talked_s=0.0), profile=profile)) == []
    assert agents(listed(ago(1, talked_s=1.0), profile=profile)) == ["2001"]


def test_a_contact_whose_length_nobody_told_counts() -> None:
    assert agents(listed(ago(1, talked_s=None))) == ["2001"]


def test_an_outbound_contact_counts_where_the_profile_says_so() -> None:
    assert agents(listed(ago(1, is_outbound=True))) == ["2001"]


def test_a_contact_that_nobody_answered_says_nothing() -> None:
    found = listed(ago(1, "", name=""), ago(2, "2002"))

    assert agents(found) == ["2002"]
    assert found.tried == ()


def test_who_parted_badly_is_not_preferred_for_an_older_contact_or_as_owner() -> None:
    profile = replace(RAPPORT, not_after=("Complaint",))
    past = [ago(1, disposition="Complaint"), ago(2), ago(3, "2002")]

    found = listed(*past, owner="2001", profile=profile)

    assert agents(found) == ["2002"]
    assert found.tried == (Tried("2001", "last contact ended as Complaint"),)


def test_a_good_contact_since_makes_up_for_a_bad_one() -> None:
    profile = replace(RAPPORT, not_after=("Complaint",))

    assert agents(listed(ago(1), ago(2, disposition="Complaint"), profile=profile)) == ["2001"]


@pytest.mark.parametrize("written", ["2001", "Maya Lindqvist", " maya lindqvist "])
def test_who_is_not_to_be_paired_is_dropped_under_either_name(written: str) -> None:
    found = listed(ago(1), ago(2, "2002"), owner="2001", not_paired=[written])

    assert agents(found) == ["2002"]
    assert found.tried == (Tried("2001", "not to be paired with this customer"),)


def test_an_owner_by_name_is_recognised_under_the_extension() -> None:
    found = listed(ago(20), owner="Maya Lindqvist", form="name", not_paired=["2001"])

    assert agents(found) == []


def test_a_guard_that_is_true_prefers_nobody() -> None:
    profile = replace(RAPPORT, never_if=("fraud", "open_complaint"))

    found = listed(ago(1), profile=profile, facts={"fraud": None, "open_complaint": True})

    assert found == Shortlist(guard="because open complaint is true")


@pytest.mark.parametrize("value", [False, None, "yes", 1.0])
def test_a_guard_that_is_not_true_does_not_hinder(value: Any) -> None:
    profile = replace(RAPPORT, never_if=("open_complaint",))

    assert agents(listed(ago(1), profile=profile, facts={"open_complaint": value})) == ["2001"]


@pytest.mark.parametrize(
    ("owner", "agent"),
    [("2003", "2003"), (2003, "2003"), (2003.0, "2003"), (" 2003 ", "2003"), ("007", "007")],
)
def test_an_extension_may_be_written_as_a_crm_writes_it(owner: Scalar, agent: str) -> None:
    assert agents(listed(owner=owner)) == [agent]


@pytest.mark.parametrize("owner", [None, "", "  ", True, 20.5, float("nan"), float("inf")])
def test_what_is_no_agent_is_not_one(owner: Scalar) -> None:
    assert listed(owner=owner) == Shortlist()


@pytest.mark.parametrize(
    ("owner", "form"),
    [
        ("Maya Lindqvist", "extension"),
        ("+2001", "extension"),
        ("\uff12\uff10\uff10\uff11", "extension"),
        ("2" * 21, "extension"),
        ("2001", "name"),
        ("Maya\nLindqvist", "name"),
        ("M" * 81, "name"),
    ],
)
def test_an_owner_in_another_form_is_told_without_what_it_was(owner: str, form: str) -> None:
    assert listed(owner=owner, form=form).tried == (Tried("crm.owner", f"holds no {form}"),)


def test_names_are_candidates_where_assign_agent_takes_names() -> None:
    found = listed(ago(1), owner="Jonas Abara", form="name")

    assert found.candidates == (
        Candidate("Maya Lindqvist", ("history",), "2001", "Maya Lindqvist"),
        Candidate("Jonas Abara", ("crm.owner",), name="Jonas Abara"),
    )


def test_an_owner_whom_the_customer_met_is_known_by_extension_too() -> None:
    found = listed(ago(30), owner="maya lindqvist", form="name")

    (candidate,) = found.candidates
    assert (candidate.agent, candidate.extension) == ("maya lindqvist", "2001")


def test_an_agent_of_many_short_contacts_is_told_once() -> None:
    found = listed(*(ago(day, talked_s=5.0) for day in range(1, 9)))

    assert found.tried == (Tried("2001", "talked 5 seconds only"),)


def test_the_last_agent_is_who_had_the_newest_contact_however_it_went() -> None:
    past = [ago(1, "", name=""), ago(2, "2002", talked_s=1.0), ago(3)]

    assert last_agent(past, "extension") == "2002"
    assert last_agent(past, "name") == "Jonas Abara"
    assert last_agent([ago(1, "", name="Maya Lindqvist")], "extension") == "Maya Lindqvist"
    assert last_agent([], "extension") == ""


CONTACTS = st.builds(
    ago,
    st.floats(0, 40),
    st.sampled_from(["2001", "2002", "2003", ""]),
    talked_s=st.sampled_from([None, 0.0, 30.0, 60.0, 600.0]),
    is_outbound=st.booleans(),
    disposition=st.sampled_from(["", "Sale", "Complaint"]),
)


@given(
    past=st.lists(CONTACTS, max_size=12),
    owner=st.sampled_from([None, "2001", "2004"]),
    not_paired=st.sets(st.sampled_from(["2001", "2002", "Ines Castellano"])),
    outbound=st.booleans(),
)
def test_nobody_is_listed_against_the_profile(
    past: list[PastContact], owner: str | None, not_paired: set[str], *, outbound: bool
) -> None:
    profile = replace(RAPPORT, outbound=outbound, not_after=("Complaint",))

    found = listed(*past, owner=owner, not_paired=not_paired, profile=profile)

    for candidate in found.candidates:
        met = [one for one in past if one.extension == candidate.agent]
        assert not not_paired & {candidate.agent, NAMES.get(candidate.agent)}
        assert not met or met[0].disposition != "Complaint"
        if "history" in candidate.sources:
            assert any(_counts(one, outbound=outbound) for one in met)
    good = [one for one in past if one.extension and _counts(one, outbound=outbound)]
    if good and not not_paired and all(one.disposition != "Complaint" for one in past):
        assert agents(found)[0] == good[0].extension, "the newest that counts"


def _counts(one: PastContact, *, outbound: bool) -> bool:
    is_long = one.talked_s is None or one.talked_s >= 60
    return (
        is_long and NOW - one.ended_at <= timedelta(days=14) and (outbound or not one.is_outbound)
    )
