"""Who a challenger decides for, and what it would have decided differently."""

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.challenger import Challenger, arm_of, difference
from switchboard.domain.routing import Decision
from switchboard.domain.ruleset import Outcome, Priority, Ruleset
from switchboard.domain.ruleset_reader import read_ruleset

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
SHADOW = Challenger("shadow", "vip-first")
BY_CUSTOMER = Challenger("split", "vip-first", "customer", 10)
BY_TIME = Challenger("split", "vip-first", "time", 50)
SHARES = st.floats(0.1, 99)
KEYS = st.text(st.characters(), min_size=1)


def arm(challenger: Challenger, customer: str = "", contact: str = "", now: datetime = NOW) -> str:
    return arm_of(challenger, customer_key=customer, contact=contact, now=now, zone=NEW_YORK)


def is_tried(challenger: Challenger, now: datetime) -> bool:
    return arm(challenger, now=now) == "challenger"


def hours(day: date, count: int = 24) -> list[datetime]:
    return [
        datetime(day.year, day.month, day.day, hour, 30, tzinfo=NEW_YORK) for hour in range(count)
    ]


@pytest.mark.parametrize("challenger", [SHADOW, replace(SHADOW, by="time")])
def test_a_shadow_decides_for_nobody(challenger: Challenger) -> None:
    assert {arm(challenger, f"sandbox:{n}", now=NOW + timedelta(hours=n)) for n in range(500)} == {
        "champion"
    }


@pytest.mark.parametrize("share", [1, 10, 12.5, 50, 90])
@pytest.mark.parametrize("name", ["vip-first", "december"])
def test_of_a_hundred_thousand_customers_the_share_is_met_within_half_a_point(
    share: float, name: str
) -> None:
    challenger = Challenger("split", name, "customer", share)
    tried = sum(arm(challenger, f"sandbox:{n}") == "challenger" for n in range(100_000))

    assert abs(tried / 1000 - share) <= 0.5


@given(key=KEYS, share=SHARES, later_h=st.integers(0, 10_000))
def test_a_customer_stays_in_one_arm_whenever_and_from_wherever_they_call(
    key: str, share: float, later_h: int
) -> None:
    challenger = replace(BY_CUSTOMER, share=share)
    later = NOW + timedelta(hours=later_h)

    assert arm(challenger, key, "+14155550142") == arm(challenger, key, "+14155550199", later)


def test_the_same_customer_has_the_same_arm_in_another_process_and_another_version() -> None:
    code = (
        "from datetime import UTC, datetime; from zoneinfo import ZoneInfo\n"
        "from switchboard.domain.challenger import Challenger, arm_of\n"
        "c = Challenger('split', 'vip-first', 'customer', 50)\n"
        "print([n for n in range(40) if arm_of(c, customer_key=f'sandbox:{n}', contact='',"
        " now=datetime.now(UTC), zone=ZoneInfo('UTC')) == 'challenger'])"
    )
    elsewhere = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()
    half = replace(BY_CUSTOMER, share=50)
    here = [n for n in range(40) if arm(half, f"sandbox:{n}") == "challenger"]

    # Written down, so that a later version that deals anew is noticed.
    assert here == [3, 5, 10, 15, 21, 22, 23, 24, 26, 28, 34, 36, 38]
    assert elsewhere == str(here)


@given(key=KEYS, share=SHARES, more=SHARES)
def test_who_is_the_challenger_s_stays_so_when_the_share_grows(
    key: str, share: float, more: float
) -> None:
    less, more = sorted((share, more))

    if arm(replace(BY_CUSTOMER, share=less), key) == "challenger":
        assert arm(replace(BY_CUSTOMER, share=more), key) == "challenger"


def test_another_experiment_deals_the_customers_anew() -> None:
    halves = [Challenger("split", name, "customer", 50) for name in ("one", "two")]
    dealt = Counter(tuple(arm(half, f"sandbox:{n}") for half in halves) for n in range(4000))

    assert all(900 < count < 1100 for count in dealt.values())
    assert len(dealt) == 4


def test_who_is_not_known_is_told_apart_by_the_contact() -> None:
    dealt = Counter(arm(BY_CUSTOMER, "", f"+1415555{n:04}") for n in range(10_000))

    assert 900 < dealt["challenger"] < 1100


def test_who_withholds_the_number_is_the_champion_s() -> None:
    assert arm(replace(BY_CUSTOMER, share=99)) == "champion"


def test_slices_are_swapped_on_alternate_days() -> None:
    monday, tuesday, wednesday = (
        [is_tried(BY_TIME, at) for at in hours(date(2026, 3, day))] for day in (2, 3, 4)
    )

    assert monday == [not tried for tried in tuesday] == wednesday
    assert sum(monday) == 12
    assert all(one != other for one, other in pairwise(monday))


@pytest.mark.parametrize("share", [10, 20, 25, 33, 50, 80])
def test_in_a_hundred_days_every_hour_of_the_day_has_its_share(share: float) -> None:
    challenger = replace(BY_TIME, share=share)
    days = [date(2026, 4, 1) + timedelta(days=n) for n in range(100)]
    for hour in range(24):
        tried = sum(
            is_tried(challenger, datetime(d.year, d.month, d.day, hour, 5, tzinfo=NEW_YORK))
            for d in days
        )
        assert tried == share


