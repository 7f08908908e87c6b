"""Flipping a switch, and keeping a customer and an agent apart, as an operator types it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli import do_not_pair, switches
from cli.deployment import Target
from cli.main import app
from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_controls import DynamoDbRoutingControls
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.routing_controls import (
    RoutingControls,
    active_switches,
    kept_apart,
    switched_on,
)
from tests.tables import create_tables

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = {
    "attributes": {
        "emergency": {"type": "flag", "from": "switch.emergency_closed"},
        "drill": {"type": "flag", "from": "switch.fire_drill"},
        "tier": {"type": "choice", "values": ["high"], "from": "crm.tier"},
    }
}


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[Target]:
    with mock_aws():
        where = Target({"Config": "Config"})
        for commands in (switches, do_not_pair):
            monkeypatch.setattr(commands, "target", lambda _: where)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        create_tables(where.client("dynamodb"))
        DynamoDbPublications(config(where)).publish("routing", RULES, now=NOW)
        yield where


def config(where: Target) -> DynamoDbTable:
    return DynamoDbTable(where.client("dynamodb"), "Config")


def kept(where: Target) -> RoutingControls:
    return DynamoDbRoutingControls(config(where)).current()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def refused(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return result.output


# Switches


def test_a_switch_goes_on_for_as_long_as_is_said(here: Target) -> None:
    before = datetime.now(UTC)
    said = run("switch", "on", "emergency_closed", "--for", "2h", "--why", "burst pipe")

    (switch,) = kept(here).switches
    assert before + 2 * HOUR <= switch.expires_at <= datetime.now(UTC) + 2 * HOUR
    assert f"emergency_closed is on until {switch.expires_at:%Y-%m-%d %H:%M} UTC" in said
    assert "within 10 seconds" in said


def test_a_switch_goes_on_for_four_hours_unless_something_else_is_said(here: Target) -> None:
    run("switch", "on", "emergency_closed", "--why", "burst pipe")

    (switch,) = kept(here).switches
    assert switch.expires_at - switch.at == 4 * HOUR


def test_the_log_says_who_it_was(here: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ben")
    run("switch", "on", "emergency_closed", "--why", "burst pipe")
    run("switch", "off", "emergency_closed", "--why", "dry", "--by", "Dana")

    assert [(line.by, line.why) for line in kept(here).log] == [
        ("ben", "burst pipe"),
        ("Dana", "dry"),
    ]


def test_who_is_nobody_here_is_asked_for_a_name(
    here: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody() -> str:
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nobody)

    assert "--by NAME" in refused("switch", "on", "emergency_closed", "--why", "burst pipe")
    assert kept(here) == RoutingControls()


def test_a_switch_goes_off_before_its_time(here: Target) -> None:
    run("switch", "on", "emergency_closed", "--why", "burst pipe")
    said = run("switch", "off", "emergency_closed")

    assert "emergency_closed is off" in said
    assert kept(here).switches == ()


def test_a_misspelt_switch_would_close_nothing_and_is_refused(here: Target) -> None:
    said = refused("switch", "on", "emergency_close", "--why", "burst pipe")

    assert "did you mean 'emergency_closed'?" in said
    assert kept(here) == RoutingControls()


def test_a_switch_of_a_challengers_rules_can_be_tried(here: Target) -> None:
    challenger = {"ruleset": {"attributes": {"snow": {"type": "flag", "from": "switch.snow"}}}}
    DynamoDbPublications(config(here)).publish("routing_challenger", challenger, now=NOW)

    run("switch", "on", "snow", "--why", "half a metre")

    assert [switch.name for switch in kept(here).switches] == ["snow"]


def test_where_no_rule_looks_at_a_switch_that_is_said(here: Target) -> None:
    DynamoDbPublications(config(here)).publish("routing", {}, now=NOW)

    said = refused("switch", "on", "emergency_closed", "--why", "burst pipe")

    assert "No published rule looks at this switch: they look at none" in said


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (("--for", "soon", "--why", "x"), "write 30s, 15m, 4h, 14d or 2w"),
        (("--for", "31d", "--why", "x"), "at least a second and at most 30 days"),
        (("--for", "999999999w", "--why", "x"), "at most 30 days"),
        (("--for", "0m", "--why", "x"), "--for 0m: a switch is on for at least a second"),
        (("--why", " "), "Say why"),
        (("--why", "x", "--by", "\x1b[2J"), "Name who does it"),
    ],
)
def test_a_mistake_is_told_and_changes_nothing(
    here: Target, options: tuple[str, ...], advice: str
) -> None:
    assert advice in refused("switch", "on", "emergency_closed", *options)
    assert kept(here) == RoutingControls()


def test_what_is_not_on_is_told(here: Target) -> None:
    assert "emergency_closed is not on" in refused("switch", "off", "emergency_closed")


def test_switches_are_listed_with_who_and_why_and_the_log(here: Target) -> None:
    run("switch", "on", "emergency_closed", "--why", "burst pipe", "--by", "Dana")
    run("switch", "on", "fire_drill", "--why", "exercise", "--by", "Ben")
    run("switch", "off", "fire_drill", "--by", "Ben")

    said = run("switch", "list").splitlines()

    assert said[0].startswith("emergency_closed  on until ")
    assert said[0].endswith("): burst pipe")
    assert "by Dana" in said[0]
    assert said[1] == "fire_drill  off"
    assert said[2] == "Changes, latest first"
    assert said[3].endswith("fire_drill off, by Ben: no reason given")
    assert said[4].endswith("by Ben: exercise")
    assert said[5].endswith("by Dana: burst pipe")


def test_what_has_expired_is_off() -> None:
    on = switched_on(RoutingControls(), "drill", lasts=HOUR, why="why", by="Dana", now=NOW)

    said = list(switches.lines(on, frozenset({"drill"}), now=NOW + HOUR))

    assert said[0] == "drill  off"


def test_a_switch_that_no_rule_looks_at_any_more_is_pointed_out() -> None:
    on = switched_on(RoutingControls(), "drill", lasts=HOUR, why="why", by="Dana", now=NOW)

    assert "  no published rule looks at it" in switches.lines(on, frozenset(), now=NOW)


def test_where_there_is_nothing_to_switch_that_is_said() -> None:
    assert list(switches.lines(RoutingControls(), frozenset(), now=NOW)) == [
        "No switch is on, and no published rule looks at one."
    ]


def test_a_table_that_cannot_be_reached_is_explained(
    here: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    for commands in (switches, do_not_pair):
        monkeypatch.setattr(commands, "target", lambda _: Target({"Config": "gone"}))

    for command in (
        ("switch", "on", "emergency_closed", "--why", "burst pipe"),
        ("switch", "off", "emergency_closed"),
        ("switch", "list"),
        ("do-not-pair", "add", "crm:1", "2001", "--why", "asked for it"),
        ("do-not-pair", "remove", "crm:1", "2001", "--why", "made up"),
        ("do-not-pair", "list"),
    ):
        assert "failed (ResourceNotFoundException)" in refused(*command)


def test_nobody_is_kept_from_switching_by_rules_that_cannot_be_read(
    here: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = DynamoDbPublications(DynamoDbTable(here.client("dynamodb"), "gone"))
    monkeypatch.setattr(switches, "publications_of", lambda _: gone)

    run("switch", "on", "emergency_closed", "--why", "burst pipe")

    assert active_switches(kept(here), datetime.now(UTC)) == {"emergency_closed": True}


def spoil(where: Target) -> None:
    item = {"id": {"S": "routing-controls"}, "controls": {"S": "junk"}, "revision": {"N": "1"}}
    where.client("dynamodb").put_item(TableName="Config", Item=item)


def test_what_cannot_be_read_is_told_with_the_way_out(here: Target) -> None:
    spoil(here)

    for command in (
        ("switch", "on", "emergency_closed", "--why", "burst pipe"),
        ("switch", "off", "emergency_closed"),
        ("switch", "list"),
        ("do-not-pair", "add", "crm:1", "2001", "--why", "asked for it"),
        ("do-not-pair", "remove", "crm:1", "2001", "--why", "made up"),
        ("do-not-pair", "list"),
    ):
        assert "cannot be read (BadGzipFile)" in (said := refused(*command))
        assert "`switchboard switch reset`" in said


def test_after_a_reset_a_switch_can_be_flipped_again(here: Target) -> None:
    spoil(here)

    said = run("switch", "reset", "--why", "a slip in the console", "--by", "Dana", "--yes")
    run("switch", "on", "emergency_closed", "--why", "burst pipe")

    assert "Every switch is off and nobody is kept apart" in said
    assert active_switches(kept(here), datetime.now(UTC)) == {"emergency_closed": True}
    assert "begun anew, all switches off, by Dana: a slip" in run("switch", "list")
    assert "begun anew, nobody kept apart, by Dana: a slip" in run("do-not-pair", "list")


def test_a_reset_asks_and_replaces_nothing_that_can_be_read(here: Target) -> None:
    run("do-not-pair", "add", "crm:1", "2001", "--why", "asked for it")

    refused("switch", "reset", "--why", "a slip")  # nobody said yes
    assert "can be read" in refused("switch", "reset", "--why", "a slip", "--yes")
    assert len(kept(here).do_not_pair) == 1


# Do not pair


def test_two_are_kept_apart_until_somebody_says_otherwise(here: Target) -> None:
    run("do-not-pair", "add", "crm:1", "2001", "--why", "asked for it", "--by", "Dana")
    run("do-not-pair", "add", "crm:1", "2002", "--why", "asked for it", "--by", "Dana")
    run("do-not-pair", "remove", "crm:1", "2001", "--why", "made up", "--by", "Ben")

    (pair,) = kept(here).do_not_pair
    assert (pair.customer, pair.agent) == ("crm:1", "2002")

    said = run("do-not-pair", "list").splitlines()
    assert said[0].startswith("crm:1  2002  (by Dana, ")
    assert said[1] == "Changes, latest first"
    assert said[2].endswith("crm:1 and 2001 no longer kept apart, by Ben: made up")


def test_spaces_that_came_with_a_name_are_left_out(here: Target) -> None:
    run("do-not-pair", "add", "crm:1", "2001", "--why", "asked for it")
    said = run("do-not-pair", "add", "crm:1 ", " 2001", "--why", "asked for it")

    assert said.startswith("crm:1 and 2001 are kept apart.")
    assert len(kept(here).do_not_pair) == 1


def test_each_list_shows_its_own_changes(here: Target) -> None:
    run("do-not-pair", "add", "crm:1", "2001", "--why", "asked for it")
    run("switch", "on", "emergency_closed", "--why", "burst pipe")

    assert "burst pipe" not in run("do-not-pair", "list")
    assert "crm:1" not in run("switch", "list")


def test_who_is_not_on_the_list_cannot_be_taken_off(here: Target) -> None:
    said = refused("do-not-pair", "remove", "crm:1", "2001", "--why", "made up")

    assert "crm:1 and 2001 are not on the do-not-pair list" in said


@pytest.mark.parametrize("customer", ["1", ":1", "crm:", "crm: ", "+14155550142"])
def test_a_customer_is_named_by_the_crms_key(here: Target, customer: str) -> None:
    said = refused("do-not-pair", "add", "--why", "asked for it", "--", customer, "2001")

    assert "connector:id" in said
    assert kept(here) == RoutingControls()


def test_a_full_list_says_so(here: Target) -> None:
    def filled(controls: RoutingControls) -> RoutingControls:
        for number in range(1_000):
            controls = kept_apart(controls, f"crm:{number}", "2001", why="why", by="Dana", now=NOW)
        return controls

    DynamoDbRoutingControls(config(here)).change(filled)

    assert "full" in refused("do-not-pair", "add", "crm:1000", "2001", "--why", "asked for it")


def test_an_empty_list_says_so(here: Target) -> None:
    assert run("do-not-pair", "list") == "Nobody is kept apart.\n"
