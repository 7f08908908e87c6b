"""Switches that expire by themselves, who is kept apart, and the log of both."""

from datetime import UTC, datetime, timedelta

import pytest

from switchboard.domain.routing_controls import (
    LONGEST_ON,
    Change,
    ControlsRefused,
    Pair,
    RoutingControls,
    Switch,
    active_switches,
    begun_anew,
    brought_together,
    kept_apart,
    switched_off,
    switched_on,
)

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOBODY = RoutingControls()


def on(
    controls: RoutingControls = NOBODY,
    name: str = "emergency_closed",
    *,
    lasts: timedelta = 4 * HOUR,
    why: str = "burst pipe",
    by: str = "Dana",
    now: datetime = NOW,
) -> RoutingControls:
    return switched_on(controls, name, lasts=lasts, why=why, by=by, now=now)


def apart(
    controls: RoutingControls = NOBODY,
    customer: str = "crm:1",
    agent: str = "2001",
    *,
    why: str = "asked for it",
    now: datetime = NOW,
) -> RoutingControls:
    return kept_apart(controls, customer, agent, why=why, by="Dana", now=now)


# Switches


def test_nothing_is_on_before_somebody_switches_it_on() -> None:
    assert active_switches(NOBODY, NOW) == {}


def test_a_switch_is_on_until_it_expires_by_itself() -> None:
    controls = on(lasts=2 * HOUR)

    assert active_switches(controls, NOW) == {"emergency_closed": True}
    assert active_switches(controls, NOW + 2 * HOUR - timedelta(seconds=1)) != {}
    assert active_switches(controls, NOW + 2 * HOUR) == {}


def test_a_switch_says_who_and_why_and_until_when() -> None:
    assert on(lasts=2 * HOUR).switches == (
        Switch("emergency_closed", NOW + 2 * HOUR, "burst pipe", "Dana", NOW),
    )


def test_switching_on_again_renews_it() -> None:
    renewed = on(on(), why="still wet", now=NOW + 3 * HOUR)

    assert [switch.why for switch in renewed.switches] == ["still wet"]
    assert active_switches(renewed, NOW + 6 * HOUR) == {"emergency_closed": True}


def test_a_switch_that_is_off_is_forgotten_and_the_others_stay() -> None:
    both = on(on(), "fire_drill")

    controls = switched_off(both, "emergency_closed", why="dry", by="Ben", now=NOW)

    assert active_switches(controls, NOW) == {"fire_drill": True}


def test_what_is_not_on_cannot_be_switched_off() -> None:
    for controls, now in ((NOBODY, NOW), (on(), NOW + 4 * HOUR)):
        with pytest.raises(ControlsRefused, match="emergency_closed is not on"):
            switched_off(controls, "emergency_closed", why="dry", by="Ben", now=now)


@pytest.mark.parametrize("lasts", [timedelta(0), -HOUR, LONGEST_ON + timedelta(seconds=1)])
def test_a_switch_is_on_for_a_while_and_for_a_month_at_most(lasts: timedelta) -> None:
    with pytest.raises(ControlsRefused, match="30 days at most"):
        on(lasts=lasts)
    assert on(lasts=LONGEST_ON).switches


def test_expired_switches_make_room() -> None:
    controls = NOBODY
    for number in range(50):
        controls = on(controls, f"switch_{number}", lasts=HOUR)

    with pytest.raises(ControlsRefused, match="switch one off first"):
        on(controls, "one_more")
    assert on(controls, "switch_7", why="again").switches[-1].why == "again"
    assert [switch.name for switch in on(controls, "one_more", now=NOW + HOUR).switches] == [
        "one_more"
    ]


# Do not pair


def test_a_pair_says_who_and_why_and_since_when() -> None:
    assert apart().do_not_pair == (Pair("crm:1", "2001", "asked for it", "Dana", NOW),)


def test_a_pair_stands_once() -> None:
    again = apart(apart(), why="asked again", now=NOW + HOUR)

    assert again.do_not_pair == (Pair("crm:1", "2001", "asked again", "Dana", NOW + HOUR),)


def test_spaces_around_a_name_make_no_second_pair() -> None:
    assert apart(apart(), " crm:1", "2001 ").do_not_pair == apart().do_not_pair


