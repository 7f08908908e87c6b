"""The terms of a trial: checked where they are published, read as the same in Lambda."""

from typing import Any

import pytest

from switchboard.contracts.published import completed
from switchboard.domain.challenger import Challenger
from switchboard.errors import Misconfigured
from switchboard.use_cases.challenger_settings import KIND, read_challenger

RULES = {"format": "routing/1", "tables": []}
SHADOW: dict[str, Any] = {
    "format": "challenger/1",
    "ruleset": RULES,
    "mode": "shadow",
    "name": "vip-first",
}
SPLIT: dict[str, Any] = {**SHADOW, "mode": "split", "share": 12.5, "by": "time", "slice": "2h"}


@pytest.mark.parametrize(
    ("written", "terms"),
    [
        (SHADOW, Challenger("shadow", "vip-first")),
        (SPLIT, Challenger("split", "vip-first", "time", 12.5, 7200)),
        ({**SPLIT, "share": 10}, Challenger("split", "vip-first", "time", 10, 7200)),
        ({**SPLIT, "slice": "1d"}, Challenger("split", "vip-first", "time", 12.5, 86_400)),
    ],
    ids=str,
)
def test_what_was_published_is_read_as_it_was_written(
    written: dict[str, Any], terms: Challenger
) -> None:
    assert read_challenger(completed(KIND, written)) == (terms, RULES)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "challenger/2"),
        ("mode", "half"),
        ("name", ""),
        ("name", "VIP first"),
        ("by", "moon"),
        ("share", 0),
        ("share", -1),
        ("share", 100),
        ("slice", "59m"),
        ("slice", "25h"),
        ("slice", "soon"),
        ("ruleset", "routing.yaml"),
        ("shares", 10),
    ],
)
def test_terms_that_cannot_be_meant_are_refused_by_name(key: str, value: object) -> None:
    with pytest.raises(Misconfigured, match=key):
        completed(KIND, {**SPLIT, key: value})


def test_a_shadow_has_no_share() -> None:
    with pytest.raises(Misconfigured, match="share"):
        completed(KIND, {**SHADOW, "share": 10})


@pytest.mark.parametrize("value", [None, [], "~"], ids=str)
@pytest.mark.parametrize("key", ["format", "mode", "by", "slice", "ruleset", "share"])
def test_a_function_that_reads_nonsense_says_so_and_no_more(key: str, value: object) -> None:
    with pytest.raises(Misconfigured, match="routing_challenger"):
        read_challenger({**completed(KIND, SPLIT), key: value})


@pytest.mark.parametrize("key", list(completed(KIND, SPLIT)))
def test_a_function_that_misses_a_key_says_which(key: str) -> None:
    document = completed(KIND, SPLIT)
    del document[key]

    with pytest.raises(Misconfigured, match=key):
        read_challenger(document)
