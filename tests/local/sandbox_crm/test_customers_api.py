import json
import re
from typing import Any

import pytest

from local.sandbox_crm.crm import SEED
from local.sandbox_crm.customers import digits_of
from tests.local.sandbox_crm.harness import ADA, Client

EVERYBODY = 12


def test_a_phone_search_finds_digits_anywhere_and_so_strangers_too(steady_crm: Client) -> None:
    assert steady_crm.names(phone="415 555-0142") == ["Ada Byron", "Walter Typo"]


def test_a_number_written_with_more_digits_than_stored_is_not_found(steady_crm: Client) -> None:
    assert "Ada Byron" not in steady_crm.names(phone="+14155550142")


def test_a_phone_search_looks_at_the_mobile_too(steady_crm: Client) -> None:
    assert steady_crm.names(phone="960147") == ["Grace Tallis"]


def test_a_shared_number_finds_both_who_share_it(steady_crm: Client) -> None:
    assert steady_crm.names(phone="4155550160") == ["Peter Brindle", "Noor Haddad"]


def test_a_phone_search_without_digits_finds_everybody(steady_crm: Client) -> None:
    assert len(steady_crm.names(phone="anonymous")) == EVERYBODY


def test_an_email_must_be_equal_but_for_its_case(steady_crm: Client) -> None:
    assert steady_crm.names(email="ADA@example.COM") == ["Ada Byron"]
    assert steady_crm.names(email="da@example.com") == []


def test_an_id_finds_whom_it_belongs_to_and_a_stranger_s_id_nobody(steady_crm: Client) -> None:
    assert steady_crm.names(id="C-1001") == ["Ada Byron"]
    assert steady_crm.names(id="C-9999") == []
    assert steady_crm.names(id="C-") == []
    assert steady_crm.names(id="1001") == []


def test_phone_and_email_must_both_fit(steady_crm: Client) -> None:
    assert steady_crm.names(phone="4155550142", email="walter@example.com") == ["Walter Typo"]


def test_an_unknown_parameter_is_ignored_and_returns_everybody(steady_crm: Client) -> None:
    assert len(steady_crm.names(phone_number="4155550142")) == EVERYBODY


def test_paging_meets_everybody_once_and_keeps_the_filter(steady_crm: Client) -> None:
    path: str | None = "/api/customers?phone=555&limit=4"
    seen: list[str] = []
    while path:
        page = steady_crm.get(path).json()
        assert 0 < len(page["customers"]) <= 4
        seen += [customer["id"] for customer in page["customers"]]
        path = page["next"]

    assert len(seen) == len(set(seen)) == 9


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "after=x", "after=A-1"])
def test_a_page_that_cannot_be_is_refused(steady_crm: Client, query: str) -> None:
    answer = steady_crm.get(f"/api/customers?{query}")

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [query.partition("=")[0]]


def test_a_customer_shows_every_promised_field(steady_crm: Client) -> None:
    late = steady_crm.get("/api/customers/C-1002").json()

    assert late["balance_due"] == "412.50"
    assert late["days_past_due"] == 34
    promised = "id name company phone mobile email tier balance_due days_past_due language"
    promised += " open_complaint open_cases products time_zone owner_extension status updated_at"
    promised += " transaction_status lifetime_value"
    assert set(promised.split()) <= set(late)


def test_a_new_customer_can_be_read_found_and_changed(crm: Client) -> None:
    created = crm.post("/api/customers", {"name": "Olu", "phone": "(202) 555-0188"})
    assert created.status_code == 201
    where = created.headers["Location"]
    assert crm.get(where).json() == created.json()

    changed = crm.patch(where, {"phone": "202.555.0199"})

    assert changed.status_code == 200
    assert changed.json()["name"] == "Olu"
    assert crm.names(phone="2025550188") == []
    assert crm.names(phone="2025550199") == ["Olu"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "asleep"),
        ("tier", "gold"),
        ("name", ""),
        ("name", None),
        ("name", "x" * 201),
        ("balance_due", 412.5),
        ("balance_due", "much"),
        ("days_past_due", "34"),
        ("days_past_due", True),
        ("days_past_due", 10**30),
        ("open_complaint", "yes"),
        ("products", "Fibre"),
        ("time_zone", "Mars/Base"),
        ("time_zone", "../etc/passwd"),
        ("time_zone", "America"),
        ("call_after", "tomorrow"),
        ("call_after", "2026-01-31T09:00:00"),
        ("call_after", "0001-01-01T00:00:00+14:00"),
        ("email", "\ud800"),
        ("phone_number", "4155550142"),
        ("id", "C-1"),
    ],
)
def test_a_wrong_field_is_named_and_changes_nothing(
    steady_crm: Client, field: str, value: Any
) -> None:
    before = steady_crm.get(f"/api/customers/{ADA}").json()

    answer = steady_crm.patch(f"/api/customers/{ADA}", {field: value, "company": "Changed"})

    assert answer.status_code == 422
    assert [name.partition(".")[0] for name in answer.json()["fields"]] == [field]
    assert steady_crm.get(f"/api/customers/{ADA}").json() == before


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"days_past_due": NaN'],
)
def test_a_body_that_is_no_object_is_a_bad_request(steady_crm: Client, body: bytes) -> None:
    answer = steady_crm.call("POST", "/api/customers", data=body)

    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_a_body_over_the_limit_is_refused(steady_crm: Client) -> None:
    answer = steady_crm.call("POST", "/api/customers", data=b" " * 1_000_001)

    assert answer.status_code == 413
    assert set(answer.json()) == {"error", "message"}


@pytest.mark.parametrize(
    "customer_id", ["C-9", "1001", "C-", "C-1e3", "C-٣", "C-" + "9" * 400, "'; DROP TABLE", "%00"]
)
def test_an_id_nobody_has_is_not_found(steady_crm: Client, customer_id: str) -> None:
    assert steady_crm.get(f"/api/customers/{customer_id}").status_code == 404
    assert steady_crm.patch(f"/api/customers/{customer_id}", {}).status_code == 404


def test_a_wrong_method_is_told_which_are_right(steady_crm: Client) -> None:
    answer = steady_crm.call("DELETE", f"/api/customers/{ADA}")

    assert answer.status_code == 405
    assert "PATCH" in answer.headers["Allow"]
    assert answer.json()["error"] == "method_not_allowed"


def test_call_after_is_forgotten_when_nobody_is_to_be_called(crm: Client) -> None:
    wish = {"status": "call_me_back", "call_after": "2026-12-01T09:00:00-08:00"}
    assert crm.patch(f"/api/customers/{ADA}", wish).json()["call_after"] == (
        "2026-12-01T17:00:00.000Z"
    )

    assert crm.patch(f"/api/customers/{ADA}", {"status": "active"}).json()["call_after"] is None


def test_every_number_of_the_seed_lies_in_a_range_for_fiction() -> None:
    customers = json.loads(SEED.read_text("utf-8"))["customers"]
    numbers = [customer.get(kind) for customer in customers for kind in ("phone", "mobile")]
    digits = [digits_of(number) for number in numbers if number]

    fiction = re.compile(r"1?\d{3}55501\d\d(8|12)?|(440?|0)1632960\d{3}")
    assert len(digits) >= EVERYBODY
    assert [number for number in digits if not fiction.fullmatch(number)] == []
    assert all(
        re.search(r"[@.]example\.com$", customer["email"].casefold()) for customer in customers
    )
