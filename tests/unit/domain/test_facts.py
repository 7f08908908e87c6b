"""Facts come from their source and as their type, and can be kept without naming anybody."""

import json
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.cells import OTHER, Attribute, AttributeType, Value
from switchboard.domain.customer import Customer, Scalar
from switchboard.domain.facts import (
    fact_text,
    facts_of,
    gather_facts,
    is_unlisted,
    recalled,
    recorded,
    recorded_by_both,
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
    [("high", "high"), (" High ", "high"), ("gold", OTHER), (1, OTHER), ("", None), (" \n", None),
     (None, None)],
)  # fmt: skip
def test_a_word_is_a_listed_one_another_one_or_missing(sent: Scalar, expected: str | None) -> None:
    found = typed(TIER, sent, NOW)

    assert found == expected
    assert is_unlisted(found) is (expected == OTHER)


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(1, "1"), (1.0, "1"), ("1", "1"), (1.5, OTHER), (12.0, OTHER), (1e300, OTHER), (True, OTHER)],
)
def test_a_whole_number_is_the_listed_word_however_the_crm_sends_it(
    sent: Scalar, expected: str
) -> None:
    grade = Attribute("grade", "choice", "crm.grade", ("1", "2"))

    assert typed(grade, sent, NOW) == expected
    grades = typed(Attribute("grades", "set", "crm.grade", ("1", "2")), sent, NOW)
    assert grades == frozenset({expected} - {OTHER})


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("tv", {"tv"}), ("TV,mobile", {"tv", "mobile"}), (" tv |gold; ", {"tv"}), ("gold", set()),
     (["tv"], {"tv"}), (",", set())],
)  # fmt: skip
def test_a_set_is_its_listed_words(sent: Scalar | list[str], expected: set[str]) -> None:
    assert typed(PRODUCTS, sent, NOW) == frozenset(expected)


def test_a_set_of_blanks_is_missing() -> None:
    assert typed(PRODUCTS, "  ", NOW) is None


@pytest.mark.parametrize("sent", [" " * 10**6 + "x", "tv," * 10**6, " ;" * 10**6])
def test_a_million_characters_in_a_set_hold_nobody_up(sent: str) -> None:
    started_s = time.process_time()

    typed(PRODUCTS, sent, NOW)

    assert time.process_time() - started_s < 0.5


@pytest.mark.parametrize(
    ("sent", "expected"),
    [(True, True), ("Yes", True), ("1", True), (1, True), (" false ", False), (0, False),
     ("no", False), (1.0, True), (0.0, False), (0.5, None), ("perhaps", None), ("", None),
     (" ", None), (None, None), (2, None)],
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


@pytest.mark.parametrize(
    ("now", "sent", "hours"),
    [("2026-11-02T01:00Z", "2026-10-31T21:00", 24), ("2026-03-09T01:00Z", "2026-03-07T20:00", 24)],
)
def test_a_moment_without_a_zone_is_as_old_as_the_time_that_passed_when_clocks_changed(
    now: str, sent: str, hours: float
) -> None:
    there = datetime.fromisoformat(now).astimezone(ZoneInfo("America/New_York"))

    assert typed(SEEN, sent, there) == hours * 3600


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
        (DAYS, 1.0, "is 1 day"),
        (DAYS, 0.0, "is 0 days"),
        (DAYS, 441_632_960.5, "is 441632960.5 days"),
        (DAYS, 123_456_789_012.0, "is 123456789012 days"),
        (Attribute("wait", "number", "crm.wait", unit="ms"), 1.0, "is 1 ms"),
        (Attribute("calls", "number", "crm.calls"), 1.0, "is 1"),
        (DAYS, None, "is not known"),
        (KNOWN, False, "is false"),
        (TIER, "high", "is high"),
        (TIER, OTHER, "is none of the listed"),
        (PRODUCTS, frozenset({"tv", "mobile"}), "has mobile, tv"),
        (PRODUCTS, frozenset(), "has none of the listed"),
        (SEEN, 172_800.0, "was 2 days ago"),
        (SEEN, -3600.0, "is in 1 hour"),
        (SEEN, 5.0, "was 5 seconds ago"),
        (SEEN, 1.0, "was 1 second ago"),
        (SEEN, 0.0, "was 0 seconds ago"),
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


@given(st.data())
def test_what_two_rulesets_record_together_either_recalls(data: st.DataObject) -> None:
    sent = data.draw(st.sampled_from([None, "", "high", "gold", "tv", "tv, gold", "gold|silver"]))
    words = st.lists(st.sampled_from(["high", "tv", "gold", "silver"]), min_size=1, unique=True)
    kind: AttributeType = "set" if data.draw(st.booleans()) else "choice"
    listings = [tuple(data.draw(words)), tuple(data.draw(words))]
    rulesets = [{"x": Attribute("x", kind, "crm.x", listed)} for listed in listings]
    facts = [{"x": typed(attributes["x"], sent, NOW)} for attributes in rulesets]

    kept = recorded_by_both(*map(recorded, rulesets, facts))

    assert [recalled(attributes, kept) for attributes in rulesets] == facts


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


def test_no_text_that_a_person_wrote_is_recorded() -> None:
    said = facts(tier="Ada Byron", days_past_due="+1 415 555 0142", products="ada@example.com")

    text = json.dumps(recorded(ATTRIBUTES, said))

    assert "Ada" not in text
    assert "0142" not in text
    assert "example" not in text
