"""Whether what decides between several customers can be had from the CRMs that a lookup asks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from switchboard.adapters.connector.mapped_attributes import mapped_attributes
from switchboard.contracts.ambiguity import AmbiguitySpec, ChoicesSpec, attributes_looked_at
from switchboard.domain.cells import unknown

Definition = Mapping[str, Any]
Samples = Sequence[Mapping[str, Any]]


def ambiguity_problems(
    ambiguity: AmbiguitySpec,
    choices: ChoicesSpec,
    systems: Mapping[str, tuple[Definition, Samples]],
) -> Iterator[str]:
    """One line for each attribute that no connector maps: it would never decide anything.

    `systems` are the compiled connectors that the lookup asks, each with its file's samples.
    """
    mapped = [mapped_attributes(*system) for system in systems.values()]
    if any(one.is_open for one in mapped):
        return  # such a CRM may send any attribute
    known = sorted({name for one in mapped for name in one.names})
    for place, attribute in attributes_looked_at(ambiguity, choices):
        if attribute not in known:
            asked = ", ".join(systems) or "no connector"
            yield f"{place}: {asked} maps {unknown(attribute, known)}"
