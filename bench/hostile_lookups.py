"""Lookups among enemies: is every caller answered in time, flat, and with nobody else's data?

    python -m bench.hostile_lookups                          10,000 lookups, some minutes
    python -m bench.hostile_lookups --lookups 500 --check    what CI runs; fails when one is not

Real functions in processes of their own ask a CRM that hangs, drips, lies and sometimes answers,
and tables that hang, throttle and fail, about callers of every kind. Every answer is read by the
ECS emulator's own code. Beside them a naive function does what most would write, among the same
enemies, to show that this can be lost.
"""

import argparse
import json
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import requests

from bench.hostile_arrivals import Arriving, arriving
from bench.hostile_crm import BEHAVIOURS, QUIET_AREA
from bench.hostile_stage import (
    Answered,
    CrmProcess,
    Stage,
    logs,
    run_hostile,
    run_one_caller,
    standing,
)
from cli.configuration import read_folder
from cli.rules.ruleset_file import read_document
from local.ecs_emulator.centre import Container, ReturnValue
from local.ecs_emulator.http_call import Reply
from local.ecs_emulator.knobs import Knobs
from local.ecs_emulator.rest_data import Faulted, read
from switchboard.contracts.answers import LookupAnswer, RouteAnswer
from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.edges.routing_answer import FLAG
from tests.integration import template

# For the processor: of two cores shared by a dozen processes, one gets its turn late. What the
# system tells of that is left out of the count; what one thread of ours takes from another is not.
ALLOWANCE_MS: Final = 100
AWS_FAULTS: Final = 0.03
WORKERS: Final = 10
_NAIVE_LOOKUPS: Final = 120
_ONE_CALLER: Final = 1_000
_SOMEBODY: Final = re.compile(r"(?<!\d)[2-9]\d{2}55501\d{2}(?!\d)")
_ABOUT_THE_CALL: Final = frozenset({"screen_pop_url", "request_id", "elapsed_ms"})


@dataclass(frozen=True)
class Verdict:
    """One answer, judged; `wrong` is empty when nothing is."""

    number: int
    budget_ms: int
    took_ms: float
    starved_ms: float
    outcome: str
    source: str
    wrong: tuple[str, ...] = ()

    @property
    def over_ms(self) -> float:
        return self.took_ms - self.budget_ms


def judge(number: int, answered: Answered) -> Verdict:
    """What an unforgiving ECS, a clock and a privacy officer say."""
    one = answered.arriving
    values = _values(answered.body)
    wrong = [*_shape(answered, values), *_strangers(one, values), *_claims(answered, values)]
    if answered.took_ms - answered.starved_ms > one.budget_ms + ALLOWANCE_MS:
        wrong.append("late")
    outcome, source = values.get("outcome", "none"), values.get("source", "none")
    return Verdict(
        number,
        one.budget_ms,
        answered.took_ms,
        answered.starved_ms,
        outcome,
        source,
        tuple(wrong),
    )


def _values(body: str) -> dict[str, str]:
    try:
        read_body = json.loads(body)
    except ValueError:
        return {}
    return read_body if isinstance(read_body, dict) else {}


def _shape(answered: Answered, values: dict[str, str]) -> Iterator[str]:
    if answered.status != 200:
        yield f"status {answered.status}"
    container = _container(is_route=answered.arriving.is_route)
    reply = Reply(answered.status, answered.body.encode(), round(answered.took_ms))
    taken = read(reply, container, _STRICT)
    if isinstance(taken, Faulted):
        yield f"ECS faults: {taken.reason}"
    if values.keys() != {item.parameter for item in container.return_values}:
        yield "other keys"
    if not all(isinstance(value, str) and len(value) <= 255 for value in values.values()):
        yield "a value that is no short text"


def _strangers(one: Arriving, values: dict[str, str]) -> Iterator[str]:
    for name, value in values.items():
        allowed = frozenset() if name == "problem" else one.people
        if name not in _ABOUT_THE_CALL and not set(_SOMEBODY.findall(str(value))) <= allowed:
            yield f"somebody else's data in {name}"


def _claims(answered: Answered, values: dict[str, str]) -> Iterator[str]:
    known = values.get("outcome") == "known"
    if known is not bool(values.get("customer_id")):
        yield "an outcome that does not fit the customer"
    if int(values.get("elapsed_ms", 0)) > answered.took_ms + 1:
        yield "it tells another time than the clock"


