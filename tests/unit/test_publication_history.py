"""Who published what: as many of the newest as there is room for."""

from datetime import UTC, datetime, timedelta
from random import Random

from switchboard.adapters.publication_items import history_text, read_history
from switchboard.ports import PublishedVersion

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def versions(count: int, note: str = "") -> list[PublishedVersion]:
    return [
        PublishedVersion(f"{n:016x}", NOW - timedelta(hours=n), "dana", note) for n in range(count)
    ]


def test_a_history_comes_back_as_it_was() -> None:
    assert list(read_history({"history": history_text(versions(200, "as agreed"))})) == versions(
        200, "as agreed"
    )


def test_of_more_than_two_hundred_the_oldest_are_left_out() -> None:
    assert list(read_history({"history": history_text(versions(205))})) == versions(200)


def test_where_notes_take_too_much_room_the_oldest_are_left_out() -> None:
    random = Random(1)
    loud = [
        PublishedVersion(
            f"{n:016x}", NOW, "", "".join(chr(random.randrange(0x4E00, 0x9FFF)) for _ in range(300))
        )
        for n in range(200)
    ]

    text = history_text(loud)

    assert len(text) <= 60_000
    kept = read_history({"history": text})
    assert list(kept) == loud[: len(kept)]
    assert len(kept) >= 25
