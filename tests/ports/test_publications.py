"""What every place for published documents promises."""

from collections.abc import Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any, Protocol

import pytest

from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.ports import Publications
from tests.fakes.config import InMemoryPublications
from tests.ports.conftest import BOTH_SIDES, Clock, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
RULES: dict[str, Any] = {"rows": [{"when": {"tier": "gold"}, "then": "VIP"}], "weight": 0.5}
OTHER_RULES: dict[str, Any] = {"rows": []}


class CanPublish(Publications, Protocol):
    def publish(self, kind: str, body: Mapping[str, Any], *, now: datetime) -> str: ...


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(params=BOTH_SIDES)
def publications(request: pytest.FixtureRequest) -> CanPublish:
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


def test_what_was_published_is_active(publications: CanPublish) -> None:
    digest = publications.publish("ruleset", RULES, now=NOW)
    active = publications.active("ruleset")

    assert (active.kind, active.digest, active.body) == ("ruleset", digest, RULES)


def test_the_last_version_published_is_active(publications: CanPublish) -> None:
    first = publications.publish("ruleset", RULES, now=NOW)
    publications.active("ruleset")
    second = publications.publish("ruleset", OTHER_RULES, now=NOW)

    assert publications.active("ruleset").body == OTHER_RULES
    assert publications.active("ruleset").digest == second != first


def test_an_earlier_version_can_be_published_again(publications: CanPublish) -> None:
    first = publications.publish("ruleset", RULES, now=NOW)
    publications.publish("ruleset", OTHER_RULES, now=NOW)

    assert publications.publish("ruleset", RULES, now=NOW) == first
    assert publications.active("ruleset").body == RULES


def test_the_digest_is_of_the_content_not_of_its_order(publications: CanPublish) -> None:
    turned = dict(reversed(RULES.items()))

    assert publications.publish("a", RULES, now=NOW) == publications.publish("b", turned, now=NOW)


def test_kinds_are_kept_apart(publications: CanPublish) -> None:
    publications.publish("ruleset", RULES, now=NOW)

    with pytest.raises(Misconfigured):
        publications.active("policy")


def test_what_was_never_published_says_which_command_to_run(publications: CanPublish) -> None:
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
