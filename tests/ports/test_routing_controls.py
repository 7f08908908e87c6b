"""What every keeper of switches and of the do-not-pair list promises."""

import base64
import gzip
import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, Final

import pytest

from switchboard.adapters.dynamodb_config import DynamoDbPublications
from switchboard.adapters.dynamodb_controls import DynamoDbRoutingControls
from switchboard.domain.routing_controls import (
    MOST_PAIRS,
    MOST_SWITCHES,
    ControlsRefused,
    Pair,
    RoutingControls,
    active_switches,
    begun_anew,
    kept_apart,
    switched_off,
    switched_on,
)
from switchboard.errors import StateBusy, StateUnavailable, StateUnreadable
from switchboard.ports import RoutingControlsStore
from tests.fakes.controls import InMemoryRoutingControls
from tests.ports.conftest import BOTH_SIDES, Clock, TableOf, WatchedClient

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
Changed = Callable[[RoutingControls], RoutingControls]


def on(name: str, *, by: str = "Dana") -> Changed:
    return partial(switched_on, name=name, lasts=4 * HOUR, why="burst pipe", by=by, now=NOW)


def off(name: str, *, by: str = "Ben") -> Changed:
    return partial(switched_off, name=name, why="dry", by=by, now=NOW)


def apart(customer: str, agent: str, *, why: str = "asked for it") -> Changed:
    return partial(kept_apart, customer=customer, agent=agent, why=why, by="Dana", now=NOW)


@pytest.fixture(params=BOTH_SIDES)
def store(request: pytest.FixtureRequest) -> RoutingControlsStore:
    if request.param == "in_memory":
        return InMemoryRoutingControls()
    return DynamoDbRoutingControls(request.getfixturevalue("table")("Config"))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


def test_before_anybody_changed_anything_it_is_empty(store: RoutingControlsStore) -> None:
    assert store.current() == RoutingControls()


def test_changes_are_kept_as_they_were_made(store: RoutingControlsStore) -> None:
    for change in (on("emergency_closed"), on("fire_drill"), off("fire_drill")):
        store.change(change)
    changed = store.change(apart("crm:Ä-1", "2001"))

    assert store.current() == changed
    assert active_switches(changed, NOW) == {"emergency_closed": True}
    assert changed.do_not_pair == (Pair("crm:Ä-1", "2001", "asked for it", "Dana", NOW),)
    assert [line.what.split()[0] for line in changed.log] == [
        "emergency_closed",
        "fire_drill",
        "fire_drill",
        "crm:Ä-1",
    ]


def test_what_is_refused_changes_nothing(store: RoutingControlsStore) -> None:
    store.change(on("emergency_closed"))

    with pytest.raises(ControlsRefused):
        store.change(off("fire_drill"))

    assert active_switches(store.current(), NOW) == {"emergency_closed": True}
    assert len(store.current().log) == 1


def test_many_operators_at_once_lose_no_change(store: RoutingControlsStore) -> None:
    names = {f"switch_{number}" for number in range(5)}
    with ThreadPoolExecutor(5) as operators:
        list(operators.map(lambda name: store.change(on(name)), names))

    assert active_switches(store.current(), NOW).keys() == names
    assert len(store.current().log) == 5


