"""What every keeper of agents' lines promises: nobody is overrun by people who know them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard.adapters.dynamodb_agent_load import DynamoDbAgentLoad
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.last_agent import MOST_WAITING, Reservation
from switchboard.errors import StateUnavailable
from switchboard.ports import AgentLoad
from tests.fakes.agent_load import InMemoryAgentLoad
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MADE, WAITS, FULL = Reservation.MADE, Reservation.SOMEBODY_WAITS, Reservation.DAY_IS_FULL


@pytest.fixture(params=BOTH_SIDES)
def load(request: pytest.FixtureRequest) -> AgentLoad:
    if request.param == "in_memory":
        return InMemoryAgentLoad()
    return DynamoDbAgentLoad(request.getfixturevalue("table")("Coordination"))


def reserve(load: AgentLoad, holder: str, agent: str = "2001", **how: Any) -> Reservation:
    now = how.pop("now", NOW)
    wish: dict[str, Any] = {
        "until": now + timedelta(seconds=15),
        "most_waiting": 1,
        "most_per_day": 0,
        "local_day": "2026-03-02",
        **how,
    }
    return load.reserve(agent, holder=holder, now=now, **wish)


def test_one_contact_waits_for_an_agent_and_the_next_does_not(load: AgentLoad) -> None:
    assert reserve(load, "i-1") is MADE
    assert reserve(load, "i-2") is WAITS
    assert reserve(load, "i-3", agent="2002") is MADE


def test_a_place_is_free_again_when_the_hold_is_over(load: AgentLoad) -> None:
    reserve(load, "i-1")

    assert reserve(load, "i-2", now=NOW + timedelta(seconds=14)) is WAITS
    assert reserve(load, "i-2", now=NOW + timedelta(seconds=15)) is MADE
    assert reserve(load, "i-3", now=NOW + timedelta(seconds=16)) is WAITS


def test_a_contact_that_asks_twice_keeps_its_place_and_counts_once(load: AgentLoad) -> None:
    wish: dict[str, Any] = {"most_waiting": 2, "most_per_day": 2}

    assert [reserve(load, holder, **wish) for holder in ("i-1", "i-1", "i-2", "i-2", "i-1")] == [
        *(MADE, MADE, MADE, MADE, MADE)
    ]
    assert reserve(load, "i-3", most_waiting=3, most_per_day=2) is FULL


def test_no_agent_has_more_of_them_in_a_day_than_allowed(load: AgentLoad) -> None:
    later = [NOW + timedelta(minutes=minute) for minute in range(4)]

    got = [reserve(load, f"i-{at}", now=at, most_per_day=3) for at in later]

    assert got == [MADE, MADE, MADE, FULL]


def test_a_new_day_begins_where_the_contact_centre_is(load: AgentLoad) -> None:
    at = NOW + timedelta(hours=9)
    reserve(load, "i-1", most_per_day=1)

    assert reserve(load, "i-2", now=at, most_per_day=1) is FULL
    assert reserve(load, "i-2", now=at, most_per_day=1, local_day="2026-03-03") is MADE
    assert reserve(load, "i-3", now=at + timedelta(hours=1), most_per_day=2) is MADE, "and back"


def test_without_a_daily_limit_nobody_is_refused_for_the_day(load: AgentLoad) -> None:
    later = [NOW + timedelta(minutes=minute) for minute in range(30)]

    assert {reserve(load, f"i-{at}", now=at) for at in later} == {MADE}


@pytest.mark.parametrize("most", [1, 3])
def test_of_many_at_once_no_more_than_allowed_get_a_place(load: AgentLoad, most: int) -> None:
    reserve(load, "yesterday", now=NOW - timedelta(days=1), local_day="2026-03-01")

    with ThreadPoolExecutor(10) as pool:
        got = list(pool.map(lambda n: reserve(load, f"i-{n}", most_waiting=most), range(10)))

    # A loser of every race may be refused a place that is free; one more than allowed never is.
    assert 1 <= got.count(MADE) <= most
    assert set(got) <= {MADE, WAITS}


def test_of_many_at_once_on_a_new_day_no_more_than_its_limit_count(load: AgentLoad) -> None:
    with ThreadPoolExecutor(10) as pool:
        wish: dict[str, Any] = {"most_waiting": 10, "most_per_day": 3}
        got = list(pool.map(lambda n: reserve(load, f"i-{n}", **wish), range(10)))

    assert 1 <= got.count(MADE) <= 3


def test_there_is_a_most_that_no_profile_lifts(load: AgentLoad) -> None:
    got = [reserve(load, f"i-{n}", most_waiting=1000) for n in range(MOST_WAITING + 1)]

    assert got == [MADE] * MOST_WAITING + [WAITS]


def test_the_usual_contact_costs_one_write(table: TableOf, dynamodb: WatchedClient) -> None:
    load = DynamoDbAgentLoad(table("Coordination"))
    reserve(load, "i-1")
    dynamodb.calls.clear()

    reserve(load, "i-2", now=NOW + timedelta(minutes=1))

    assert dynamodb.calls == ["update_item"]


def test_a_place_that_another_took_meanwhile_is_not_given_twice(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    load = DynamoDbAgentLoad(table("Coordination"))
    reserve(load, "i-0", now=NOW - timedelta(minutes=1))
    dynamodb.before_next("update_item", lambda: reserve(load, "i-1"))

    assert reserve(load, "i-2") is WAITS


def test_the_table_tells_neither_agent_nor_contact_and_forgets(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    reserve(DynamoDbAgentLoad(table("Coordination")), "i-1", agent="Maya Lindqvist")

    (item,) = dynamodb.scan(TableName="Coordination")["Items"]
    assert "Maya" not in str(item)
    assert "i-1" not in str(item)
    assert int(item["expires_at"]["N"]) < (NOW + timedelta(days=3)).timestamp()


def test_an_outage_is_not_a_refusal(dynamodb: WatchedClient, table: TableOf) -> None:
    dynamodb.is_down = True
    there: DynamoDbTable = table("Coordination")

    with pytest.raises(StateUnavailable):
        reserve(DynamoDbAgentLoad(there), "i-1")
