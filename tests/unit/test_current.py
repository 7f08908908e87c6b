"""Whatever is published, callers are served by the last version that was good."""

import dataclasses
from datetime import UTC, datetime

import pytest

from switchboard.current import Current, CurrentIfAny, GoodToHave
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.ports import Published
from tests.fakes.config import InMemoryPublications

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


class SpoiltPublications(InMemoryPublications):
    """What is active may be changed by hand, or taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.mistake = ""
        self.is_gone = False

    def find(self, kind: str) -> Published | None:
        found = super().find(kind)
        if self.is_gone or found is None:
            return None
        if self.mistake:
            return dataclasses.replace(found, body={}, mistake=self.mistake)
        return found


class Builder:
    """Builds good documents, and counts how often it was asked to."""

    def __init__(self) -> None:
        self.built = 0

    def __call__(self, published: Published) -> tuple[str, str]:
        self.built += 1
        if "good" not in published.body:
            raise Misconfigured("rules: nothing good in it")
        return published.body["good"], published.digest


@pytest.fixture
def publications() -> SpoiltPublications:
    return SpoiltPublications()


def worker(publications: InMemoryPublications) -> Current[tuple[str, str]]:
    return Current("rules", Builder(), publications=lambda: publications)


def optional_worker(publications: InMemoryPublications) -> CurrentIfAny[tuple[str, str]]:
    return CurrentIfAny("rules", Builder(), publications=lambda: publications)


def publish(publications: InMemoryPublications, **body: str) -> str:
    return publications.publish("rules", body, now=NOW)


def test_a_version_is_built_once(publications: SpoiltPublications) -> None:
    digest = publish(publications, good="first")
    builder = Builder()
    current = Current("rules", builder, publications=lambda: publications)

    assert [current.get() for _ in range(3)] == [("first", digest)] * 3
    assert builder.built == 1


def test_nothing_published_says_what_to_do(publications: SpoiltPublications) -> None:
    with pytest.raises(Misconfigured, match="run `switchboard publish`"):
        worker(publications).get()


def test_a_warm_worker_serves_the_version_before_a_bad_one(
    publications: SpoiltPublications,
) -> None:
    good = publish(publications, good="first")
    builder = Builder()
    warm = Current("rules", builder, publications=lambda: publications)
    warm.get()
    publish(publications, bad="second")

    assert [warm.get() for _ in range(3)] == [("first", good)] * 3
    assert builder.built == 2, "a bad version is tried once, not with every caller"

    better = publish(publications, good="third")
    assert warm.get() == ("third", better)


@pytest.mark.parametrize("bad", [1, 2, 3])
def test_a_cold_worker_goes_back_to_the_last_good_version(
    publications: SpoiltPublications, bad: int
) -> None:
    publish(publications, good="older")
    good = publish(publications, good="old")
    for number in range(bad):
        publish(publications, bad=str(number))

    builder = Builder()
    cold = Current("rules", builder, publications=lambda: publications)
    assert [cold.get() for _ in range(3)] == [("old", good)] * 3
    assert builder.built == bad + 1


def test_a_cold_worker_does_not_go_back_forever(publications: SpoiltPublications) -> None:
    publish(publications, good="old")
    for number in range(4):
        publish(publications, bad=str(number))
    cold = worker(publications)

    with pytest.raises(Misconfigured, match="publish a good one"):
        cold.get()

    good = publish(publications, good="new")
    assert cold.get() == ("new", good)


def test_a_cold_worker_does_not_go_back_to_what_was_rolled_back(
    publications: SpoiltPublications,
) -> None:
    good = publish(publications, good="old")
    publish(publications, good="sent callers astray")
    publications.activate("rules", good, now=NOW)
    publish(publications, bad="new")

    assert worker(publications).get() == ("old", good)


def test_of_a_version_that_was_changed_by_hand_the_kept_one_serves(
    publications: SpoiltPublications,
) -> None:
    publish(publications, good="older")
    digest = publish(publications, good="old")
    publications.mistake = "not what was published"

    assert worker(publications).get() == ("old", digest)


def test_a_warm_worker_outlives_what_somebody_took_away(publications: SpoiltPublications) -> None:
    digest = publish(publications, good="old")
    warm = worker(publications)
    warm.get()
    publications.is_gone = True
    assert warm.get() == ("old", digest)

    publications.is_gone = False
    better = publish(publications, good="new")
    assert warm.get() == ("new", better)


def test_a_bad_version_is_reported_once_with_what_serves_instead(
    publications: SpoiltPublications, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = publish(publications, good="old")
    bad = publish(publications, bad="new")
    lines: list[dict[str, object]] = []
    monkeypatch.setattr(
        "switchboard.current.logger.error",
        lambda message, **keys: lines.append({"message": message, **keys}),
    )
    cold = worker(publications)
    cold.get()
    cold.get()

    assert lines == [
        {
            "message": "published document cannot be used",
            "kind": "rules",
            "digest": bad,
            "serving": good,
            "detail": "rules: nothing good in it",
        }
    ]


def test_an_optional_document_may_be_missing_and_come_and_go(
    publications: SpoiltPublications,
) -> None:
    warm = optional_worker(publications)
    assert warm.get() is None

    digest = publish(publications, good="trial")
    assert warm.get() == ("trial", digest)

    publications.withdraw("rules", now=NOW)
    assert warm.get() is None


def test_a_bad_optional_document_is_none_and_brings_no_earlier_one_back(
    publications: SpoiltPublications,
) -> None:
    warm = optional_worker(publications)
    publish(publications, good="trial of last month")
    warm.get()
    publish(publications, bad="trial")

    assert warm.get() is None
    assert optional_worker(publications).get() is None


def test_a_spoilt_optional_document_is_none(publications: SpoiltPublications) -> None:
    publish(publications, good="trial")
    publications.mistake = "not what was published"

    assert optional_worker(publications).get() is None


def test_what_is_good_to_have_is_not_waited_for_in_an_outage(
    publications: SpoiltPublications,
) -> None:
    publish(publications, good="trial")
    cold, warm = optional_worker(publications), optional_worker(publications)
    known = warm.get()
    publications.is_down = True

    assert (cold.get(), warm.get()) == (None, known)
    with pytest.raises(StateUnavailable):
        worker(publications).get()


class Reading:
    """Reads something, or fails as long as it is down; counts how often it was asked to."""

    def __init__(self) -> None:
        self.is_down = False
        self.reads = 0

    def __call__(self) -> str:
        self.reads += 1
        if self.is_down:
            raise StateUnavailable("the table hangs")
        return f"reading {self.reads}"


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000_000.0

    def __call__(self) -> float:
        return self.now_s


def test_what_just_failed_is_not_waited_for_again_also_where_nothing_was_ever_read() -> None:
    read, clock = Reading(), Clock()
    switches = GoodToHave("switches", read, nothing="all off", clock=clock)
    read.is_down = True
    assert [switches.get() for _ in range(10)] == ["all off"] * 10
    assert read.reads == 1

    read.is_down = False
    clock.now_s += 4.9
    assert switches.get() == "all off"
    clock.now_s += 0.1
    assert switches.get() == "reading 2"


def test_what_fails_after_it_was_read_is_as_it_last_was() -> None:
    read = Reading()
    switches = GoodToHave("switches", read, nothing="all off", clock=Clock())
    seen = switches.get()
    read.is_down = True

    assert switches.get() == seen == "reading 1"


def test_while_it_can_be_read_it_is_read_every_time() -> None:
    switches = GoodToHave("switches", Reading(), nothing="all off", clock=Clock())

    assert [switches.get() for _ in range(3)] == ["reading 1", "reading 2", "reading 3"]


def test_a_cold_worker_asks_a_failing_table_for_a_challenger_once_in_a_while(
    publications: SpoiltPublications,
) -> None:
    publish(publications, good="trial")
    clock = Clock()
    cold = CurrentIfAny("rules", Builder(), publications=lambda: publications, clock=clock)
    publications.is_down = True
    cold.get()
    publications.is_down = False

    assert cold.get() is None
    clock.now_s += 5
    assert cold.get() is not None


def test_what_is_at_hand_needs_nobody(publications: SpoiltPublications) -> None:
    digest = publish(publications, good="first")
    rules, trial = worker(publications), optional_worker(publications)
    switches = GoodToHave("switches", Reading(), nothing="all off", clock=Clock())
    assert (rules.at_hand(), trial.at_hand(), switches.at_hand()) == (None, None, "all off")

    for each in (rules, trial, switches):
        each.get()
    publications.is_down = True

    assert rules.at_hand() == trial.at_hand() == ("first", digest)
    assert switches.at_hand() == "reading 1"