def test_who_was_slower_changes_what_the_faster_left(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    one, other = (DynamoDbRoutingControls(table("Config")) for _ in range(2))
    dynamodb.before_next("update_item", lambda: other.change(on("fire_drill", by="Ben")))

    changed = one.change(on("emergency_closed"))

    assert active_switches(changed, NOW) == {"emergency_closed": True, "fire_drill": True}
    assert [line.by for line in changed.log] == ["Ben", "Dana"]


def test_a_change_that_no_longer_makes_sense_is_refused_after_all(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    one, other = (DynamoDbRoutingControls(table("Config")) for _ in range(2))
    one.change(on("emergency_closed"))
    dynamodb.before_next("update_item", lambda: other.change(off("emergency_closed")))

    with pytest.raises(ControlsRefused, match="is not on"):
        one.change(off("emergency_closed", by="Dana"))


def test_a_lost_answer_does_not_make_it_two_changes(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    """The SDK writes again, and meets what it wrote itself."""
    one, same = (DynamoDbRoutingControls(table("Config")) for _ in range(2))
    dynamodb.before_next("update_item", lambda: same.change(on("emergency_closed")))

    changed = one.change(on("emergency_closed"))

    assert len(changed.log) == 1
    assert DynamoDbRoutingControls(table("Config")).current() == changed


def test_where_others_are_always_faster_it_ends(table: TableOf, dynamodb: WatchedClient) -> None:
    store, other = (DynamoDbRoutingControls(table("Config")) for _ in range(2))
    tries: list[RoutingControls] = []

    def overtaken(controls: RoutingControls) -> RoutingControls:
        tries.append(controls)
        other.change(on(f"switch_{len(tries)}"))
        return on("emergency_closed")(controls)

    with pytest.raises(StateBusy):
        store.change(overtaken)
    assert len(tries) == 10
    assert "emergency_closed" not in active_switches(store.current(), NOW)


def test_a_worker_sees_a_change_within_ten_seconds(table: TableOf, clock: Clock) -> None:
    worker = DynamoDbRoutingControls(table("Config"), clock=clock)
    assert worker.current() == RoutingControls()
    changed = DynamoDbRoutingControls(table("Config")).change(on("emergency_closed"))

    clock.moves_on(9.9)
    assert worker.current() == RoutingControls()
    clock.moves_on(0.1)
    assert worker.current() == changed


def test_who_changes_something_sees_it_at_once(store: RoutingControlsStore) -> None:
    store.current()
    changed = store.change(on("emergency_closed"))

    assert store.current() == changed


def test_a_busy_worker_reads_once_in_ten_seconds_even_where_there_is_nothing(
    table: TableOf, dynamodb: WatchedClient, clock: Clock
) -> None:
    worker = DynamoDbRoutingControls(table("Config"), clock=clock)
    for _ in range(100):
        worker.current()
        clock.moves_on(0.25)

    assert dynamodb.calls == ["get_item"] * 3


def test_while_the_table_is_down_the_last_copy_serves_and_still_expires(
    table: TableOf, dynamodb: WatchedClient, clock: Clock
) -> None:
    worker = DynamoDbRoutingControls(table("Config"), clock=clock)
    worker.change(on("emergency_closed"))
    worker.current()
    dynamodb.is_down = True
    clock.moves_on(3 * 3600)

    assert active_switches(worker.current(), NOW + 3 * HOUR) == {"emergency_closed": True}
    assert active_switches(worker.current(), NOW + 4 * HOUR) == {}


def test_what_was_never_read_is_not_guessed_while_the_table_is_down(
    store: RoutingControlsStore, request: pytest.FixtureRequest
) -> None:
    if isinstance(store, InMemoryRoutingControls):
        store.is_down = True
    else:
        request.getfixturevalue("dynamodb").is_down = True

    with pytest.raises(StateUnavailable):
        store.current()
    with pytest.raises(StateUnavailable):
        store.change(on("emergency_closed"))


def packed(document: object) -> dict[str, str]:
    text = json.dumps(document).encode()
    return {"S": base64.b64encode(gzip.compress(text)).decode()}


SWITCH: Final = {"name": "x", "by": "Dana", "why": "y", "at": "2026-03-02T15:00:00+00:00"}
EXPIRES: Final = {"expires_at": "2026-03-02T19:00:00+00:00"}
UNREADABLE: Final[dict[str, dict[str, Any]]] = {
    "no gzip": {"controls": {"S": "junk"}, "revision": {"N": "1"}},
    "half of it": {"controls": {"S": packed({})["S"][:20]}, "revision": {"N": "1"}},
    "no controls": {"revision": {"N": "1"}},
    "no text": {"controls": {"BOOL": True}, "revision": {"N": "1"}},
    "no number": {"controls": packed({}), "revision": {"S": "first"}},
    "no object": {"controls": packed([1]), "revision": {"N": "1"}},
    "a word for a list": {"controls": packed({"switches": "on"}), "revision": {"N": "1"}},
    "nothing for a list": {"controls": packed({"log": None}), "revision": {"N": "1"}},
    "a field missing": {"controls": packed({"switches": [SWITCH]}), "revision": {"N": "1"}},
    "a field empty": {
        "controls": packed({"switches": [{**SWITCH, "expires_at": None}]}),
        "revision": {"N": "1"},
    },
    "a name that is none": {
        "controls": packed({"switches": [{**SWITCH, **EXPIRES, "name": ["x"]}]}),
        "revision": {"N": "1"},
    },
    "a moment without a zone": {
        "controls": packed({"switches": [{**SWITCH, "expires_at": "2026-03-02T19:00:00"}]}),
        "revision": {"N": "1"},
    },
}


@pytest.fixture(params=UNREADABLE)
def spoil(request: pytest.FixtureRequest, dynamodb: WatchedClient) -> Callable[[], None]:
    """Somebody writes what this release does not read."""
    item = {"id": {"S": "routing-controls"}, **UNREADABLE[request.param]}
    return lambda: dynamodb.put_item(TableName="Config", Item=item)


def test_what_cannot_be_read_is_said_so_and_is_never_empty(
    table: TableOf, spoil: Callable[[], None]
) -> None:
    spoil()
    store = DynamoDbRoutingControls(table("Config"))

    for ask in (store.current, lambda: store.change(on("emergency_closed"))):
        with pytest.raises(StateUnreadable, match="`switchboard switch reset`"):
            ask()


def test_while_it_cannot_be_read_the_last_copy_serves_and_it_is_reported_once(
    table: TableOf, clock: Clock, spoil: Callable[[], None]
) -> None:
    reported: list[StateUnreadable] = []
    worker = DynamoDbRoutingControls(table("Config"), clock=clock, report=reported.append)
    worker.change(on("emergency_closed"))
    known = worker.current()
    spoil()

    for _ in range(5):
        clock.moves_on(30)
        assert worker.current() == known
    assert len(reported) == 1


def test_what_cannot_be_read_can_be_begun_anew_and_the_log_says_who_did(
    table: TableOf, spoil: Callable[[], None]
) -> None:
    spoil()
    store = DynamoDbRoutingControls(table("Config"))

    store.begin_anew(lambda it: begun_anew(it, why="a slip", by="Dana", now=NOW))
    store.change(on("emergency_closed"))

    assert active_switches(store.current(), NOW) == {"emergency_closed": True}
    assert [(line.about, line.by) for line in store.current().log] == [
        ("switch", "Dana"),
        ("pair", "Dana"),
        ("switch", "Dana"),
    ]


def test_what_can_be_read_is_never_begun_anew(table: TableOf) -> None:
    store = DynamoDbRoutingControls(table("Config"))
    store.change(apart("crm:1", "2001"))

    with pytest.raises(ControlsRefused, match="can be read"):
        store.begin_anew(lambda it: begun_anew(it, why="a slip", by="Dana", now=NOW))
    assert len(store.current().do_not_pair) == 1


def test_who_does_not_say_why_begins_nothing_anew(table: TableOf, dynamodb: WatchedClient) -> None:
    item: dict[str, Any] = {"id": {"S": "routing-controls"}, **UNREADABLE["no gzip"]}
    dynamodb.put_item(TableName="Config", Item=item)

    with pytest.raises(ControlsRefused, match="Say why"):
        DynamoDbRoutingControls(table("Config")).begin_anew(
            lambda it: begun_anew(it, why=" ", by="Dana", now=NOW)
        )
    assert dynamodb.scan(TableName="Config")["Items"] == [item]


def test_an_item_without_a_revision_is_changed_like_any_other(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    good = {**SWITCH, **EXPIRES}
    item = {"id": {"S": "routing-controls"}, "controls": packed({"switches": [good]})}
    dynamodb.put_item(TableName="Config", Item=item)
    store = DynamoDbRoutingControls(table("Config"))

    store.change(on("emergency_closed"))

    assert active_switches(store.current(), NOW) == {"x": True, "emergency_closed": True}


def test_it_stands_beside_what_is_published(table: TableOf) -> None:
    publications = DynamoDbPublications(table("Config"))
    publications.publish("routing", {"format": "routing/1"}, now=NOW)
    DynamoDbRoutingControls(table("Config")).change(on("emergency_closed"))

    assert publications.active("routing").body == {"format": "routing/1"}


def pairs(count: int, *, why: Callable[[], str]) -> tuple[Pair, ...]:
    return tuple(
        Pair(f"salesforce:0035g00000AB{n:05}", f"{n:05}", why(), "Dana", NOW) for n in range(count)
    )


def test_a_full_list_of_ordinary_pairs_takes_little(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    store = DynamoDbRoutingControls(table("Config"))
    ordinary = pairs(MOST_PAIRS - 1, why=lambda: "asked for another agent twice")
    store.change(lambda _: RoutingControls(do_not_pair=ordinary))

    store.change(apart("crm:1", "2001"))

    assert len(DynamoDbRoutingControls(table("Config")).current().do_not_pair) == MOST_PAIRS
    (item,) = dynamodb.scan(TableName="Config")["Items"]
    assert len(item["controls"]["S"]) < 25_000


def test_however_long_the_list_a_switch_can_be_flipped(table: TableOf) -> None:
    """Texts of full length that nothing makes shorter."""
    store, random = DynamoDbRoutingControls(table("Config")), Random(1)
    listed = pairs(MOST_PAIRS, why=lambda: random.randbytes(100).hex())

    def every_switch(controls: RoutingControls) -> RoutingControls:
        for _ in range(MOST_SWITCHES):
            name, why = random.randbytes(32).hex(), random.randbytes(100).hex()
            controls = switched_on(controls, name, lasts=HOUR, why=why, by=name, now=NOW)
        return controls

    with pytest.raises(ControlsRefused, match="full; remove a pair first"):
        store.change(lambda _: RoutingControls(do_not_pair=listed))
    fitting = listed[: _most_stored(store, listed)]
    store.change(lambda _: RoutingControls(do_not_pair=fitting))
    store.change(every_switch)

    assert len(active_switches(store.current(), NOW)) == MOST_SWITCHES
    with pytest.raises(ControlsRefused, match="full; remove a pair first"):
        store.change(apart("crm:1", "2001"))
    store.change(lambda controls: replace(controls, do_not_pair=controls.do_not_pair[1:]))


def _most_stored(store: RoutingControlsStore, listed: Sequence[Pair]) -> int:
    """How many of them there is room for."""

    def is_refused(count: int) -> bool:
        try:
            store.change(lambda _: RoutingControls(do_not_pair=tuple(listed[:count])))
        except ControlsRefused:
            return True
        store.change(lambda _: RoutingControls())
        return False

    return bisect_left(range(len(listed)), True, key=is_refused) - 1
