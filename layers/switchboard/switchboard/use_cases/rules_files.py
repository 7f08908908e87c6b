"""Rules as files that a supervisor takes along, and one table back from a spreadsheet."""

from collections.abc import Mapping
from typing import Any, Final

from switchboard.domain.ruleset_csv import tables_as_csv, with_csv
from switchboard.domain.ruleset_reader import RulesetProblem
from switchboard.domain.ruleset_yaml import yaml_of
from switchboard.errors import NotFound
from switchboard.use_cases.rules_editor import RulesRefused, usable

Document = Mapping[str, Any]

_FILE_REFUSED: Final = "This file has problems and was not taken in; mend it and choose it again."


def as_yaml(document: Document) -> str:
    """The whole file, also of rules that have problems."""
    return yaml_of(document)


def as_csv(document: Document, table: str) -> str:
    """One table.

    Raises: RulesRefused when the rules cannot be read, NotFound.
    """
    try:
        texts = tables_as_csv(document)
    except RulesetProblem as error:
        raise RulesRefused(error.problems) from error
    if table not in texts:
        raise NotFound(f"The rules have no table {table!r}.")
    return texts[table]


def with_table(document: Document, table: str, text: str) -> Document:
    """The rules with the rows of a CSV file in the table.

    Raises: RulesRefused; it says whether the rules are to be mended, or the file and in which
    lines and columns.
    """
    usable(document)
    try:
        return with_csv(document, {table: text})
    except RulesetProblem as error:
        raise RulesRefused(error.problems, _FILE_REFUSED) from error
