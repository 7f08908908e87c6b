"""The whole sheet as one document: what Evolve IP needs, method by method."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cli.handover.blocks import Block, Document
from cli.handover.chapters_arrivals import arrival
from cli.handover.chapters_common import (
    at_a_glance,
    every_method,
    made_from,
    questions,
)
from cli.handover.chapters_samples import numbers_to_test, refusals, samples_of
from cli.handover.chapters_triggers import every_trigger, trigger
from cli.handover.methods import methods
from cli.handover.parts import Content
from cli.handover.returned import return_values
from cli.handover.samples import samples
from cli.handover.stage import Stage
from cli.handover.world import world

TITLE: Final = "Switchboard for ECS: hand-over sheet"


@dataclass(frozen=True)
class Sheet:
    """The document, and what it was made of."""

    document: Document
    content: Content


def sheet(stage: Stage) -> Sheet:
    """Everything about this stage; runs each function on each sample."""
    every = methods()
    with world(stage) as standing:
        taken = {method.key: samples(method, stage, standing) for method in every}
    values = {method.key: return_values(method, stage) for method in every}
    content = Content(stage, every, taken, values)
    return Sheet(Document(TITLE, f"Stage {stage.name}", tuple(_chapters(content))), content)


def _chapters(of: Content) -> Iterator[Block]:
    yield from at_a_glance(of)
    yield from every_method(of)
    for method in of.arrivals:
        yield from arrival(of, method)
    yield from every_trigger(of)
    for method in of.triggers:
        yield from trigger(of, method)
    yield from numbers_to_test(of)
    yield from questions()
    for method in of.methods:
        yield from samples_of(of, method)
    yield from refusals(of)
    yield from made_from(of)
