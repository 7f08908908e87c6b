"""Whether what routing rules look at can be had."""

from collections.abc import Iterator, Mapping

from cli.lookup_check import Definition, Samples, maps_no
from switchboard.adapters.connector.mapped_attributes import mapped_attributes
from switchboard.contracts.ambiguity import AmbiguitySpec
from switchboard.domain.cells import Attribute, unknown


def crm_problems(
    attributes: Mapping[str, Attribute], systems: Mapping[str, tuple[Definition, Samples]]
) -> Iterator[str]:
    """One line for each attribute that no connector maps of those that a lookup asks."""
    mapped = {name: mapped_attributes(*system) for name, system in systems.items()}
    for attribute in attributes.values():
        origin, _, name = attribute.source.partition(".")
        if origin == "crm" and (said := maps_no(name, mapped)):
            yield f"attributes.{attribute.name}.from: {said}"


def business_process_problems(
    ambiguity: AmbiguitySpec, business_processes: tuple[str, ...]
) -> Iterator[str]:
    """One line for each policy of a Business Process that the routing rules do not name."""
    known = {name.strip().casefold() for name in business_processes}
    for name in ambiguity.by_business_process:
        if name.strip().casefold() not in known:
            yield (
                f"ambiguity.by_business_process: {unknown(name, business_processes)} "
                "(or add it to names.business_processes in routing.yaml)"
            )