_STRICT: Final = Knobs(missing_return_value="fault", null_return_value="fault")


@cache
def _container(*, is_route: bool) -> Container:
    """As Evolve IP would set the method up, with every Return Value that there is."""
    contract = RouteAnswer if is_route else LookupAnswer
    names = [*contract.model_fields, *configuration().attributes]
    if is_route:
        flags = read_document(template.ROOT / "config" / "routing.yaml")["names"]["flags"]
        names += [f"{FLAG}{flag}" for flag in flags]
    wanted = tuple(ReturnValue(parameter=name, store_in=f"flow.{name}") for name in names)
    return Container(
        url="http://127.0.0.1/", verb="POST", request_timeout_s=3, return_values=wanted
    )


@cache
def configuration() -> LookupConfiguration:
    document = read_folder(template.ROOT / "config")["lookup"]
    return read_configuration(LookupConfiguration, document, kind="lookup")


def naive(one: Arriving, crm_url: str) -> Answered:
    """A timeout on the request, the first of the rows: what most would write."""
    started_s = time.perf_counter()
    status, body = 200, "{}"
    try:
        nsn = next(iter(one.people), "0000000000")
        found = requests.get(
            f"{crm_url}/crm/api/customers", {"phone": nsn}, timeout=one.budget_ms / 1000
        )
        found.raise_for_status()
        rows = found.json()["customers"]
        values = {"outcome": "known" if rows else "unknown", **(rows[0] if rows else {})}
        body = json.dumps(values)
    except requests.RequestException:
        body = json.dumps({"outcome": "degraded"})
    except (ValueError, LookupError, TypeError, AttributeError):
        status = 500
    return Answered(one, status, body, (time.perf_counter() - started_s) * 1000)


@dataclass
class Report:
    """What is printed, and whether the promises were kept."""

    broken: list[str] = field(default_factory=list)

    def say(self, line: str = "") -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def expect(self, promise: str, *, kept: bool) -> None:
        self.say(f"  {'kept  ' if kept else 'BROKEN'}  {promise}")
        if not kept:
            self.broken.append(promise)


def main() -> int:
    options = _options()
    report = Report()
    report.say(f"seed {options.seed}, {options.lookups} lookups by {options.workers} functions")
    with standing(seed=options.seed) as (stage, crm):
        _one_call_for_all(report, stage, crm, workers=options.workers)
        _among_enemies(report, stage, crm, options)
        _what_a_naive_one_does(report, stage, seed=options.seed)
    return 1 if options.check and report.broken else 0


def _one_call_for_all(report: Report, stage: Stage, crm: CrmProcess, *, workers: int) -> None:
    nsn = f"{QUIET_AREA}5550142"
    verdicts = run_one_caller(
        stage, judge, nsn, lookups=_ONE_CALLER, workers=workers, budget_ms=2_000
    )
    _, asked = crm.did()
    calls = asked.get(f"crm {nsn}", 0)
    report.say(f"\n{_ONE_CALLER:,} cold lookups of one caller, {workers} at every moment")
    report.say(f"  {_counted(f'{v.outcome} {v.source}' for v in verdicts)}")
    report.expect(f"one CRM call for all of them ({calls} made)", kept=calls == 1)
    report.expect("everybody got the answer", kept={v.outcome for v in verdicts} == {"known"})


def _among_enemies(
    report: Report, stage: Stage, crm: CrmProcess, options: argparse.Namespace
) -> None:
    stage.aws_faults(AWS_FAULTS)
    began_s = time.monotonic()
    verdicts: list[Verdict] = run_hostile(
        stage,
        judge,
        numbers=range(options.lookups),
        workers=options.workers,
        seed=options.seed,
        default_ms=configuration().budget_ms,
    )
    took_s = time.monotonic() - began_s
    aws = Counter(stage.aws_faults(0))
    did, _ = crm.did()
    report.say(f"\n{len(verdicts):,} lookups among enemies, in {took_s:.0f} s")
    report.say(f"  outcomes   {_counted(verdict.outcome for verdict in verdicts)}")
    report.say(f"  sources    {_counted(verdict.source for verdict in verdicts)}")
    report.say(f"  the CRM    {_counted(did)}")
    report.say(f"  our tables {_counted(_by_fault(aws))}")
    _times(report, verdicts)
    _promises(report, verdicts, did, stage)


