"""Whether who is not helped by self-service gets to the row that `on_fail` names."""

from collections.abc import Iterator, Sequence

from switchboard.domain.caller_search import Callers, Nobody
from switchboard.domain.cells import Attribute
from switchboard.domain.condition_space import condition_space
from switchboard.domain.numbered_rows import earlier
from switchboard.domain.ruleset import Row, Ruleset


def idle_on_fail(ruleset: Ruleset) -> Iterator[str]:
    """One line for each row whose callers cannot end where its `on_fail` says."""
    rows = ruleset.route.rows
    sending = [row for row in rows if row.then.on_fail]
    kept = [[c for c in row.cells if _stays(ruleset.attributes[c.attribute])] for row in sending]
    everybody = Callers(condition_space(ruleset.attributes, [*(row.cells for row in rows), *kept]))
    places = {row.id: number for number, row in enumerate(rows)}
    for number, row in enumerate(sending, start=len(rows)):
        target = places[row.then.on_fail]
        before = earlier(range(len(rows)), target)
        answer = everybody.find(meeting=1 << target | 1 << number, avoiding=before)
        where = f"row {row.id}, on_fail"
        if row.then.on_fail == row.id or _comes_back(rows, row):
            yield f"{where}: leads to self-service again and again; name a row with a queue"
        elif isinstance(answer, Nobody):
            yield (
                f"{where}: {row.then.on_fail} never decides for a caller of this row; "
                "name the row that does, or mend the cells of one of them"
            )


def _stays(attribute: Attribute) -> bool:
    """What the CRM says, and the channel, are the same after self-service."""
    return attribute.source.startswith("crm.") or attribute.source == "ecs.channel"


def _comes_back(rows: Sequence[Row], row: Row) -> bool:
    """Whether the chain of `on_fail` never leaves self-service."""
    by_id = {other.id: other for other in rows}
    seen = set()
    while row.then.on_fail and row.id not in seen:
        seen.add(row.id)
        row = by_id[row.then.on_fail]
    return row.id in seen
