"""The designs that must lose. If the harness finds nothing wrong with them, it is the harness."""

import json
import time
from pathlib import Path
from typing import Final

from bench.posting_proof.asking import Asking
from bench.posting_proof.checker import Verdict, judge
from bench.posting_proof.crew import Crew, Schedule
from bench.posting_proof.effects import EffectLog
from bench.posting_proof.history import OK, History
from bench.posting_proof.naive import work_naively
from bench.posting_proof.run import Progress, Terms, settle
from bench.posting_proof.stage import Stage, standing
from bench.posting_proof.story import Firing
from bench.posting_proof.workers import QUEUE

_CRM: Final = "search_first"
_WORKERS: Final = 4
_ROUNDS: Final = 40
_SENT_EVERY_S: Final = 0.005


def run_known_bad(design: str, terms: Terms, home: Path, progress: Progress) -> Verdict:
    """So many interactions, one message each, among the same faults; nobody is killed."""
    with standing(home, seed=terms.seed, share=terms.faults) as stage:
        history, crew = History(), Crew()
        for _ in range(_WORKERS):
            slot = stage.new_slot()
            post = stage.post("naive", slot)
            crew.hire(slot, work_naively, post, design, stage.crm_urls[_CRM])
        try:
            _send_all(stage, terms, history, progress)
            _settle_all(stage, history, progress)
        finally:
            crew.dismiss()
    log = EffectLog(home / "effects.sqlite")
    (verdict,) = judge(history, log.all(), (_CRM,), amends={_CRM: True})
    log.close()
    return verdict


def _send_all(stage: Stage, terms: Terms, history: History, progress: Progress) -> None:
    queue = Asking(stage.aws_port, "AmazonSQS")
    for number in range(terms.interactions):
        name, now = f"int-{terms.seed}-{number}", stage.control.now()
        fields = {"remarks": f"{name} remark 0"}
        invoked = history.invoke(Firing(name, 0, "interaction-ends", now, fields), now)
        body = json.dumps({"reference": name, "revision": 1, **fields})
        queue.ask("SendMessage", {"QueueUrl": QUEUE, "MessageBody": body})
        invoked.outcome, invoked.ended_at = OK, now
        progress(0.9 * number / terms.interactions, f"{number} sent")
        time.sleep(_SENT_EVERY_S)


def _settle_all(stage: Stage, history: History, progress: Progress) -> None:
    """Until every message is done: a person sends back again and again what was given up."""
    schedule, aws = Schedule(stage.control, history), stage.aws()
    for _ in range(_ROUNDS):
        settle(stage, schedule, progress, lambda: 0)
        if not aws.ask("Redrive", {"QueueUrl": QUEUE})["moved"]:
            return
