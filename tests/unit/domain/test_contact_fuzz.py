"""No text at all breaks the reader; `python -m bench.contact_reader` reads many more."""

from bench.contact_reader import MOST_MS, read_many


def test_thousands_of_random_texts_each_come_to_a_contact_quickly_and_stay_what_they_are() -> None:
    found = read_many(4_000, seed=7)

    assert set(found.outcomes) == {
        "PhoneNumber",
        "EmailAddress",
        "Internal",
        "Withheld",
        "Unreadable",
    }
    assert found.texts == 4_000
    assert found.unsettled == 0
    assert found.slowest_ms < MOST_MS
