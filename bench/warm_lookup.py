"""What a warm lookup costs beside a bare function that makes the same calls.

    python -m bench.warm_lookup [--check] [--aws-ms 5]

Both run in processes of their own on the layer as it is shipped, with the template's environment;
DynamoDB, Secrets Manager (5 ms) and a CRM (50 ms) are further processes. Every caller is new, so
the CRM is asked each time. What a lookup of ours calls, the stand-ins write down; the bare function
then makes exactly these calls, one after another, with the same clients. The two take turns.

CPU is that of the whole process, threads that outlive the answer included. What is promised of it
is held against the best of each, because these machines are shared: what others do is never
cheaper for us. Wall time is held by its median.
"""

import argparse
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.lookup_stage import (
    AWS_LATENCY_S,
    CRM_LATENCY_S,
    INITIALISED,
    Cost,
    arrival,
    built_layer,
    found,
    function_process,
    standing,
    step,
)
from bench.stand_ins import Call

MOST_CPU: Final = 1.5
MOST_WALL: Final = 1.05
_CALLS: Final = 80
_WARM_UP: Final = 10
_SERVICES: Final = ("dynamodb", "secretsmanager")
# A function that goes on for long sees what was published since: `lookup` and `connectors`.
_RENEWED_EVERY_S: Final = 30
_DOCUMENTS: Final = 2


@dataclass
class Measured:
    """What was measured of both, lookup by lookup, and what ours called."""

    ours: list[Cost] = field(default_factory=list)
    bare: list[Cost] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    crm_calls: set[int] = field(default_factory=set)
    new_connections: int = 0
    took_s: float = 0.0

    @property
    def cpu(self) -> float:
        """Times the bare function's, best by best."""
        return min(c.cpu_ms for c in self.ours) / min(c.cpu_ms for c in self.bare)

    @property
    def wall(self) -> float:
        return median(c.wall_ms for c in self.ours) / median(c.wall_ms for c in self.bare)

    def problems(self) -> list[str]:
        """What is not as promised."""
        secrets = sum(n for name, n in self.calls.items() if name.startswith("secretsmanager"))
        documents = sum(n for name, n in self.calls.items() if name.endswith(" Config"))
        renewals = (1 + self.took_s // _RENEWED_EVERY_S) * _DOCUMENTS
        found = {
            f"CPU is {self.cpu:.2f} times the bare function's": self.cpu > MOST_CPU,
            f"wall time is {self.wall:.2f} times the bare function's": self.wall > MOST_WALL,
            f"CRM calls in one lookup: {sorted(self.crm_calls)}": self.crm_calls != {1},
            f"{self.new_connections} new connections": self.new_connections > 0,
            f"secrets were read {secrets} times": secrets > 0,
            f"configuration was read {documents} times in {self.took_s:.0f} s": documents
            > renewals,
        }
        return [problem for problem, is_so in found.items() if is_so]


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.warm_lookup",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="end with 1 when something is not as promised"
    )
    parser.add_argument(
        "--aws-ms", type=float, default=AWS_LATENCY_S * 1000, help="latency of DynamoDB"
    )
    arguments = parser.parse_args()
    measured = measure(aws_latency_s=arguments.aws_ms / 1000)
    show(measured)
    if arguments.check and (problems := measured.problems()):
        raise SystemExit("\n".join(problems))


def measure(*, aws_latency_s: float) -> Measured:
    layer, measured = built_layer(), Measured()
    with (
        standing(crm_latency_s=CRM_LATENCY_S, aws_latency_s=aws_latency_s) as stage,
        function_process(layer, {**stage.environment, **INITIALISED}, "ours") as ours,
        function_process(layer, stage.environment, "bare", *_SERVICES) as bare,
    ):
        connections: set[tuple[str, int]] = set()
        began_s = time.monotonic()
        for number in range(_WARM_UP + _CALLS):
            if number == _WARM_UP:
                began_s = time.monotonic()
            event = arrival(number)
            our_cost, answer = ours.call(event)
            found(answer)
            calls = stage.calls()
            bare_cost, _ = bare.call(event, [step(call, stage.crm.url) for call in calls])
            stage.calls()
            used = {(call.system, call.connection) for call in calls}
            if number >= _WARM_UP:
                measured.ours.append(our_cost)
                measured.bare.append(bare_cost)
                measured.calls.update(str(call) for call in calls)
                measured.crm_calls.add(_crm_calls(calls))
                measured.new_connections += len(used - connections)
            connections |= used
        measured.took_s = time.monotonic() - began_s
    return measured


def show(measured: Measured) -> None:
    console = Console()
    costs = Table(title=f"A warm lookup, CRM at {CRM_LATENCY_S * 1000:.0f} ms, {_CALLS} of each")
    for heading in ("milliseconds", "ours", "bare", "times", "promised"):
        costs.add_column(heading, justify="left" if heading == "milliseconds" else "right")
    for clock, kind, of, most in (
        ("cpu_ms", "best", min, f"{MOST_CPU:g}"),
        ("cpu_ms", "median", median, ""),
        ("wall_ms", "best", min, ""),
        ("wall_ms", "median", median, f"{MOST_WALL:g}"),
    ):
        ours, bare = (
            of([getattr(cost, clock) for cost in costs_of])
            for costs_of in (measured.ours, measured.bare)
        )
        name = f"{clock.removesuffix('_ms')}, {kind}"
        costs.add_row(name, f"{ours:.2f}", f"{bare:.2f}", f"{ours / bare:.2f}", most)
    console.print(costs)
    calls = Table(title="Calls in one lookup of ours")
    calls.add_column("call")
    calls.add_column("times", justify="right")
    for name, number in sorted(measured.calls.items()):
        calls.add_row(name, f"{number / _CALLS:.2f}")
    console.print(calls)
    console.print(f"new connections: {measured.new_connections}")


def _crm_calls(calls: list[Call]) -> int:
    return sum(call.system == "crm" for call in calls)


if __name__ == "__main__":
    main()
