"""What routing rules cost beside an if-chain that somebody wrote by hand.

    python -m bench.rules [--check]

CPU time, best of several rounds, because these machines are shared. The shipped ruleset (32 rows in
three tables) is decided for random callers with its trace, that is with why each earlier row did
not match; so is its route table alone, as the if-chain below, which says the same and explains
nothing. That both agree is shown first. `500 rows` is a made-up ruleset as large as can be, decided
with row, values and sentence. `load` is what a function pays for a new version, `check` what a
person waits for.
"""

import argparse
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.connector_engine import best_ms
from cli.rules.ruleset_file import read_document
from switchboard.domain.cells import OTHER, Attribute, Value
from switchboard.domain.routing import decide, explain
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_check import check
from switchboard.domain.ruleset_reader import read_ruleset

SHIPPED: Final = Path(__file__).parents[1] / "config/routing.yaml"
_CALLERS: Final = 500
# What the if-chain costs on the machines the promises are for; a slower one gets more time.
_USUAL_CHAIN_MS: Final = 0.0005
_TODAY: Final = date(2026, 6, 1)
Facts = Mapping[str, Value]


@dataclass(frozen=True)
class Measured:
    """A cost in milliseconds of CPU, and the most it may be."""

    what: str
    cost_ms: float
    most_ms: float


def main() -> None:
    parser = argparse.ArgumentParser(description="What routing rules cost.")
    parser.add_argument("--check", action="store_true", help="fail above the promised figures")
    asked = parser.parse_args()
    document = read_document(SHIPPED)
    ruleset = read_ruleset(document)
    callers = some_callers(ruleset, random.Random(7))  # noqa: S311 - callers, not secrets
    agree(ruleset, callers)
    chain_ms = per_caller_ms(if_chain, callers)
    found = [
        *measured_of(ruleset, callers),
        *measured_of_many_rows(),
        Measured(
            "load of the shipped ruleset", best_ms(lambda: read_ruleset(document), times=2), 5
        ),
    ]
    show(found, chain_ms)
    slower = max(1, chain_ms / _USUAL_CHAIN_MS)
    slow = [one.what for one in found if one.cost_ms > one.most_ms * slower]
    if asked.check and slow:
        raise SystemExit(f"slower than promised: {', '.join(slow)}")


def measured_of(ruleset: Ruleset, callers: list[Facts]) -> list[Measured]:
    def with_trace(facts: Facts) -> object:
        return decide(ruleset, facts), explain(ruleset, facts)

    return [
        Measured(
            "route table alone, which row",
            per_caller_ms(ruleset.route.masks.first, callers),
            0.010,
        ),
        Measured(
            "32 rows, decided", per_caller_ms(lambda facts: decide(ruleset, facts), callers), 0.020
        ),
        Measured("32 rows, with trace", per_caller_ms(with_trace, callers), 0.020),
    ]


def measured_of_many_rows() -> list[Measured]:
    chance = random.Random(11)  # noqa: S311
    document = made_up(500, chance)
    most, two_hundred = read_ruleset(document), read_ruleset(made_up(200, chance))
    callers = some_callers(most, chance)
    return [
        Measured(
            "500 rows, decided", per_caller_ms(lambda facts: decide(most, facts), callers), 0.050
        ),
        Measured("load of 500 rows", best_ms(lambda: read_ruleset(document), times=1), 100),
        Measured(
            "check of 200 rows", best_ms(lambda: check(two_hundred, today=_TODAY), times=1), 1000
        ),
    ]


def per_caller_ms(work: Callable[[Facts], object], callers: list[Facts]) -> float:
    def all_of_them() -> None:
        for facts in callers:
            work(facts)

    return best_ms(all_of_them, times=1) / len(callers)


def agree(ruleset: Ruleset, callers: list[Facts]) -> None:
    """Raises: SystemExit when the if-chain does not say what the ruleset says."""
    for facts in callers:
        if decide(ruleset, facts).row != if_chain(facts):
            raise SystemExit(
                "config/routing.yaml has changed; write bench/rules.py's if-chain anew"
            )


