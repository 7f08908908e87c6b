"""What every second durable place promises."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from switchboard.adapters.s3_aside import S3KeptAside
from switchboard.errors import StateUnavailable
from switchboard.ports import KeptAside
from tests.fakes.aside import InMemoryKeptAside
from tests.ports.conftest import BOTH_SIDES, REGION

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUCKET = "aside"


@pytest.fixture
def s3(in_process_aws: None) -> Iterator[Any]:
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield client
    for stored in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=stored["Key"])
    client.delete_bucket(Bucket=BUCKET)
    client.close()


@pytest.fixture(params=BOTH_SIDES)
def aside(request: pytest.FixtureRequest) -> KeptAside:
    if request.param == "in_memory":
        return InMemoryKeptAside()
    return S3KeptAside(request.getfixturevalue("s3"), BUCKET)


def put(
    aside: KeptAside, kind: str = "spill", *, token: str = "t1", about: str = "one", **later: float
) -> str:
    now = NOON + timedelta(**later)
    return aside.put(kind, b'{"a": 1}', token=token, about=about.split(), now=now)


def test_what_was_put_aside_is_there_as_it_was(aside: KeptAside) -> None:
    aside_id = aside.put("spill", "\ufeffné\0".encode(), token="t1", about=["one"], now=NOON)

    assert aside.read("spill", aside_id) == "\ufeffné\0".encode()


def test_a_list_tells_when_how_large_and_our_words(aside: KeptAside) -> None:
    put(aside, about="interaction-ends conflict JKJ_a-X=", seconds=1.5)

    (found,) = aside.waiting("spill", limit=10)

    assert found.at == NOON + timedelta(seconds=1.5)
    assert found.token == "t1"
    assert found.size == len(b'{"a": 1}')
    assert found.about == ("interaction-ends", "conflict", "JKJ_a-X=")


@pytest.mark.parametrize("word", ["", "two.words", "a/b", "+1415", "é", "x" * 65, "a\nb"])
def test_what_is_no_word_never_stands_in_a_list(aside: KeptAside, word: str) -> None:
    aside.put("spill", b"", token="t1", about=["one", word, "two"], now=NOON)

    (found,) = aside.waiting("spill", limit=10)

    assert found.about == ("one", "other", "two")


def test_the_oldest_comes_first_over_midnight_too(aside: KeptAside) -> None:
    last = put(aside, hours=12)
    first = put(aside, hours=-13)
    middle = put(aside, hours=11, minutes=59)

    assert [found.id for found in aside.waiting("spill", limit=10)] == [first, middle, last]


def test_a_list_goes_on_after_an_id(aside: KeptAside) -> None:
    ids = [put(aside, seconds=number) for number in range(5)]

    first = aside.waiting("spill", limit=2)
    rest = aside.waiting("spill", limit=10, after=first[-1].id)

    assert [found.id for found in first] == ids[:2]
    assert [found.id for found in rest] == ids[2:]


def test_two_of_one_moment_are_both_there(aside: KeptAside) -> None:
    one, another = put(aside, token="t1"), put(aside, token="t2")

    assert {found.id for found in aside.waiting("spill", limit=10)} == {one, another}


def test_the_kinds_do_not_meet(aside: KeptAside) -> None:
    spilled = put(aside, "spill")
    refused = put(aside, "refused", seconds=1)

    aside.drop("refused", [spilled])

    assert [found.id for found in aside.waiting("spill", limit=10)] == [spilled]
    assert aside.read("spill", refused) is None


def test_what_is_dropped_is_gone_and_may_be_dropped_again(aside: KeptAside) -> None:
    ids = [put(aside, seconds=number) for number in range(3)]

    aside.drop("spill", ids[:2])
    aside.drop("spill", ids[:2])

    assert aside.read("spill", ids[0]) is None
    assert [found.id for found in aside.waiting("spill", limit=10)] == ids[2:]


def test_an_empty_place_has_nothing(aside: KeptAside) -> None:
    assert aside.waiting("spill", limit=10) == ()
    assert aside.read("spill", "20261123T120000000000Z.t1.one") is None


def test_more_than_s3_lists_at_once_is_listed(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("switchboard.adapters.s3_aside._MOST_PER_CALL", 2)
    aside = S3KeptAside(s3, BUCKET)
    ids = [put(aside, seconds=number) for number in range(7)]

    assert [found.id for found in aside.waiting("spill", limit=6)] == ids[:6]
    assert [found.id for found in aside.waiting("spill", limit=100)] == ids


def test_what_somebody_else_laid_into_the_bucket_is_passed_over(s3: Any) -> None:
    for name in ("spill/readme.txt", "spill/2026-11-23/", "spill/2026-11-23/x", "spill/20261123"):
        s3.put_object(Bucket=BUCKET, Key=name, Body=b"x")
    kept = put(S3KeptAside(s3, BUCKET))

    assert [found.id for found in S3KeptAside(s3, BUCKET).waiting("spill", limit=10)] == [kept]


def test_a_key_says_what_when_and_nothing_else(s3: Any) -> None:
    put(S3KeptAside(s3, BUCKET), "refused", token="0a1b2c", about="interaction-ends conflict")

    (stored,) = s3.list_objects_v2(Bucket=BUCKET)["Contents"]

    assert stored["Key"] == (
        "refused/2026-11-23/20261123T120000000000Z.0a1b2c.interaction-ends.conflict"
    )


def test_a_place_that_does_not_answer_is_state_unavailable(s3: Any) -> None:
    nowhere = S3KeptAside(s3, "not-there")

    for use in (
        lambda: put(nowhere),
        lambda: nowhere.waiting("spill", limit=1),
        lambda: nowhere.read("spill", "20261123T120000000000Z.t1.one"),
        lambda: nowhere.drop("spill", ["20261123T120000000000Z.t1.one"]),
    ):
        with pytest.raises(StateUnavailable):
            use()
