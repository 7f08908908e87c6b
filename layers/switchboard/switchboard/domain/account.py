"""Account and case numbers, as a caller keys them in and a CRM stores them."""

import re
import unicodedata
import warnings
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from switchboard.domain.contact_text import LONGEST_TEXT, cleaned

_LONGEST: Final = 40
_LONGEST_PATTERN: Final = 200
_MOST_CHOICES: Final = 3
# Escaped characters and classes stand for one character of the text each.
_ONE_CHARACTER: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_REPEATED_GROUP: Final = re.compile(r"\)[*+{]")
# With the mark that makes it lazy or possessive. A fixed number, `{4}`, leaves no choice.
_REPEAT: Final = re.compile(r"(?:(?<!\()[*+?]|\{\d*,\d*\})[?+]?")
# Flags and comments: with `x`, blanks hide what stands behind a group.
_ANOTHER_SYNTAX: Final = re.compile(r"\(\?[#aiLmsux-]")


@dataclass(frozen=True, slots=True)
class AccountNumber:
    """A number that a CRM gave a customer or a case, for example ``C1001``; see `read_account`."""

    kind: ClassVar[Literal["account"]] = "account"

    number: str = field(repr=False)

    @property
    def canonical(self) -> str:
        return self.number

    def __str__(self) -> str:
        """Masked: with a number like this a caller identifies himself."""
        return "account …"


def read_account(raw: str | None, *, pattern: str = "") -> AccountNumber | None:
    """The number that was collected; None when it is none, or does not fit `pattern`.

    Capital letters, no spaces, no dashes, and without the ``#`` that ends what is keyed in: so
    that ``c-10 01#`` and ``C1001`` are the same. `pattern` is a regular expression for all of it;
    check it with `account_pattern_problem` where it is configured.
    """
    if not raw or len(raw) > LONGEST_TEXT:
        return None
    text = cleaned(raw).upper().rstrip("#")
    bare = "".join(character for character in text if not _separates(character))
    number = unicodedata.normalize("NFC", bare)
    if not 1 <= len(number) <= _LONGEST or not number.isprintable():
        return None
    if not any(character.isalnum() for character in number):
        return None
    if pattern and not re.fullmatch(pattern, number):
        return None
    return AccountNumber(number)


def account_pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern for account numbers, for the person who wrote it; else empty.

    A pattern that could try billions of ways is refused, because a caller would wait for it.
    """
    try:
        with warnings.catch_warnings(action="error"):
            re.compile(pattern)
    except (re.error, FutureWarning, RecursionError, OverflowError) as error:
        return f"is no regular expression: {error}"
    if len(pattern) > _LONGEST_PATTERN:
        return f"is longer than {_LONGEST_PATTERN} characters"
    bare = _ONE_CHARACTER.sub("x", pattern)
    if _ANOTHER_SYNTAX.search(bare):
        return "has flags or a comment, which can hide what is repeated; leave them out"
    if _REPEATED_GROUP.search(bare):
        return "repeats a group, which can take very long; write its parts out"
    if len(_REPEAT.findall(bare)) + _groups_with_a_choice(bare) > _MOST_CHOICES:
        return (
            f"leaves more than {_MOST_CHOICES} things open (repeats like *, ? and {{2,4}}, "
            "groups like (A|B)), which can take very long"
        )
    return ""


def _groups_with_a_choice(bare: str) -> int:
    """How many groups hold alternatives. Those of the whole pattern are tried one after another."""
    have_a_choice: list[bool] = []
    enclosing: list[int] = []
    for character in bare:
        match character:
            case "(":
                enclosing.append(len(have_a_choice))
                have_a_choice.append(False)
            case ")":
                enclosing.pop()
            case "|" if enclosing:
                have_a_choice[enclosing[-1]] = True
    return sum(have_a_choice)


def _separates(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Pd"
