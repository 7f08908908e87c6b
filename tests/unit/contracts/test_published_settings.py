"""What is checked when it is published is read in Lambda without the checker, as the same."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cli.configuration import complete
from switchboard.adapters.connector.systems import connected_systems
from switchboard.contracts.configuration import read_configuration
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.errors import Misconfigured
from switchboard.use_cases.lookup_settings import LookupSettings, read_lookup_settings

LEAST: dict[str, Any] = {"format": "lookup/1", "connectors": ["sandbox"], "default_region": "US"}
MORE: dict[str, Any] = {
    **LEAST,
    "identify_by": ["account_number", "contact"],
    "account_number_pattern": "[0-9]{6}",
    "regions_by_dialed_number": {"+44": "GB"},
    "time_zone": "America/New_York",
    "budget_ms": 900,
    "renew_wait_ms": 150,
    "jitter": 0,
    "ask": "together",
    "tell_customer_name": True,
    "desk_base_url": "https://desk.example.com",
    "ambiguity": {"policy": "latest", "by_business_process": {"Billing": "ask"}},
    "shared_numbers": ["+14155550100"],
    "tables": {
        "tiers": {"bands": [{"from": 0, "is": "low"}, {"from": 10, "is": "high"}]},
        "tongues": {"words": {"de-DE": "german"}, "otherwise": "english"},
    },
    "attributes": {
        "tier": {"from": "crm.value", "table": "tiers"},
        "language": {"table": "tongues"},
        "is_vip": {"from": "class", "yes_if": ["gold", "vip"]},
        "is_new": {"from": "orders", "yes_if": "< 2"},
        "overdue": {"from": "due", "as": "days_past_due", "default": 0},
        "contacts": {"from": "history.contacts_7d", "type": "number", "longest": 255},
    },
}


def published(document: dict[str, Any]) -> dict[str, Any]:
    """As it lies in the table."""
    body: dict[str, Any] = json.loads(json.dumps(complete("lookup", document)))
    return body


@pytest.mark.parametrize("written", [LEAST, MORE], ids=["least", "more"])
def test_every_setting_is_read_as_the_checker_knows_it(written: dict[str, Any]) -> None:
    checked = read_configuration(LookupConfiguration, written, kind="lookup")
    read = read_lookup_settings(published(written))

    same = (
        "connectors", "identify_by", "account_number_pattern", "default_region",
        "regions_by_dialed_number", "time_zone", "budget_ms", "tell_customer_name",
        "desk_base_url", "desk_link_valid_s",
    )  # fmt: skip
    assert {name: getattr(read, name) for name in same} == {
        name: getattr(checked, name) for name in same
    }
    assert set(same) | {"rules", "shown"} == set(LookupSettings.__slots__)
    assert read.rules == checked.settings.rules
    assert [rule.name for rule in read.shown.rules] == list(checked.attributes)


def test_what_was_published_once_can_be_published_again_and_stays() -> None:
    assert complete("lookup", published(MORE)) == published(MORE)


def keys(document: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    """Every key that the models fill in, with those above it; names that people chose are none."""
    for name, value in document.items():
        yield (*above, name)
        if name in {"ambiguity", "choices"}:
            yield from keys(value, *above, name)
        if name in {"attributes", "tables"}:
            for chosen, spec in value.items():
                yield from keys(spec, *above, name, chosen)


NOT_READ = {("tests",)}


@pytest.mark.parametrize(
    "place", sorted(set(keys(published(MORE))) - NOT_READ), ids=lambda place: ".".join(place)
)
def test_a_document_of_an_earlier_version_is_to_be_published_again(place: tuple[str, ...]) -> None:
    document = published(MORE)
    part = document
    for name in place[:-1]:
        part = part[name]
    if place[-1] == "words" and part["bands"]:
        part["bands"] = []  # only then are words looked at
    if place[-1] == "bands" and part["words"]:
        part["words"] = {}
    del part[place[-1]]

    with pytest.raises(Misconfigured, match=rf"^lookup: {place[-1]} .*publish it again"):
        read_lookup_settings(document)


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "lookup/2"},
        {"ask": "sometimes"},
        {"budget_ms": "900"},
        {"identify_by": ["face"]},
        {"time_zone": "Mars/Olympus"},
        {"connectors": None},
        {"attributes": {"tier": None}},
        {"tables": {"tiers": []}},
    ],
)
def test_what_no_version_of_this_kind_publishes_is_misconfigured(wrong: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="publish it again"):
        read_lookup_settings({**published(MORE), **wrong})


def test_connected_systems_are_read_as_published() -> None:
    written = {"format": "connectors/1", "connectors": {"mine": {"definition": {"id": "mine"}}}}

    (system,) = connected_systems(complete("connectors", written)).values()

    assert (system.definition, system.settings, system.region) == ({"id": "mine"}, {}, "")
    with pytest.raises(Misconfigured, match="connectors: settings is missing; publish it again"):
        connected_systems(written)
