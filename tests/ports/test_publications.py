"""What every place for published documents promises."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.errors import Misconfigured, NotFound, StateConflict, StateUnavailable
from switchboard.ports import Publications
from tests.fakes.config import InMemoryPublications
from tests.ports.conftest import BOTH_SIDES, Clock, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
RULES: dict[str, Any] = {"rows": [{"when": {"tier": "gold"}, "then": "VIP"}], "weight": 0.5}
OTHER_RULES: dict[str, Any] = {"rows": []}
THIRD_RULES: dict[str, Any] = {"rows": [{"then": "General"}]}
ALL_RULES = (RULES, OTHER_RULES, THIRD_RULES)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(params=BOTH_SIDES)
def publications(request: pytest.FixtureRequest) -> Publications:
    if request.param == "in_memory":
        return InMemoryPublications()
    return DynamoDbPublications(request.getfixturevalue("table")("Config"))


@pytest.fixture
def operator(table: TableOf) -> DynamoDbPublications:
    """Publishes from another process."""
    return DynamoDbPublications(table("Config"))


@pytest.fixture
def reader(table: TableOf, clock: Clock) -> DynamoDbPublications:
    """Reads inside a function."""
    return DynamoDbPublications(table("Config"), clock=clock)


def test_what_was_published_is_active(publications: Publications) -> None:
    digest = publications.publish("ruleset", RULES, now=NOW)
    active = publications.active("ruleset")

    assert (active.kind, active.digest, active.body) == ("ruleset", digest, RULES)


def test_a_document_comes_back_in_the_order_in_which_it_was_written(
    publications: Publications,
) -> None:
    publications.publish("ruleset", {"zebra": 1, "ape": {"y": 1, "x": 2}}, now=NOW)

    assert list(publications.active("ruleset").body) == ["zebra", "ape"]
    assert list(publications.active("ruleset").body["ape"]) == ["y", "x"]


def test_the_last_version_published_is_active(publications: Publications) -> None:
    first = publications.publish("ruleset", RULES, now=NOW)
    publications.active("ruleset")
    second = publications.publish("ruleset", OTHER_RULES, now=NOW)

    assert publications.active("ruleset").body == OTHER_RULES
    assert publications.active("ruleset").digest == second != first


def test_an_earlier_version_can_be_published_again(publications: Publications) -> None:
    first = publications.publish("ruleset", RULES, now=NOW)
    publications.publish("ruleset", OTHER_RULES, now=NOW)

    assert publications.publish("ruleset", RULES, now=NOW) == first
    assert publications.active("ruleset").body == RULES


def test_the_digest_is_of_the_content_not_of_its_order(publications: Publications) -> None:
    turned = dict(reversed(RULES.items()))

    assert publications.publish("a", RULES, now=NOW) == publications.publish("b", turned, now=NOW)


def test_kinds_are_kept_apart(publications: Publications) -> None:
    publications.publish("ruleset", RULES, now=NOW)

    with pytest.raises(Misconfigured):
        publications.active("policy")


def test_what_was_never_published_says_which_command_to_run(publications: Publications) -> None:
    with pytest.raises(Misconfigured, match=r"ruleset.*`switchboard publish`"):
        publications.active("ruleset")


@pytest.mark.parametrize("size", [1000, 99_000, 101_000, 2_000_000])
def test_a_document_of_any_reasonable_size_comes_back(
    operator: DynamoDbPublications, reader: DynamoDbPublications, size: int
) -> None:
    body = {"text": "é" + "rule " * (size // 5)}
    operator.publish("connector", body, now=NOW)

    assert reader.active("connector").body == body


def test_a_document_that_no_item_holds_is_refused_with_advice(
    operator: DynamoDbPublications, reader: DynamoDbPublications
) -> None:
    noise = Random(1).randbytes(400_000).hex()

    with pytest.raises(Misconfigured, match="too large"):
        operator.publish("connector", {"noise": noise}, now=NOW)
    with pytest.raises(Misconfigured, match="ever published"):
        reader.active("connector")


def test_every_version_is_kept(operator: DynamoDbPublications, table: TableOf) -> None:
    digests = [operator.publish("ruleset", body, now=NOW) for body in (RULES, OTHER_RULES)]

    assert all(table("Config").get(f"version#ruleset#{digest}") for digest in digests)


def test_a_version_is_read_once_in_thirty_seconds(
    operator: DynamoDbPublications,
    reader: DynamoDbPublications,
    dynamodb: WatchedClient,
    clock: Clock,
) -> None:
    operator.publish("ruleset", RULES, now=NOW)
    dynamodb.calls.clear()
    for _ in range(3):
        reader.active("ruleset")
    clock.moves_on(29)
    reader.active("ruleset")
    assert dynamodb.calls == ["get_item"]

    clock.moves_on(1)
    reader.active("ruleset")
    assert dynamodb.calls == ["get_item", "get_item"]


def test_a_new_version_is_seen_within_thirty_seconds(
    operator: DynamoDbPublications, reader: DynamoDbPublications, clock: Clock
) -> None:
    operator.publish("ruleset", RULES, now=NOW)
    reader.active("ruleset")
    operator.publish("ruleset", OTHER_RULES, now=NOW)
    clock.moves_on(30)

    assert reader.active("ruleset").body == OTHER_RULES


def test_the_last_good_copy_outlives_an_outage_of_a_day(
    operator: DynamoDbPublications,
    reader: DynamoDbPublications,
    dynamodb: WatchedClient,
    clock: Clock,
) -> None:
    operator.publish("ruleset", RULES, now=NOW)
    reader.active("ruleset")
    operator.publish("ruleset", OTHER_RULES, now=NOW)

    dynamodb.is_down = True
    clock.moves_on(86_400)
    assert reader.active("ruleset").body == RULES

    dynamodb.is_down = False
    clock.moves_on(5)
    assert reader.active("ruleset").body == OTHER_RULES


def test_during_an_outage_not_every_request_waits_for_the_table(
    operator: DynamoDbPublications,
    reader: DynamoDbPublications,
    dynamodb: WatchedClient,
    clock: Clock,
) -> None:
    operator.publish("ruleset", RULES, now=NOW)
    reader.active("ruleset")
    dynamodb.calls.clear()
    dynamodb.is_down = True
    clock.moves_on(60)
    for _ in range(10):
        reader.active("ruleset")

    assert dynamodb.calls == ["get_item"]


def test_an_outage_before_the_first_read_is_no_missing_publication(
    reader: DynamoDbPublications, dynamodb: WatchedClient
) -> None:
    dynamodb.is_down = True

    with pytest.raises(StateUnavailable):
        reader.active("ruleset")


def test_nothing_is_found_of_what_was_never_published(publications: Publications) -> None:
    assert publications.find("ruleset") is None


def test_what_is_withdrawn_is_found_no_more_and_can_be_published_again(
    publications: Publications,
) -> None:
    digest = publications.publish("trial", RULES, now=NOW)
    publications.withdraw("trial", now=NOW, by="dana")

    assert publications.find("trial") is None
    with pytest.raises(Misconfigured):
        publications.active("trial")

    publications.publish("trial", RULES, now=NOW)
    assert [version.digest for version in publications.versions("trial")] == [digest, "", digest]
    assert publications.active("trial").body == RULES


def test_withdrawing_what_is_not_there_changes_nothing(publications: Publications) -> None:
    publications.withdraw("trial", now=NOW)

    assert publications.versions("trial") == ()


def test_who_published_what_when_and_why_is_told_newest_first(publications: Publications) -> None:
    first = publications.publish("ruleset", RULES, now=NOW, by="dana", note="as agreed on Monday")
    later = NOW + timedelta(hours=1)
    second = publications.publish("ruleset", OTHER_RULES, now=later, by="lee")

    newest, oldest = publications.versions("ruleset")
    assert (newest.digest, newest.published_at, newest.by, newest.note) == (
        second,
        later,
        "lee",
        "",
    )
    assert (oldest.digest, oldest.by, oldest.note) == (first, "dana", "as agreed on Monday")


def test_who_and_why_are_a_line_each(publications: Publications) -> None:
    publications.publish("ruleset", RULES, now=NOW, by="dana\n* root", note="as\n agreed" * 100)

    (version,) = publications.versions("ruleset")
    assert version.by == "dana * root"
    assert version.note.startswith("as agreed")
    assert len(version.note) == 300


def test_publishing_the_same_again_is_no_new_version(publications: Publications) -> None:
    publications.publish("ruleset", RULES, now=NOW, by="dana")
    publications.publish("ruleset", RULES, now=NOW, by="lee")

    assert [version.by for version in publications.versions("ruleset")] == ["dana"]


def test_a_version_is_read_by_its_digest_also_when_another_is_active(
    publications: Publications,
) -> None:
    first = publications.publish("ruleset", RULES, now=NOW)
    publications.publish("ruleset", OTHER_RULES, now=NOW)

    assert publications.version("ruleset", first).body == RULES


def test_a_version_that_never_was_is_not_found(publications: Publications) -> None:
    with pytest.raises(NotFound, match="no ruleset 0123"):
        publications.version("ruleset", "0123")
    with pytest.raises(NotFound):
        publications.activate("ruleset", "0123", now=NOW)


@pytest.mark.parametrize("typed", ["", "x" * 5000, "\ud800", "#", "ü"], ids=ascii)
def test_what_is_no_digest_is_not_found_either(publications: Publications, typed: str) -> None:
    with pytest.raises(NotFound):
        publications.version("ruleset", typed)


def test_a_version_can_be_kept_without_being_active(publications: Publications) -> None:
    publications.publish("ruleset", RULES, now=NOW)
    digest = publications.keep("ruleset", OTHER_RULES, now=NOW)

    assert publications.version("ruleset", digest).body == OTHER_RULES
    assert publications.active("ruleset").body == RULES
    assert len(publications.versions("ruleset")) == 1


def test_an_earlier_version_is_made_active_again(publications: Publications) -> None:
    first = publications.publish("ruleset", RULES, now=NOW)
    publications.publish("ruleset", OTHER_RULES, now=NOW)
    publications.activate("ruleset", first, now=NOW, by="lee", note="calls went astray")

    assert publications.active("ruleset").body == RULES
    newest, *before = publications.versions("ruleset")
    assert (newest.digest, newest.by, newest.note) == (first, "lee", "calls went astray")
    assert len(before) == 2


def test_who_goes_back_twice_does_not_come_past_what_was_bad(publications: Publications) -> None:
    first, second, third = [publications.publish("r", rules, now=NOW) for rules in ALL_RULES]
    assert publications.active("r").previous == (second, first)

    publications.activate("r", second, now=NOW)
    assert publications.active("r").previous == (first,)
    publications.activate("r", third, now=NOW)
    assert publications.active("r").previous == (second, first)


def test_what_was_withdrawn_can_be_gone_back_to(publications: Publications) -> None:
    digest = publications.publish("trial", RULES, now=NOW)
    publications.withdraw("trial", now=NOW)
    publications.publish("trial", OTHER_RULES, now=NOW)

    assert publications.active("trial").previous == (digest,)


def test_a_change_made_from_another_version_is_refused_and_changes_nothing(
    publications: Publications,
) -> None:
    first = publications.publish("ruleset", RULES, now=NOW, expected="")
    second = publications.publish("ruleset", OTHER_RULES, now=NOW, expected=first)

    changes: list[Callable[[], object]] = [
        lambda: publications.publish("ruleset", THIRD_RULES, now=NOW, expected=first),
        lambda: publications.publish("ruleset", THIRD_RULES, now=NOW, expected=""),
        lambda: publications.activate("ruleset", first, now=NOW, expected=first),
        lambda: publications.withdraw("ruleset", now=NOW, expected=first),
    ]
    for change in changes:
        with pytest.raises(StateConflict):
            change()

    assert publications.active("ruleset").digest == second
    assert len(publications.versions("ruleset")) == 2


def test_what_is_active_already_is_no_conflict(publications: Publications) -> None:
    digest = publications.publish("ruleset", RULES, now=NOW)

    assert publications.publish("ruleset", RULES, now=NOW, expected="another") == digest


def test_the_last_two_hundred_versions_are_told_and_older_ones_can_be_read(
    publications: Publications,
) -> None:
    digests = [
        publications.publish("ruleset", {"version": n}, now=NOW, note="x" * 200) for n in range(205)
    ]

    told = [version.digest for version in publications.versions("ruleset")]
    assert told == digests[:4:-1]
    assert publications.version("ruleset", digests[0]).body == {"version": 0}
    assert publications.active("ruleset").previous == tuple(digests[-2:-12:-1])


def test_of_two_who_start_from_the_same_version_one_wins(
    operator: DynamoDbPublications, table: TableOf, dynamodb: WatchedClient
) -> None:
    started_from = operator.publish("ruleset", RULES, now=NOW)
    other = DynamoDbPublications(table("Config"))
    dynamodb.before_next(
        "update_item",
        lambda: other.publish("ruleset", OTHER_RULES, now=NOW, by="lee", expected=started_from),
    )

    with pytest.raises(StateConflict, match="published meanwhile"):
        operator.publish("ruleset", THIRD_RULES, now=NOW, by="dana", expected=started_from)
    assert operator.active("ruleset").body == OTHER_RULES
    assert [version.by for version in operator.versions("ruleset")] == ["lee", ""]


def test_of_many_who_publish_at_once_none_is_lost_from_the_list(table: TableOf) -> None:
    def publish(number: int) -> str:
        mine = DynamoDbPublications(table("Config"))
        return mine.publish("ruleset", {"version": number}, now=NOW, by=f"operator {number}")

    with ThreadPoolExecutor(4) as pool:
        digests = set(pool.map(publish, range(4)))

    publications = DynamoDbPublications(table("Config"))
    newest, *_ = versions = publications.versions("ruleset")
    assert {version.digest for version in versions} == digests
    assert len(versions) == 4
    assert publications.active("ruleset").digest == newest.digest


class Killed(Exception):
    """The process ended here."""


def test_a_crash_before_the_pointer_moves_leaves_what_was_active(
    operator: DynamoDbPublications, reader: DynamoDbPublications, dynamodb: WatchedClient
) -> None:
    operator.publish("ruleset", RULES, now=NOW, by="dana")

    def die() -> None:
        raise Killed

    dynamodb.before_next("update_item", die)
    with pytest.raises(Killed):
        operator.publish("ruleset", OTHER_RULES, now=NOW, by="dana")

    assert reader.active("ruleset").body == RULES
    assert len(reader.versions("ruleset")) == 1
    operator.publish("ruleset", OTHER_RULES, now=NOW, by="dana")
    assert len(reader.versions("ruleset")) == 2


def test_a_pointer_move_is_one_write(
    operator: DynamoDbPublications, dynamodb: WatchedClient
) -> None:
    first = operator.publish("ruleset", RULES, now=NOW)
    operator.publish("ruleset", OTHER_RULES, now=NOW)
    dynamodb.calls.clear()

    operator.activate("ruleset", first, now=NOW)

    assert [call for call in dynamodb.calls if call != "get_item"] == ["update_item"]


def test_routing_is_read_once_in_ten_seconds(
    operator: DynamoDbPublications, reader: DynamoDbPublications, clock: Clock
) -> None:
    for kind in ("routing", "routing_challenger"):
        operator.publish(kind, RULES, now=NOW)
        reader.active(kind)
        operator.publish(kind, OTHER_RULES, now=NOW)
    clock.moves_on(9.9)
    assert reader.active("routing").body == RULES

    clock.moves_on(0.1)
    assert reader.active("routing").body == OTHER_RULES
    assert reader.active("routing_challenger").body == OTHER_RULES


def test_that_there_is_nothing_is_believed_for_ten_seconds_and_through_an_outage(
    operator: DynamoDbPublications,
    reader: DynamoDbPublications,
    dynamodb: WatchedClient,
    clock: Clock,
) -> None:
    assert reader.find("routing_challenger") is None
    dynamodb.calls.clear()
    clock.moves_on(9)
    assert reader.find("routing_challenger") is None
    assert dynamodb.calls == []

    dynamodb.is_down = True
    clock.moves_on(1)
    assert reader.find("routing_challenger") is None

    dynamodb.is_down = False
    operator.publish("routing_challenger", RULES, now=NOW)
    clock.moves_on(5)
    assert reader.active("routing_challenger").body == RULES


def test_what_an_earlier_release_published_is_active_and_the_first_of_the_list(
    operator: DynamoDbPublications, table: TableOf
) -> None:
    digest = operator.publish("ruleset", RULES, now=NOW)
    item = table("Config").get("active#ruleset")
    assert item is not None
    ours = ("id", "digest", "published_at", "body", "body_encoding")
    table("Config").put({name: item[name] for name in ours})

    assert [version.digest for version in operator.versions("ruleset")] == [digest]
    second = operator.publish("ruleset", OTHER_RULES, now=NOW, expected=digest)
    assert [version.digest for version in operator.versions("ruleset")] == [second, digest]
    assert operator.active("ruleset").previous == (digest,)


NONSENSE: list[dict[str, Any]] = [
    {"body": {"S": "no JSON"}},
    {"body": {"S": "[1, 2]"}},
    {"body": {"S": '{"rows":["by hand"]}'}},
    {"body": {"M": {"rows": {"L": []}}}},
    {"body": {"N": "7"}},
    {"body_encoding": {"S": "json+gzip+base64"}},
    {"body_encoding": {"S": "xml"}},
    {"body_encoding": {"BOOL": True}},
    {"digest": {"N": "1.5"}},
    {"digest": {"S": "0123456789abcdef"}},
    {"previous": {"S": "no JSON"}, "body": {"S": ""}},
    {"history": {"S": "no gzip"}, "body": {"S": ""}},
    {"revision": {"S": "many"}, "body": {"S": ""}},
]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=str)
def test_nonsense_in_the_table_is_told_and_a_good_version_mends_it(
    operator: DynamoDbPublications,
    reader: DynamoDbPublications,
    dynamodb: WatchedClient,
    nonsense: dict[str, Any],
) -> None:
    operator.publish("ruleset", OTHER_RULES, now=NOW)
    operator.publish("ruleset", RULES, now=NOW)
    whole = dynamodb.get_item(TableName="Config", Key={"id": {"S": "active#ruleset"}})["Item"]
    dynamodb.put_item(TableName="Config", Item={**whole, **nonsense})

    found = reader.find("ruleset")
    assert found is not None
    assert found.mistake
    assert found.body == {}
    with pytest.raises(Misconfigured, match="cannot be read"):
        reader.active("ruleset")
    assert reader.versions("ruleset") is not None

    operator.publish("ruleset", RULES, now=NOW)
    assert operator.active("ruleset").body == RULES


def test_a_version_that_somebody_changed_is_not_made_active(
    operator: DynamoDbPublications, table: TableOf
) -> None:
    first = operator.publish("ruleset", RULES, now=NOW)
    second = operator.publish("ruleset", OTHER_RULES, now=NOW)
    item = table("Config").get(f"version#ruleset#{first}")
    assert item is not None
    table("Config").put({**item, "body": '{"rows":["by hand"]}'})

    with pytest.raises(Misconfigured, match="not what was published"):
        operator.activate("ruleset", first, now=NOW)
    assert operator.active("ruleset").digest == second


def test_long_notes_leave_room_for_the_document(
    operator: DynamoDbPublications, reader: DynamoDbPublications
) -> None:
    random = Random(1)
    for number in range(3):
        note = "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(100_000))
        operator.publish("ruleset", {"version": number}, now=NOW, by=note, note=note)
    noise = random.randbytes(220_000).hex()
    operator.publish("ruleset", {"noise": noise}, now=NOW)

    assert reader.active("ruleset").body == {"noise": noise}
    assert len(reader.versions("ruleset")) == 4
    assert all(len(version.note) <= 300 for version in reader.versions("ruleset"))
