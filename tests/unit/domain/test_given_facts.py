"""Facts of a made-up contact are held to what they can be, in stories and in `rules explain`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from switchboard.domain.given_facts import check_given
from switchboard.domain.reading import Reading
from switchboard.domain.ruleset_reader import read_ruleset
from tests.unit.domain.rulesets import good

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def problems(given: dict[str, Any], now: datetime | None = None) -> list[str]:
    reading = Reading()
    check_given(reading, "given", read_ruleset(good()).attributes, given, now)
    return reading.problems


@pytest.mark.parametrize(
    "given",
    [
        {"tier": "high", "days": "34", "known": "yes", "products": "mobile, tv", "seen": "-2d"},
        {"tier": "(other)", "days": 34.5, "known": False, "products": ["tv"], "seen": "+1h"},
        {"tier": "missing", "days": "missing", "recent": "missing", "seen": None, "open": ""},
    ],
)
def test_what_can_be_a_fact_is_no_problem(given: dict[str, Any]) -> None:
    assert problems(given) == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("teir", "high", "given: attribute no 'teir'; did you mean 'tier'?"),
        ("tier", "platinum", "given, tier: no 'platinum'; use one of: high, low"),
        ("tier", "high, low", "given, tier: no 'high, low'; did you mean 'high'?"),
        ("products", "tv, radio", "given, products: no 'radio'; use one of: mobile, tv"),
        ("days", "abc", "given, days: 'abc' cannot be one; write a number"),
        ("open", "offen", "given, open: 'offen' cannot be one; write true or false"),
        ("closed", "offen", "given, closed: 'offen' cannot be one; write true or false"),
        ("seen", "2026-11-20", "given, seen: '2026-11-20' cannot be one; write -2d"),
        ("seen", "-2 moons", "given, seen: '2 moons' is not a length of time; write 30s, 15m, 4"),
        ("closed", "missing", "given, closed: switch.closed is never missing; write true or fals"),
        ("known", "missing", "given, known: lookup.known is never missing; write true or false"),
    ],
)
def test_what_cannot_be_a_fact_is_a_problem(name: str, value: str, problem: str) -> None:
    (said,) = problems({name: value})

    assert said.startswith(problem)


def test_a_moment_may_be_a_date_where_it_is_known_when_that_was() -> None:
    assert problems({"seen": "2026-11-20"}, NOW) == []