def test_a_pair_with_spaces_that_an_earlier_release_kept_can_be_brought_together() -> None:
    earlier = RoutingControls(do_not_pair=(Pair("crm:1", " 2001", "why", "Dana", NOW),))

    left = brought_together(earlier, "crm:1", "2001 ", why="made up", by="Ben", now=NOW)

    assert left.do_not_pair == ()


def test_only_the_named_pair_is_brought_together() -> None:
    controls = apart(apart(apart(), "crm:1", "2002"), "crm:2", "2001")

    left = brought_together(controls, "crm:1", "2001", why="made up", by="Ben", now=NOW)

    assert [(pair.customer, pair.agent) for pair in left.do_not_pair] == [
        ("crm:1", "2002"),
        ("crm:2", "2001"),
    ]


def test_who_is_not_kept_apart_cannot_be_brought_together() -> None:
    with pytest.raises(ControlsRefused, match="not on the do-not-pair list"):
        brought_together(apart(), "crm:1", "2002", why="made up", by="Ben", now=NOW)


def test_a_thousand_pairs_fill_the_list() -> None:
    pairs = tuple(Pair(f"crm:{number}", "2001", "why", "Dana", NOW) for number in range(1_000))
    full = RoutingControls(do_not_pair=pairs)

    with pytest.raises(ControlsRefused, match="full, with 1000 pairs; remove one first"):
        apart(full, "crm:1000")
    assert len(apart(full, "crm:7").do_not_pair) == 1_000


# The log


def test_every_change_is_logged_with_who_when_and_why() -> None:
    controls = switched_off(on(), "emergency_closed", why="dry", by="Ben", now=NOW + HOUR)
    controls = apart(controls)
    controls = brought_together(controls, "crm:1", "2001", why="made up", by="Ben", now=NOW)

    assert controls.log == (
        Change(
            "switch", "emergency_closed on until 2026-11-23 19:00 UTC", "burst pipe", "Dana", NOW
        ),
        Change("switch", "emergency_closed off", "dry", "Ben", NOW + HOUR),
        Change("pair", "crm:1 and 2001 kept apart", "asked for it", "Dana", NOW),
        Change("pair", "crm:1 and 2001 no longer kept apart", "made up", "Ben", NOW),
    )


def test_the_log_keeps_the_latest_fifty_changes() -> None:
    controls = NOBODY
    for number in range(60):
        controls = on(controls, why=f"reason {number}")

    assert [change.why for change in controls.log] == [f"reason {n}" for n in range(10, 60)]


def test_many_changes_of_pairs_take_no_switch_off_the_log_nor_the_other_way_round() -> None:
    controls = apart(on(why="flood"), why="the first pair")
    for number in range(60):
        controls = apart(controls, f"crm:{number}")

    assert [line.why for line in controls.log if line.about == "switch"] == ["flood"]
    assert len([line for line in controls.log if line.about == "pair"]) == 50

    for number in range(60):
        controls = on(controls, why=f"reason {number}")
    assert [line.about for line in controls.log] == ["pair"] * 50 + ["switch"] * 50


def test_what_is_begun_anew_says_so_in_both_logs() -> None:
    anew = begun_anew(NOBODY, why="a slip", by="Dana", now=NOW)

    assert anew.log == (
        Change("switch", "begun anew, all switches off", "a slip", "Dana", NOW),
        Change("pair", "begun anew, nobody kept apart", "a slip", "Dana", NOW),
    )


@pytest.mark.parametrize("why", ["", "  ", "two\nlines", "\x1b[2J", "é" * 101, "\ud800"])
def test_without_a_reason_in_one_line_nothing_is_changed(why: str) -> None:
    with pytest.raises(ControlsRefused, match="Say why, in one line"):
        on(why=why)
    with pytest.raises(ControlsRefused, match="Say why, in one line"):
        apart(why=why)


@pytest.mark.parametrize("name", ["", " ", "a\nb", "x" * 65, "\u202e"])
def test_names_are_short_and_steer_no_terminal(name: str) -> None:
    with pytest.raises(ControlsRefused, match="Name the switch"):
        on(name=name)
    with pytest.raises(ControlsRefused, match="Name who does it"):
        on(by=name)
    with pytest.raises(ControlsRefused, match="Name the customer"):
        apart(customer=name)
    with pytest.raises(ControlsRefused, match="Name the agent"):
        apart(agent=name)


def test_a_reason_stays_out_of_what_a_program_may_log() -> None:
    assert "burst" not in repr(on())
    assert "asked" not in repr(apart())
