"""A ruleset as GoRules JDM: the graph that the GoRules editor shows and zen decides by.

Each table is a decision table of its own; two expressions put their prompts, views and flags
together. A caller is an object with the attributes of the catalogue: a moment as its age in
seconds, a missing value as null or left out. Where the hours, switches and last agents come from is
outside of the graph. There is no way back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cli.rules.zen import condition_text, field_of, literal, once_each
from switchboard.domain.cells import Cell
from switchboard.domain.ruleset import Outcome, Row, Ruleset, Table

CONTENT_TYPE: Final = "application/vnd.gorules.decision"
LISTS: Final = ("prompts", "views", "flags")
DECIDED: Final = (
    "row", "do", "queue", "business_process", "demand", "priority_class", "priority_seconds",
    "priority_gain_per_min_s", "priority_max_seconds", "last_agent", "not_agent", "flow",
    "on_fail", "remark",
)  # fmt: skip
_COLUMN_PX: Final = 320
_ROW_PX: Final = 140

Node = dict[str, Any]


class NotInJdm(ValueError):
    """zen would decide otherwise; each line is a place and what to do."""


def jdm(ruleset: Ruleset) -> dict[str, Any]:
    """The graph of the ruleset.

    Raises: NotInJdm for what zen cannot tell apart.
    """
    tables = [_with_last_resort(ruleset.route), *ruleset.tables[1:]]
    problems: list[str] = []
    decide = [_table_node(number, table, ruleset, problems) for number, table in enumerate(tables)]
    if problems:
        raise NotInJdm("\n".join(problems))
    caller = _node("caller", "Caller", "inputNode", 0, 0)
    together = _expression_node("together", "Put together", 2, _together(tables))
    once = {key: once_each(key) for key in LISTS}
    each_once = _expression_node("each-once", "Each once", 3, once, passes_on=True)
    decision = _node("decision", "Decision", "outputNode", 4, 0)
    edges = [
        *((caller["id"], table["id"]) for table in decide),
        *((table["id"], together["id"]) for table in decide),
        (together["id"], each_once["id"]),
        (each_once["id"], decision["id"]),
    ]
    return {
        "contentType": CONTENT_TYPE,
        "nodes": [caller, *decide, together, each_once, decision],
        "edges": [_edge(*ends) for ends in edges],
    }


def _with_last_resort(route: Table) -> Table:
    """The last row decides for whom no row does; in zen, a row of its own must say so."""
    last = route.rows[-1]
    if not last.cells:
        return route
    everybody = replace(last, cells=(), note=f"Nobody else decides: as {last.id}")
    return Table(route.id, route.hit, (*route.rows, everybody))


def _table_node(number: int, table: Table, ruleset: Ruleset, problems: list[str]) -> Node:
    used = {cell.attribute for row in table.rows for cell in row.cells}
    names = [name for name in ruleset.attributes if name in used]
    said = [
        _lists(row.then) | (_decided(row, ruleset) if number == 0 else {}) for row in table.rows
    ]
    keys = [key for key in (*DECIDED, *LISTS) if any(key in output for output in said)]
    content = {
        "hitPolicy": "first" if table.hit == "first" else "collect",
        "passThrough": False,
        "outputPath": _path(number),
        "inputs": [{"id": f"when-{name}", "name": name, "field": field_of(name)} for name in names],
        "outputs": [{"id": f"then-{key}", "name": key, "field": key} for key in keys],
        "rules": [
            {
                "_id": f"{table.id}-{place}",
                "_description": row.note,
                **{f"when-{name}": "" for name in names},
                **{f"when-{cell.attribute}": _condition(row, cell, problems) for cell in row.cells},
                **{f"then-{key}": literal(output[key]) if key in output else "" for key in keys},
            }
            for place, (row, output) in enumerate(zip(table.rows, said, strict=True))
        ],
    }
    return _node(f"table-{table.id}", table.id, "decisionTableNode", 1, number, content)


def _condition(row: Row, cell: Cell, problems: list[str]) -> str:
    try:
        return condition_text(cell.condition)
    except ValueError as error:
        problems.append(f"row {row.id}, {cell.attribute}: {error}; write it with fewer")
        return ""


def _lists(then: Outcome) -> dict[str, Any]:
    """Only what is said: no prompts are something, nothing about prompts is not."""
    told = {"prompts": then.prompts, "views": then.views or None, "flags": then.flags or None}
    return {key: words for key, words in told.items() if words is not None}


def _decided(row: Row, ruleset: Ruleset) -> dict[str, Any]:
    then, priority = row.then, row.then.priority
    queue = ruleset.queues.get(then.queue)
    told = (
        row.id,
        then.action,
        then.queue,
        queue.business_process if queue else "",
        queue.demand if queue else "",
        priority.class_name if priority else "",
        _rounded(priority.seconds) if priority else 0,
        _rounded(priority.gain_per_min_s) if priority else 0,
        _rounded(priority.max_seconds) if priority else 0,
        then.last_agent,
        "last" if then.avoids_last_agent else "",
        then.flow,
        then.on_fail,
        then.remark,
    )
    return {key: value for key, value in zip(DECIDED, told, strict=True) if value}


def _rounded(seconds: float) -> float:
    return float(f"{seconds:.9g}")  # points times seconds leave dust behind the decimals


def _together(tables: Sequence[Table]) -> dict[str, str]:
    """What the route table decided, and the lists of all tables one behind another."""
    route = _path(0)
    added = {
        key: [_added(number, table, key) for number, table in enumerate(tables) if number]
        for key in LISTS
    }
    return {
        **{key: f"{route}.{key}" for key in DECIDED},
        "prompts": f"{route}.prompts ?? flatten([{', '.join(added['prompts'])}])",
        **{
            key: f"flatten([{', '.join([f'{route}.{key} ?? []', *added[key]])}])"
            for key in ("views", "flags")
        },
    }


def _added(number: int, table: Table, key: str) -> str:
    if table.hit == "first":
        return f"{_path(number)}.{key} ?? []"
    return f"flatMap({_path(number)} ?? [], #.{key} ?? [])"


def _path(number: int) -> str:
    return f"table_{number}"


def _expression_node(
    name: str, title: str, column: int, expressions: Mapping[str, str], *, passes_on: bool = False
) -> Node:
    listed = [
        {"id": f"{name}-{key}", "key": key, "value": text} for key, text in expressions.items()
    ]
    content = {"passThrough": passes_on, "expressions": listed}
    return _node(name, title, "expressionNode", column, 0, content)


def _node(
    node_id: str, name: str, kind: str, column: int, row: int, content: Node | None = None
) -> Node:
    at = {"x": column * _COLUMN_PX, "y": row * _ROW_PX}
    node: Node = {"id": node_id, "name": name, "type": kind, "position": at}
    return {**node, "content": content} if content else node


def _edge(source: str, target: str) -> Node:
    return {"id": f"{source}-{target}", "sourceId": source, "targetId": target, "type": "edge"}
