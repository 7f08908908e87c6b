"""Which records of an interaction belong into which CRM, and from when on."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.interaction import Interaction, TriggerEvent, TriggerKind, merge
from switchboard.domain.posting_filter import ASPECTS, NeverRule, PostingFilter
from switchboard.domain.posting_profile import (
    PostingProfile,
    Wanted,
    WantedRecord,
    When,
    keeps_segment,
    wakes,
    wanted_records,
    without_end_after,
)

FIRST = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
ENDED = FIRST + timedelta(minutes=3)
CALL = {
    "channel": "voice",
    "direction": "inbound",
    "business_process": "Collections",
    "dialed_number": "+1 415 555 0100",
    "agent_name": "Maya Lindqvist",
    "agent_extension": "2001",
}


def event(
    kind: TriggerKind = TriggerKind.INTERACTION_ENDS,
    call: Mapping[str, str] | None = None,
    *,
    after_s: int = 180,
    **said: str,
) -> TriggerEvent:
    return TriggerEvent("i-1", kind, FIRST + timedelta(seconds=after_s), {**(call or {}), **said})


def told(*events: TriggerEvent, profiles: tuple[PostingProfile, ...] = ()) -> Interaction:
    interaction = Interaction("i-1")
    for each in events:
        interaction = merge(interaction, each, keeps_segment=keeps_segment(profiles, each))
    return interaction


def a_call(**said: str) -> Interaction:
    return told(event(call={**CALL, **said}))


def wanted(
    interaction: Interaction,
    *profiles: PostingProfile,
    ended_at: datetime | None = ENDED,
    now: datetime = ENDED,
) -> Wanted:
    return wanted_records(profiles, interaction, first_at=FIRST, ended_at=ended_at, now=now)


def only(**words: tuple[str, ...]) -> PostingProfile:
    return PostingProfile("crm", only=PostingFilter(**words))


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"channels": ("voice", "email")},
        {"channels": (" VOICE ",)},
        {"business_processes": ("Sales", "collections")},
        {"directions": ("inbound",), "channels": ("voice",)},
        {"dialed_numbers": ("(415) 555-0100", "+14155550100")},
        {"agents": ("maya lindqvist",)},
        {"agents": ("2001",)},
        {"outcomes": ("handled",)},
    ],
)
def test_a_profile_takes_what_passes_each_of_its_lists(
    words: Mapping[str, tuple[str, ...]],
) -> None:
    assert len(wanted(a_call(), only(**words)).records) == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"channels": ("email",)}, "profile crm takes channel email only"),
        ({"channels": ("email", "sms")}, "profile crm takes channel email or sms only"),
        (
            {"business_processes": ("Sales, North",)},
            "profile crm takes Business Process Sales, North only",
        ),
        ({"directions": ("outbound",)}, "profile crm takes direction outbound only"),
        ({"dispositions": ("PTP",)}, "profile crm takes disposition PTP only"),
        ({"outcomes": ("not_handled",)}, "profile crm takes outcome not_handled only"),
        ({"dialed_numbers": ("4155550101",)}, "profile crm takes some dialed numbers only"),
        ({"agents": ("Bob Sample",)}, "profile crm takes some agents only"),
    ],
)
def test_what_is_not_taken_is_told_with_the_reason_and_without_people(
    words: Mapping[str, tuple[str, ...]], why: str
) -> None:
    found = wanted(a_call(), only(**words))

    assert [(one.connector, one.why) for one in found.unwanted] == [("crm", why)]
    assert found.records == ()


@pytest.mark.parametrize(
    ("said", "is_handled"),
    [
        ({"agent_name": "", "agent_extension": ""}, False),
        ({"agent_name": " ", "agent_extension": "2001"}, True),
        ({"agent_name": "", "agent_extension": "", "handle_s": "0"}, False),
        ({"agent_name": "", "agent_extension": "", "handle_s": "12"}, True),
        ({"agent_name": "", "agent_extension": "", "handle_s": "soon"}, False),
        ({"agent_name": "", "agent_extension": "", "handle_s": "nan"}, False),
    ],
)
def test_handled_is_what_an_agent_or_handling_time_shows(
    said: dict[str, str], is_handled: bool
) -> None:
    handled, missed = only(outcomes=("handled",)), only(outcomes=("not_handled",))

    assert bool(wanted(a_call(**said), handled).records) is is_handled
    assert bool(wanted(a_call(**said), missed).records) is not is_handled


def test_what_is_never_to_be_posted_is_not_and_the_first_rule_says_why() -> None:
    profile = PostingProfile(
        "crm",
        never=(
            NeverRule(PostingFilter(business_processes=("Test",)), "test calls"),
            NeverRule(PostingFilter(channels=("voice",)), "calls are recorded elsewhere"),
            NeverRule(PostingFilter(directions=("inbound",)), "too late to be asked"),
        ),
    )

    (unwanted,) = wanted(a_call(), profile).unwanted

    assert unwanted.why == "do-not-post: calls are recorded elsewhere"


def test_of_two_profiles_for_one_record_the_first_that_takes_it_decides() -> None:
    first = PostingProfile("crm", id="emails", only=PostingFilter(channels=("email",)))
    second = PostingProfile("crm", id="calls", only=PostingFilter(channels=("voice",)))
    third = PostingProfile("crm", id="rest")

    found = wanted(a_call(), first, second, third)

    assert [record.profile.name for record in found.records] == ["calls"]
    assert [(one.profile.name, one.why) for one in found.unwanted] == [
        ("emails", "profile emails takes channel email only"),
        ("rest", "profile calls writes it"),
    ]


def test_two_connectors_have_a_record_each() -> None:
    found = wanted(a_call(), PostingProfile("crm"), PostingProfile("archive"))

    assert [record.key for record in found.records] == ["crm", "archive"]
    assert {record.record_id(a_call()) for record in found.records} == {"i-1"}


@pytest.mark.parametrize(
    ("when", "timeout_s", "disposition", "waits_s"),
    [
        (When.END, 0, "", None),
        (When.WRAP_UP, 120, "", 120),
        (When.WRAP_UP, 120, "Resolved", None),
        (When.WRAP_UP, 0, "", None),
        (When.TRANSFER, 0, "", None),
        (When.TRANSFER, 60, "", 60),
    ],
)
def test_after_the_end_a_record_waits_for_the_disposition_and_no_longer_than_it_may(
    when: When, timeout_s: int, disposition: str, waits_s: int | None
) -> None:
    profile = PostingProfile("crm", when=when, wrap_up_timeout_s=timeout_s)
    interaction = a_call(disposition_code=disposition)

    (record,) = wanted(interaction, profile).records

    assert record.not_before == (ENDED + timedelta(seconds=waits_s) if waits_s else None)
    (later,) = wanted(interaction, profile, now=ENDED + timedelta(seconds=120)).records
    assert later.not_before is None


@pytest.mark.parametrize("when", list(When))
def test_without_an_end_a_record_waits_for_it_and_at_last_is_written_all_the_same(
    when: When,
) -> None:
    profile = PostingProfile("crm", when=when, without_end_after_s=600)
    begun = told(event(TriggerKind.INTERACTION_STARTS, CALL))

    (record,) = wanted(begun, profile, ended_at=None, now=FIRST).records
    (later,) = wanted(begun, profile, ended_at=None, now=FIRST + timedelta(seconds=600)).records

    assert record.not_before == FIRST + timedelta(seconds=600)
    assert later.not_before is None


def test_a_profile_may_ask_for_the_record_at_each_transfer_already() -> None:
    transferred = told(
        event(TriggerKind.INTERACTION_STARTS, CALL, after_s=0),
        event(TriggerKind.INTERNAL_TRANSFER, after_s=60),
    )
    at_once, at_the_end = PostingProfile("crm", when=When.TRANSFER), PostingProfile("archive")

    found = wanted(transferred, at_once, at_the_end, ended_at=None, now=FIRST)

    assert [record.not_before is None for record in found.records] == [True, False]


def test_a_segment_that_is_written_at_transfers_waits_for_no_wrap_up_of_the_whole() -> None:
    profile = PostingProfile("crm", is_per_segment=True, when=When.TRANSFER, wrap_up_timeout_s=60)
    late = told(event(), event(TriggerKind.INTERNAL_TRANSFER, after_s=5), profiles=(profile,))

    (record,) = wanted(late, profile).records

    assert record.not_before is None


SEGMENTS = PostingProfile("crm", is_per_segment=True, segment_states=("Handling", "Wrap Up"))


def test_each_segment_in_the_chosen_states_is_a_record_of_its_own() -> None:
    interaction = told(
        event(TriggerKind.INTERACTION_STARTS, after_s=0, contact="+14155550142", channel="voice"),
        event(TriggerKind.SEGMENT_CHANGE, after_s=5, segment_state="Offered", agent_name="Ada"),
        event(TriggerKind.SEGMENT_CHANGE, after_s=9, segment_state="handling", agent_name="Ada"),
        event(TriggerKind.SEGMENT_CHANGE, after_s=60, segment_state="Handling", agent_name="Bob"),
        event(remarks="all is well", agent_name="Bob", disposition_code="Resolved"),
        profiles=(SEGMENTS,),
    )

    records = wanted(interaction, SEGMENTS).records

    assert len({record.key for record in records}) == 2
    assert {record.record_id(interaction) for record in records} == {
        f"i-1:{key}" for key in interaction.segments
    }
    fields = [record.fields(interaction) for record in records]
    assert sorted(str(each["agent_name"]) for each in fields) == ["Ada", "Bob"]
    assert all(each["contact"] == "+14155550142" for each in fields)
    assert not any("remarks" in each or "disposition_code" in each for each in fields)


def test_a_filter_looks_at_the_segment_and_not_at_what_came_after_it() -> None:
    profile = PostingProfile(
        "crm",
        is_per_segment=True,
        when=When.TRANSFER,
        only=PostingFilter(business_processes=("Sales",)),
    )
    interaction = told(
        event(TriggerKind.INTERNAL_TRANSFER, after_s=5, business_process="Sales"),
        event(TriggerKind.INTERNAL_TRANSFER, after_s=9, business_process="Billing"),
        profiles=(profile,),
    )

    found = wanted(interaction, profile, ended_at=None, now=FIRST)

    assert [record.not_before for record in found.records] == [None]
    assert [(one.why, bool(one.part)) for one in found.unwanted] == [
        ("profile crm takes Business Process Sales only", True)
    ]


def test_a_profile_for_segments_says_that_none_was_told() -> None:
    (unwanted,) = wanted(a_call(), SEGMENTS).unwanted

    assert "none told Handling or Wrap Up yet" in unwanted.why


def test_segments_and_the_whole_are_different_records() -> None:
    transfers = PostingProfile("crm", id="parts", is_per_segment=True)
    interaction = told(
        event(TriggerKind.INTERNAL_TRANSFER, after_s=5), event(), profiles=(transfers,)
    )

    records = wanted(interaction, transfers, PostingProfile("crm", id="whole")).records

    assert sorted(record.key.partition("#")[2] != "" for record in records) == [False, True]


@pytest.mark.parametrize(
    ("profile", "kind", "state", "kept"),
    [
        (PostingProfile("crm"), TriggerKind.INTERNAL_TRANSFER, "", False),
        (SEGMENTS, TriggerKind.SEGMENT_CHANGE, "Handling", True),
        (SEGMENTS, TriggerKind.SEGMENT_CHANGE, " wrap up ", True),
        (SEGMENTS, TriggerKind.SEGMENT_CHANGE, "Offered", False),
        (SEGMENTS, TriggerKind.SEGMENT_CHANGE, "", False),
        (SEGMENTS, TriggerKind.INTERNAL_TRANSFER, "Handling", False),
        (SEGMENTS, TriggerKind.INTERACTION_ENDS, "Handling", False),
        (PostingProfile("c", is_per_segment=True), TriggerKind.INTERNAL_TRANSFER, "", True),
        (PostingProfile("c", is_per_segment=True), TriggerKind.SEGMENT_CHANGE, "Handling", False),
    ],
)
def test_only_what_some_profile_writes_is_kept_apart(
    profile: PostingProfile, kind: TriggerKind, state: str, kept: bool
) -> None:
    assert keeps_segment((profile,), event(kind, segment_state=state)) is kept
    assert keeps_segment((), event(kind, segment_state=state)) is False


@pytest.mark.parametrize(
    ("when", "is_per_segment", "kind", "woken"),
    [
        (When.TRANSFER, False, TriggerKind.INTERNAL_TRANSFER, True),
        (When.TRANSFER, False, TriggerKind.SEGMENT_CHANGE, False),
        (When.TRANSFER, True, TriggerKind.INTERNAL_TRANSFER, True),
        (When.TRANSFER, True, TriggerKind.SEGMENT_CHANGE, False),
        (When.END, True, TriggerKind.INTERNAL_TRANSFER, False),
        (When.WRAP_UP, False, TriggerKind.INTERNAL_TRANSFER, False),
    ],
)
def test_only_a_profile_that_writes_at_transfers_wakes_the_worker_before_the_end(
    when: When, is_per_segment: bool, kind: TriggerKind, woken: bool
) -> None:
    profile = PostingProfile("crm", when=when, is_per_segment=is_per_segment)

    assert wakes((profile,), event(kind)) is woken


def test_the_least_patient_profile_says_when_an_interaction_without_end_is_looked_at() -> None:
    hasty = PostingProfile("crm", without_end_after_s=600)

    assert without_end_after((PostingProfile("archive"), hasty)) == timedelta(minutes=10)
    assert without_end_after(()) == timedelta(hours=6)


def test_a_mapping_sees_what_ecs_told_of_the_record() -> None:
    profile = PostingProfile("crm", mapping=lambda fields: {"who": fields["agent_name"], "n": 1})

    (record,) = wanted(a_call(), profile).records

    assert record.fields(a_call()) == {"who": "Maya Lindqvist", "n": 1}


@pytest.mark.parametrize(
    ("wide", "narrow", "is_covered"),
    [
        (PostingFilter(), PostingFilter(), True),
        (PostingFilter(), PostingFilter(channels=("voice",)), True),
        (PostingFilter(channels=("voice",)), PostingFilter(), False),
        (PostingFilter(channels=("Voice", "chat")), PostingFilter(channels=("voice",)), True),
        (PostingFilter(channels=("voice",)), PostingFilter(channels=("voice", "chat")), False),
        (PostingFilter(channels=("voice",)), PostingFilter(agents=("voice",)), False),
    ],
)
def test_a_filter_covers_what_it_surely_lets_through(
    wide: PostingFilter, narrow: PostingFilter, is_covered: bool
) -> None:
    assert wide.covers(narrow) is is_covered


_WORDS = st.sampled_from(["", "voice", "Sales", "Handling", "2001", "0", "\x00 é", "1e999"])
_NAMES = st.sampled_from(
    ["channel", "direction", "business_process", "segment_state", "segment_id", "agent_name",
     "handle_s", "disposition_code", "dialed_number", "anything"]
)  # fmt: skip
_FILTERS = st.builds(
    PostingFilter,
    business_processes=st.lists(_WORDS, max_size=2).map(tuple),
    channels=st.lists(_WORDS, max_size=2).map(tuple),
    outcomes=st.lists(st.sampled_from(["handled", "not_handled"]), max_size=1).map(tuple),
    dialed_numbers=st.lists(_WORDS, max_size=1).map(tuple),
    agents=st.lists(_WORDS, max_size=1).map(tuple),
)
_PROFILES = st.builds(
    PostingProfile,
    connector=st.sampled_from(["crm", "archive"]),
    id=st.sampled_from(["", "a", "b"]),
    only=_FILTERS,
    never=st.lists(st.builds(NeverRule, _FILTERS, st.just("no")), max_size=1).map(tuple),
    when=st.sampled_from(When),
    wrap_up_timeout_s=st.integers(0, 86_400),
    without_end_after_s=st.integers(60, 604_800),
    is_per_segment=st.booleans(),
    segment_states=st.lists(_WORDS, max_size=2).map(tuple),
)
_EVENTS = st.builds(
    TriggerEvent,
    st.just("i-1"),
    st.sampled_from(TriggerKind),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.dictionaries(_NAMES, _WORDS, max_size=6),
    st.booleans(),
)


def shown(record: WantedRecord) -> tuple[str, str, datetime | None]:
    return record.profile.name, record.key, record.not_before


@given(
    profiles=st.lists(_PROFILES, max_size=5).map(tuple),
    events=st.lists(_EVENTS, max_size=8),
    ended=st.none() | st.just(ENDED),
    later=st.timedeltas(timedelta(days=-10), timedelta(days=10)),
)
def test_whatever_is_told_each_record_is_wanted_at_most_once_and_always_the_same(
    profiles: tuple[PostingProfile, ...],
    events: list[TriggerEvent],
    ended: datetime | None,
    later: timedelta,
) -> None:
    interaction = told(*events, profiles=profiles)
    shuffled = told(*reversed(events), profiles=profiles)
    now = FIRST + later

    found = wanted(interaction, *profiles, ended_at=ended, now=now)

    keys = [record.key for record in found.records]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {p.connector for p in profiles} | {
        f"{p.connector}#{key}" for p in profiles for key in interaction.segments
    }
    again = wanted(shuffled, *profiles, ended_at=ended, now=now)
    assert [shown(one) for one in again.records] == [shown(one) for one in found.records]
    assert all(one.why for one in found.unwanted)
    assert all(one.not_before is None or one.not_before > now for one in found.records)
    assert {one.profile.connector for one in found.unwanted} | {
        one.connector for one in found.records
    } == {profile.connector for profile in profiles}


def test_no_list_of_a_filter_is_forgotten() -> None:
    assert list(ASPECTS) == [each.name for each in fields(PostingFilter)]
