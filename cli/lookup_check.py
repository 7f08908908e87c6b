"""Whether what `lookup.yaml` promises ECS can be had from the CRMs that a lookup asks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, Final

from switchboard.adapters.connector.mapped_attributes import MappedAttributes, mapped_attributes
from switchboard.contracts.attribute_stories import StorySpec
from switchboard.contracts.attributes import AttributesSpec
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.domain.attributes import AttributeMap
from switchboard.domain.cells import unknown
from switchboard.domain.customer import Customer
from switchboard.edges.flat import flat

Definition = Mapping[str, Any]
Samples = Sequence[Mapping[str, Any]]

_A_SLIP: Final = 0.85  # how alike two words are when one is the other, misspelt


def lookup_problems(
    written: AttributesSpec, systems: Mapping[str, tuple[Definition, Samples]]
) -> list[str]:
    """One line for each attribute that cannot be had, and for each story that does not come true.

    `systems` are the compiled connectors that the lookup asks, each with its file's samples.
    """
    mapped = {name: mapped_attributes(*system) for name, system in systems.items()}
    return [
        *_unmapped(written, mapped),
        *_unmapped_in_stories(written, mapped),
        *_not_single(written, mapped),
        *_slips(written),
        *failing_stories(written),
    ]


def identity_problems(
    written: LookupConfiguration, systems: Mapping[str, tuple[Definition, Samples]]
) -> Iterator[str]:
    """One line when customers are to be found by something that no CRM can be asked by."""
    asked_by_account = any(
        definition["lookups"]["by_account"] for definition, _ in systems.values()
    )
    if "account_number" in written.identify_by and not asked_by_account:
        yield (
            f"identify_by: account_number: {', '.join(systems)} "
            f"{'has' if len(systems) == 1 else 'have'} no `lookups.by_account`; "
            "add it to a connector or remove account_number"
        )


def maps_no(field: str, mapped: Mapping[str, MappedAttributes]) -> str:
    """That no connector maps this CRM attribute, and which was meant; empty where one may."""
    known = sorted({name for one in mapped.values() for name in one.names})
    if field in known or any(one.is_open for one in mapped.values()):
        return ""  # a CRM that is open may send any attribute
    advice = unknown(f"crm.{field}", [f"crm.{one}" for one in known])
    return f"{', '.join(mapped)} maps {advice}"


def failing_stories(written: AttributesSpec) -> Iterator[str]:
    """One line for each value that ECS would see otherwise than a story says."""
    attributes = written.attribute_map()
    for story in written.tests:
        seen = flat(_told(attributes, story))
        for name, wanted in flat(story.expect).items():
            if seen[name] != wanted:
                yield f"tests, {story.name}: {name} is {seen[name]!r}, expected {wanted!r}"


def _told(attributes: AttributeMap, story: StorySpec) -> Mapping[str, Any]:
    return attributes.values(
        _customer(story), story.given.history, today=date.fromisoformat(story.today)
    )


def _customer(story: StorySpec) -> Customer | None:
    """The story's customer; None for a caller whom nobody knows."""
    given = story.given
    if not given.crm and not given.customer and not given.history:
        return None
    said = {"connector": "story", "id": "1", "kind": "customer", "name": "", **given.customer}
    return Customer(
        connector=said["connector"],
        id=said["id"],
        kind=said["kind"],
        name=said["name"],
        phones=(said["phone"],) if "phone" in said else (),
        emails=(said["email"],) if "email" in said else (),
        accounts=(said["account"],) if "account" in said else (),
        attributes=given.crm,
        url=said.get("url", ""),
    )


def _from_crm(written: AttributesSpec) -> Iterator[tuple[str, str]]:
    """Each attribute that comes from a CRM, with its name there."""
    for name, spec in written.attributes.items():
        origin, field = spec.place(name)
        if origin == "crm":
            yield name, field


def _unmapped(written: AttributesSpec, mapped: Mapping[str, MappedAttributes]) -> Iterator[str]:
    for name, field in _from_crm(written):
        if said := maps_no(field, mapped):
            yield f"attributes.{name}: {said}"


def _unmapped_in_stories(
    written: AttributesSpec, mapped: Mapping[str, MappedAttributes]
) -> Iterator[str]:
    """A story of what no CRM sends would show nothing."""
    for story in written.tests:
        for field in story.given.crm:
            if said := maps_no(field, mapped):
                yield f"tests, {story.name}: given.crm: {said}"


def _not_single(written: AttributesSpec, mapped: Mapping[str, MappedAttributes]) -> Iterator[str]:
    for name, field in _from_crm(written):
        for one in mapped.values():
            if wrong := one.no_single_values.get(field):
                yield (
                    f"attributes.{name}: {wrong.connector} makes crm.{field} {_an(wrong.shape)}, "
                    f"as {wrong.shown_by} shows; {_way_out(wrong.shape, field)}"
                )


def _an(shape: str) -> str:
    return f"an {shape}" if shape == "object" else f"a {shape}"


def _way_out(shape: str, field: str) -> str:
    if shape == "object":
        return f"name one value of it in the connector's map, such as {field}.name"
    return (
        "make one value of it in the connector's map: "
        "`length(@)` counts it, `join(', ', @)` writes it out, `[0]` takes the first"
    )


def _slips(written: AttributesSpec) -> Iterator[str]:
    """Defaults that are a word of their table, misspelt: no Branch would ever match them."""
    for name, spec in written.attributes.items():
        table = written.tables.get(spec.table)
        words = [one for one in table.outcomes if isinstance(one, str)] if table else []
        if words and spec.default and spec.default not in words:
            near = get_close_matches(str(spec.default), words, n=1, cutoff=_A_SLIP)
            if near:
                yield (
                    f"attributes.{name}.default: {spec.default!r} is not in the table "
                    f"{spec.table}; did you mean {near[0]!r}?"
                )
