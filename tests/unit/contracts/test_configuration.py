"""What an operator publishes is checked, and every wrong key is named."""

from typing import Any

import pytest

from switchboard.contracts.configuration import (
    Configuration,
    ContactPolicyConfiguration,
    read_configuration,
)
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.errors import Misconfigured

LOOKUP = {"format": "lookup/1", "connectors": ["sandbox"], "default_region": "US"}
POLICY = {
    "format": "contact-policy/1",
    "opens": "08:30",
    "closes": "24:00",
    "weekdays": ["mon", "sun"],
    "max_attempts_per_day": 3,
    "zones_by_region": {"US": ["America/New_York"]},
    "default_business_process": "Care",
}


def refused_lookup(**change: Any) -> str:
    with pytest.raises(Misconfigured) as refused:
        read_configuration(LookupConfiguration, {**LOOKUP, **change}, kind="lookup.yaml")
    return str(refused.value)


@pytest.mark.parametrize(
    ("model", "good", "change", "problem"),
    [
        (LookupConfiguration, LOOKUP, {"budget_ms": 99}, "budget_ms: "),
        (LookupConfiguration, LOOKUP, {"default_region": "usa"}, "default_region: "),
        (LookupConfiguration, LOOKUP, {"time_zone": "Mars"}, "no time zone 'Mars'; write one like"),
        (LookupConfiguration, LOOKUP, {"time_zone": "../etc"}, "no time zone '../etc'"),
        (LookupConfiguration, LOOKUP, {"format": "lookup/2"}, "format: "),
        (LookupConfiguration, LOOKUP, {"attributes": {"reason": {}}}, "use this name already"),
        (LookupConfiguration, LOOKUP, {"budget_ms": 8001}, "budget_ms: "),
        (LookupConfiguration, LOOKUP, {"identify_by": []}, "identify_by: "),
        (LookupConfiguration, LOOKUP, {"identify_by": ["phone"]}, "identify_by.0: "),
        (LookupConfiguration, LOOKUP, {"identify_by": ["contact"] * 2}, "names something twice"),
        (LookupConfiguration, LOOKUP, {"account_number_pattern": "("}, "no regular expression"),
        (LookupConfiguration, LOOKUP, {"account_number_pattern": "(a+)+"}, "very long"),
        (LookupConfiguration, LOOKUP, {"regions_by_dialed_number": {"44": "GB"}}, "44"),
        (LookupConfiguration, LOOKUP, {"regions_by_dialed_number": {"+44": "UK"}}, "region 'UK'"),
        (LookupConfiguration, LOOKUP, {"shared_numbers": ["555-0199"]}, "country code"),
        (LookupConfiguration, LOOKUP, {"ambiguity": {"policy": "guess"}}, "ambiguity.policy: "),
        (LookupConfiguration, LOOKUP, {"ambiguity": {"policy": "owner"}}, "owner_attribute"),
        (LookupConfiguration, LOOKUP, {"jitter": 0.6}, "jitter: "),
        (LookupConfiguration, LOOKUP, {"fresh_s": 2_592_001}, "fresh_s: "),
        (LookupConfiguration, LOOKUP, {"negative_s": 2_592_001}, "negative_s: "),
        (LookupConfiguration, LOOKUP, {"renew_s": 10**15}, "renew_s: "),
        (LookupConfiguration, LOOKUP, {"stale_s": 2_592_001}, "stale_s: "),
        (LookupConfiguration, LOOKUP, {"desk_link_valid_s": 604_801}, "desk_link_valid_s: "),
        (ContactPolicyConfiguration, POLICY, {"opens": "8:30"}, "opens: "),
        (ContactPolicyConfiguration, POLICY, {"opens": "24:00"}, "earlier than closes"),
        (ContactPolicyConfiguration, POLICY, {"closes": "24:01"}, "closes: "),
        (ContactPolicyConfiguration, POLICY, {"weekdays": ["monday"]}, "weekdays.0: "),
        (ContactPolicyConfiguration, POLICY, {"zones_by_region": {"US": ["X"]}}, "zone 'X'"),
        (ContactPolicyConfiguration, POLICY, {"max_attempts_per_day": -1}, "_per_day: "),
    ],
)  # fmt: skip
def test_a_wrong_key_is_named(
    model: type[Configuration], good: dict[str, Any], change: dict[str, Any], problem: str
) -> None:
    with pytest.raises(Misconfigured) as refused:
        read_configuration(model, {**good, **change}, kind="lookup.yaml")

    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"budjet_ms": 1}, "no key 'budjet_ms'; did you mean budget_ms?"),
        (
            {"attributes": {"tier": {"form": 1}}},
            "attributes.tier: no key 'form'; did you mean from?",
        ),
        ({"attributes": {"tier": {"zz": 1}}}, "attributes.tier: no key 'zz'; keys are from, type"),
        ({"ambiguity": {"polcy": "ask"}}, "ambiguity: no key 'polcy'; did you mean policy?"),
        (
            {"tests": [{"nme": "a", "name": "a", "expect": {}}]},
            "tests.0: no key 'nme'; did you mean name?",
        ),
        (
            {"tables": {"t": {"bnds": [], "words": {"a": "b"}}}},
            "tables.t: no key 'bnds'; did you mean bands?",
        ),
        ({"connectors": "sandbox"}, "connectors: write a list: [sandbox]"),
        ({"shared_numbers": "+14155550100"}, "shared_numbers: write a list: […]"),
        ({"connectors": []}, "connectors: name at least one"),
        ({"connectors": ["a", "b", "a"]}, "connectors: a: named twice"),
        (
            {"fresh_s": 301},
            "fresh_s (301) is more than renew_s (300); wanted: negative_s <= fresh_s",
        ),
        ({"fresh_s": 9}, "negative_s (10) is more than fresh_s (9)"),
        ({"stale_s": 299}, "renew_s (300) is more than stale_s (299)"),
        ({"renew_s": 0, "stale_s": 59}, "fresh_s (60) is more than stale_s (59)"),
    ],
)
def test_a_slip_in_lookup_yaml_is_told_with_the_way_out(change: dict[str, Any], said: str) -> None:
    assert refused_lookup(**change).startswith(f"lookup.yaml: {said}")


