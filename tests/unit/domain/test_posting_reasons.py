"""Every reason that a posting can give has words, and says what a person can do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import switchboard
from switchboard import errors
from switchboard.adapters.connector.outcomes import ErrorClass
from switchboard.domain import posting
from switchboard.domain.posting_reasons import (
    WORDS,
    Words,
    is_resolved,
    resolved_reason,
    words_of,
)
from switchboard.errors import InvalidRequest, SwitchboardError

PACKAGE = Path(switchboard.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "why-not-in-the-crm.md"
OK = "ok"


def every_error(
    base: type[SwitchboardError] = SwitchboardError,
) -> Iterator[type[SwitchboardError]]:
    """Each class of error that may stop a posting. What a caller sends wrongly, does not."""
    yield base
    for each in base.__subclasses__():
        if each is not InvalidRequest and each.__module__ == errors.__name__:
            yield from every_error(each)


def written_reasons() -> Iterator[str]:
    """What our code writes as a literal where a posting is parked or fails."""
    for file in (PACKAGE / "domain" / "posting.py", *(PACKAGE / "use_cases").glob("*posting*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"parked", "failed", "lost_answer", "Park"}:
                yield from (
                    each.value
                    for each in node.args
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                )


CODES = {error.code for error in every_error()} | {each.value for each in ErrorClass} - {OK}
OURS = {
    value
    for name, value in vars(posting).items()
    if isinstance(value, str) and name.strip("_").isupper()
}
REASONS = sorted(CODES | OURS | set(written_reasons()))


def test_the_reasons_that_are_looked_for_are_found() -> None:
    assert {"outcome_unknown", "no_customer", "quarantined", "resolved"} <= OURS
    assert {"credential_refused", "address_not_public", "quota_exhausted"} <= CODES


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_words(reason: str) -> None:
    assert reason in WORDS
    assert words_of(reason).meaning


@pytest.mark.parametrize("reason", sorted(CODES))
def test_what_was_given_up_says_what_it_was_and_what_to_mend(reason: str) -> None:
    given_up = words_of(f"gave_up:{reason}")

    assert given_up.meaning == f"given up after days of trying: {WORDS[reason].meaning}"
    assert given_up.mend == WORDS[reason].mend


@pytest.mark.parametrize(
    "reason", sorted({"outcome_unknown", "no_customer", "quarantined"} | CODES)
)
def test_what_a_person_must_look_at_says_how_to_mend_it(reason: str) -> None:
    assert words_of(reason).mend


def test_every_reason_stands_in_the_page_about_them() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [reason for reason in REASONS if f"`{reason}`" not in page] == []


def test_a_decision_by_hand_tells_who_and_why() -> None:
    reason = resolved_reason("maya", "  entered it\nherself: by hand ")

    assert is_resolved(reason)
    assert words_of(reason).meaning == "maya settled it by hand: entered it herself: by hand"


@pytest.mark.parametrize("by", ["", "ops: second line"])
def test_a_name_with_a_colon_or_none_cannot_swallow_the_reason(by: str) -> None:
    meaning = words_of(resolved_reason(by, "test call")).meaning

    assert meaning.endswith("settled it by hand: test call")


def test_a_reason_of_a_later_release_is_told_as_unknown() -> None:
    assert words_of("eaten_by_a_grue") != Words("")
    assert "does not know" in words_of("eaten_by_a_grue").meaning
