"""Switches in the editing page: those that the rules look at, and nobody's private affairs."""

from datetime import UTC, datetime, timedelta

import pytest

from switchboard.domain.routing_controls import RoutingControls, kept_apart, switched_on
from switchboard.errors import InvalidRequest
from switchboard.use_cases.turning_switches import show_switches, turn
from tests.fakes.controls import InMemoryRoutingControls
from tests.unit.domain.rulesets import good

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def turned(
    store: InMemoryRoutingControls, name: str = "closed", *, is_on: bool, why: str = "flood"
) -> RoutingControls:
    return turn(name, rules=good(), is_on=is_on, hours=1, why=why, by="Grace", now=NOW, store=store)


def test_a_switch_that_is_off_is_shown_because_the_rules_look_at_it() -> None:
    assert show_switches(good(), RoutingControls(), now=NOW).switches == {"closed": None}


def test_a_switch_goes_on_and_off_and_both_are_told() -> None:
    store = InMemoryRoutingControls()

    on = show_switches(good(), turned(store, is_on=True), now=NOW).switches["closed"]
    off = show_switches(good(), turned(store, is_on=False), now=NOW)

    assert on is not None
    assert (on.by, on.why, on.expires_at) == ("Grace", "flood", NOW + HOUR)
    assert off.switches == {"closed": None}
    assert off.log[0].endswith(": closed off; flood")


@pytest.mark.parametrize(
    ("name", "logged"),
    [("x" * 200, "x" * 64), ("ж" * 33, "ж" * 32), ("a" * 63 + "é", "a" * 63), ("A\nB\u202e", "AB")],
)
def test_no_operators_name_keeps_a_switch_from_being_turned(name: str, logged: str) -> None:
    store = InMemoryRoutingControls()

    for is_on in (True, False):
        turn("closed", rules=good(), is_on=is_on, hours=1, why="x", by=name, now=NOW, store=store)

    assert [change.by for change in store.current().log] == [logged, logged]


@pytest.mark.parametrize("why", ["", "  "])
def test_an_emergency_is_over_without_a_reason_and_begins_with_one(why: str) -> None:
    store = InMemoryRoutingControls()

    with pytest.raises(InvalidRequest, match="Say why"):
        turned(store, is_on=True, why=why)
    turned(store, is_on=True)
    off = show_switches(good(), turned(store, is_on=False, why=why), now=NOW)

    assert off.switches == {"closed": None}
    assert off.log[0].endswith(": closed off; no reason given")


def test_a_switch_that_expired_is_shown_as_off() -> None:
    on = switched_on(RoutingControls(), "closed", lasts=HOUR, why="x", by="Ada", now=NOW)

    assert show_switches(good(), on, now=NOW + HOUR).switches == {"closed": None}


def test_one_that_the_rules_forgot_is_shown_while_it_is_on_so_that_it_can_go_off() -> None:
    store = InMemoryRoutingControls()
    store.change(lambda it: switched_on(it, "old", lasts=HOUR, why="x", by="Ada", now=NOW))

    assert set(show_switches(good(), store.current(), now=NOW).switches) == {"closed", "old"}
    assert not turned(store, "old", is_on=False).switches


def test_who_is_kept_apart_is_not_shown() -> None:
    apart = kept_apart(RoutingControls(), "crm:1", "201", why="x", by="Ada", now=NOW)

    assert show_switches(good(), apart, now=NOW).log == ()


@pytest.mark.parametrize(("name", "is_on"), [("clsoed", True), ("closed", False)])
def test_what_cannot_be_turned_is_said(name: str, is_on: bool) -> None:
    with pytest.raises(InvalidRequest, match=name):
        turned(InMemoryRoutingControls(), name, is_on=is_on)
