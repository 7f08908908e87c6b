from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.local.sandbox_crm.harness import ADA, Client, TurnableClock

CALL: dict[str, Any] = {
    "customer_id": ADA,
    "type": "call",
    "direction": "inbound",
    "subject": "Question about a bill",
    "started_at": "2026-11-20T10:00:00-08:00",
    "duration_s": 200,
    "agent": "Kim",
    "business_process": "Customer Care",
    "disposition": "Resolved",
    "remarks": "Paid\nwhile we spoke.",
    "contact": "+14155550142",
    "revision": 3,
}


def stored(crm: Client, external_id: str) -> dict[str, Any]:
    found: dict[str, Any] = crm.get(f"/api/activities/{external_id}").json()
    return found


def test_the_same_activity_sent_twice_is_one_record(crm: Client) -> None:
    first, second = crm.put("/api/activities/i-1", CALL), crm.put("/api/activities/i-1", CALL)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == {"id": "A-1", "external_id": "i-1", "created": True}
    assert second.json() == {"id": "A-1", "external_id": "i-1", "created": False}
    assert len(crm.get("/api/activities").json()["activities"]) == 1


def test_an_activity_is_kept_as_sent_with_its_moment_in_utc(crm: Client) -> None:
    crm.put("/api/activities/i-1", CALL)

    kept = stored(crm, "i-1")

    assert CALL.items() - kept.items() == {("started_at", CALL["started_at"])}
    assert kept["started_at"] == "2026-11-20T18:00:00.000Z"


def test_a_newer_revision_replaces_and_an_older_one_changes_nothing(crm: Client) -> None:
    crm.put("/api/activities/i-1", CALL)
    crm.put("/api/activities/i-1", {"type": "call", "revision": 4, "subject": "Newer"})

    late = crm.put("/api/activities/i-1", CALL)

    assert late.status_code == 200
    assert late.json() == {"id": "A-1", "external_id": "i-1", "created": False, "stale": True}
    kept = stored(crm, "i-1")
    assert (kept["subject"], kept["revision"], kept["customer_id"]) == ("Newer", 4, None)


def test_twenty_senders_of_one_activity_make_one_record(crm: Client, clock: TurnableClock) -> None:
    # The store asks the time between looking and writing; a slow clock lets senders meet there.
    clock.pause_s = 0.01
    revisions = list(range(20))
    with ThreadPoolExecutor(20) as senders:
        answers = list(
            senders.map(
                lambda revision: crm.put("/api/activities/i-1", {**CALL, "revision": revision}),
                revisions,
            )
        )

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert {answer.json()["id"] for answer in answers} == {"A-1"}
    assert stored(crm, "i-1")["revision"] == max(revisions)


def test_activities_are_found_by_external_id_and_by_customer(crm: Client) -> None:
    crm.put("/api/activities/i-1", CALL)
    crm.put("/api/activities/i-2", {"type": "email"})
    crm.put("/api/activities/i-3", {**CALL, "type": "callback"})

    def found(query: str) -> list[str]:
        activities = crm.get(f"/api/activities?{query}").json()["activities"]
        return [activity["external_id"] for activity in activities]

    assert found("external_id=i-2") == ["i-2"]
    assert found("external_id=i-9") == []
    assert found(f"customer_id={ADA}") == ["i-3", "i-1"]
    assert found("customer_id=nonsense") == []
    assert found("") == ["i-3", "i-2", "i-1"]


def test_activities_of_a_period_are_told_by_when_they_began(crm: Client) -> None:
    for begun in ("2026-11-20T08:00:00Z", "2026-11-20T23:59:59.999+00:00", "2026-11-21T00:00:00Z"):
        crm.put(f"/api/activities/i-{begun[8:13]}", {"type": "call", "started_at": begun})

    day = {"from": "2026-11-20T00:00:00-00:00", "to": "2026-11-21T01:00:00+01:00"}
    first = crm.get("/api/activities", params={**day, "limit": "1"}).json()
    second = crm.get(first["next"]).json()

    assert [row["external_id"] for row in first["activities"]] == ["i-20T23"]
    assert [row["external_id"] for row in second["activities"]] == ["i-20T08"]
    assert second["next"] is None


