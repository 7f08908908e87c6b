"""What a CRM says of a merge is believed: the survivor counts, the merged record does not."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.domain.customer import Customer
from switchboard.domain.merged_records import merged, surviving_key, survivors

ADA = Customer("crm", "1", "contact", "Ada Byron", url="https://crm.example.com/1")
BOB = Customer("crm", "2", "contact", "Bob Example")
EVE = Customer("crm", "3", "contact", "Eve Example")


def into(customer: Customer, survivor: str) -> Customer:
    return replace(customer, merged_into=survivor)


def test_what_was_not_merged_is_left_alone() -> None:
    assert survivors((ADA, BOB)) == (ADA, BOB)
    assert merged((ADA, BOB)) == ()
    assert survivors(()) == ()


def test_the_survivor_is_left() -> None:
    old = into(BOB, "1")

    assert survivors((old, ADA, EVE)) == (ADA, EVE)
    assert merged((old, ADA, EVE)) == ((old, ADA.key),)


def test_a_survivor_that_was_merged_too_is_not_the_last() -> None:
    old, older = into(BOB, "1"), into(EVE, "2")

    assert survivors((older, old, ADA)) == (ADA,)
    assert merged((older, old, ADA)) == ((older, ADA.key), (old, ADA.key))


def test_a_survivor_that_was_not_found_is_stood_for() -> None:
    assert survivors((into(BOB, "77"),)) == (replace(BOB, id="77"),)
    assert merged((into(BOB, "77"),)) == ((into(BOB, "77"), "crm:77"),)


def test_of_several_merged_into_one_that_was_not_found_there_is_one() -> None:
    first, second = into(BOB, "77"), into(EVE, "77")

    assert survivors((first, second)) == survivors((second, first)) == (replace(BOB, id="77"),)
    assert survivors((into(EVE, "2"), first)) == (replace(BOB, id="77"),)


@pytest.mark.parametrize(
    "circle",
    [
        (into(ADA, "1"),),
        (into(ADA, "2"), into(BOB, "1")),
        (into(ADA, "2"), into(BOB, "3"), into(EVE, "1")),
    ],
)
def test_records_that_name_each_other_stay_what_they_are(circle: tuple[Customer, ...]) -> None:
    assert survivors(circle) == circle
    assert merged(circle) == ()


def test_a_record_of_another_crm_is_another_record() -> None:
    elsewhere = replace(ADA, connector="other")

    assert survivors((elsewhere, into(BOB, "1"))) == (elsewhere, replace(BOB, id="1"))


def test_an_old_key_means_the_survivor() -> None:
    found = {customer.key: customer for customer in (ADA, into(BOB, "1"))}

    assert surviving_key("crm:2", found) == "crm:1"
    assert surviving_key("crm:1", found) == "crm:1"
    assert surviving_key("crm:9", found) == "crm:9"
    assert surviving_key("", found) == ""


_records = st.builds(
    Customer,
    connector=st.sampled_from(["crm", "other"]),
    id=st.sampled_from("1234"),
    kind=st.just("contact"),
    name=st.sampled_from(["Ada", "Bob"]),
    merged_into=st.sampled_from(["", "1", "2", "3", "4", "77"]),
)


@given(st.lists(_records, max_size=8, unique_by=lambda record: record.key), st.randoms())
def test_however_records_were_merged_somebody_is_left_once(
    records: list[Customer], chance: Random
) -> None:
    left = survivors(records)
    shuffled = survivors(chance.sample(records, len(records)))

    assert bool(left) is bool(records)
    assert len({customer.key for customer in left}) == len(left) <= len(records)
    assert sorted(left, key=repr) == sorted(shuffled, key=repr)
    assert survivors(left) == left
    assert len(left) >= len(records) - len(merged(records))