@given(share=SHARES, minutes=st.integers(0, 24 * 60 - 1), slice_h=st.sampled_from([1, 2, 4, 5, 24]))
def test_within_a_slice_the_arm_does_not_change(share: float, minutes: int, slice_h: int) -> None:
    challenger = replace(BY_TIME, share=share, slice_s=slice_h * 3600)
    began = datetime(2026, 3, 2, minutes // 60 // slice_h * slice_h, tzinfo=NEW_YORK)
    at = datetime(2026, 3, 2, minutes // 60, minutes % 60, tzinfo=NEW_YORK)

    assert arm(challenger, now=at) == arm(challenger, now=began)


def test_customers_do_not_matter_where_time_is_split() -> None:
    assert len({arm(BY_TIME, f"sandbox:{n}", f"+1415555{n:04}") for n in range(200)}) == 1


def test_slices_follow_the_clock_on_the_wall_through_both_daylight_saving_nights() -> None:
    for night in (date(2026, 3, 8), date(2026, 11, 1)):
        ordinary = [is_tried(BY_TIME, at) for at in hours(night - timedelta(days=2))]
        that_day = [is_tried(BY_TIME, at) for at in hours(night)]
        skipped = 2 if night.month == 3 else None

        assert [one for hour, one in enumerate(that_day) if hour != skipped] == [
            one for hour, one in enumerate(ordinary) if hour != skipped
        ]


def test_the_hour_that_comes_twice_is_one_slice() -> None:
    first = datetime(2026, 11, 1, 1, 30, tzinfo=NEW_YORK)

    assert is_tried(BY_TIME, first) == is_tried(BY_TIME, first.replace(fold=1))
    assert first.astimezone(UTC) != first.replace(fold=1).astimezone(UTC)


def test_the_zone_is_the_ruleset_s_and_not_the_server_s() -> None:
    at = datetime(2026, 3, 2, 15, 30, tzinfo=NEW_YORK)

    assert arm(BY_TIME, now=at) == arm(BY_TIME, now=at.astimezone(UTC))


def decided(row: str = "high", *, decision: dict[str, Any] | None = None, **then: Any) -> Decision:
    outcome = Outcome(**{"action": "queue", "queue": "vip", **then})
    return Decision("0123", row, outcome, **(decision or {}))


def test_the_same_decision_by_the_same_row_is_no_difference() -> None:
    ours = decided(priority=Priority(120, "Urgent"))

    assert difference(ours, replace(ours, ruleset="4567")) is None


def test_another_queue_and_priority_by_another_row_are_told() -> None:
    ours = decided("high", queue="vip", priority=Priority(600, "Front"))
    theirs = decided("gold", queue="general", priority=Priority(0, "Normal"))

    found = difference(ours, theirs)

    assert found is not None
    assert (found.rows, found.queues) == (("high", "gold"), ("vip", "general"))
    assert found.what == ("row", "queue", "priority")
    assert found.is_noticed


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (decided(action="callback"), "action"),
        (decided(decision={"prompts": ("menu",)}), "prompts"),
        (decided(last_agent="owner"), "last agent"),
        (decided(avoids_last_agent=True), "last agent"),
        (decided(flow="balance"), "flow"),
        (decided(on_fail="other"), "flow"),
        (decided(decision={"views": ("tier",)}), "views"),
        (decided(decision={"flags": ("vip",)}), "flags"),
        (decided(remark="Handle with care"), "remark"),
    ],
    ids=str,
)
def test_everything_that_a_caller_or_agent_would_notice_is_a_difference(
    changed: Decision, what: str
) -> None:
    found = difference(decided(), changed)

    assert found is not None
    assert found.what == (what,)
    assert found.is_noticed


def test_prompts_that_another_table_adds_are_the_same_as_the_row_s_own() -> None:
    own = decided(prompts=("menu",), decision={"prompts": ("menu",)})
    collected = decided(decision={"prompts": ("menu",)})

    assert difference(own, collected) is None


def test_a_row_of_another_name_that_decides_the_same_is_not_noticed() -> None:
    found = difference(decided("high"), decided("gold"))

    assert found is not None
    assert not found.is_noticed


def ruleset(demand: str) -> Ruleset:
    return read_ruleset(
        {
            "format": "routing/1",
            "name": "main",
            "names": {"queues": {"vip": {"business_process": "Care", "demand": demand}}},
            "tables": [
                {
                    "id": "route",
                    "hit": "first",
                    "rows": [{"id": "all", "when": {}, "then": {"do": "queue", "queue": "vip"}}],
                }
            ],
        }
    )


def test_a_queue_of_the_same_name_that_is_another_one_in_ecs_is_a_difference() -> None:
    ours = decided()

    found = difference(ours, ours, rulesets=(ruleset("Premier"), ruleset("Gold")))

    assert found is not None
    assert found.what == ("queue",)
    assert difference(ours, ours, rulesets=(ruleset("Gold"), ruleset("Gold"))) is None
