"""What a run came to, as a table; and what is left behind of one that failed."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.posting_proof.checker import WRONG, Verdict
from bench.posting_proof.effects import EffectLog
from bench.posting_proof.run import Outcome, Terms

_MOST_SHOWN: Final = 20


def show(outcome: Outcome, console: Console) -> None:
    """The product's run."""
    console.print(_verdicts(outcome))
    console.print(_faults(outcome.crms))
    for title, counted in (
        ("kill -9", outcome.struck.kills),
        ("SIGSTOP", outcome.struck.pauses),
        ("also", outcome.struck.others),
    ):
        told = ", ".join(f"{count} {what}" for what, count in counted.most_common())
        console.print(f"{title}: {sum(counted.values())} ({told})" if title != "also" else told)
    console.print(", ".join(_numbers(outcome)))


def show_known_bad(designs: Mapping[str, Verdict], console: Console) -> None:
    table = Table("known-bad design", "interactions", *WRONG)
    for design, verdict in designs.items():
        table.add_row(design, f"{verdict.interactions:,}", *_counts(verdict))
    console.print(table)


def calls_per_operation(outcome: Outcome, crm: str) -> float:
    """Requests that write, without those that only found out that there is a record already."""
    (verdict,) = (each for each in outcome.verdicts if each.crm == crm)
    told = outcome.crms[crm]
    return float((told["writes"] - told["conflicts"]) / max(1, verdict.operations))


def all_calls_per_operation(outcome: Outcome) -> float:
    writes = sum(told["writes"] - told["conflicts"] for told in outcome.crms.values())
    return float(writes / max(1, _operations(outcome)))


def ledger_writes_per_posting(outcome: Outcome) -> float:
    return outcome.aws["posting writes Interactions"] / max(1, _operations(outcome))


def share_of_faults(outcome: Outcome) -> float:
    asked = sum(told["reads"] + told["writes"] for told in outcome.crms.values())
    struck = sum(sum(told["faults"].values()) for told in outcome.crms.values())
    return float(struck / max(1, asked))


def keep_wrong(outcome: Outcome, home: Path) -> Path:
    """The ledger rows and all effects of what is wrong, each interaction in a file."""
    rows = json.loads((home / "Interactions.json").read_text(encoding="utf-8"))
    log = EffectLog(home / "effects.sqlite")
    effects = list(log.all())
    log.close()
    folder = home / "wrong"
    folder.mkdir(exist_ok=True)
    for wrong in _all_wrong(outcome)[:_MOST_SHOWN]:
        invoked = outcome.history.of.get(wrong.interaction_id, [])
        told = {
            "wrong": repr(wrong),
            "triggers": [repr(each) + json.dumps(each.firing.fields) for each in invoked],
            "effects": [repr(e) for e in effects if e.reference == wrong.interaction_id],
            "ledger": rows.get(wrong.interaction_id),
        }
        file = folder / f"{wrong.interaction_id}-{wrong.crm}-{wrong.kind}.json"
        file.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return folder


def command_of(terms: Terms) -> str:
    return (
        f"python -m bench.posting_proof --interactions {terms.interactions} --kills {terms.kills} "
        f"--pauses {terms.pauses} --faults {terms.faults} --seed {terms.seed}"
    )


def _verdicts(outcome: Outcome) -> Table:
    table = Table("CRM", "interactions", "records written", *WRONG, "recovered", "calls")
    for verdict in outcome.verdicts:
        table.add_row(
            verdict.crm,
            f"{verdict.interactions:,}",
            f"{verdict.operations:,}",
            *_counts(verdict),
            f"{verdict.recovered:,}",
            f"{calls_per_operation(outcome, verdict.crm):.2f}",
        )
    return table


def _counts(verdict: Verdict) -> Sequence[str]:
    return [str(verdict.count(kind)) for kind in WRONG]


def _faults(crms: Mapping[str, Any]) -> Table:
    total: Counter[str] = Counter()
    for told in crms.values():
        total.update(told["faults"])
    table = Table("fault of a CRM", *crms, "in all")
    for fault, count in total.most_common():
        table.add_row(fault, *(str(crms[crm]["faults"].get(fault, 0)) for crm in crms), str(count))
    return table


def _numbers(outcome: Outcome) -> Iterator[str]:
    history, aws = outcome.history, outcome.aws
    yield f"{outcome.terms.interactions:,} interactions in {outcome.took_s:,.0f} s"
    yield f"{history.count('ok'):,} triggers acknowledged, {history.count('info')} not"
    yield f"{share_of_faults(outcome):.0%} of all CRM calls struck"
    yield f"{all_calls_per_operation(outcome):.2f} CRM calls per record written"
    yield f"{ledger_writes_per_posting(outcome):.2f} ledger writes per record written"
    struck = {name: n for name, n in aws.items() if name.partition(" ")[0] in _OWN}
    yield f"{sum(struck.values())} errors of our own stores"
    yield f"{aws['spilled']} triggers spilled or put aside, {aws['left']} left there"
    yield f"{sum(told['too_late'] for told in outcome.crms.values())} calls on their way too long"
    yield f"{sum(q['doubled'] for q in outcome.queues.values())} messages delivered twice"
    yield f"{sum(q['died'] for q in outcome.queues.values())} dead letters"
    yield f"{outcome.deaths} workers died"
    yield f"parked at the end: {dict(outcome.parked) or 'none'}"
    yield f"seed {outcome.terms.seed}"


_OWN: Final = ("store", "queue", "bucket")


def _operations(outcome: Outcome) -> int:
    return sum(verdict.operations for verdict in outcome.verdicts)


def _all_wrong(outcome: Outcome) -> list[Any]:
    return [wrong for verdict in outcome.verdicts for wrong in verdict.wrong]
