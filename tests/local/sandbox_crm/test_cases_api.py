import json
import re
import sqlite3
from pathlib import Path

import pytest
import requests

from local.sandbox_crm.crm import SEED
from tests.local.sandbox_crm.harness import ADA, TIMEOUT_S, Client, TurnableClock, running_crm

IMOGEN = "C-1005"
HOSTILE = "<script>alert('x')</script>"


def opened(crm: Client, subject: str, customer_id: str = ADA) -> str:
    answer = crm.post("/api/cases", {"customer_id": customer_id, "subject": subject})
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/cases/{answer.json()['id']}"
    return str(answer.json()["id"])


def open_cases(crm: Client, customer_id: str = ADA) -> list[str]:
    """As the customer shows them."""
    customer = crm.get(f"/api/customers/{customer_id}").json()
    return [case["subject"] for case in customer["open_cases"]]


def page(crm: Client, customer_id: str = ADA) -> str:
    return requests.get(f"{crm.base}/customers/{customer_id}", timeout=TIMEOUT_S).text


def test_a_customer_shows_the_open_cases_last_opened_first(crm: Client) -> None:
    assert open_cases(crm) == []
    first = opened(crm, "No dialling tone")
    opened(crm, "Wrong invoice")
    opened(crm, "Somebody else's", IMOGEN)

    assert open_cases(crm) == ["Wrong invoice", "No dialling tone"]

    crm.patch(f"/api/cases/{first}", {"status": "closed"})

    assert open_cases(crm) == ["Wrong invoice"]


def test_every_answer_that_holds_a_customer_holds_the_open_cases(crm: Client) -> None:
    opened(crm, "Wrong invoice")
    told = [
        crm.get(f"/api/customers/{ADA}").json(),
        crm.get("/api/customers", params={"id": ADA}).json()["customers"][0],
        crm.patch(f"/api/customers/{ADA}", {"company": "Engines"}).json(),
    ]

    assert [[case["subject"] for case in one["open_cases"]] for one in told] == [
        ["Wrong invoice"]
    ] * 3
    assert set(told[0]["open_cases"][0]) == {"id", "subject", "opened_at"}
    assert crm.post("/api/customers", {"name": "Olu"}).json()["open_cases"] == []


def test_a_search_gives_each_customer_their_own_cases(crm: Client) -> None:
    found = crm.get("/api/customers").json()["customers"]

    with_cases = {one["id"]: len(one["open_cases"]) for one in found if one["open_cases"]}
    assert with_cases == {"C-1002": 1, IMOGEN: 2}


def test_open_cases_are_no_field_that_one_can_write(steady_crm: Client) -> None:
    answer = steady_crm.patch(f"/api/customers/{ADA}", {"open_cases": []})

    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["open_cases"])


def test_a_case_is_closed_once_and_opened_again(crm: Client, clock: TurnableClock) -> None:
    where = f"/api/cases/{opened(crm, 'Wrong invoice')}"
    assert crm.get(where).json()["closed_at"] is None

    closed = crm.patch(where, {"status": "closed"}).json()
    clock.advance(minutes=5)
    again = crm.patch(where, {"status": "closed", "subject": "Wrong address"}).json()

    assert closed["status"] == "closed"
    assert again == {**closed, "subject": "Wrong address"}
    assert crm.get(where).json() == again

    reopened = crm.patch(where, {"status": "open"}).json()
    assert (reopened["status"], reopened["closed_at"]) == ("open", None)
    assert open_cases(crm) == ["Wrong address"]


def test_cases_are_found_by_customer_and_status(crm: Client) -> None:
    first = opened(crm, "First")
    second = opened(crm, "Second")
    crm.patch(f"/api/cases/{first}", {"status": "closed"})

    def found(**query: str) -> list[str]:
        return [case["id"] for case in crm.get("/api/cases", params=query).json()["cases"]]

    assert found(customer_id=ADA) == [second, first]
    assert found(customer_id=ADA, status="open") == [second]
    assert found(status="closed") == [first]
    assert found(customer_id="C-9") == []
    assert len(found()) == 5


