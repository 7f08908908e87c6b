"""How many recorded contacts a second are decided by two rulesets and counted.

    python -m bench.replay [--check]

CPU time, best of several rounds, of one core; reading the file is not in it. The reference is a
bare loop of `decide` with the old ruleset alone over facts that are ready, in the same run: replay
does that twice, recalls the facts and counts.
"""

import argparse
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from cli.yaml_text import read_yaml_as_written
from switchboard.domain.cells import Attribute
from switchboard.domain.facts import recalled
from switchboard.domain.replay import replay
from switchboard.domain.replayed import Recorded
from switchboard.domain.routing import decide
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset

RULES: Final = Path(__file__).parents[1] / "config/routing.yaml"
LEAST_PER_SECOND: Final = 50_000
MOST_OF_A_DECISION: Final = 2.0
_CONTACTS: Final = 50_000
_ROUNDS: Final = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--check", action="store_true", help="fail below the promised figures")
    asked = parser.parse_args()
    old = read_ruleset(read_yaml_as_written(RULES.read_text(encoding="utf-8")))
    new = without_a_row(old)
    recorded = list(made_up(old, random.Random(7)))  # noqa: S311  a sample, no secret
    facts = [recalled(old.attributes, contact.facts) for contact in recorded]
    replay_s = best_s(lambda: replay(old, new, recorded, old_digest="d" * 16))
    decide_s = best_s(lambda: [decide(old, each) for each in facts])
    show(old, replay_s, decide_s)
    too_slow = _CONTACTS / replay_s < LEAST_PER_SECOND
    if asked.check and (too_slow or replay_s / decide_s > MOST_OF_A_DECISION):
        raise SystemExit("slower than promised")


def without_a_row(ruleset: Ruleset) -> Ruleset:
    """The same rules without their second row, so that something is decided differently."""
    table = ruleset.route
    shorter = replace(table, rows=(table.rows[0], *table.rows[2:]))
    return replace(ruleset, tables=(shorter, *ruleset.tables[1:]))


def made_up(ruleset: Ruleset, chance: random.Random) -> Iterator[Recorded]:
    """Contacts of all kinds; a fifth of their facts is missing."""
    for number in range(_CONTACTS):
        facts = {
            attribute.source: None if chance.random() < 1 / 5 else _fact(attribute, chance)
            for attribute in ruleset.attributes.values()
        }
        yield Recorded(f"2026-11-01T00:00:00.{number:06}+00:00", "d" * 16, "row", facts)


def _fact(attribute: Attribute, chance: random.Random) -> Any:
    match attribute.type:
        case "flag":
            return chance.random() < 1 / 2
        case "choice":
            return chance.choice(attribute.values)
        case "set":
            return sorted(chance.sample(attribute.values, k=min(2, len(attribute.values))))
        case "instant":
            return float(chance.randrange(30 * 86_400))
    return round(chance.uniform(0, 200), 2)


def best_s(work: Callable[[], object]) -> float:
    """Seconds of CPU in the best of several rounds."""

    def round_s() -> float:
        started_s = time.process_time()
        work()
        return time.process_time() - started_s

    return min(round_s() for _ in range(_ROUNDS))


def show(ruleset: Ruleset, replay_s: float, decide_s: float) -> None:
    rows = sum(len(table.rows) for table in ruleset.tables)
    console = Console(highlight=False)
    console.print(f"{rows} rows, {len(ruleset.attributes)} attributes, {_CONTACTS} contacts")
    console.print(f"replay     {_CONTACTS / replay_s:>9,.0f} contacts a second")
    console.print(f"decide     {_CONTACTS / decide_s:>9,.0f} contacts a second, one ruleset")
    console.print(f"a replayed contact costs {replay_s / decide_s:.2f} bare decisions")
    console.print(
        f"promised: {LEAST_PER_SECOND:,} a second, at most {MOST_OF_A_DECISION:g} bare decisions"
    )


class _Plain(argparse.RawDescriptionHelpFormatter):
    """The docstring as it was written."""


if __name__ == "__main__":
    main()
