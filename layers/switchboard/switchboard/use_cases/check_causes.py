"""One cause told first, for problems that only follow from it.

A row whose last cell was emptied matches everybody. The check then names every row below it and
every story that ends there, and each of these lines points away from the row to mend.
"""

from collections.abc import Iterator

from switchboard.domain.ruleset import Row, Ruleset, Table
from switchboard.use_cases.check_places import Finding


def with_causes(ruleset: Ruleset, problems: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The problems, those that follow from a row without cells folded into one about that row."""
    causes = tuple(_causes(ruleset, problems))
    folded = {one for cause in causes for one in cause.follows}
    return (*causes, *(one for one in problems if one not in folded))


def _causes(ruleset: Ruleset, problems: tuple[Finding, ...]) -> Iterator[Finding]:
    for table in ruleset.tables:
        row = _taking_all(table)
        follows = tuple(one for one in problems if row and _follows(one, row))
        if row and follows:
            yield Finding(_said(table, row), table.id, row.id, "id", follows=follows)


def _taking_all(table: Table) -> Row | None:
    """The row that leaves nothing to those below it, if there is one."""
    if table.hit != "first":
        return None
    return next((row for row in table.rows[:-1] if not row.cells), None)


def _said(table: Table, row: Row) -> str:
    below = len(table.rows) - 1 - table.rows.index(row)
    never = "1 row below never decides" if below == 1 else f"{below} rows below never decide"
    return f"row {row.id} matches everybody: {never}; give it a cell, or move it down"


def _follows(finding: Finding, row: Row) -> bool:
    if finding.story:
        return f"(decided by {row.id}: " in finding.text
    return finding.text.startswith(f"row {finding.row} can never be reached: {row.id} covers it;")
