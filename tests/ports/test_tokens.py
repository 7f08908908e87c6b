"""What every store of tokens promises, and that many workers make one request with it."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.token_store import (
    LEASE_S,
    REFUSALS_COUNT_WITHIN_S,
    REFUSED_FOR_S,
    REPLACED_KEPT_S,
    SharedToken,
    TokenStore,
    Trouble,
)
from switchboard.adapters.dynamodb_tokens import DynamoDbTokens
from switchboard.domain.deadline import Deadline
from switchboard.errors import StateUnavailable, UpstreamError
from tests.fakes.tokens import InMemoryTokens, TokenServer
from tests.ports.conftest import BOTH_SIDES, TableOf, WatchedClient
from tests.unit.connector.examples import compiled

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WORKERS = 200
T = TypeVar("T")
SECRETS = {"client_id": "id", "client_secret": "s3cret", "refresh_token": "refresh-0"}


@pytest.fixture(params=BOTH_SIDES)
def store(request: pytest.FixtureRequest) -> TokenStore:
    if request.param == "in_memory":
        return InMemoryTokens()
    return DynamoDbTokens(request.getfixturevalue("table")("Coordination"))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def lease(store: TokenStore, holder: str = "a", seen: str = "", now: datetime = NOW) -> bool:
    return store.lease_token("crm#1", seen_version=seen, holder=holder, now=now)


def keep(store: TokenStore, version: str, seen: str = "", refresh_token: str = "") -> bool:
    return store.keep_token(
        "crm#1",
        seen_version=seen,
        version=version,
        access_token=f"text of {version}",
        usable_until=LATER,
        refresh_token=refresh_token,
    )


def refuse(store: TokenStore, times: int, fingerprint: str = "f", at: datetime = NOW) -> None:
    """So many refusals, the last of them at `at`, and each long after the one before."""
    for earlier in reversed(range(times)):
        moment = at - earlier * timedelta(seconds=REFUSED_FOR_S)
        store.note_refusal("crm", fingerprint=fingerprint, now=moment)


def is_blocked(store: TokenStore, fingerprint: str = "f", at: datetime = NOW) -> bool:
    state = store.read_credential("crm", now=at)
    return state is not None and state.blocks(fingerprint)


def test_nothing_is_known_at_first(store: TokenStore) -> None:
    assert store.read_token("crm#1") == SharedToken()
    assert store.read_credential("crm", now=NOW) is None


def test_a_kept_token_is_everybodys(store: TokenStore) -> None:
    assert keep(store, "v1", refresh_token="r1")

    assert store.read_token("crm#1") == SharedToken("v1", "text of v1", LATER, "r1")
    assert store.read_token("crm#2") == SharedToken()


def test_one_of_ten_gets_the_lease(store: TokenStore) -> None:
    with ThreadPoolExecutor(10) as pool:
        leases = list(pool.map(lambda n: lease(store, f"holder {n}"), range(10)))

    assert sum(leases) == 1


def test_the_lease_of_a_dead_holder_ends(store: TokenStore) -> None:
    assert lease(store, "a")
    assert not lease(store, "b", now=NOW + timedelta(seconds=LEASE_S - 1))
    assert lease(store, "b", now=NOW + timedelta(seconds=LEASE_S))


def test_everybody_sees_until_when_the_lease_is_held(store: TokenStore) -> None:
    lease(store)
    assert store.read_token("crm#1").leased_until == NOW + timedelta(seconds=LEASE_S)

    keep(store, "v1")
    assert store.read_token("crm#1").leased_until is None


def test_a_lease_taken_twice_by_its_holder_is_one(store: TokenStore) -> None:
    assert lease(store, "a")
    assert lease(store, "a")


def test_there_is_no_lease_on_a_token_that_was_replaced(store: TokenStore) -> None:
    keep(store, "v1")
    assert not lease(store, seen="")
    assert not lease(store, seen="v0")
    assert lease(store, seen="v1")


def test_keeping_a_token_ends_the_lease(store: TokenStore) -> None:
    lease(store, "a")
    keep(store, "v1")

    assert lease(store, "b", seen="v1")


def test_a_token_does_not_overwrite_one_that_was_not_seen(store: TokenStore) -> None:
    keep(store, "v1")

    assert not keep(store, "v2", seen="")
    assert keep(store, "v3", seen="v1")
    assert not keep(store, "v4", seen="v1")
    assert store.read_token("crm#1").version == "v3"


def test_a_write_whose_answer_was_lost_may_be_repeated(store: TokenStore) -> None:
    assert keep(store, "v1")
    assert keep(store, "v1")


def test_a_pause_ends_the_lease_and_says_why(store: TokenStore) -> None:
    keep(store, "v1", refresh_token="r1")
    lease(store, "a", seen="v1")

    store.pause_token("crm#1", holder="a", trouble=Trouble.THROTTLED, until=LATER)

    paused = store.read_token("crm#1")
    assert (paused.trouble, paused.paused_until) == (Trouble.THROTTLED, LATER)
    assert (paused.version, paused.refresh_token) == ("v1", "r1")
    assert paused.leased_until is None


def test_who_looked_before_the_pause_gets_no_lease_during_it(store: TokenStore) -> None:
    keep(store, "v1")
    lease(store, "a", seen="v1")
    store.pause_token("crm#1", holder="a", trouble=Trouble.REFUSED, until=LATER)

    assert not lease(store, "b", seen="v1")
    assert lease(store, "b", seen="v1", now=LATER)


def test_only_the_holder_of_the_lease_can_pause(store: TokenStore) -> None:
    lease(store, "a")
    store.pause_token("crm#1", holder="b", trouble=Trouble.UNAVAILABLE, until=LATER)

    assert store.read_token("crm#1").paused_until is None


def test_a_new_token_ends_the_pause(store: TokenStore) -> None:
    lease(store, "a")
    store.pause_token("crm#1", holder="a", trouble=Trouble.UNAVAILABLE, until=LATER)
    keep(store, "v1")

    assert store.read_token("crm#1").paused_until is None


def test_three_refusals_in_a_row_block(store: TokenStore) -> None:
    refuse(store, 2)
    assert not is_blocked(store)

    state = store.note_refusal("crm", fingerprint="f", now=NOW)

    assert state.blocks("f")
    assert is_blocked(store)
    assert store.read_credential("other", now=NOW) is None


def test_a_moment_in_which_everybody_is_refused_blocks_nobody(store: TokenStore) -> None:
    """A gateway that restarts refuses whoever comes; that is no reason to wake a person."""
    for _ in range(20):
        store.note_refusal("crm", fingerprint="f", now=NOW)
    assert not is_blocked(store)

    store.note_refusal("crm", fingerprint="f", now=NOW + timedelta(seconds=REFUSED_FOR_S))
    assert is_blocked(store)


def test_ten_workers_refused_at_once_are_counted_together(store: TokenStore) -> None:
    refuse(store, 1, at=NOW - timedelta(seconds=REFUSED_FOR_S))
    with ThreadPoolExecutor(10) as pool:
        states = list(
            pool.map(lambda _: store.note_refusal("crm", fingerprint="f", now=NOW), range(10))
        )

    assert any(state.blocks("f") for state in states)
    assert is_blocked(store)


def test_an_acceptance_between_them_begins_the_count_anew(store: TokenStore) -> None:
    refuse(store, 2)
    store.note_acceptance("crm", fingerprint="f", now=NOW)
    assert store.read_credential("crm", now=NOW) is None
    refuse(store, 2)
    assert not is_blocked(store)

    refuse(store, 1)
    assert is_blocked(store)


def test_the_acceptance_of_another_credential_leaves_the_count(store: TokenStore) -> None:
    refuse(store, 2)
    store.note_acceptance("crm", fingerprint="other", now=NOW)
    refuse(store, 1)

    assert is_blocked(store)


def test_refusals_of_long_ago_do_not_count(store: TokenStore) -> None:
    refuse(store, 2)
    much_later = NOW + timedelta(seconds=REFUSALS_COUNT_WITHIN_S)

    assert store.read_credential("crm", now=much_later) is None
    refuse(store, 1, at=much_later)
    assert not is_blocked(store, at=much_later)


def test_one_of_ten_may_try_a_doubted_credential(store: TokenStore) -> None:
    store.note_refusal("crm", fingerprint="f", now=NOW)
    assert store.begin_try("crm", fingerprint="f", now=after(4.9)) == (
        False,
        store.read_credential("crm", now=NOW),
    )

    with ThreadPoolExecutor(10) as pool:
        begun = list(
            pool.map(lambda _: store.begin_try("crm", fingerprint="f", now=after(5)), range(10))
        )

    assert sum(is_ours for is_ours, _ in begun) == 1
    assert {state.tried_at for _, state in begun if state} == {after(5)}
    assert store.begin_try("crm", fingerprint="f", now=after(10))[0]


def test_a_refusal_is_a_try(store: TokenStore) -> None:
    store.note_refusal("crm", fingerprint="f", now=NOW)
    store.note_refusal("crm", fingerprint="f", now=after(7))

    assert not store.begin_try("crm", fingerprint="f", now=after(11))[0]


def test_there_is_no_turn_where_nothing_is_doubted(store: TokenStore) -> None:
    assert store.begin_try("crm", fingerprint="f", now=NOW) == (False, None)
    store.note_refusal("crm", fingerprint="f", now=NOW)
    assert not store.begin_try("crm", fingerprint="other", now=after(60))[0]
    store.note_acceptance("crm", fingerprint="f", now=after(60))

    is_ours, state = store.begin_try("crm", fingerprint="f", now=after(60))

    assert not is_ours
    assert state is None or not state.is_doubted("f")


def test_a_block_stays_until_a_person_ends_it(store: TokenStore) -> None:
    refuse(store, 3)
    store.note_acceptance("crm", fingerprint="f", now=NOW)
    assert is_blocked(store, at=NOW + timedelta(days=400))

    assert store.unblock("crm")
    assert not is_blocked(store)
    assert not store.unblock("crm")


def test_further_refusals_leave_a_block_as_it_is(store: TokenStore) -> None:
    refuse(store, 3)
    refuse(store, 2, at=NOW + timedelta(minutes=5))

    state = store.read_credential("crm", now=NOW)
    assert state is not None
    assert (state.refusals, state.blocked_at) == (3, NOW)


def test_another_credential_is_not_blocked_and_counts_for_itself(store: TokenStore) -> None:
    refuse(store, 3, "old")
    assert not is_blocked(store, "new")

    refuse(store, 2, "new")
    assert not is_blocked(store, "new")
    refuse(store, 1, "new")
    assert is_blocked(store, "new")


def test_a_block_that_was_replaced_is_kept_for_those_who_still_hold_it(store: TokenStore) -> None:
    refuse(store, 3, "old")
    store.note_acceptance("crm", fingerprint="new", now=NOW)

    state = store.read_credential("crm", now=NOW)
    assert state is not None
    assert (state.replaced_at, state.blocks("old")) == (NOW, True)
    lapsed = NOW + timedelta(seconds=REPLACED_KEPT_S)
    assert store.read_credential("crm", now=lapsed) is None
    refuse(store, 1, "old", at=lapsed)
    assert not is_blocked(store, "old", at=lapsed)


def test_an_outage_is_told(table: TableOf) -> None:
    store = DynamoDbTokens(table("NoSuchTable"))

    with pytest.raises(StateUnavailable):
        store.read_token("crm#1")
    with pytest.raises(StateUnavailable):
        lease(store)
    with pytest.raises(StateUnavailable):
        keep(store, "v1")
    with pytest.raises(StateUnavailable):
        refuse(store, 1)


def test_only_a_token_that_can_be_fetched_again_expires(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    store = DynamoDbTokens(table("Coordination"))
    keep(store, "v1")
    assert "expires_at" in only_item(dynamodb)

    keep(store, "v2", seen="v1", refresh_token="r2")
    assert "expires_at" not in only_item(dynamodb)


def test_a_block_does_not_expire(table: TableOf, dynamodb: WatchedClient) -> None:
    store = DynamoDbTokens(table("Coordination"))
    refuse(store, 2)
    assert "expires_at" in only_item(dynamodb)

    refuse(store, 1)
    item = only_item(dynamodb)
    assert item["id"] == {"S": "credential#crm"}
    assert item.keys() == {
        "id",
        "fingerprint",
        "refusals",
        "first_refused_at",
        "tried_at",
        "blocked_at",
    }


# Many workers: each has its own engine and its own memory, as two hundred functions would.


def workers(store: TokenStore, server: TokenServer, count: int = WORKERS) -> list[Engine]:
    definition = oauth("oauth2_refresh" if server.rotates else "oauth2_client_credentials")
    return [
        Engine(definition, {}, lambda: SECRETS, transport=server, shared=Shared(tokens=store))
        for _ in range(count)
    ]


def oauth(scheme: str) -> Mapping[str, Any]:
    auth = {"scheme": scheme, "token_url": "${settings.base}/oauth/token"}
    return compiled(auth=auth, secrets=list(SECRETS))


def find(worker: Engine) -> object:
    return worker.read("find_phone", {"phone": {"nsn": "1"}}, deadline=Deadline.after(60))


def all_at_once(workers: list[Engine], work: Callable[[Engine], T]) -> list[T]:
    start = threading.Barrier(len(workers))

    def begin(worker: Engine) -> T:
        start.wait()
        return work(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        return list(pool.map(begin, workers))


def refusal_of(worker: Engine) -> str:
    try:
        find(worker)
    except UpstreamError as error:
        return error.code
    return ""


@pytest.mark.parametrize("rotates", [False, True])
def test_two_hundred_workers_without_a_token_make_one_request(
    store: TokenStore, rotates: bool
) -> None:
    server = TokenServer(takes_s=0.2, rotates=rotates)

    answers = all_at_once(workers(store, server), find)

    assert answers == [[]] * WORKERS
    assert len(server.asked) == 1
    assert set(server.seen) == {"Bearer t-1"}


@pytest.mark.parametrize("repeats_itself", [False, True])
def test_two_hundred_workers_with_a_refused_token_make_one_request(
    store: TokenStore, repeats_itself: bool
) -> None:
    server = TokenServer(takes_s=0.1, repeats_itself=repeats_itself)
    team = workers(store, server)
    all_at_once(team, find)
    assert len(server.asked) == 1
    server.revoke_tokens()
    server.seen.clear()

    answers = all_at_once(team, find)

    assert answers == [[]] * WORKERS
    assert len(server.asked) == 2
    # A worker that was late to start may have met the new token already.
    assert len(server.seen) <= 2 * WORKERS


def test_two_hundred_workers_with_a_revoked_credential_make_one_request(store: TokenStore) -> None:
    server = TokenServer(refuses="invalid_grant", takes_s=0.02)

    codes = all_at_once(workers(store, server), refusal_of)

    assert len(server.asked) == 1
    assert server.seen == []
    assert sorted(codes) == ["upstream_rejected"] + ["upstream_unavailable"] * (WORKERS - 1)


def test_two_hundred_workers_and_a_failing_endpoint_make_one_request(store: TokenStore) -> None:
    server = TokenServer(is_down=True, takes_s=0.05)

    team, began_s = workers(store, server), time.monotonic()
    codes = all_at_once(team, refusal_of)
    took_s = time.monotonic() - began_s

    assert codes == ["upstream_unavailable"] * WORKERS
    # Two seconds of peace after each failure, however slow this machine is.
    assert len(server.asked) <= 1 + took_s / 2


def test_a_good_token_costs_no_call_and_a_new_one_six(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    (worker,) = workers(DynamoDbTokens(table("Coordination")), TokenServer(), 1)

    find(worker)
    assert dynamodb.calls == ["get_item", "get_item", "update_item", "get_item", "update_item"]

    dynamodb.calls.clear()
    for _ in range(20):
        find(worker)
    assert dynamodb.calls == []


def test_waiting_for_another_worker_costs_reads_only(
    table: TableOf, dynamodb: WatchedClient
) -> None:
    server = TokenServer(takes_s=1.0)

    all_at_once(workers(DynamoDbTokens(table("Coordination")), server, 20), find)

    # At most one try for the lease by each, and the token itself.
    assert dynamodb.calls.count("update_item") <= 21


def only_item(dynamodb: WatchedClient) -> dict[str, Any]:
    (item,) = dynamodb.scan(TableName="Coordination")["Items"]
    found: dict[str, Any] = item
    return found
