"""What a file may say about limits, and what an organisation's settings make of it."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from switchboard.adapters.connector.limit_format import Limit
from switchboard.adapters.connector.limits import Limits, check_limits, read_limits
from switchboard.errors import Misconfigured
from tests.unit.connector.gate_world import SERVER, at_once, bucket, budget

WRITTEN = TypeAdapter(list[Limit])


def compiled(*entries: Any) -> list[dict[str, Any]]:
    dumped: list[dict[str, Any]] = WRITTEN.dump_python(
        WRITTEN.validate_python(list(entries)), mode="json", by_alias=True
    )
    return dumped


def problems(entry: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        WRITTEN.validate_python([entry])
    return [
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in caught.value.errors()
    ]


def read(*entries: Mapping[str, Any], **settings: Any) -> Limits:
    return read_limits("sandbox", list(entries), settings, server=SERVER)


def mistake(*entries: Mapping[str, Any], **settings: Any) -> str:
    with pytest.raises(Misconfigured) as caught:
        read(*entries, **settings)
    return str(caught.value)


# ── As written ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_left_out_is_filled_in() -> None:
    search, concurrency, left = compiled(
        {"bucket": "search", "match": "/search$", "calls": 4, "per_s": 1},
        {"concurrency": 5},
        {"budget": {"remaining": 'to_number(headers."x-left")'}},
    )

    assert search == bucket("search", match="/search$", calls=4)
    assert concurrency == at_once(5)
    assert left == budget(limit=None)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"calls": 3, "per_s": 1}, "0.bucket.bucket: Field required"),
        ({"bucket": "a", "calls": 0, "per_s": 1}, "0.bucket.calls: Value error, at least 1"),
        (
            {"bucket": "a", "calls": 1, "per_s": 0},
            "0.bucket.per_s: Input should be greater than or equal to 0.1",
        ),
        (
            {"bucket": "a", "calls": 1, "per_s": 1, "reserve": 1},
            "0.bucket.reserve: Input should be less than or equal to 0.9",
        ),
        (
            {"bucket": "a", "calls": "${secret.calls}", "per_s": 1},
            "0.bucket.calls: Value error, a limit sees `settings` only",
        ),
        (
            {"bucket": "a", "calls": 1, "per_s": 1, "match": "("},
            "0.bucket.match: Value error, no regular expression: "
            "missing ), unterminated subpattern at position 0",
        ),
        (
            {"bucket": "a", "calls": 1, "per_s": 1, "cots": 2},
            "0.bucket.cots: Extra inputs are not permitted",
        ),
        (
            {"concurrency": 101},
            "0.concurrency.concurrency: Value error, at most 100 at once can be counted",
        ),
        ({"budget": {}}, "0.budget.budget.remaining: Field required"),
        ("search", "0.bucket: Input should be a valid dictionary or instance of BucketLimit"),
    ],
)
def test_a_mistake_is_named_with_its_place(entry: Any, problem: str) -> None:
    assert problem in problems(entry)


# ── With settings ────────────────────────────────────────────────────────────────────────────────


def test_an_amount_may_come_from_a_setting_as_number_or_text() -> None:
    entry = bucket(calls="${settings.daily}")

    for given in (30000, "30000", 30000.0):
        (found,) = read(entry, daily=given).all_buckets
        assert (found.calls, found.posting_calls) == (30000, 21000)


@pytest.mark.parametrize("given", [0, -1, "", "many", "1e3", None, True, [5], 2.5, "9" * 5000])
def test_a_setting_that_is_no_amount_is_named(given: Any) -> None:
    message = mistake(at_once(3), bucket(calls="${settings.daily}"), daily=given)

    assert message == (
        "sandbox: limits[1].calls (${settings.daily}) must be a whole number of at least 1"
    )


def test_an_amount_with_a_mistake_in_it_is_named() -> None:
    message = mistake(bucket(calls="${sum(settings.daily)}"), daily=3)

    assert message.startswith("sandbox: limits[0].calls (${sum(settings.daily)}) cannot be read")


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"calls": 5}, "calls"),
        ({"per_s": 2.0}, "per_s"),
        ({"reserve": 0.1}, "reserve"),
        ({"shared_by": "account"}, "shared_by"),
    ],
)
def test_entries_of_one_bucket_must_agree(other: dict[str, Any], named: str) -> None:
    entry = bucket(calls=4, match="/search")

    assert f".{named} " in mistake(entry, {**bucket(calls=4), **other})


def test_a_call_that_costs_more_than_there_is_would_never_pass() -> None:
    assert mistake(bucket(calls=4, cost=5)).endswith("must be at least the dearest cost, 5")


def test_a_call_dearer_than_the_share_of_postings_can_still_be_posted() -> None:
    (found,) = read(bucket(calls=50, cost=40), bucket(calls=50, cost=2)).all_buckets

    assert found.posting_calls == 40


@pytest.mark.parametrize(
    ("calls", "reserve", "postings"), [(100, 0.9, 10), (1, 0.3, 1), (4, 0.3, 2), (10, 0, 10)]
)
def test_the_reserve_is_what_postings_leave(calls: int, reserve: float, postings: int) -> None:
    (found,) = read(bucket(calls=calls, reserve=reserve)).all_buckets

    assert found.posting_calls == postings


def test_one_concurrency_is_counted() -> None:
    assert mistake(at_once(3), at_once(4)).endswith("is there twice; one is counted")


def test_more_at_once_than_can_be_counted_is_refused() -> None:
    assert "must be at most 100" in mistake(at_once("${settings.most}"), most=101)


def test_connectors_of_an_account_share_by_their_server_s_origin() -> None:
    (found,) = read(bucket("search", calls=4, shared_by="account")).all_buckets

    assert found.key == "account:https://crm.example.com:443#search"


def test_short_windows_are_drawn_on_first() -> None:
    limits = read(bucket("daily", calls=9, per_s=86400), bucket("burst", calls=9, per_s=1))

    assert [draw.bucket.key for draw in limits.draws("/")] == ["sandbox#burst", "sandbox#daily"]


def test_a_publisher_hears_of_a_bad_setting_before_it_is_published() -> None:
    definition = {
        "id": "sandbox",
        "server": "${settings.base}",
        "settings": {
            "base": {"type": "string", "default": SERVER, "pattern": None},
            "daily": {"type": "integer", "default": None, "pattern": None},
        },
        "limits": [bucket("daily", calls="${settings.daily}", per_s=86400)],
    }

    assert check_limits(definition, {"daily": "500"}).all_buckets[0].calls == 500
    with pytest.raises(Misconfigured, match=r"limits\[0\]\.calls"):
        check_limits(definition, {"daily": "0"})
