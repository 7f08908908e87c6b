"""Whether what routing rules look at can be had."""

from collections.abc import Iterator, Mapping

from cli.lookup_check import Definition, Samples, maps_no
from switchboard.adapters.connector.mapped_attributes import MappedAttributes, mapped_attributes
from switchboard.contracts.ambiguity import AmbiguitySpec
from switchboard.contracts.configuration import ConnectorsConfiguration, read_configuration
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.cells import unknown
from switchboard.domain.ruleset import Ruleset
from switchboard.errors import Misconfigured
from switchboard.ports import Publications

_CRM = "crm"
_Mapped = Mapping[str, MappedAttributes]


def crm_problems(
    rules: Ruleset, systems: Mapping[str, tuple[Definition, Samples]]
) -> Iterator[str]:
    """One line for each CRM value that no connector maps of those that a lookup asks."""
    mapped = {name: mapped_attributes(*system) for name, system in systems.items()}
    return _unmapped(rules, mapped)


def published_crm_problems(rules: Ruleset, publications: Publications) -> tuple[str, ...]:
    """The same for the connectors that are published, whose samples are not.

    Nothing where nobody can say: none are published, or they do not tell what they map.
    """
    try:
        mapped = _published(publications)
    except (Misconfigured, LookupError, TypeError):  # of another release, or written by hand
        return ()
    if not all(one.names for one in mapped.values()):
        return ()
    return tuple(_unmapped(rules, mapped))


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


def _published(publications: Publications) -> _Mapped:
    """What the connectors map that the published lookup asks.

    Raises: Misconfigured, LookupError or TypeError when they are not there, or not readable.
    """
    lookup = read_configuration(
        LookupConfiguration, publications.active("lookup").body, kind="lookup"
    )
    systems = read_configuration(
        ConnectorsConfiguration, publications.active("connectors").body, kind="connectors"
    ).connectors
    return {name: mapped_attributes(systems[name].definition, ()) for name in lookup.connectors}


def _unmapped(rules: Ruleset, mapped: _Mapped) -> Iterator[str]:
    for place, source in _sources(rules):
        origin, _, name = source.partition(".")
        if origin == _CRM and (said := maps_no(name, mapped)):
            yield f"{place}: {said}"


def _sources(rules: Ruleset) -> Iterator[tuple[str, str]]:
    """Every source that the rules name, with its place."""
    for attribute in rules.attributes.values():
        yield f"attributes.{attribute.name}.from", attribute.source
    for profile in rules.last_agents.values():
        for source in profile.sources:
            yield f"last_agent.{profile.id}.from", source
