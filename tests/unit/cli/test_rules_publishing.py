"""How operators change the rules, and take it back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.configuration import complete
from cli.deployment import Target
from cli.main import app
from cli.rules import challenge, diff, publish, rollback, versions
from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.publication_items import digest_of
from tests.fakes.config import InMemoryPublications

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
Write = Callable[..., str]


def document(**high: str) -> dict[str, Any]:
    """A ruleset whose second row may be spoilt."""
    return {
        "format": "routing/1",
        "name": "main",
        "timezone": "America/New_York",
        "attributes": {
            "tier": {"type": "choice", "values": ["high", "low"], "from": "crm.tier"},
            "known": {"type": "flag", "from": "lookup.known"},
        },
        "names": {
            "queues": {"vip": "Premier", "general": "Customer Care"},
            "prompts": ["menu"],
            "priority_classes": {"Normal": "0s", "Front": "600s"},
        },
        "tables": [
            {
                "id": "route",
                "hit": "first",
                "rows": [
                    {
                        "id": "high",
                        "when": {"tier": "high"},
                        "then": {"do": "queue", "queue": "vip", "priority": "Front", **high},
                    },
                    {
                        "id": "known",
                        "when": {"known": "true"},
                        "then": {"do": "queue", "queue": "general", "priority": "Normal"},
                    },
                    {
                        "id": "rest",
                        "when": {},
                        "then": {
                            "do": "queue",
                            "queue": "general",
                            "priority": "Normal",
                            "prompts": ["menu"],
                        },
                    },
                ],
            }
        ],
        "tests": [
            {"name": "high goes first", "given": {"tier": "high"}, "expect": {"row": "high"}}
        ],
    }


RULES = document()
OTHER_RULES = document(queue="general")
THIRD_RULES = document(priority="Normal")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> InMemoryPublications:
    publications = InMemoryPublications()
    for module in (challenge, diff, publish, rollback, versions):
        monkeypatch.setattr(module, "target", lambda _stack: Target({}))
        monkeypatch.setattr(module, "publications_of", lambda _target: publications)
    return publications


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, content: dict[str, Any]) -> str:
        file = tmp_path / f"{name}.yaml"
        file.write_text(yaml.safe_dump(content), encoding="utf-8")
        return str(file)

    return write


def run(*arguments: str, answer: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["rules", *arguments], input=answer)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def published(here: InMemoryPublications, *documents: dict[str, Any]) -> list[str]:
    return [here.publish("routing", one, now=NOW, by="dana", note="agreed") for one in documents]


def test_a_ruleset_is_published_with_who_and_why(here: InMemoryPublications, write: Write) -> None:
    code, said = run("publish", write("r", RULES), "--note", "for December", "--as", "lee")

    assert code == 0
    assert "first ruleset here" in said
    assert f"{digest_of(RULES)} is active" in said
    (version,) = here.versions("routing")
    assert (version.by, version.note) == ("lee", "for December")


def test_what_changes_is_told_in_a_line(here: InMemoryPublications, write: Write) -> None:
    (before,) = published(here, RULES)

    _, said = run("publish", write("r", OTHER_RULES))

    assert f"{before} -> {digest_of(OTHER_RULES)}: 1 row changed" in said


def test_a_ruleset_with_a_problem_is_not_published(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)
    for spoilt in (
        document(queue="vipp"),
        {**RULES, "tests": [{**RULES["tests"][0], "given": {}}]},
    ):
        code, said = run("publish", write("r", spoilt))
        assert code == 1
        assert "Traceback" not in said

    assert "high goes first" in said
    assert len(here.versions("routing")) == 1


def connected(here: InMemoryPublications, map_: str) -> None:
    """A CRM is published whose lookup maps its rows so."""
    document = {
        "connector": 1,
        "id": "mine",
        "title": "Mine",
        "docs": "https://docs.example.com",
        "checked": {"how": "documentation"},
        "server": "https://crm.example.com",
        "auth": {"scheme": "none"},
        "lookups": {"by_phone": ["find"], "by_email": []},
        "methods": {"find": {"request": {"path": "/people"}, "map": map_}},
    }
    system = {"definition": compile_connector(document)}
    connectors = {"format": "connectors/1", "connectors": {"mine": system}}
    here.publish("connectors", complete("connectors", connectors), now=NOW)
    lookup = {"format": "lookup/1", "connectors": ["mine"], "default_region": "US"}
    here.publish("lookup", complete("lookup", lookup), now=NOW)


CHANGES = (("publish",), ("challenge", "--shadow", "--name", "december"))
MAPS_TIERS = "body[].{id: id, attributes: {tiers: level, owner: owner}}"


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change[0])
def test_rules_cannot_look_at_what_no_published_connector_maps(
    here: InMemoryPublications, write: Write, change: tuple[str, ...]
) -> None:
    connected(here, MAPS_TIERS)

    code, said = run(change[0], write("r", RULES), *change[1:])

    assert code == 1
    assert "attributes.tier.from: mine maps no 'crm.tier'; did you mean 'crm.tiers'?" in said
    assert "`switchboard publish --only connectors`" in said
    assert here.find("routing") is here.find("routing_challenger") is None


def test_rules_cannot_look_for_an_agent_in_what_no_published_connector_maps(
    here: InMemoryPublications, write: Write
) -> None:
    connected(here, MAPS_TIERS.replace("tiers", "tier"))
    rules = {**RULES, "last_agent": {"own": {"from": ["history", "crm.ownr"]}}}

    code, said = run("publish", write("r", rules))

    assert code == 1
    assert "last_agent.own.from: mine maps no 'crm.ownr'; did you mean 'crm.owner'?" in said


@pytest.mark.parametrize(
    "map_",
    [
        MAPS_TIERS.replace("tiers", "tier"),
        "body[].{id: id, attributes: custom}",
        "body[]",
    ],
    ids=("it is mapped", "the CRM names its attributes", "the CRM names everything"),
)
def test_rules_may_look_at_what_a_published_connector_may_map(
    here: InMemoryPublications, write: Write, map_: str
) -> None:
    connected(here, map_)

    assert run("publish", write("r", RULES))[0] == 0


@pytest.mark.parametrize("kind", ["connectors", "lookup"])
def test_connectors_that_nobody_can_read_are_no_reason_to_refuse_rules(
    here: InMemoryPublications, write: Write, kind: str
) -> None:
    connected(here, MAPS_TIERS)
    spoilt = {"format": "connectors/1", "connectors": {"mine": {"definition": {"id": "mine"}}}}
    here.publish(kind, spoilt, now=NOW)

    assert run("publish", write("r", RULES))[0] == 0


def test_a_file_that_is_not_there_is_told(here: InMemoryPublications) -> None:
    code, said = run("publish", "nowhere/routing.yaml")

    assert code == 1
    assert "there is no such file" in said


def test_who_started_from_an_older_version_overwrites_nothing(
    here: InMemoryPublications, write: Write
) -> None:
    first, _ = published(here, RULES, OTHER_RULES)

    code, said = run("publish", write("r", THIRD_RULES), "--expect", first[:8])

    assert code == 1
    assert "published meanwhile" in said
    assert here.active("routing").body == OTHER_RULES


def test_versions_are_listed_newest_first(here: InMemoryPublications) -> None:
    first, second = published(here, RULES, OTHER_RULES)

    _, said = run("versions")
    assert said.splitlines() == [
        f"* {second}  2026-03-02 15:00 UTC by dana: agreed",
        f"  {first}  2026-03-02 15:00 UTC by dana: agreed",
    ]
    _, said = run("versions", "--limit", "1")
    assert "and 1 before" in said


def test_what_others_wrote_does_not_steer_the_terminal(here: InMemoryPublications) -> None:
    rules = document(remark="\x1b[2Jgone")
    here.publish("routing", RULES, now=NOW)
    here.publish("routing", rules, now=NOW, by="dana\x1b[31m", note="\x07ring")

    for command in (["versions"], ["rollback", "--yes"]):
        assert "\x1b" not in run(*command)[1]
    assert "\x07" not in run("versions")[1]


def test_without_any_version_the_list_says_how_to_publish(here: InMemoryPublications) -> None:
    code, said = run("versions")

    assert code == 0
    assert "rules publish" in said


def test_a_rollback_shows_what_changes_asks_and_goes_back(here: InMemoryPublications) -> None:
    first, second = published(here, RULES, OTHER_RULES)

    code, said = run("rollback", "--as", "lee", "--note", "calls astray", answer="y\n")

    assert code == 0
    assert f"active   {second}  2026-03-02 15:00 UTC by dana: agreed" in said
    assert "then queue: general -> vip" in said
    assert "In short: 1 row changed." in said
    assert here.active("routing").digest == first
    newest = here.versions("routing")[0]
    assert (newest.by, newest.note) == ("lee", "calls astray")


def test_a_rollback_that_is_not_confirmed_changes_nothing(here: InMemoryPublications) -> None:
    _, second = published(here, RULES, OTHER_RULES)

    code, _ = run("rollback", answer="n\n")

    assert code == 1
    assert here.active("routing").digest == second


def test_a_second_rollback_goes_one_further_back(here: InMemoryPublications) -> None:
    first, _, _ = published(here, RULES, OTHER_RULES, THIRD_RULES)

    assert run("rollback", "--yes")[0] == run("rollback", "--yes")[0] == 0
    assert here.active("routing").digest == first
    code, said = run("rollback", "--yes")
    assert code == 1
    assert "no ruleset to go back to" in said


def test_one_can_go_back_to_any_version_by_the_beginning_of_its_digest(
    here: InMemoryPublications,
) -> None:
    first, _, _ = published(here, RULES, OTHER_RULES, THIRD_RULES)

    assert run("rollback", first[:6], "--yes")[0] == 0
    assert here.active("routing").digest == first


def test_what_is_active_already_is_told(here: InMemoryPublications) -> None:
    _, second = published(here, RULES, OTHER_RULES)

    code, said = run("rollback", second, "--yes")

    assert code == 1
    assert "active already" in said


def test_a_version_that_never_was_is_told(here: InMemoryPublications) -> None:
    published(here, RULES)

    code, said = run("rollback", "0123456789abcdef", "--yes")

    assert code == 1
    assert "`switchboard rules versions`" in said


def test_an_earlier_version_that_nobody_can_read_any_more_is_refused(
    here: InMemoryPublications,
) -> None:
    bad, good = published(here, {"format": "routing/0"}, RULES)

    code, _ = run("rollback", bad, "--yes")

    assert code == 1
    assert here.active("routing").digest == good


def test_a_challenger_with_flags_of_its_own_says_that_they_go_when_it_is_stopped(
    here: InMemoryPublications, write: Write
) -> None:
    flagged = {**OTHER_RULES, "names": {**OTHER_RULES["names"], "flags": ["tried"]}}
    published(here, RULES)

    _, said = run("challenge", write("new", flagged), "--shadow", "--name", "x")
    _, unsaid = run("challenge", write("other", OTHER_RULES), "--shadow", "--name", "x")

    assert "answers to ECS have flag_tried, too, and no longer once it is stopped" in said
    assert "flag_" not in unsaid


def test_a_version_before_that_nobody_can_read_is_passed_over_and_named(
    here: InMemoryPublications,
) -> None:
    good, bad, active = published(here, RULES, {"format": "routing/0"}, OTHER_RULES)

    code, said = run("rollback", "--yes")

    assert code == 0
    assert f"{bad} is passed over: " in said
    assert f"back to  {good}" in said
    assert here.active("routing").digest == good != active


def test_where_nothing_before_can_be_read_there_is_nothing_to_go_back_to(
    here: InMemoryPublications,
) -> None:
    bad, active = published(here, {"format": "routing/0"}, RULES)

    code, said = run("rollback", "--yes")

    assert code == 1
    assert f"{bad} is passed over: " in said
    assert "no ruleset to go back to" in said
    assert here.active("routing").digest == active


def test_what_cannot_be_read_can_be_rolled_back(here: InMemoryPublications) -> None:
    good, _ = published(here, RULES, {"format": "routing/0"})

    code, said = run("rollback", "--yes")

    assert code == 0
    assert "cannot be told" in said
    assert here.active("routing").digest == good


def test_a_file_is_compared_with_what_is_active(here: InMemoryPublications, write: Write) -> None:
    published(here, RULES)

    code, said = run("diff", write("r", OTHER_RULES))
    assert code == 1
    assert "then queue: vip -> general" in said

    code, said = run("diff", write("r", RULES))
    assert code == 0
    assert "are the same" in said


def test_two_files_are_compared_without_any_switchboard(write: Write) -> None:
    code, said = run("diff", write("old", RULES), write("new", THIRD_RULES))

    assert code == 1
    assert "1 row changed" in said


def test_versions_are_compared_by_digest(here: InMemoryPublications, write: Write) -> None:
    first, second = published(here, RULES, OTHER_RULES)

    assert run("diff", first, second)[0] == 1
    assert run("diff", second[:5], "active")[0] == 0
    assert run("diff", first, write("r", RULES))[0] == 0


def test_another_spelling_of_the_same_rules_is_no_difference(write: Write) -> None:
    spelt = document()
    spelt["tables"][0]["rows"][0]["when"] = {"tier": ["high"]}

    code, said = run("diff", write("old", RULES), write("new", spelt))

    assert code == 0
    assert "written differently" in said


@pytest.mark.parametrize(
    "arguments", [["0123456789abcdef"], ["nowhere.yaml"], ["active"], ["a", "b", "c"]], ids=str
)
def test_what_cannot_be_compared_is_no_difference_either(
    here: InMemoryPublications, arguments: list[str]
) -> None:
    code, said = run("diff", *arguments)

    assert code == 2
    assert said.strip()
    assert "Traceback" not in said


def trial(here: InMemoryPublications) -> dict[str, Any]:
    return dict(here.active("routing_challenger").body)


def test_a_challenger_runs_in_the_shadow(here: InMemoryPublications, write: Write) -> None:
    published(here, RULES)

    code, said = run("challenge", write("r", OTHER_RULES), "--shadow", "--name", "vip-later")

    assert code == 0
    assert "decides for nobody" in said
    assert trial(here) == {
        "format": "challenger/1",
        "mode": "shadow",
        "name": "vip-later",
        "by": "customer",
        "share": 0,
        "slice": "1h",
        "ruleset": OTHER_RULES,
    }
    assert here.active("routing").body == RULES


def test_a_challenger_s_ruleset_is_a_version_that_can_be_compared_and_published(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)
    run("challenge", write("r", OTHER_RULES), "--shadow", "--name", "vip-later")
    digest = digest_of(OTHER_RULES)

    assert run("diff", "active", digest)[0] == 1
    assert run("publish", digest)[0] == 0
    assert here.active("routing").digest == digest


def test_what_runs_is_told_with_its_terms_and_what_it_changes(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)
    file = write("r", OTHER_RULES)
    run("challenge", file, "--split", "50", "--by", "time", "--slice", "2h", "--name", "x")

    code, said = run("challenge")

    assert code == 0
    assert "x: decides for 50 % of the slices of 2h" in said
    assert digest_of(OTHER_RULES) in said
    assert "1 row changed" in said


def test_a_trial_is_stopped(here: InMemoryPublications, write: Write) -> None:
    published(here, RULES)
    run("challenge", write("r", OTHER_RULES), "--split", "10", "--name", "x")

    assert run("challenge", "--stop", "--as", "lee") == (
        0,
        "Stopped. Within 10 seconds the active ruleset decides for everybody.\n",
    )
    assert here.find("routing_challenger") is None
    assert here.versions("routing_challenger")[0].by == "lee"
    assert "No challenger runs" in run("challenge")[1]
    assert "No challenger runs" in run("challenge", "--stop")[1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "--shadow, or --split"),
        (["--shadow", "--split", "10", "--name", "x"], "--shadow, or --split"),
        (["--shadow"], "--name"),
        (["--split", "10", "--name", "VIP later"], "name"),
        (["--split", "10", "--name", "x", "--by", "moon"], "customer"),
        (["--split", "10", "--name", "x", "--slice", "5m"], "1h to 24h"),
        (["--split", "10", "--name", "x", "--slice", "soon"], "30s, 15m, 4h"),
        (["--split", "100", "--name", "x"], "99"),
    ],
    ids=str,
)
def test_terms_that_are_not_clear_start_nothing(
    here: InMemoryPublications, write: Write, options: list[str], told: str
) -> None:
    published(here, RULES)

    code, said = run("challenge", write("r", OTHER_RULES), *options)

    assert code != 0
    assert told in said
    assert "Traceback" not in said
    assert here.find("routing_challenger") is None


def test_a_challenger_with_a_problem_does_not_start(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)

    code, said = run("challenge", write("r", document(queue="vipp")), "--shadow", "--name", "x")

    assert code == 1
    assert "vip" in said
    assert here.find("routing_challenger") is None


def test_who_splits_customers_over_another_queue_or_priority_is_told_of_time_slices(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)
    split = ("--split", "10", "--name", "x")

    assert "--by time" in run("challenge", write("r", THIRD_RULES), *split)[1]
    assert "--by time" not in run("challenge", write("r", THIRD_RULES), *split, "--by", "time")[1]
    remark = document(remark="Handle with care")
    assert "--by time" not in run("challenge", write("r", remark), *split)[1]


def rules_with(**parts: Any) -> dict[str, Any]:
    """The rules with hours and a table of prompts, and then what differs."""
    attributes = {
        **RULES["attributes"],
        "open": {"type": "flag", "from": "calendar.open"},
        "days": {"type": "number", "from": "crm.days"},
    }
    calendars = {"main": {"weekly": {"mon-fri": ["09:00-17:00"]}}}
    together = {"attributes": attributes, "calendars": calendars, "tables": route_with()}
    return {**RULES, **together, **parts}


def route_with(
    *, first: Any = None, added: bool = False, swapped: bool = False, hears: str = "true"
) -> list[Any]:
    high, known, rest = RULES["tables"][0]["rows"]
    rows = [first or high, known]
    if swapped:
        rows.reverse()
    if added:
        rows.append({"id": "new", "when": {"open": "false"}, "then": rest["then"]})
    prompts = [{"id": "hears", "when": {"known": hears}, "then": {"prompts": ["menu"]}}]
    return [
        {**RULES["tables"][0], "rows": [*rows, rest]},
        {"id": "added", "hit": "all", "rows": prompts},
    ]


HIGH = RULES["tables"][0]["rows"][0]


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"tables": route_with(first={**HIGH, "when": {"tier": "high, low"}})}, "row high"),
        ({"tables": route_with(swapped=True)}, "row known"),
        ({"tables": route_with(added=True)}, "row new"),
        (
            {"calendars": {"main": {"weekly": {"mon-sat": ["09:00-17:00"]}}}},
            "calendar main",
        ),
        (
            {"names": {**RULES["names"], "queues": {"vip": "Gold", "general": "Customer Care"}}},
            "queue vip",
        ),
        (
            {"names": {**RULES["names"], "priority_classes": {"Normal": "0s", "Front": "60s"}}},
            "priority class Front, row high",
        ),
        (
            {
                "attributes": {
                    **rules_with()["attributes"],
                    "tier": {**RULES["attributes"]["tier"], "from": "crm.level"},
                }
            },
            "attribute tier",
        ),
    ],
    ids=["cell", "moved", "added", "hours", "queue", "class", "attribute"],
)
def test_whatever_may_send_customers_to_another_queue_asks_for_time_slices(
    here: InMemoryPublications, write: Write, parts: dict[str, Any], place: str
) -> None:
    published(here, rules_with())
    file = write("r", rules_with(**parts))

    code, said = run("challenge", file, "--split", "10", "--name", "x")

    assert code == 0, said
    assert f"warning: {place}: callers may come to another queue or priority" in said
    by_time = run("challenge", file, "--split", "50", "--by", "time", "--name", "x")
    assert "--by time" not in by_time[1]


def test_a_row_that_goes_leaves_its_callers_to_others(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)
    high, _, rest = RULES["tables"][0]["rows"]
    fewer = {**RULES, "tables": [{**RULES["tables"][0], "rows": [high, rest]}]}

    said = run("challenge", write("r", fewer), "--split", "10", "--name", "x")[1]

    assert "warning: row known: callers may come to another queue or priority" in said


def test_what_no_deciding_row_looks_at_may_be_split_by_customer(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, rules_with())
    before = rules_with()["attributes"]
    after = rules_with(
        tables=route_with(hears="false"),
        attributes={
            **before,
            "days": {**before["days"], "from": "crm.days_past_due"},
            "tier": {**before["tier"], "unit": "class"},
        },
    )

    code, said = run("challenge", write("r", after), "--split", "10", "--name", "x")

    assert code == 0, said
    assert "1 row changed, 2 other changes" in said
    assert "--by time" not in said


def test_a_challenger_that_is_the_champion_is_told(
    here: InMemoryPublications, write: Write
) -> None:
    published(here, RULES)

    assert "no difference" in run("challenge", write("r", RULES), "--shadow", "--name", "x")[1]
