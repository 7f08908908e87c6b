"""A connector's row says that its record was merged, in whatever form the CRM has for ids."""

import pytest

from switchboard.adapters.crm_records import customer_of
from switchboard.domain.customer import Customer


def read(**row: object) -> Customer:
    def link(record: object) -> str:
        assert isinstance(record, dict)
        return f"https://crm.example.com/{record['kind']}/{record['id']}"

    customer = customer_of("crm", {"id": 7, "kind": "contact", **row}, link)
    assert customer is not None
    return customer


@pytest.mark.parametrize(("written", "read_as"), [("9", "9"), (9, "9"), ("a-b", "a-b")])
def test_the_survivor_is_named_and_its_page_is_the_one_to_look_at(
    written: object, read_as: str
) -> None:
    customer = read(merged_into=written)

    assert (customer.id, customer.merged_into) == ("7", read_as)
    assert customer.url == f"https://crm.example.com/contact/{read_as}"


@pytest.mark.parametrize("written", [None, "", False, True, [], {}, 1.5])
def test_anything_else_is_no_merge(written: object) -> None:
    customer = read(merged_into=written)

    assert customer.merged_into == ""
    assert customer.url == "https://crm.example.com/contact/7"
    assert read() == customer
