"""Whether a ruleset that reads is fit to decide: what refuses it, and what is worth a look.

Every line names the place first, then what is wrong, then what to do about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from switchboard.domain.action_check import idle_keys, silent_messages
from switchboard.domain.hours import calendar_warnings
from switchboard.domain.names_check import (
    confused_codes,
    confused_names,
    values_ecs_cannot_carry,
)
from switchboard.domain.needless_rows import needless_rows
from switchboard.domain.numbered_rows import NumberedRows, numbered_rows
from switchboard.domain.on_fail_check import idle_on_fail
from switchboard.domain.personal_numbers import callers_numbers, likely_numbers_of_people
from switchboard.domain.prompts_check import too_many_prompts
from switchboard.domain.row_problems import dead_rows, gaps, unproved
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.set_axes import TooManyCombinations
from switchboard.domain.stories import failing_stories
from switchboard.domain.unused_names import unused_names
from switchboard.domain.waiting_check import long_holds, other_priorities


@dataclass(frozen=True, slots=True)
class Checked:
    """Problems refuse a ruleset; with warnings it works, and is probably not what was meant."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...]


def check(ruleset: Ruleset, *, today: date) -> Checked:
    """Exact for every caller that the types of the attributes allow.

    `today` is the date at the site.
    """
    problems = [*values_ecs_cannot_carry(ruleset), *confused_codes(ruleset)]
    problems += [*callers_numbers(ruleset), *idle_keys(ruleset)]
    warnings = list(_warnings(ruleset, today))
    try:
        numbered = numbered_rows(ruleset)
    except TooManyCombinations as error:
        problems.append(str(error))
    else:
        problems += _row_problems(numbered)
        warnings += _row_warnings(ruleset, numbered)
    return Checked((*problems, *failing_stories(ruleset)), tuple(warnings))


def _row_problems(numbered: NumberedRows) -> Iterator[str]:
    yield from dead_rows(numbered)
    yield from gaps(numbered)
    yield from too_many_prompts(numbered)
    yield from silent_messages(numbered)


def _row_warnings(ruleset: Ruleset, numbered: NumberedRows) -> Iterator[str]:
    yield from needless_rows(numbered)
    yield from idle_on_fail(ruleset)
    yield from unproved(numbered)


def _warnings(ruleset: Ruleset, today: date) -> Iterator[str]:
    yield from unused_names(ruleset)
    yield from other_priorities(ruleset)
    yield from long_holds(ruleset)
    yield from confused_names(ruleset)
    yield from likely_numbers_of_people(ruleset)
    for calendar in ruleset.calendars.values():
        yield from calendar_warnings(calendar, today)
