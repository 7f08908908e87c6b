"""`posting.yaml`: what may be written in it, what an earlier version's still means."""

from typing import Any

import pytest

from switchboard.adapters.published_profiles import read_posting_profiles
from switchboard.contracts.published import completed
from switchboard.domain.posting_filter import NeverRule, PostingFilter
from switchboard.domain.posting_profile import PostingProfile, When
from switchboard.errors import Misconfigured


def document(*profiles: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"format": "posting/1", "profiles": list(profiles), **more}


def read(*profiles: dict[str, Any], **more: Any) -> tuple[PostingProfile, ...]:
    return read_posting_profiles(document(*profiles, **more))


def refused(*profiles: dict[str, Any], **more: Any) -> str:
    with pytest.raises(Misconfigured) as error:
        read(*profiles, **more)
    return str(error.value)


@pytest.mark.parametrize(
    ("old", "meant"),
    [
        ({}, PostingProfile("crm", "crm")),
        (
            {"channels": ["voice"], "business_processes": ["Care"], "directions": ["inbound"]},
            PostingProfile(
                "crm",
                "crm",
                PostingFilter(
                    business_processes=("Care",), channels=("voice",), directions=("inbound",)
                ),
            ),
        ),
        ({"channels": [], "directions": []}, PostingProfile("crm", "crm")),
        ({"wait_for_disposition_s": 0}, PostingProfile("crm", "crm", when=When.END)),
        (
            {"wait_for_disposition_s": 5},
            PostingProfile("crm", "crm", when=When.WRAP_UP, wrap_up_timeout_s=5),
        ),
        ({"create_contact": False}, PostingProfile("crm", "crm")),
        ({"create_contact": True}, PostingProfile("crm", "crm", unknown_customer="create")),
    ],
)
def test_what_an_earlier_version_published_means_the_same(
    old: dict[str, Any], meant: PostingProfile
) -> None:
    assert read({"connector": "crm", **old}) == (meant,)
    published = completed("posting", document({"connector": "crm", **old}))
    assert read_posting_profiles(published) == (meant,)


def test_everything_that_can_be_written_arrives() -> None:
    (profile,) = read(
        {
            "id": "collections",
            "connector": "crm",
            "only": {
                "business_processes": ["Collections, North"],
                "channels": ["Call", "E-Mail"],
                "directions": ["Incoming"],
                "dispositions": ["PTP"],
                "outcomes": ["handled"],
                "dialed_numbers": [14155550100],
                "agents": [2001],
            },
            "never": [{"business_processes": ["Test"], "why": "test calls"}],
            "when": "wrap_up",
            "without_end_after_s": 3600,
            "record": "segment",
            "segment_states": ["Handling"],
            "unknown_customer": "attach",
            "fields": {"disposition_code": "${pick(tables.outcome, disposition_code, 'other')}"},
        },
        tables={"outcome": {"PTP": "Promise to pay"}},
        never=[{"agents": ["9000"], "why": "the training desk"}],
    )

    assert profile.only == PostingFilter(
        ("Collections, North",), ("voice", "email"), ("inbound",), ("PTP",), ("handled",),
        ("14155550100",), ("2001",),
    )  # fmt: skip
    assert profile.never == (
        NeverRule(PostingFilter(agents=("9000",)), "the training desk"),
        NeverRule(PostingFilter(business_processes=("Test",)), "test calls"),
    )
    assert (profile.when, profile.wrap_up_timeout_s) == (When.WRAP_UP, 120)
    assert (profile.is_per_segment, profile.segment_states) == (True, ("Handling",))
    assert (profile.unknown_customer, profile.without_end_after_s) == ("attach", 3600)
    assert profile.mapping is not None
    assert profile.mapping({"disposition_code": "PTP"}) == {"disposition_code": "Promise to pay"}


def test_what_is_completed_for_publishing_reads_back_the_same() -> None:
    written = document(
        {"connector": "a", "record": "segment", "only": {"channels": ["chat"]}},
        {
            "connector": "a",
            "when": "transfer",
            "fields": {"remarks": None, "score": 4, "is_ours": True},
        },
        never=[{"channels": ["sms"], "why": "noise"}],
    )

    once = completed("posting", written)

    assert completed("posting", once) == once


def test_profiles_without_an_id_are_called_after_their_connector() -> None:
    profiles = read(
        {"connector": "a"}, {"connector": "a"}, {"connector": "b"}, {"connector": "c", "id": "a-2"}
    )

    assert [profile.name for profile in profiles] == ["a", "a-3", "b", "a-2"]


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"onyl": {}}, "profiles.0: no key 'onyl'; did you mean only?"),
        ({"only": {"chanels": []}}, "profiles.0.only: no key 'chanels'; did you mean channels?"),
        ({"only": {"channels": "voice"}}, "profiles.0.only.channels: write a list: [voice]"),
        ({"only": {"directions": ["Transferred"]}}, "write inbound, outbound or internal"),
        ({"only": {"outcomes": ["missed"]}}, "'handled' or 'not_handled'"),
        ({"only": {"agents": [" "]}}, "profiles.0.only.agents.0: it is empty"),
        ({"never": [{"channels": ["sms"]}]}, "profiles.0.never.0.why: "),
        ({"never": [{"why": "no"}]}, "without a list it is everything"),
        ({"never": [{"channels": [], "why": "no"}]}, "without a list it is everything"),
        ({"when": "later"}, "'end', 'wrap_up' or 'transfer'"),
        ({"wrap_up_timeout_s": 9}, "belongs to `when: wrap_up`"),
        ({"when": "wrap_up", "wrap_up_timeout_s": 86_401}, "profiles.0.wrap_up_timeout_s: "),
        ({"without_end_after_s": 59}, "profiles.0.without_end_after_s: "),
        ({"segment_states": ["Handling"]}, "belongs to `record: segment`"),
        ({"record": "segment", "segment_states": []}, "leave it out for a record of each Internal"),
        ({"unknown_customer": "make"}, "'leave', 'create' or 'attach'"),
        ({"fields": {"a b": "x"}}, "profiles.0.fields.a b"),
        ({"fields": {"subject": "${agent_name"}}, "fields.subject: "),
        ({"fields": {"subject": "${agent name}"}}, "fields.subject: "),
        ({"channels": ["sms"], "only": {"channels": ["sms"]}}, "channels stands twice"),
        ({"wait_for_disposition_s": 5, "when": "end"}, "is the old word for when"),
        ({"create_contact": True, "unknown_customer": "leave"}, "the old word for unknown_cust"),
        ({"id": "no/slash"}, "profiles.0.id: "),
    ],
)
def test_a_slip_is_told_with_its_place(slip: dict[str, Any], said: str) -> None:
    assert said in refused({"connector": "crm", **slip})


def test_two_profiles_of_one_id_are_refused() -> None:
    said = refused({"connector": "a", "id": "x"}, {"connector": "b", "id": "x"})

    assert "the id x is there twice" in said


def test_every_slip_is_told_at_once() -> None:
    said = refused({"connector": "a", "wen": "end"}, {"connectr": "b"})

    assert "did you mean when?" in said
    assert "profiles.1.connector: " in said
