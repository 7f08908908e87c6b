"""Account numbers are the same however they are keyed in, read out or printed."""

import operator
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.account import AccountNumber, account_pattern_problem, read_account
from switchboard.domain.identity import same_identity

C1001 = AccountNumber("C1001")


@pytest.mark.parametrize(
    "written",
    [
        "C1001",
        "c1001",
        " c-1001 ",
        "C 10 01",
        "C\u20131001",
        "C\u00a01001",
        "C1001#",
        "\uff231001",
        "C\u0661\u0660\u0660\u0661",
        "C\u200b1001",
    ],
)
def test_one_number_has_one_form(written: str) -> None:
    assert read_account(written) == C1001


@pytest.mark.parametrize("written", ["1001", "CASE/2026.17", "Ä1", "007", "x" * 40, "1_2"])
def test_whatever_is_visible_may_be_a_number(written: str) -> None:
    assert read_account(written) == AccountNumber(written.upper())


@pytest.mark.parametrize(
    "written",
    [None, "", "   ", "#", "-", "***", "x" * 41, "1" * 5_000, "10\x0001", "10\ue00001", "\ud800"],
)
def test_what_is_no_number_is_none(written: str | None) -> None:
    assert read_account(written) is None


def test_leading_zeros_count() -> None:
    assert read_account("0042") != read_account("42")


def test_a_pattern_is_for_the_whole_of_the_normalised_number() -> None:
    pattern = "C[0-9]{4}"

    assert read_account("c-1001", pattern=pattern) == C1001
    assert read_account("c-10011", pattern=pattern) is None
    assert read_account("xc-1001", pattern=pattern) is None
    assert read_account("1001", pattern=f"{pattern}|[0-9]{{4}}") == AccountNumber("1001")


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("C[0-9", "is no regular expression"),
        ("(a+)+b", "repeats a group"),
        ("(a|aa)*b", "repeats a group"),
        ("(?:a{2}){2,}", "repeats a group"),
        (".*.*.*.*x", "leaves more than 3 things open"),
        ("a{0,40}b?a{0,40}a{0,40}x", "leaves more than 3 things open"),
        ("A?" * 26 + "A" * 26, "leaves more than 3 things open"),
        ("[A-Z0-9]{0,1}" * 4, "leaves more than 3 things open"),
        (r"\(?\??\)?[()]?", "leaves more than 3 things open"),
        ("(A|AA)" * 20 + "B", "leaves more than 3 things open"),
        ("(?x)(A+) +B", "has flags or a comment"),
        ("(A+)(?#)+B", "has flags or a comment"),
        ("a" * 201, "longer than 200"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_explained(pattern: str, problem: str) -> None:
    assert problem in account_pattern_problem(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        r"\d{6,10}",
        "C[0-9]{4}",
        r"[A-Z]+\d+",
        "(AB|CD)?\\d+",
        "[A-Z]{2}[0-9]{2}[A-Z]{4}[0-9]{10}",
        r"(?:AB|CD|EF|GH)[0-9]{6}|K\d{4}|[+*?]\d+|\?\d+?",
        r"(?!0000)\d{4}(?:-?X)?",
    ],
)
def test_a_usual_pattern_is_fine(pattern: str) -> None:
    assert account_pattern_problem(pattern) == ""


@given(st.text("a.*+?{}(),0123|[]\\d", max_size=24))
def test_a_pattern_that_passed_never_keeps_a_caller_waiting(pattern: str) -> None:
    if account_pattern_problem(pattern):
        return
    for text in ("a" * 40, "a" * 39 + "!", "0" * 40, "a0" * 20):
        began = time.thread_time()
        re.fullmatch(pattern, text.upper())
        re.fullmatch(pattern, text)
        assert time.thread_time() - began < 0.1


PARTS = st.sampled_from(["A", "A?", "A??", "A*", "A+", "A{0,9}", "(A|AA)", "(A?|B)?", "(?:A{2}|A)"])
MANY_OF_ONE = st.builds(operator.mul, PARTS, st.integers(1, 26))


@given(st.lists(MANY_OF_ONE, max_size=4).map("".join))
def test_a_long_pattern_that_passed_never_keeps_a_caller_waiting(pattern: str) -> None:
    if account_pattern_problem(pattern):
        return
    for text in ("A" * 40, "A" * 26 + "!"):
        began = time.thread_time()
        re.fullmatch(pattern, text)
        re.fullmatch(pattern + "!!", text)
        assert time.thread_time() - began < 0.1


@given(st.text(max_size=50))
def test_a_number_that_was_read_is_read_the_same_again(written: str) -> None:
    read = read_account(written)

    assert read is None or read_account(read.number) == read


@pytest.mark.parametrize(
    ("stored", "is_same"),
    [("C-1001", True), ("c1001", True), ("C-1001-2", False), ("1001", False), ("", False)],
)
def test_a_stored_number_is_compared_in_its_normal_form(stored: str, is_same: bool) -> None:
    assert same_identity(C1001, stored, default_region="US") is is_same
