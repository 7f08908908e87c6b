from random import Random

import pytest

from local.ecs_emulator.knobs import Knobs
from local.ecs_emulator.triggers import planned_delays
from tests.local.ecs_emulator.conftest import OpenCentre
from tests.local.ecs_emulator.fake_switchboard import Answer, FakeSwitchboard
from tests.local.ecs_emulator.person import eventually

ALL_NAMES = {
    *("interaction_id", "occurred_at", "channel", "direction", "contact", "dialed_number"),
    *("business_process", "agent_name", "agent_extension", "started_at", "ended_at"),
    *("duration_s", "queue_s", "handle_s", "segment_state", "segment_level"),
    *("disposition_set", "disposition_category", "disposition_code", "remarks"),
    *("customer_id", "request_id", "callback_reference"),
}


def test_every_trigger_sends_the_same_names_and_only_text(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    person.waits(person.calls(remarks="Called about a bill"), "Handled")
    eventually(lambda: switchboard.triggers("interaction-ends"))

    for seen in switchboard.triggers():
        assert set(seen.body) == ALL_NAMES
        assert all(isinstance(value, str) for value in seen.body.values())
        assert seen.headers["x-switchboard-key"] == "k1.secret"


def test_the_disposition_exists_only_at_the_end(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    person.waits(person.calls(disposition="Complaint Logged", remarks="Upset"), "Handled")
    eventually(lambda: switchboard.triggers("interaction-ends"))

    (start,) = switchboard.triggers("interaction-starts")
    (end,) = switchboard.triggers("interaction-ends")
    late = ("disposition_code", "remarks", "ended_at", "duration_s", "agent_name", "customer_id")
    assert [start.body[name] for name in late] == [""] * 6
    assert end.body["disposition_code"] == "Complaint Logged"
    assert end.body["disposition_set"] == "Service"
    assert end.body["remarks"] == "Upset"
    assert end.body["agent_extension"] == "2001"
    assert end.body["customer_id"] == "c-1"
    assert end.body["duration_s"].isdecimal()


def test_an_interaction_walks_through_its_segments(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    person.waits(person.calls(), "Handled")
    eventually(lambda: switchboard.triggers("interaction-ends"))

    walked = [
        (seen.body["segment_state"], seen.body["segment_level"])
        for seen in switchboard.triggers("segment-change")
    ]
    assert walked == [
        ("Interaction Starts", "Channel"),
        ("Interaction Starts", "Business Process"),
        ("Agent Selecting", "In Queue"),
        ("Offered", "Agent"),
        ("Handling", "Agent"),
        ("Wrap Up", "Agent"),
        ("Interaction Ends", "Agent"),
    ]


def test_a_transfer_fires_internal_transfer(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre()
    interaction_id = person.calls(manual=True)
    person.waits(interaction_id, "Handling")

    path = f"/emulator/interactions/{interaction_id}/transfer"
    assert person.post(path, {"business_process": "Collections"}).status_code == 202

    eventually(lambda: switchboard.triggers("internal-transfer"))
    moved = switchboard.triggers("internal-transfer")[0].body
    assert (moved["business_process"], moved["agent_extension"]) == ("Collections", "2001")
    handled = person.waits_until(interaction_id, lambda view: view["agent_extension"] == "2002")
    assert handled["business_process"] == "Collections"


def test_shuffled_triggers_arrive_out_of_order_and_some_twice(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre(
        "knobs.shuffle=true", "knobs.delay_max_s=0.5", "knobs.duplicate_probability=0.5"
    )
    interaction_id = person.calls()

    view = person.waits_until(
        interaction_id,
        lambda view: (
            view["has_ended"] and all(sent["outcome"] == "delivered" for sent in view["triggers"])
        ),
    )

    arrived = [seen.body["occurred_at"] + seen.path for seen in switchboard.triggers()]
    duplicates = [sent for sent in view["triggers"] if sent["copy"] == 2]
    assert len(arrived) == 9 + len(duplicates)
    assert 0 < len(duplicates) < 9
    fired = [sent["number"] for sent in view["triggers"]]
    left = sorted(view["triggers"], key=lambda sent: sent["attempts"][0]["at"])
    assert [sent["number"] for sent in left] != fired


def test_delayed_triggers_keep_their_order_without_shuffle(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre("knobs.shuffle=false", "knobs.delay_max_s=0.3")

    view = person.waits_until(
        person.calls(),
        lambda view: (
            view["has_ended"] and all(sent["outcome"] == "delivered" for sent in view["triggers"])
        ),
    )

    left = sorted(view["triggers"], key=lambda sent: sent["attempts"][0]["at"])
    assert [sent["number"] for sent in left] == [sent["number"] for sent in view["triggers"]]


def test_the_same_seed_gives_the_same_faults() -> None:
    knobs = Knobs(duplicate_probability=0.3, loss_probability=0.3, delay_max_s=2)

    def plan(seed: int) -> list[list[float]]:
        random = Random(seed)
        return [planned_delays(knobs, random) for _ in range(50)]

    assert plan(7) == plan(7)
    assert plan(7) != plan(8)
    assert {len(delays) for delays in plan(7)} == {0, 1, 2}


def test_lost_triggers_are_recorded_and_never_sent(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre("knobs.loss_probability=1")
    view = person.waits(person.calls(), "Handled")

    assert {sent["outcome"] for sent in view["triggers"]} == {"lost"}
    assert switchboard.triggers() == []


@pytest.mark.parametrize(("retries", "tries"), [(0, 1), (2, 3)])
def test_a_failed_trigger_is_tried_again_only_as_often_as_the_knob_says(
    retries: int, tries: int, open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.trigger = lambda seen: Answer(503 if seen.event == "interaction-starts" else 202)
    person = open_centre(f"knobs.retries={retries}", "knobs.retry_delay_s=0.01")

    interaction_id = person.calls()

    view = person.waits_until(
        interaction_id,
        lambda view: any(sent["outcome"] == "failed" for sent in view["triggers"]),
    )
    (failed,) = [sent for sent in view["triggers"] if sent["event"] == "interaction_starts"]
    assert failed["status_codes"] == [503] * tries


def test_interaction_ends_can_come_before_wrap_up(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre("knobs.ends_before_wrap_up=true")
    person.waits(person.calls(), "Handled")
    eventually(lambda: switchboard.triggers("interaction-ends"))
    eventually(lambda: switchboard.triggers()[-1].body["segment_state"] == "Interaction Ends")

    (end,) = switchboard.triggers("interaction-ends")
    assert end.body["ended_at"] != ""
    assert end.body["disposition_code"] == ""
    assert switchboard.triggers("segment-change")[-1].body["disposition_code"] == "Resolved"


@pytest.mark.parametrize(
    ("setting", "name", "expected"),
    [
        ("null_form=omit", "disposition_code", "missing"),
        ("null_form=N/A", "disposition_code", "N/A"),
        ("null_form='null'", "disposition_code", None),
        ("interaction_id_sent=false", "interaction_id", ""),
        ("phone_form=digits", "contact", "14155550142"),
        ("segment_notation=state_level", "segment_state", "Interaction Starts (Channel)"),
        ("date_format=then", "occurred_at", "then"),
    ],
)
def test_the_form_of_values_is_a_knob(
    setting: str,
    name: str,
    expected: str | None,
    open_centre: OpenCentre,
    switchboard: FakeSwitchboard,
) -> None:
    person = open_centre(f"knobs.{setting}")
    person.calls()
    eventually(lambda: switchboard.triggers("interaction-starts"))

    (start,) = switchboard.triggers("interaction-starts")
    assert start.body.get(name, "missing") == expected


@pytest.mark.parametrize(
    ("setting", "expected"), [("duration_form='hh:mm:ss'", "00:00:00"), ("values_as_text=no", 0)]
)
def test_durations_can_be_clock_times_or_numbers(
    setting: str, expected: object, open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    person = open_centre(f"knobs.{setting}")
    person.calls()
    eventually(lambda: switchboard.triggers("interaction-ends"))

    assert switchboard.triggers("interaction-ends")[0].body["duration_s"] == expected
