"""What a run must show. One that struck nobody, or misses a known-bad design, shows nothing."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from bench.posting_proof.checker import Verdict
from bench.posting_proof.report import all_calls_per_operation
from bench.posting_proof.run import Outcome

MOST_CALLS: Final = 1.3
# How much calls for one record differ from one another. Few records tell the mean by chance alone.
_CALLS_SPREAD: Final = 0.6
_STANDARD_ERRORS: Final = 3
_MOST_TOLD: Final = 5


def broken(outcome: Outcome) -> Iterator[str]:
    """Every promise that the product's run does not keep, in words."""
    for verdict in outcome.verdicts:
        for each in verdict.wrong[:_MOST_TOLD]:
            yield f"{each.kind} in {each.crm}: {each.interaction_id}, {each.why}"
    if outcome.parked:
        yield f"left to a person: {dict(outcome.parked)}"
    if outcome.aws["left"]:
        yield f"{outcome.aws['left']} triggers were put aside, and are there still"
    calls = all_calls_per_operation(outcome)
    operations = max(1, sum(verdict.operations for verdict in outcome.verdicts))
    if calls > MOST_CALLS + _STANDARD_ERRORS * _CALLS_SPREAD / operations**0.5:
        yield f"{calls:.2f} CRM calls per record, at most {MOST_CALLS} are promised"
    yield from _too_gentle(outcome)


def _too_gentle(outcome: Outcome) -> Iterator[str]:
    struck, terms = outcome.struck, outcome.terms
    for what, wanted, counted in (
        ("kills", terms.kills, struck.kills),
        ("pauses", terms.pauses, struck.pauses),
    ):
        at_work = Counter({where: n for where, n in counted.items() if "idle" not in where})
        if counted.total() < wanted or (wanted and not at_work):
            yield f"{counted.total()} {what}, {at_work.total()} at work: too few to prove anything"


def too_good(designs: Mapping[str, Verdict]) -> Iterator[str]:
    """The known-bad designs in which nothing wrong was found."""
    for design, verdict in designs.items():
        if not verdict.count("duplicated"):
            yield f"{design} doubled nothing: a harness that cannot catch it proves nothing"
