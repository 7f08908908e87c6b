"""What we export decides in GoRules zen as it decides here: row, outcome and what is added."""

from random import Random
from typing import Any

import pytest

from cli.rules.jdm import LISTS, jdm
from cli.yaml_text import read_yaml_as_written
from switchboard.domain.cells import OTHER, Value
from switchboard.domain.routing import Decision, decide
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.domain.stories import story_facts
from tests.jdm.conftest import REPOSITORY, Zen
from tests.random_rulesets import random_document, random_facts

CALLERS = 40
SAMPLE = REPOSITORY / "config" / "routing.yaml"


def sample() -> Ruleset:
    return read_ruleset(read_yaml_as_written(SAMPLE.read_text(encoding="utf-8")))


def ours(ruleset: Ruleset, decision: Decision) -> dict[str, Any]:
    """Our decision in the words of the graph; what is not said is left out, as zen does."""
    then, queue = decision.then, ruleset.queues.get(decision.then.queue)
    priority = then.priority
    told = {
        "row": decision.row,
        "do": then.action,
        "queue": then.queue,
        "business_process": queue.business_process if queue else "",
        "demand": queue.demand if queue else "",
        "priority_class": priority.class_name if priority else "",
        "priority_seconds": priority.seconds if priority else 0,
        "priority_gain_per_min_s": priority.gain_per_min_s if priority else 0,
        "priority_max_seconds": priority.max_seconds if priority else 0,
        "last_agent": then.last_agent,
        "not_agent": "last" if then.avoids_last_agent else "",
        "flow": then.flow,
        "on_fail": then.on_fail,
        "remark": then.remark,
    }
    lists = {key: list(getattr(decision, key)) for key in LISTS}
    return {key: value for key, value in told.items() if value} | lists


def as_json(value: Value) -> Any:
    """A fact as zen is told it; an unlisted word is any word that is not listed."""
    if value == OTHER:
        return "something unlisted"
    return sorted(value) if isinstance(value, frozenset) else value


def assert_same(zen: Zen, ruleset: Ruleset, callers: list[dict[str, Value]]) -> None:
    told = zen.decides(
        jdm(ruleset), [{name: as_json(v) for name, v in facts.items()} for facts in callers]
    )

    for facts, theirs in zip(callers, told, strict=True):
        assert theirs == ours(ruleset, decide(ruleset, facts)), facts


@pytest.mark.parametrize("seed", range(400))
def test_zen_decides_as_we_do_by_any_ruleset(zen: Zen, seed: int) -> None:
    random = Random(seed)
    ruleset = read_ruleset(random_document(random, rows=12))

    assert_same(zen, ruleset, [random_facts(random, ruleset) for _ in range(CALLERS)])


def test_zen_decides_as_we_do_by_the_sample_ruleset(zen: Zen) -> None:
    random, ruleset = Random(5), sample()

    assert_same(zen, ruleset, [random_facts(random, ruleset) for _ in range(2000)])
    assert_same(zen, ruleset, [story_facts(ruleset, story) for story in ruleset.stories])


def test_a_value_that_is_left_out_is_missing_as_one_that_is_null(zen: Zen) -> None:
    random, ruleset = Random(6), sample()
    callers = [random_facts(random, ruleset) for _ in range(200)]

    known = [{n: as_json(v) for n, v in each.items() if v is not None} for each in callers]

    told = zen.decides(jdm(ruleset), known)
    assert told == [ours(ruleset, decide(ruleset, facts)) for facts in callers]


def test_a_row_that_zen_does_not_have_is_noticed(zen: Zen) -> None:
    ruleset, nobody = sample(), dict[str, Value]()
    graph = jdm(ruleset)
    route = next(node for node in graph["nodes"] if node["name"] == "route")
    del route["content"]["rules"][-1]

    assert zen.decides(graph, [{}]) != [ours(ruleset, decide(ruleset, nobody))]
