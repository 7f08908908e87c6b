"""What the lookup function's start costs beside `import boto3`, and its first answer beside a bare
function's.

    python -m bench.cold_start [--check]

Every start is a fresh process on the layer as it is shipped, bytecode included, with the
template's environment; the kinds of start take turns. `sdk` imports boto3 and nothing else. `ours`
is the lookup function; `primed` is the same told that Lambda initialises it, so that it builds
and reads ahead. `bare` imports boto3 and requests and makes the same calls as ours. DynamoDB,
Secrets Manager and the CRM are further processes; the CRM answers at once.

`on Lambda` is computed, not measured: a start has a whole CPU, a call has the share that Lambda
gives to the template's 512 MB (one CPU at 1,769 MB), so CPU in the call counts 3.46 times.

CPU is held by the best of each, because these machines are shared.
"""

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.lookup_stage import (
    INITIALISED,
    Cost,
    Stage,
    arrival,
    built_layer,
    found,
    function_process,
    standing,
    step,
)

# What is promised, of a start that prepares nothing: docs/decisions/0020-cold-start.md.
MOST_START: Final = 1.5
# A little above what was measured.
MOST_UNTIL_ANSWERED: Final = 1.6
# What is built and read ahead must be missing in the first call, or it was done in vain.
MOST_FIRST_AFTER_PRIMING: Final = 0.33
_ROUNDS: Final = 15
_SERVICES: Final = ("dynamodb", "secretsmanager")
_SHARE: Final = 512 / 1769


@dataclass
class Starts:
    """All starts of one kind: what began it, and its first answer."""

    began: list[Cost] = field(default_factory=list)
    first: list[Cost] = field(default_factory=list)

    @property
    def best_start_ms(self) -> float:
        return min(cost.cpu_ms for cost in self.began)

    @property
    def first_ms(self) -> float:
        return min(cost.cpu_ms for cost in self.first)

    @property
    def until_answered_ms(self) -> float:
        """CPU until the first answer has left."""
        return min(b.cpu_ms + f.cpu_ms for b, f in zip(self.began, self.first, strict=True))

    @property
    def on_lambda_ms(self) -> float:
        """Wall time until the first answer, were CPU in a call as scarce as on Lambda."""
        return median(
            b.wall_ms + f.wall_ms + f.cpu_ms * (1 / _SHARE - 1)
            for b, f in zip(self.began, self.first, strict=True)
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.cold_start",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check", action="store_true", help="end with 1 when it is worse than what we hold"
    )
    arguments = parser.parse_args()
    starts = measure()
    show(starts)
    if arguments.check and (problems := problems_of(starts)):
        raise SystemExit("\n".join(problems))


def problems_of(starts: Mapping[str, Starts]) -> list[str]:
    """What is not as we hold it."""
    sdk, bare, ours, primed = (starts[kind] for kind in ("sdk", "bare", "ours", "primed"))
    start = ours.best_start_ms / sdk.best_start_ms
    answered = primed.until_answered_ms / bare.until_answered_ms
    first = primed.first_ms / ours.first_ms
    found = {
        f"the start is {start:.2f} times `import boto3`": start > MOST_START,
        f"the first answer is {answered:.2f} times the bare one's": answered > MOST_UNTIL_ANSWERED,
        f"priming leaves {first:.0%} of the first call": first > MOST_FIRST_AFTER_PRIMING,
    }
    return [problem for problem, is_so in found.items() if is_so]


def measure() -> Mapping[str, Starts]:
    layer = built_layer()
    starts = {kind: Starts() for kind in ("sdk", "bare", "ours", "primed")}
    with standing(crm_latency_s=0, aws_latency_s=0) as stage:
        for number in range(1 + _ROUNDS):
            round_of = _round(layer, stage, number)
            if number:  # the first one fills the disk's cache, and fetches the CRM's token
                for kind, (began, first) in round_of.items():
                    starts[kind].began.append(began)
                    starts[kind].first.extend(first)
    return starts


def _round(layer: Path, stage: Stage, number: int) -> Mapping[str, tuple[Cost, list[Cost]]]:
    """One start of each kind."""
    costs: dict[str, tuple[Cost, list[Cost]]] = {}
    plain = stage.environment
    with ExitStack() as processes:

        def start(kind: str, *services: str, **more: str) -> Any:
            environment = {**plain, **more}
            return processes.enter_context(function_process(layer, environment, kind, *services))

        costs["sdk"] = (start("sdk").began, [])
        for kind, more in (("ours", {}), ("primed", INITIALISED)):
            ours = start("ours", **more)
            first, answer = ours.call(event := arrival(number * 2 + bool(more)))
            found(answer)
            costs[kind] = (ours.began, [first])
            if not more:
                steps = [step(call, stage.crm.url) for call in stage.calls()]
        bare = start("bare", *_SERVICES)
        costs["bare"] = (bare.began, [bare.call(event, steps)[0]])
        stage.calls()
    return costs


def show(starts: Mapping[str, Starts]) -> None:
    console = Console()
    table = Table(title=f"CPU milliseconds of {_ROUNDS} starts each")
    for heading in ("", "start, best", "median", "times sdk", "modules"):
        table.add_column(heading, justify="right" if heading else "left")
    for heading in ("first call, best", "until answered, best", "on Lambda, median"):
        table.add_column(heading, justify="right")
    for kind, one in starts.items():
        table.add_row(
            kind,
            f"{one.best_start_ms:.0f}",
            f"{median(c.cpu_ms for c in one.began):.0f}",
            f"{one.best_start_ms / starts['sdk'].best_start_ms:.2f}",
            str(one.began[0].modules),
            *(_answered(one) if one.first else ()),
        )
    console.print(table)
    times = starts["ours"].best_start_ms / starts["sdk"].best_start_ms
    verdict = "met" if times <= MOST_START else "NOT MET"
    console.print(f"ours starts in {times:.2f} times sdk; asked for {MOST_START:g}: {verdict}")


def _answered(one: Starts) -> tuple[str, ...]:
    """How long the caller waits, three ways."""
    return f"{one.first_ms:.0f}", f"{one.until_answered_ms:.0f}", f"{one.on_lambda_ms:.0f}"


if __name__ == "__main__":
    main()
