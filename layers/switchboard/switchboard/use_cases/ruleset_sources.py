"""Whether what routing rules look at is something that Switchboard itself can tell."""

from collections.abc import Iterator, Mapping

from switchboard.domain.cells import Attribute, unknown
from switchboard.use_cases.customer_history import FACTS
from switchboard.use_cases.routing_decision import lookup_facts


def source_problems(attributes: Mapping[str, Attribute]) -> Iterator[str]:
    """One line for each attribute whose source is ours and does not give it: always missing."""
    ours = {"lookup": tuple(lookup_facts("unknown")), "history": FACTS}
    for attribute in attributes.values():
        origin, _, name = attribute.source.partition(".")
        if origin in ours and name not in ours[origin]:
            yield f"attributes.{attribute.name}.from: {origin}: {unknown(name, ours[origin])}"
