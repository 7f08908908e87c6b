"""A call is made only where every rule allows it; a missing fact refuses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.identity import PhoneNumber
from switchboard.domain.outbound import ContactPolicy, OutboundRequest, OutboundState, Refusal

US_ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "Pacific/Honolulu")
EVERY_DAY = frozenset(range(7))
POLICY = ContactPolicy(
    opens_minute=8 * 60,
    closes_minute=21 * 60,
    weekdays=frozenset(range(6)),
    max_attempts_per_day=3,
    zones_by_region={"US": US_ZONES},
)
NOW = datetime(2026, 3, 4, 19, 0, tzinfo=UTC)  # Wednesday: 14:00 in New York, 9:00 in Honolulu
REQUEST = OutboundRequest(
    id="out-1",
    source="api:app",
    number=PhoneNumber("+14155550142"),
    business_process="Customer Care",
    not_after=datetime(2027, 1, 1, tzinfo=UTC),
)


def refusal(
    request: OutboundRequest = REQUEST,
    *,
    policy: ContactPolicy = POLICY,
    now: datetime = NOW,
    do_not_call: bool = False,
) -> Refusal | None:
    return policy.refusal(request, now=now, do_not_call=do_not_call)


def local(zone: str, *moment: int, fold: int = 0) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)  # type: ignore[misc, arg-type]


def test_by_day_in_every_zone_a_call_may_go_ahead() -> None:
    assert refusal() is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"not_after": NOW - timedelta(microseconds=1)}, Refusal.EXPIRED),
        ({"not_after": NOW}, None),
        ({"not_before": NOW + timedelta(microseconds=1)}, Refusal.TOO_EARLY),
        ({"not_before": NOW}, None),
        ({"number": PhoneNumber("+80012345678")}, Refusal.COUNTRY_NOT_ALLOWED),
        ({"number": PhoneNumber("+14165550142")}, Refusal.COUNTRY_NOT_ALLOWED),
    ],
)
def test_a_request_is_judged_by_what_it_says(
    change: dict[str, object], why: Refusal | None
) -> None:
    assert refusal(replace(REQUEST, **change)) is why  # type: ignore[arg-type]


def test_who_must_not_be_called_is_not_called() -> None:
    assert refusal(do_not_call=True) is Refusal.DO_NOT_CALL


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (local("Pacific/Honolulu", 2026, 3, 4, 7, 59), False),  # too early in the west
        (local("Pacific/Honolulu", 2026, 3, 4, 8, 0), True),
        (local("America/New_York", 2026, 3, 4, 20, 59), True),
        (local("America/New_York", 2026, 3, 4, 21, 0), False),  # too late in the east
    ],
)
def test_a_number_that_may_ring_in_any_zone_waits_until_all_are_open(
    now: datetime, is_open: bool
) -> None:
    assert refusal(now=now) is (None if is_open else Refusal.OUTSIDE_CALLING_HOURS)


@pytest.mark.parametrize("zone", US_ZONES)
@pytest.mark.parametrize(
    ("hour", "minute", "is_open"), [(7, 59, False), (8, 0, True), (20, 59, True), (21, 0, False)]
)
def test_a_zone_that_the_crm_names_is_believed(
    zone: str, hour: int, minute: int, is_open: bool
) -> None:
    there = replace(REQUEST, time_zone=zone)

    found = refusal(there, now=local(zone, 2026, 3, 4, hour, minute))

    assert found is (None if is_open else Refusal.OUTSIDE_CALLING_HOURS)


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/London", "nonsense", "../../etc/passwd"])
def test_a_zone_that_is_not_the_numbers_is_not_believed(zone: str) -> None:
    early_in_honolulu = local("Pacific/Honolulu", 2026, 3, 4, 7, 0)

    found = refusal(replace(REQUEST, time_zone=zone), now=early_in_honolulu)

    assert found is Refusal.OUTSIDE_CALLING_HOURS


def test_the_weekday_is_the_one_where_the_phone_rings() -> None:
    sunday_evening_in_utc = local("Pacific/Honolulu", 2026, 3, 7, 20, 0)  # Saturday there
    there = replace(REQUEST, time_zone="Pacific/Honolulu")

    assert sunday_evening_in_utc.weekday() == 6
    assert refusal(there, now=sunday_evening_in_utc) is None
    assert refusal(there, now=sunday_evening_in_utc + timedelta(days=1)) is not None


def night_policy(opens: int, closes: int) -> ContactPolicy:
    return replace(POLICY, opens_minute=opens, closes_minute=closes, weekdays=EVERY_DAY)


def open_minutes(day: tuple[int, int, int], policy: ContactPolicy) -> int:
    """For how many real minutes of a New York day a call may be made."""
    there = replace(REQUEST, time_zone="America/New_York")
    midnight = local("America/New_York", *day)
    minutes = (midnight + timedelta(minutes=m) for m in range(26 * 60))
    zone = ZoneInfo("America/New_York")
    return sum(
        refusal(there, policy=policy, now=minute) is None
        for minute in minutes
        if minute.astimezone(zone).day == day[2]
    )


@pytest.mark.parametrize(
    ("day", "minutes"),
    [
        ((2026, 3, 8), 0),  # 2:00 becomes 3:00: the hour is not there
        ((2026, 11, 1), 60),  # 1:00 to 2:00 comes twice, 2:00 to 3:00 once
        ((2026, 6, 1), 60),
    ],
)
def test_an_hour_that_a_spring_night_skips_is_never_open(
    day: tuple[int, int, int], minutes: int
) -> None:
    assert open_minutes(day, night_policy(120, 180)) == minutes


def test_an_hour_that_an_autumn_night_repeats_is_open_both_times() -> None:
    assert open_minutes((2026, 11, 1), night_policy(60, 120)) == 120


def test_open_round_the_clock_is_open_every_minute_of_both_nights() -> None:
    always = night_policy(0, 1440)

    assert open_minutes((2026, 3, 8), always) == 23 * 60
    assert open_minutes((2026, 11, 1), always) == 25 * 60


@given(st.integers(0, 365 * 24 * 60))
def test_a_call_that_may_be_made_is_within_hours_in_every_zone(minutes: int) -> None:
    now = NOW + timedelta(minutes=minutes)
    if refusal(now=now) is None:
        for zone in US_ZONES:
            there = now.astimezone(ZoneInfo(zone))
            assert 8 <= there.hour < 21
            assert there.weekday() != 6


def test_attempts_are_counted_by_the_day_where_the_phone_rings() -> None:
    late = local("America/Los_Angeles", 2026, 3, 4, 20, 0)

    there = replace(REQUEST, time_zone="America/Los_Angeles")
    nowhere = replace(REQUEST, number=PhoneNumber("+80012345678"))

    assert POLICY.local_day(there, late) == "2026-03-04"
    assert POLICY.local_day(nowhere, late) == "2026-03-05"


@pytest.mark.parametrize("why", list(Refusal))
def test_only_time_that_passes_can_lift_a_refusal(why: Refusal) -> None:
    assert why.may_pass is (why in {Refusal.TOO_EARLY, Refusal.OUTSIDE_CALLING_HOURS})


def test_every_move_leaves_a_line_of_audit_without_personal_data() -> None:
    named = replace(REQUEST, customer_name="Ada Example", remarks="secret")

    moved = named.moved_to(OutboundState.DIALING, at=NOW).moved_to(
        OutboundState.PLACED, at=NOW + timedelta(seconds=1), reason="", call_id="call-1"
    )

    assert moved.history == (
        "2026-03-04T19:00:00.000+00:00 dialing",
        "2026-03-04T19:00:01.000+00:00 placed",
    )
    assert (moved.claimed_at, moved.call_id) == (NOW, "call-1")
    for secret in ("Ada", "secret", "555"):
        assert secret not in repr(moved)