def _times(report: Report, verdicts: Sequence[Verdict]) -> None:
    for budget_ms in (100, 400, 1_200):
        took = sorted(v.took_ms for v in verdicts if v.budget_ms == budget_ms)
        if len(took) < 2:
            continue
        cut = statistics.quantiles(took, n=1000, method="inclusive")
        report.say(
            f"  budget {budget_ms:5} ms: {len(took):6} lookups, half within {cut[499]:.0f} ms, "
            f"99 % within {cut[989]:.0f}, 99.9 % within {cut[998]:.0f}, slowest {took[-1]:.0f}"
        )
    over = [v for v in verdicts if v.over_ms > 0]
    worst = max(verdicts, key=lambda v: v.over_ms)
    report.say(
        f"  past the budget by the wall clock: {len(over)}, by more than {ALLOWANCE_MS} ms: "
        f"{sum(1 for v in over if v.over_ms > ALLOWANCE_MS)}; the worst by {worst.over_ms:.0f} ms "
        f"(number {worst.number}, budget {worst.budget_ms}, {worst.outcome}), of which it waited "
        f"{worst.starved_ms:.0f} ms for a processor"
    )


def _promises(
    report: Report, verdicts: Sequence[Verdict], did: dict[str, int], stage: Stage
) -> None:
    wrong = Counter(reason for verdict in verdicts for reason in verdict.wrong)
    for reason, times in wrong.most_common():
        examples = [v.number for v in verdicts if reason in v.wrong][:5]
        report.say(f"  WRONG  {reason}: {times}, for example numbers {examples}")
    late = wrong["late"]
    strangers = sum(times for reason, times in wrong.items() if reason.startswith("somebody"))
    shape = sum(wrong.values()) - late - strangers
    lines, said = _logged(stage)
    report.expect(f"every answer inside its budget and {ALLOWANCE_MS} ms", kept=late == 0)
    report.expect("100 % flat 200 with every key, read by ECS", kept=shape == 0)
    report.expect("nobody got somebody else's data", kept=strangers == 0)
    report.expect(f"no number in {lines:,} log lines and metrics", kept=said == 0 and lines > 0)
    rare = {name for name, (weight, _) in BEHAVIOURS.items() if weight < 2}
    missed = set(BEHAVIOURS) - set(did) - (rare if len(verdicts) < 5_000 else set())
    report.expect(f"the CRM misbehaved in every way{_listed(missed)}", kept=not missed)
    known = sum(1 for verdict in verdicts if verdict.outcome == "known")
    report.expect("who could be recognised often was", kept=known > len(verdicts) / 10)


def _what_a_naive_one_does(report: Report, stage: Stage, *, seed: int) -> None:
    default_ms = configuration().budget_ms
    asked = (arriving(n, seed=seed, default_ms=default_ms) for n in range(_NAIVE_LOOKUPS * 4))
    callers = [one for one in asked if one.people][:_NAIVE_LOOKUPS]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda one: naive(one, stage.crm_url), callers))
    verdicts = [judge(number, answered) for number, answered in enumerate(answers)]
    late = [v for v in verdicts if "late" in v.wrong]
    strangers = sum(1 for v in verdicts if any(r.startswith("somebody") for r in v.wrong))
    failed = sum(1 for answered in answers if answered.status != 200)
    slowest = max(v.over_ms for v in verdicts)
    report.say(f"\n{len(verdicts)} lookups by a naive function with a timeout on its request")
    report.say(
        f"  {len(late)} late, the worst by {slowest:.0f} ms; {failed} not answered at all; "
        f"{strangers} got somebody else's data"
    )
    report.expect("these enemies break who does not defend himself", kept=bool(late and strangers))


def _logged(stage: Stage) -> tuple[int, int]:
    """Lines that the functions printed, and those among them that tell of somebody."""
    lines = [line for file in logs(stage) for line in file.read_text(errors="replace").splitlines()]
    return len(lines), sum(1 for line in lines if _SOMEBODY.search(line))


def _by_fault(did: Counter[str]) -> Iterator[str]:
    for name, times in did.items():
        yield from [name.partition(" ")[2]] * times


def _counted(words: "Iterable[str] | dict[str, int]") -> str:
    return ", ".join(f"{word} {times:,}" for word, times in Counter(words).most_common())


def _listed(missed: set[str]) -> str:
    return f", except that it never {', '.join(sorted(missed))}" if missed else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.hostile_lookups")
    parser.add_argument("--lookups", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--seed", type=int, default=20260105)
    parser.add_argument("--check", action="store_true", help="fail when a promise is broken")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
