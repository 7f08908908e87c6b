"""Facts come from their source and as their type, and can be kept without naming anybody."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER, Attribute, Value
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.facts import (
    fact_text,
    facts_of,
    gather_facts,
    is_unlisted,
    recalled,
    recorded,
    typed,
)
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import good

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ATTRIBUTES = read_ruleset(good()).attributes
TIER, DAYS, KNOWN = ATTRIBUTES["tier"], ATTRIBUTES["days"], ATTRIBUTES["known"]
PRODUCTS, SEEN = ATTRIBUTES["products"], ATTRIBUTES["seen"]


def facts(**crm: Scalar) -> dict[str, Value]:
    return gather_facts(
        ATTRIBUTES,
        ecs={"channel": "voice"},
        lookup={"known": True},
        customer=Customer("crm", "1", "person", "Ada", attributes=crm),
        history={"contacts_7d": 2, "last_contact_at": "2026-11-21T12:00:00+00:00"},
        calendar={"open": True},
        now=NOW,
    )


def test_facts_come_from_their_source_and_as_their_type() -> None:
    assert facts(tier="high", days_past_due="34", products="tv; mobile", other="unused") == {
        "tier": "high",
        "known": True,
        "days": 34.0,
        "channel": "voice",
        "recent": 2.0,
        "products": frozenset({"tv", "mobile"}),
        "seen": 172_800.0,
        "open": True,
        "closed": False,
    }


def test_a_switch_that_nobody_flipped_is_off_and_everything_else_is_missing() -> None:
    found = gather_facts(ATTRIBUTES, ecs={}, lookup={}, customer=None, history={}, now=NOW)

    assert found.pop("closed") is False
    assert set(found.values()) == {None}


def test_a_switch_that_is_on_is_on() -> None:
    found = gather_facts(
        ATTRIBUTES, ecs={}, lookup={}, customer=None, history={}, now=NOW, switches={"closed": True}
    )

    assert found["closed"] is True


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("412.50", 412.5), (0, 0.0), ("", None), (None, None), ("many", None), (True, None),
     (10**400, None), ("nan", None), ("inf", None), ("1e999", None), ("1e3", 1000.0)],
)  # fmt: skip
def test_a_number_is_read_from_text_or_is_missing(sent: Scalar, expected: float | None) -> None:
    assert typed(DAYS, sent, NOW) == expected


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("high", "high"), (" High ", "high"), ("gold", OTHER), (1, OTHER), ("", None), (None, None)],
)
def test_a_word_is_a_listed_one_another_one_or_missing(sent: Scalar, expected: str | None) -> None:
    found = typed(TIER, sent, NOW)

    assert found == expected
    assert is_unlisted(found) is (expected == OTHER)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("tv", {"tv"}), ("TV,mobile", {"tv", "mobile"}), ("tv|gold", {"tv"}), ("gold", set()),
     (["tv"], {"tv"})],
)  # fmt: skip
def test_a_set_is_its_listed_words(sent: Scalar | list[str], expected: set[str]) -> None:
    assert typed(PRODUCTS, sent, NOW) == frozenset(expected)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(True, True), ("Yes", True), ("1", True), (1, True), (" false ", False), (0, False),
     ("no", False), ("perhaps", None), ("", None), (None, None), (2, None)],
)  # fmt: skip
def test_a_flag_is_read_from_the_words_people_use(sent: Scalar, expected: bool | None) -> None:
    assert typed(KNOWN, sent, NOW) is expected


@pytest.mark.parametrize(
    ("sent", "hours"),
    [("2026-11-23T11:00:00Z", 1), ("2026-11-23T13:00:00+00:00", -1), ("2026-11-22", 31)],
)
def test_a_moment_is_its_age_and_without_a_zone_it_is_in_the_rulesets(
    sent: str, hours: float
) -> None:
    now = NOW.astimezone(ZoneInfo("America/New_York"))

    assert typed(SEEN, sent, now) == hours * 3600


@pytest.mark.parametrize("sent", ["soon", "0001-01-01", "2026-13-01", 5, True])
def test_what_is_no_moment_never_breaks(sent: Scalar) -> None:
    far = typed(SEEN, sent, NOW)

    assert far is None or (isinstance(far, float) and far > timedelta(days=365).total_seconds())


def test_what_a_person_says_is_read_the_same_way() -> None:
    said = {"tier": "high", "days": "34", "known": "true", "products": ["tv"], "seen": "-2d"}

    found = facts_of(ATTRIBUTES, said)

    assert {name: found[name] for name in said} == {
        "tier": "high",
        "days": 34.0,
        "known": True,
        "products": frozenset({"tv"}),
        "seen": 172_800.0,
    }
    assert found["channel"] is None
    assert facts_of(ATTRIBUTES, {"seen": "+1d"})["seen"] == -86_400


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        (DAYS, 34.0, "is 34 days"),
        (DAYS, None, "is not known"),
        (KNOWN, False, "is false"),
        (TIER, "high", "is high"),
        (TIER, OTHER, "is none of the listed"),
        (PRODUCTS, frozenset({"tv", "mobile"}), "has mobile, tv"),
        (PRODUCTS, frozenset(), "has none of the listed"),
        (SEEN, 172_800.0, "was 2 days ago"),
        (SEEN, -3600.0, "is in 1 hour"),
        (SEEN, 5.0, "was 5 seconds ago"),
    ],
)
def test_a_fact_is_told_in_a_sentence(attribute: Attribute, value: Value, text: str) -> None:
    assert fact_text(attribute, value) == text


VALUES = {
    "flag": st.booleans(),
    "number": st.floats(-1e9, 1e9),
    "instant": st.integers(-(10**6), 10**9).map(float),
}


@given(st.data())
def test_what_was_recorded_is_recalled(data: st.DataObject) -> None:
    known: dict[str, Value] = {}
    for attribute in ATTRIBUTES.values():
        words = st.sampled_from((*attribute.values, OTHER))
        values: dict[str, st.SearchStrategy[Value]] = {
            **VALUES,
            "choice": words,
            "set": st.sets(st.sampled_from(attribute.values or ("-",))).map(frozenset),
        }
        known[attribute.name] = data.draw(st.none() | values[attribute.type])

    kept = json.loads(json.dumps(recorded(ATTRIBUTES, known)))

    assert recalled(ATTRIBUTES, kept) == known


def test_a_record_is_read_by_its_sources_whatever_the_attributes_are_called() -> None:
    worth = Attribute("worth", "choice", "crm.tier", ("high",))
    owes = Attribute("owes", "number", "crm.balance_due")

    kept = recorded(ATTRIBUTES, {"tier": "high", "days": 3.0})

    assert recalled({"worth": worth, "owes": owes}, kept) == {"worth": "high", "owes": None}


def test_a_word_that_is_no_longer_listed_is_another_word() -> None:
    tier = Attribute("tier", "choice", "crm.tier", ("gold",))

    assert recalled({"tier": tier}, {"crm.tier": "high"}) == {"tier": OTHER}


@pytest.mark.parametrize("kept", [True, 3.5, "text", ["tv"], []])
@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=lambda a: a.type)
def test_a_record_of_another_type_never_breaks(attribute: Attribute, kept: object) -> None:
    found = recalled({attribute.name: attribute}, {attribute.source: kept})[attribute.name]

    assert found is None or isinstance(found, bool | float | str | frozenset)


def test_nothing_that_a_person_wrote_is_recorded() -> None:
    said = facts(tier="Ada Byron", days_past_due="+1 415 555 0142", products="ada@example.com")

    text = json.dumps(recorded(ATTRIBUTES, said))

    assert "Ada" not in text
    assert "0142" not in text
    assert "example" not in text
