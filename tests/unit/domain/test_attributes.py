"""Whatever a CRM sent, ECS gets one flat value for every attribute that was configured."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from switchboard.domain.attribute_tables import Bands, Words
from switchboard.domain.attributes import AttributeMap, AttributeRule
from switchboard.domain.customer import Customer

TODAY = date(2026, 3, 4)


def ada(**attributes: Any) -> Customer:
    return Customer(
        connector="sandbox",
        id="C-1001",
        kind="contact",
        name="Ada Byron",
        phones=("+14155550142", "+14155550143"),
        emails=("ada@example.com",),
        attributes=attributes,
        url="https://crm.example.com/C-1001",
        accounts=("A-17",),
    )


def a_map(*rules: AttributeRule) -> AttributeMap:
    return AttributeMap(rules, ZoneInfo("America/New_York"))


def crm(name: str, **how: Any) -> AttributeRule:
    return AttributeRule(name, "crm", how.pop("field", name), **how)


def test_an_attribute_may_be_renamed() -> None:
    attributes = a_map(crm("value", field="tier"))

    assert attributes.values(ada(tier="high"), {}, today=TODAY) == {"value": "high"}


@pytest.mark.parametrize("raw", [None, "", "   ", ["high"], {"is": "high"}, [], float("nan")])
def test_nothing_a_list_and_an_object_are_the_default(raw: object) -> None:
    attributes = a_map(crm("tier", default="standard"))

    assert attributes.values(ada(tier=raw), {}, today=TODAY) == {"tier": "standard"}


def test_somebody_unknown_has_every_attribute_too() -> None:
    attributes = a_map(
        crm("tier", default="standard"),
        AttributeRule("calls", "history", "contacts_7d", default=0),
        AttributeRule("who", "customer", "name"),
    )

    assert attributes.values(None, {}, today=TODAY) == {"tier": "standard", "calls": 0, "who": ""}


def test_zero_and_no_are_values_and_not_the_default() -> None:
    attributes = a_map(crm("balance", default=9), crm("vip", default=True))

    assert attributes.values(ada(balance=0, vip=False), {}, today=TODAY) == {
        "balance": 0,
        "vip": False,
    }


def test_what_does_not_fit_is_named_and_what_is_missing_is_not() -> None:
    attributes = a_map(
        crm("due", type="date"),
        crm("balance", type="number", default=0),
        crm("products"),
        crm("language", default="en"),
    )

    read = attributes.read(ada(due="soon", balance="12", products=["a"]), {}, today=TODAY)

    assert read.misfits == ("due", "products")
    assert read.values == {"due": "", "balance": 12, "products": "", "language": "en"}


def test_text_is_cut_and_ends_in_no_space() -> None:
    attributes = a_map(crm("note", longest=6))

    assert attributes.values(ada(note="hello world"), {}, today=TODAY) == {"note": "hello"}
    assert attributes.values(ada(note="x" * 999), {}, today=TODAY) == {"note": "xxxxxx"}


@pytest.mark.parametrize(
    ("derived", "raw", "days"),
    [
        ("days_since", "2026-03-01", 3),
        ("days_since", "2026-03-05", -1),
        ("days_until", "2026-03-14", 10),
        ("days_past_due", "2026-02-01", 31),
        ("days_past_due", "2026-03-04", 0),
        ("days_past_due", "2026-04-04", 0),
    ],
)
def test_days_are_counted_from_a_day(derived: Any, raw: str, days: int) -> None:
    attributes = a_map(crm("days", field="due", type="date", derived=derived, default=-99))

    assert attributes.values(ada(due=raw), {}, today=TODAY) == {"days": days}


def test_days_since_a_moment_count_the_days_of_the_deployments_zone() -> None:
    attributes = a_map(
        AttributeRule("days", "history", "last_contact_at", type="date", derived="days_since")
    )
    late_in_the_evening = {"last_contact_at": "2026-03-04T03:00:00+00:00"}  # the third, there

    assert attributes.values(ada(), late_in_the_evening, today=TODAY) == {"days": 1}


TIERS = Bands(begins=(0, 1000, 5000), values=("low", "standard", "high"))


@pytest.mark.parametrize(
    ("raw", "tier"),
    [("-0.01", "none"), (0, "low"), ("999.99", "low"), (1000, "standard"), (10**9, "high")],
)
def test_a_value_tier_is_a_band_of_numbers(raw: object, tier: str) -> None:
    attributes = a_map(crm("tier", field="balance", type="number", table=TIERS, default="none"))

    assert attributes.values(ada(balance=raw), {}, today=TODAY) == {"tier": tier}


def test_words_are_translated_whatever_their_case() -> None:
    table = Words({"de": "german", "pt br": "portuguese", "true": "yes", "7": "seven"})
    attributes = a_map(crm("language", table=table, default="english"))

    def said(raw: object) -> object:
        return attributes.values(ada(language=raw), {}, today=TODAY)["language"]

    assert [said(raw) for raw in ("DE", " Pt  BR", True, 7, 7.0)] == [
        "german", "portuguese", "yes", "seven", "seven",
    ]  # fmt: skip
    assert [said(raw) for raw in ("fr", None, ["de"])] == ["english"] * 3


def test_otherwise_is_for_other_words_and_the_default_for_none() -> None:
    attributes = a_map(crm("tier", table=Words({"gold": "high"}, "standard"), default="unknown"))

    assert attributes.values(ada(tier="tin"), {}, today=TODAY) == {"tier": "standard"}
    assert attributes.values(ada(), {}, today=TODAY) == {"tier": "unknown"}
    assert attributes.read(ada(tier="tin"), {}, today=TODAY).misfits == ()


def test_a_value_below_the_first_band_is_otherwise() -> None:
    bands = Bands((0.0,), ("credit",), "debt")
    attributes = a_map(crm("state", field="balance", type="number", table=bands))

    assert attributes.values(ada(balance=-1), {}, today=TODAY) == {"state": "debt"}


def test_a_condition_is_a_flag() -> None:
    attributes = a_map(crm("vip", field="tier", yes_if=lambda tier: tier == "high", default=False))

    assert attributes.values(ada(tier="high"), {}, today=TODAY) == {"vip": True}
    assert attributes.values(ada(tier="low"), {}, today=TODAY) == {"vip": False}
    assert attributes.values(None, {}, today=TODAY) == {"vip": False}


def test_personal_data_comes_only_by_its_name() -> None:
    fields = ("id", "kind", "name", "phone", "email", "account", "url", "connector")
    attributes = a_map(*(AttributeRule(f"a_{name}", "customer", name) for name in fields))

    assert attributes.values(ada(), {}, today=TODAY) == {
        "a_id": "C-1001",
        "a_kind": "contact",
        "a_name": "Ada Byron",
        "a_phone": "+14155550142",
        "a_email": "ada@example.com",
        "a_account": "A-17",
        "a_url": "https://crm.example.com/C-1001",
        "a_connector": "sandbox",
    }


def test_the_ledger_is_asked_only_where_an_attribute_comes_from_it() -> None:
    assert not a_map(crm("tier"), AttributeRule("who", "customer", "name")).needs_history
    assert a_map(crm("tier"), AttributeRule("calls", "history", "contacts_7d")).needs_history