def if_chain(facts: Facts) -> str:  # noqa: C901 - as one would write it
    """config/routing.yaml's route table, by hand."""
    get = facts.get
    voice = get("channel") == "voice"
    days, balance = get("days_past_due"), get("balance_due")
    if get("emergency") is True:
        return "closed-by-switch"
    if get("open_now") is False:
        spoken = get("channel") in ("voice", "callback")
        if get("holiday") is True and spoken:
            return "holiday-voice"
        if voice and isinstance(days, float) and days >= 15:
            return "after-hours-late-payer"
        return "after-hours-voice" if spoken else "after-hours-written"
    if get("crm_ok") is False:
        return "crm-down"
    if isinstance(days, float) and days >= 15 and isinstance(balance, float) and balance >= 20:
        return "late-payer"
    if get("transaction") in ("in_jeopardy", "disputed"):
        return "transaction-at-risk"
    if get("open_complaint") is True:
        return "complaint-open"
    if get("tier") == "high":
        return "high-value"
    worth, attempt, contacts = get("lifetime_value"), get("attempt"), get("contacts_7d")
    if isinstance(worth, float) and worth >= 50000:
        return "high-lifetime-value"
    if get("tier") == "low" and voice:
        again = isinstance(attempt, float) and attempt >= 1
        return "low-value-again" if again else "low-value-voice"
    if isinstance(contacts, float) and contacts >= 3:
        return "repeat-contact"
    if get("language") == "es":
        return "spanish"
    if get("intent") in ("cancel", "technical", "buy"):
        return str(get("intent"))
    if get("channel") in ("email", "chat", "sms"):
        return "written"
    if get("known") is True:
        return "known-customer"
    return "internal" if get("internal") is True else "everyone-else"


def some_callers(ruleset: Ruleset, chance: random.Random) -> list[Facts]:
    """Most of them ordinary: flags are mostly off, and half of the values are missing."""
    return [
        {name: _value(attribute, chance) for name, attribute in ruleset.attributes.items()}
        for _ in range(_CALLERS)
    ]


def _value(attribute: Attribute, chance: random.Random) -> Value:
    if chance.random() < 0.4:
        return None
    match attribute.type:
        case "flag":
            return chance.random() < 0.15
        case "number":
            return float(chance.choice((0, 1, 2, 3, 15, 20, 40, 60_000)))
        case "choice":
            return chance.choice((*attribute.values, OTHER))
        case "set":
            return frozenset(chance.sample(attribute.values, 2))
        case "instant":
            return float(chance.randrange(5_000_000))


def made_up(rows: int, chance: random.Random) -> dict[str, Any]:
    """A ruleset of that many rows of three conditions, over 46 attributes, six of them sets."""
    attributes: dict[str, Any] = {
        f"n{number}": {"type": "number", "from": f"crm.n{number}"} for number in range(20)
    }
    words = [f"w{number}" for number in range(8)]
    for number in range(20):
        spec = {"type": "choice", "values": words, "from": f"crm.c{number}"}
        attributes[f"c{number}"] = spec
    for number in range(6):
        attributes[f"s{number}"] = {"type": "set", "values": words, "from": f"crm.s{number}"}
    made = [
        {
            "id": f"r{number}",
            "when": {
                name: _some_cell(name[0], chance.choice(words), chance.randrange(10_000))
                for name in chance.sample(list(attributes), 3)
            },
            "then": {"do": "queue", "queue": "care"},
        }
        for number in range(rows - 1)
    ]
    last = {"id": "rest", "when": {}, "then": {"do": "queue", "queue": "care"}}
    return {
        "format": "routing/1",
        "attributes": attributes,
        "names": {"queues": ["care"]},
        "tables": [{"id": "route", "hit": "first", "rows": [*made, last]}],
    }


def _some_cell(kind: str, word: str, limit: int) -> str:
    return {"c": word, "s": f"has {word}", "n": f">= {limit}"}[kind]


def show(found: list[Measured], chain_ms: float) -> None:
    table = Table(title="CPU, best of several rounds")
    for heading in ("what", "cost", "if-chains", "promised"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    table.add_row("an if-chain by hand, route table alone", _text(chain_ms), "1.0", "")
    for one in found:
        is_decision = one.most_ms < 1
        ratio = f"{one.cost_ms / chain_ms:.1f}" if is_decision else ""
        table.add_row(one.what, _text(one.cost_ms), ratio, f"< {_text(one.most_ms)}")
    Console().print(table)


def _text(cost_ms: float) -> str:
    return f"{cost_ms * 1000:.1f} µs" if cost_ms < 1 else f"{cost_ms:.1f} ms"


if __name__ == "__main__":
    main()
