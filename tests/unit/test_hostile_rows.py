"""One row of a CRM cannot keep us busy: of very many values, and very long ones, few are read."""

import json
import time

import pytest

from switchboard.adapters.crm_records import customer_of, left_out
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer, Known, Unknown, match_customers
from switchboard.domain.identity import PhoneNumber
from tests.unit.connector.examples import ScriptedTransport, answer, compiled, soon

MOBILE = PhoneNumber("+14155550142")
NUMBER = "(415) 555-0142"
KINDS = ("phones", "emails", "accounts")


def read(**row: object) -> Customer:
    customer = customer_of("crm", {"id": "7", **row}, lambda _: "")
    assert customer is not None
    return customer


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_fifty_values_of_a_row_are_read(kind: str) -> None:
    values = [f"value {number}" for number in range(60)]

    assert getattr(read(**{kind: values}), kind) == tuple(values[:50])
    assert left_out([{"id": "7", kind: values}]) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_more_than_512_characters_is_no_contact(kind: str) -> None:
    values = ["x" * 513, "y" * 512, "z"]

    assert getattr(read(**{kind: values}), kind) == ("y" * 512, "z")
    assert left_out([{"id": "7", kind: values}]) == 1


def test_long_values_take_nobody_s_place() -> None:
    customer = read(phones=["1" * 600] * 100 + [NUMBER])

    assert match_customers([customer], MOBILE, default_region="US") == Known(customer)


def test_what_is_no_text_is_not_counted_as_left_out() -> None:
    rows = [{"id": "7", "phones": [None, "", {}, NUMBER]}, {"id": "8", "phones": None}, "row"]

    assert left_out(rows) == 0


@pytest.mark.parametrize("value", ["tel:+1{:07d}", "00(0)1/2~3x{}"])
def test_a_row_of_two_megabytes_is_compared_in_a_moment(value: str) -> None:
    row = {"id": "7", "phones": [value.format(number) for number in range(2 * 2**20 // 500)] * 10}
    began_s = time.thread_time()

    assert match_customers([read(**row)], MOBILE, default_region="US") == Unknown()

    assert time.thread_time() - began_s < 0.5


def test_what_is_left_out_of_an_answer_is_told_once_and_without_a_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    find = {"request": {"path": "/people"}, "map": "body[].{id: id, phones: phones}"}
    rows = [{"id": str(each), "phones": [NUMBER] * 60} for each in range(3)]
    crm = RestCrm(
        compiled(methods={"find": find}, lookups={"by_phone": ["find"], "by_email": []}),
        {},
        dict,
        default_region="US",
        transport=ScriptedTransport([answer(json.dumps(rows))]),
    )

    found = crm.find(MOBILE, deadline=soon())

    assert [len(customer.phones) for customer in found] == [50, 50, 50]
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "example: 30 values left out: too many or too long"
    ]
