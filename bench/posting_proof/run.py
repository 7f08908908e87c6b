"""One run of the product among its enemies, from the first trigger to the last record."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bench.posting_proof.checker import Verdict, judge
from bench.posting_proof.crew import Crew, Roster, Schedule, hire_everybody
from bench.posting_proof.crm import SHAPES
from bench.posting_proof.effects import EffectLog
from bench.posting_proof.history import History
from bench.posting_proof.mending import take_up_refused
from bench.posting_proof.nemesis import Nemesis, Plan, Struck
from bench.posting_proof.stage import Stage, amends, standing
from bench.posting_proof.story import firings
from bench.posting_proof.workers import QUEUE

_MOST_WAITING: Final = 150
_POSTERS: Final = 6
_LOOKS_EVERY_S: Final = 0.03
_BETWEEN_S: Final = 0.05
_MOST_IDLE_S: Final = 120.0
_PERSON_LOOKS_AFTER_S: Final = 600.0
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Terms:
    """What a run is to be."""

    interactions: int
    kills: int
    pauses: int
    faults: float
    seed: int


@dataclass
class Outcome:
    """What came of it."""

    terms: Terms
    verdicts: list[Verdict]
    history: History
    struck: Struck
    aws: Counter[str]
    queues: dict[str, Any]
    crms: dict[str, Any]
    deaths: int
    took_s: float
    parked: Counter[str] = field(default_factory=Counter)

    @property
    def wrong(self) -> int:
        return sum(len(verdict.wrong) for verdict in self.verdicts)


def run_product(terms: Terms, home: Path, progress: Progress) -> Outcome:
    """The product itself. Leaves everything that happened in `home`."""
    began_s = time.monotonic()
    with standing(home, seed=terms.seed, share=terms.faults) as stage:
        history, crew = History(), Crew()
        schedule = Schedule(stage.control, history)
        roster = hire_everybody(stage, crew, schedule, posting=_POSTERS)
        try:
            struck = _lived_through(stage, terms, history, schedule, roster, progress)
            aws, crm = stage.aws(), stage.crm()
            did, queues, told = Counter(aws.ask("Did")), aws.ask("Queues"), crm.ask("Tell")
            rows = aws.ask("Items", {"TableName": "Interactions"})
            (home / "Interactions.json").write_text(json.dumps(rows), encoding="utf-8")
            parked = Counter(parked_in(rows))
        finally:
            crew.dismiss()
    log = EffectLog(home / "effects.sqlite")
    verdicts = judge(history, log.all(), SHAPES, amends=amends())
    log.close()
    took_s = time.monotonic() - began_s
    return Outcome(terms, verdicts, history, struck, did, queues, told, crew.deaths, took_s, parked)


def _lived_through(
    stage: Stage,
    terms: Terms,
    history: History,
    schedule: Schedule,
    roster: Roster,
    progress: Progress,
) -> Struck:
    fed = 0

    def share_fed() -> float:
        return fed / terms.interactions

    plan = Plan.of(terms.kills, terms.pauses)
    nemesis = Nemesis(stage, roster, history, plan, seed=terms.seed, progress=share_fed)
    nemesis.begin()
    aws = stage.aws()
    while fed < terms.interactions:
        waiting = aws.ask("Queues").get(QUEUE, {}).get("visible", 0)
        if waiting > _MOST_WAITING or schedule.backlog() > _MOST_WAITING:
            time.sleep(_LOOKS_EVERY_S)
            continue
        now = stage.control.now()
        for firing in firings(fed, seed=terms.seed, began_at=now):
            schedule.add(firing, now + firing.after_s)
        fed += 1
        progress(0.9 * share_fed(), f"{fed} interactions, {waiting} wait")
        time.sleep(_BETWEEN_S)
    nemesis.end()
    progress(0.92, "the rest is brought to its end")

    def person() -> int:
        taken = take_up_refused(stage)
        nemesis.struck.others["taken up again by a person"] += taken
        return taken

    settle(stage, schedule, progress, person)
    return nemesis.struck


def settle(stage: Stage, schedule: Schedule, progress: Progress, person: Callable[[], int]) -> None:
    """Let time pass until nothing is due any more: fast where something happens, else in leaps.

    `person` looks before each longer leap, and says about how many interactions they decided.
    """
    aws, crm = stage.aws(), stage.crm()
    moved_at = time.monotonic()
    while True:
        to_go_s = _to_next(stage, schedule, aws)
        if _is_under_way(stage, schedule, aws.ask("Queues"), crm.ask("Tell")) or (
            not _is_soon(to_go_s) and person()
        ):
            moved_at = time.monotonic()
        elif to_go_s is None:
            return
        else:
            leap_s = max(to_go_s, 30.0) + 1
            stage.control.jump(leap_s)
            progress(0.95, f"{leap_s:,.0f} s later")
        if time.monotonic() - moved_at > _MOST_IDLE_S:
            raise TimeoutError("something is due, and nobody does it")
        time.sleep(_LOOKS_EVERY_S)


def _is_soon(to_go_s: float | None) -> bool:
    return to_go_s is not None and to_go_s < _PERSON_LOOKS_AFTER_S


def _is_under_way(stage: Stage, schedule: Schedule, queues: Any, crms: Any) -> bool:
    return (
        any(queue["visible"] for queue in queues.values())
        or any(crm["late"] for crm in crms.values())
        or any(stage.control.seen(slot).is_at_work for slot in stage.slots)
        or schedule.under_way > 0
        or schedule.backlog() > 0
    )


def _to_next(stage: Stage, schedule: Schedule, aws: Any) -> float | None:
    """Seconds until something is due; None when nothing ever will be."""
    now = stage.control.now()
    moments = [schedule.next_at, aws.ask("NextDue", {"TableName": "Interactions"})["at"]]
    moments += [queue["next_at"] for queue in aws.ask("Queues").values()]
    known = [moment for moment in moments if moment is not None]
    return max(0.0, min(known) - now) if known else None


def parked_in(items: dict[str, Any]) -> list[str]:
    """Why what is parked in the ledger is parked."""
    return [
        f"{posting['connector']}: {posting['reason']}"
        for item in items.values()
        for name, value in item.items()
        if name.startswith("posting#") and (posting := json.loads(value["S"]))["state"] == "parked"
    ]
