"""What a recording may hold, and what is said where it holds something else."""

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.rules.recorded_lines import line_of
from cli.simulation.recording import recording_of
from cli.simulation.refusal import CannotSimulate
from switchboard.domain.recorded_contact import RecordedContact
from switchboard.domain.routing_record import RoutingRecord
from tests.unit.simulation.recordings import recording

LINE: dict[str, Any] = {
    "at": "2026-11-02T09:00:00.000000Z",
    "action": "queue",
    "queue": "general",
    "priority_seconds": 120,
    "gain_per_min_s": 12,
    "max_seconds": 240,
    "preferred_agent": "2001",
    "hold_s": 15,
    "facts": {"crm.tier": "high"},
    "channel": "voice",
    "waited_s": 7,
    "handled_s": 180,
    "abandoned": False,
    "agent": "2001",
    "disposition_code": "sale",
    "customer": "a1",
}


def line(**changes: Any) -> str:
    return json.dumps({**LINE, **changes})


def problem(*lines: str) -> str:
    with pytest.raises(CannotSimulate) as refused:
        recording_of(lines, "month.jsonl")
    return str(refused.value)


def test_a_line_is_a_contact() -> None:
    (contact,) = recording_of([line()], "month.jsonl").contacts

    assert contact.queue == "general"
    assert (contact.priority_s, contact.gain_per_min_s, contact.max_s) == (120, 12, 240)
    assert (contact.waited_s, contact.handled_s, contact.agent) == (7, 180, "2001")
    assert contact.was_answered
    assert contact.is_told


def test_what_no_trigger_told_stays_open() -> None:
    (contact,) = recording_of([line(waited_s=None, handled_s=None, abandoned=None)], "x").contacts

    assert not contact.is_told


def test_only_the_keys_that_a_simulation_needs_must_be_there() -> None:
    needed = ("at", "queue", "waited_s", "handled_s", "abandoned", "agent", "facts")
    short = json.dumps({key: LINE[key] for key in needed})

    (contact,) = recording_of([short], "x").contacts

    assert (contact.action, contact.priority_s, contact.preferred_agent) == ("queue", 0, "")


@pytest.mark.parametrize("key", ["at", "queue", "waited_s", "handled_s", "abandoned", "facts"])
def test_a_key_that_is_missing_is_named(key: str) -> None:
    short = json.dumps({name: value for name, value in LINE.items() if name != key})

    assert problem(short).startswith(f"month.jsonl, line 1: no `{key}`")


def test_an_empty_file_says_where_contacts_come_from() -> None:
    assert "switchboard rules recorded" in problem()
    assert "switchboard rules recorded" in problem("\n", "  \n")


def test_writing_is_left_out_because_it_does_not_wait_in_line() -> None:
    found = recording_of([line(), line(channel="email"), line(channel="chat")], "x")

    assert len(found.contacts) == 1
    assert found.notes == ("2 contacts in writing left out: only callers wait in line",)


def test_writing_alone_is_nothing_to_simulate() -> None:
    assert "none of the 1 contacts is a call" in problem(line(channel="email"))


def test_lines_out_of_order_are_put_in_order_and_it_is_said() -> None:
    early, late = "2026-11-02T09:00:00Z", "2026-11-02T10:00:00+00:00"

    found = recording_of([line(at=late), line(at=early)], "x")

    assert [contact.at_s for contact in found.contacts] == sorted(c.at_s for c in found.contacts)
    assert "put in order" in found.notes[0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"waited_s": -3}, "waited_s is -3: nothing lasts less than no time"),
        ({"handled_s": -0.5}, "handled_s is -0.5"),
        ({"hold_s": -1}, "hold_s is -1"),
        ({"waited_s": "7"}, "waited_s: '7' is no number of seconds"),
        ({"waited_s": 10**400}, "waited_s: too large"),
        ({"waited_s": True}, "waited_s: True is no number of seconds"),
        ({"at": "2026-11-02T09:00:00"}, "at: '2026-11-02T09:00:00' is no moment in UTC"),
        ({"at": "yesterday"}, "at: 'yesterday' is no moment"),
        ({"at": None}, "at: None is no moment"),
        ({"action": "queu"}, "did you mean 'queue'?"),
        ({"queue": ""}, "action is `queue`, but `queue` is empty"),
        ({"channel": []}, "channel: write [] as text"),
        ({"queue": 7}, "queue: write 7 as text"),
        ({"abandoned": "no"}, "abandoned: 'no' is neither true, false nor null"),
        ({"facts": []}, "`facts` is no object"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_line(changes: dict[str, Any], said: str) -> None:
    told = problem(line(), line(**changes))

    assert told.startswith("month.jsonl, line 2: ")
    assert said in told


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "7",
        "[]",
        '{"at": NaN}',
        line().replace('"waited_s": 7', '"waited_s": 1e999'),
        '{"a":' * 5000,
        line()[:-5],
        '"' + "x" * 9,
    ],
)
def test_what_is_no_contact_is_refused_and_never_a_crash(text: str) -> None:
    assert problem(text).startswith("month.jsonl, line 1: ")


def test_of_many_problems_the_first_few_are_shown() -> None:
    told = problem(*["{"] * 9).splitlines()

    assert len(told) == 6
    assert told[-1] == "and 4 lines more"


def test_a_time_of_more_than_a_day_was_not_told() -> None:
    found = recording_of([line(handled_s=90_000)], "x")

    assert not found.contacts[0].is_told
    assert "1 contacts say more than a day" in found.notes[0]


def test_a_moment_from_long_ago_is_looked_for() -> None:
    told = problem(line(), line(at="1970-01-01T00:00:00Z"))

    assert "contacts from 1970-01-01 to 2026-11-02" in told


@given(
    st.dictionaries(
        st.sampled_from(list(LINE)),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.none()),
    )
)
def test_any_line_is_read_or_refused(changes: dict[str, Any]) -> None:
    with contextlib.suppress(CannotSimulate):
        assert len(recording_of([json.dumps({**LINE, **changes})], "x").contacts) == 1


def test_the_sample_recording_reads() -> None:
    lines = [json.dumps(each) for each in recording(1)]

    assert len(recording_of(lines, "x").contacts) == len(lines)


def test_what_is_written_by_rules_recorded_reads() -> None:
    routing = RoutingRecord(
        at=datetime(2026, 11, 2, 9, tzinfo=UTC),
        ruleset="d1",
        row="high",
        action="queue",
        facts={"crm.tier": "high", "crm.products": ["tv"], "crm.spend": None},
        queue="vip",
        priority_s=120,
        agent="2001",
        hold_s=15,
    )
    decided = RecordedContact(
        id="int-1",
        routing=routing,
        customer_key="sandbox:1",
        channel="voice",
        waited_s=7,
        handled_s=180,
        abandoned=False,
        agent="2001",
        disposition_code="sale",
    )

    (found,) = recording_of([line_of(decided, salt=b"salt", with_id=False)], "x").contacts

    assert (found.queue, found.priority_s, found.preferred_agent) == ("vip", 120, "2001")
    assert (found.waited_s, found.handled_s, found.hold_s) == (7, 180, 15)
    assert found.facts == routing.facts
    assert found.disposition == "sale"
    assert found.customer