def test_paging_meets_every_case_once(crm: Client) -> None:
    for number in range(4):
        opened(crm, f"Case {number}")
    path: str | None = f"/api/cases?customer_id={ADA}&limit=3"
    seen: list[str] = []
    while path:
        answer = crm.get(path).json()
        seen += [case["subject"] for case in answer["cases"]]
        path = answer["next"]

    assert seen == ["Case 3", "Case 2", "Case 1", "Case 0"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"subject": "x"}, "customer_id"),
        ({"customer_id": ADA}, "subject"),
        ({"customer_id": "C-9", "subject": "x"}, "customer_id"),
        ({"customer_id": "'; DROP TABLE", "subject": "x"}, "customer_id"),
        ({"customer_id": ADA, "subject": ""}, "subject"),
        ({"customer_id": ADA, "subject": "x" * 201}, "subject"),
        ({"customer_id": ADA, "subject": "x", "status": "closed"}, "status"),
    ],
)
def test_a_case_that_cannot_be_is_refused(
    steady_crm: Client, body: dict[str, str], field: str
) -> None:
    answer = steady_crm.post("/api/cases", body)

    assert (answer.status_code, list(answer.json()["fields"])) == (422, [field])
    assert open_cases(steady_crm) == []


def test_a_status_that_no_case_can_have_is_refused(crm: Client) -> None:
    case = opened(crm, "Wrong invoice")

    for answer in (
        crm.patch(f"/api/cases/{case}", {"status": "asleep"}),
        crm.get("/api/cases?status=asleep"),
    ):
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["status"])
    assert open_cases(crm) == ["Wrong invoice"]


@pytest.mark.parametrize("case_id", ["K-99", "1", "C-1001", "K-" + "9" * 400, "%00"])
def test_a_case_nobody_opened_is_not_found(steady_crm: Client, case_id: str) -> None:
    assert steady_crm.get(f"/api/cases/{case_id}").status_code == 404
    assert steady_crm.patch(f"/api/cases/{case_id}", {"status": "closed"}).status_code == 404


def test_cases_need_a_token(steady_crm: Client) -> None:
    assert Client(steady_crm.base).get("/api/cases").status_code == 401
    assert Client(steady_crm.base).post("/api/cases", {}).status_code == 401


def test_the_customer_s_page_lists_what_is_open_and_nothing_else(crm: Client) -> None:
    assert "None is open." in page(crm)
    closed = opened(crm, "Wrong invoice")
    opened(crm, HOSTILE)
    crm.patch(f"/api/cases/{closed}", {"status": "closed"})

    shown = page(crm)

    assert re.search(r"Open cases <span[^>]*>1<", shown)
    assert "&lt;script&gt;alert" in shown
    assert "<script>alert" not in shown
    assert "Wrong invoice" not in shown


def test_cases_outlive_a_restart_and_the_seed_comes_once(
    database: Path, clock: TurnableClock
) -> None:
    with running_crm(database, clock) as crm:
        opened(crm, "Wrong invoice")
    with running_crm(database, clock) as crm:
        assert open_cases(crm) == ["Wrong invoice"]
        assert len(open_cases(crm, IMOGEN)) == 2


def test_a_database_from_before_there_were_cases_opens_without_any(
    database: Path, clock: TurnableClock
) -> None:
    with running_crm(database, clock):
        pass
    older = sqlite3.connect(database)
    older.execute("DROP TABLE cases")
    older.close()

    with running_crm(database, clock) as crm:
        assert open_cases(crm, IMOGEN) == []
        opened(crm, "The first", IMOGEN)
        assert open_cases(crm, IMOGEN) == ["The first"]


def test_every_case_of_the_seed_belongs_to_a_customer_of_the_seed() -> None:
    seed = json.loads(SEED.read_text("utf-8"))
    last = seed["first_number"] + len(seed["customers"])
    known = {f"C-{number}" for number in range(seed["first_number"], last)}

    assert {case["customer_id"] for case in seed["cases"]} <= known