@pytest.mark.parametrize(
    "address",
    [
        "http://desk.example.com",
        "desk.example.com",
        "https://",
        "https:///desk",
        "https://[::1",
        "https://desk.example.com:99999",
        "https://desk.example.com/?a=b",
        "javascript://desk.example.com",
        "http://127.0.0.1.example.com",
    ],
)
def test_agents_are_not_sent_where_no_browser_should_go(address: str) -> None:
    said = refused_lookup(desk_base_url=address)

    assert said.startswith("lookup.yaml: desk_base_url: write an address like https://")


def test_an_address_leaves_room_for_the_link() -> None:
    longest = f"https://desk.example.com/{'a' * 95}"

    assert len(longest) == 120
    assert read_configuration(
        LookupConfiguration, {**LOOKUP, "desk_base_url": longest}, kind="lookup.yaml"
    )
    assert "at most 120 characters" in refused_lookup(desk_base_url=longest + "a")


def test_a_number_for_a_list_is_not_repeated() -> None:
    assert "5550100" not in refused_lookup(shared_numbers="+14155550100")


@pytest.mark.parametrize(
    "change",
    [
        {"renew_s": 0},
        {"stale_s": 0},
        {"fresh_s": 600, "renew_s": 0, "stale_s": 0},
        {"fresh_s": 0, "negative_s": 0},
        {"negative_s": 60, "fresh_s": 60, "renew_s": 60, "stale_s": 60},
        {"desk_base_url": "https://desk.example.com:8443/switchboard/"},
        {"desk_base_url": "http://127.0.0.1:4566/_aws/execute-api/abc/$default"},
        {"desk_base_url": "http://localhost:4566"},
    ],
)
def test_what_makes_sense_is_taken(change: dict[str, Any]) -> None:
    written = read_configuration(LookupConfiguration, {**LOOKUP, **change}, kind="lookup.yaml")

    assert {name: getattr(written, name) for name in change} == change


def test_a_policy_becomes_minutes_and_weekdays() -> None:
    policy = read_configuration(ContactPolicyConfiguration, POLICY, kind="policy").policy()

    assert (policy.opens_minute, policy.closes_minute) == (510, 1440)
    assert policy.weekdays == {0, 6}


def test_lookup_rules_are_the_files() -> None:
    written = {**LOOKUP, "fresh_s": 2, "negative_s": 1, "renew_wait_ms": 30, "ask": "together"}
    rules = read_configuration(LookupConfiguration, written, kind="lookup").settings.rules

    assert (rules.cache.fresh_s, rules.cache.negative_s, rules.cache.renew_wait_s) == (2, 1, 0.03)
    assert rules.ask_together


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [("", 1.2), ("500", 0.5), ("1", 0.1), ("99999", 8), ("-5", 1.2), ("soon", 1.2), ("٣", 1.2)],
)
def test_a_request_may_bring_its_own_budget_within_what_may_be(asked: str, seconds: float) -> None:
    lookup = read_configuration(LookupConfiguration, LOOKUP, kind="lookup")

    assert lookup.settings.budget_s(asked) == seconds
