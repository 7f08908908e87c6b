"""What the editing page gets back, as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from switchboard.domain.operator_link import OperatorLink
from switchboard.domain.replayed import Moved, Replayed
from switchboard.domain.routing import Decision
from switchboard.domain.routing_controls import Switch
from switchboard.domain.ruleset import Ruleset
from switchboard.ports import PublishedVersion
from switchboard.use_cases.rules_editor import CheckedRules, ExplainedContact
from switchboard.use_cases.turning_switches import ShownSwitches

Answer = dict[str, Any]


def operator_answer(link: OperatorLink) -> Answer:
    return {
        "name": link.name,
        "may_publish": link.may_publish,
        "expires_at": link.expires_at.isoformat(),
    }


def checked_answer(found: CheckedRules) -> Answer:
    return asdict(found)


def explained_answer(told: ExplainedContact, document: Mapping[str, Any]) -> Answer:
    """The deciding row, what it does, the rows that added to it, and each earlier row's cell."""
    table_of = {
        row["id"]: table["id"] for table in document["tables"] for row in table.get("rows") or ()
    }
    decision = told.decision
    return {
        "row": decision.row,
        "because": decision.because,
        "then": dict(_outcome(told.ruleset, decision)),
        "collected": [{"table": table_of.get(row, ""), "row": row} for row in decision.collected],
        "passed": [
            {"row": passed.row, "column": f"when.{passed.attribute}", "why": passed.why}
            for passed in told.passed
        ],
    }


def _outcome(ruleset: Ruleset, decision: Decision) -> Iterable[tuple[str, Any]]:
    then, queue = decision.then, ruleset.queues.get(decision.then.queue)
    yield "do", then.action
    if queue:
        demand = f", demand {queue.demand}" if queue.demand else ""
        yield "queue", f"{queue.id}: {queue.business_process}{demand}"
    if then.priority and then.priority.seconds:
        yield "head start", f"{then.priority.seconds:g} s, class {then.priority.class_name}"
    yield "prompts", list(decision.prompts)
    for name, said in (
        ("views", list(decision.views)),
        ("flags", list(decision.flags)),
        ("last agent", then.last_agent),
        ("not agent", "last" if then.avoids_last_agent else ""),
        ("flow", then.flow),
        ("if that fails", then.on_fail),
        ("remark", then.remark),
    ):
        if said:
            yield name, said


def replayed_answer(result: Replayed, *, is_part: bool) -> Answer:
    return {
        "contacts": result.contacts,
        "differently": result.differently,
        "is_part": is_part,
        "rows": _moves(result.rows),
        "queues": _moves(result.queues),
        "prompts": _moves(result.prompts),
        "not_recorded": dict(result.not_recorded),
        "read_anew": dict(result.read_anew),
        "examples": [
            {
                "at": example.at,
                "differs": [f"{one.what}: {one.old} → {one.new}" for one in example.differs],
                "old": {"row": example.old.row, "because": example.old.because},
                "new": {"row": example.new.row, "because": example.new.because},
            }
            for example in result.examples
        ],
    }


def versions_answer(versions: Iterable[PublishedVersion]) -> Answer:
    return {"versions": [version_answer(version) for version in versions]}


def version_answer(version: PublishedVersion) -> Answer:
    return {**asdict(version), "published_at": version.published_at.isoformat()}


def switches_answer(shown: ShownSwitches) -> Answer:
    return {
        "switches": [_switch(name, switch) for name, switch in sorted(shown.switches.items())],
        "log": list(shown.log),
    }


def _switch(name: str, switch: Switch | None) -> Answer:
    if switch is None:
        return {"name": name, "is_on": False}
    return {
        "name": name,
        "is_on": True,
        "why": switch.why,
        "by": switch.by,
        "expires_at": switch.expires_at.isoformat(),
    }


def _moves(moves: Iterable[Moved]) -> list[Answer]:
    return [asdict(move) for move in moves]