def test_an_activity_that_began_nobody_knows_when_is_of_the_period_it_was_entered_in(
    crm: Client,
) -> None:
    crm.put("/api/activities/i-1", {"type": "call"})
    entered = stored(crm, "i-1")["created_at"]

    assert len(crm.get("/api/activities", params={"from": entered}).json()["activities"]) == 1
    assert crm.get("/api/activities", params={"to": entered}).json()["activities"] == []


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-11-20T10:00:00", "2026-11-20"])
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_period_that_cannot_be_read_is_refused_and_not_ignored(
    crm: Client, name: str, moment: str
) -> None:
    refused = crm.get("/api/activities", params={name: moment})

    assert refused.status_code == 422
    assert list(refused.json()["fields"]) == [name]


def test_paging_meets_every_activity_once(crm: Client) -> None:
    for number in range(5):
        crm.put(f"/api/activities/i-{number}", {"type": "chat"})

    first = crm.get("/api/activities?limit=3").json()
    second = crm.get(first["next"]).json()

    met = [activity["external_id"] for activity in first["activities"] + second["activities"]]
    assert met == ["i-4", "i-3", "i-2", "i-1", "i-0"]
    assert second["next"] is None


@pytest.mark.parametrize("external_id", ["a//b", "a%2Fb", "ü ?&=", "é%20", "x" * 200])
def test_an_external_id_may_hold_any_character(crm: Client, external_id: str) -> None:
    path = "/api/activities/" + external_id.replace("?", "%3F")

    assert crm.put(path, CALL).status_code == 201
    assert crm.put(path, CALL).status_code == 200
    assert crm.get(path).json()["id"] == "A-1"


def test_an_external_id_cannot_begin_with_a_slash_and_is_never_made_another(crm: Client) -> None:
    assert crm.put("/api/activities//i-1", CALL).status_code == 404
    assert crm.get("/api/activities").json()["activities"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("customer_id", "C-9"),
        ("customer_id", 1001),
        ("type", None),
        ("type", ""),
        ("direction", "sideways"),
        ("started_at", 1_700_000_000),
        ("started_at", "20 November"),
        ("duration_s", -1),
        ("duration_s", 1.5),
        ("remarks", "x" * 10_001),
        ("revision", -1),
        ("revision", 2**63),
        ("colour", "red"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_stored(
    steady_crm: Client, field: str, value: Any
) -> None:
    answer = steady_crm.put("/api/activities/i-1", {**CALL, field: value})

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    assert steady_crm.get("/api/activities/i-1").status_code == 404


def test_fields_that_are_not_known_yet_may_be_empty_or_null(crm: Client) -> None:
    empty = dict.fromkeys(("customer_id", "direction", "subject", "started_at", "contact"), "")

    assert crm.put("/api/activities/i-1", {**empty, "type": "call"}).status_code == 201
    assert crm.put("/api/activities/i-2", {"type": "call", "duration_s": None}).status_code == 201
    assert stored(crm, "i-1")["customer_id"] is None


def test_long_remarks_are_kept_whole(crm: Client) -> None:
    remarks = "ä" * 10_000
    crm.put("/api/activities/i-1", {**CALL, "remarks": remarks})

    assert stored(crm, "i-1")["remarks"] == remarks


def test_several_at_once_have_a_result_each_in_their_order(crm: Client) -> None:
    crm.put("/api/activities/i-2", CALL)
    several = [
        {"external_id": "i-1", **CALL},
        {"external_id": "i-2", **CALL, "revision": 1},
        {"external_id": "i-3", **CALL, "customer_id": "C-9999"},
        {"external_id": "", **CALL},
        "no object",
    ]

    answer = crm.post("/api/activities", {"activities": several})

    assert answer.status_code == 200
    done, stale, unknown_customer, nameless, nonsense = answer.json()["results"]
    assert done == {"id": "A-2", "external_id": "i-1", "created": True}
    assert stale["stale"] is True
    assert (unknown_customer["external_id"], unknown_customer["error"]) == ("i-3", "invalid_fields")
    assert nameless["error"] == nonsense["error"] == "invalid_fields"
    assert len(crm.get("/api/activities").json()["activities"]) == 2


@pytest.mark.parametrize("several", [None, [], "text", [CALL] * 101])
def test_several_are_a_list_of_no_more_than_a_hundred(crm: Client, several: object) -> None:
    assert crm.post("/api/activities", {"activities": several}).status_code == 422
