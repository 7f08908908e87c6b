"""The editing page's server: who is let in, what is done, and what is refused whoever asks."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard.domain.operator_link import OperatorLink, sign
from tests.integration.answers import new_interaction
from tests.integration.canaries import EDITOR_KEY, NUMBER, STRANGER
from tests.integration.deployment import Answer, Deployment

FOR_8_H = timedelta(hours=8)


@pytest.fixture(autouse=True)
def _as_at_the_start(switchboard: Deployment) -> None:
    switchboard.publish(routing=switchboard.documents["routing"])


def token(*, may_publish: bool = True, lasts: timedelta = FOR_8_H, name: str = "Grace") -> str:
    link = OperatorLink(name, may_publish, datetime.now(UTC) + lasts)
    return sign(link, key=EDITOR_KEY.encode())


def ask(
    switchboard: Deployment,
    action: str,
    body: object = None,
    *,
    by: str | None = None,
    raw: bytes | None = None,
    of_a_page: str = "",
) -> Answer:
    headers = {
        "content-type": "application/json",
        "cookie": f"switchboard_editor={by or token()}",
        "x-switchboard-editor": "page",
        "x-switchboard-operator": of_a_page,
    }
    sent = raw if raw is not None else json.dumps(body or {}).encode()
    path = f"/editor/api/{action}"
    return switchboard.http("POST", path, body=sent, headers=headers, key="", in_base64=True)


def opened(switchboard: Deployment) -> dict[str, Any]:
    answer = ask(switchboard, "document")
    assert answer.status == 200, answer.text
    return answer.json


def row(document: dict[str, Any], row_id: str) -> dict[str, Any]:
    rows = [row for table in document["tables"] for row in table["rows"]]
    found: dict[str, Any] = next(row for row in rows if row["id"] == row_id)
    return found


def routed(switchboard: Deployment, contact: str = STRANGER) -> dict[str, Any]:
    asked = {"contact": contact, "channel": "voice", "interaction_id": new_interaction()}
    return switchboard.http("POST", "/v1/arrivals/route", json_body=asked).json


def test_a_link_becomes_a_cookie_and_the_cookie_opens_the_page(switchboard: Deployment) -> None:
    entered = switchboard.http("GET", "/editor/enter", query={"link": token()}, key="")
    page = switchboard.http(
        "GET", "/editor/page", headers={"cookie": f"switchboard_editor={token()}"}, key=""
    )

    assert entered.status == page.status == 200
    assert token()[:10] not in entered.text
    for answer in (entered, page):
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["page", "page.js", "page.css", "grid.js"])
def test_without_a_login_there_is_nothing_to_see(switchboard: Deployment, name: str) -> None:
    answer = switchboard.http("GET", f"/editor/{name}", key="")

    assert answer.status == 401
    assert "<script" not in answer.text
    assert "switchboard rules edit" in answer.text


def test_a_key_of_an_application_opens_no_editor(switchboard: Deployment) -> None:
    assert switchboard.http("GET", "/editor/page").status == 401
    assert switchboard.http("POST", "/editor/api/document", json_body={}).status == 401


def test_a_login_ends_with_its_link(switchboard: Deployment) -> None:
    by = token()

    with switchboard.later(hours=8, seconds=1):
        assert ask(switchboard, "document", by=by).status == 401
        answer = switchboard.http("GET", "/editor/enter", query={"link": by}, key="")

    assert answer.status == 403
    assert "has expired" in answer.text


def test_what_is_published_decides_the_next_call(switchboard: Deployment) -> None:
    before = opened(switchboard)
    document = copy.deepcopy(before["document"])
    assert routed(switchboard)["priority_class"] != "Urgent"
    row(document, "everyone-else")["then"]["priority"] = "Urgent"

    done = ask(
        switchboard,
        "publish",
        {"document": document, "note": "strangers first", "expected": before["digest"]},
    )

    assert done.status == 200, done.text
    assert done.json["digest"] != before["digest"]
    said = routed(switchboard)
    assert (said["row"], said["priority_class"]) == ("everyone-else", "Urgent")
    assert said["ruleset"] == done.json["digest"]
    latest = ask(switchboard, "versions").json["versions"][0]
    assert (latest["by"], latest["note"]) == ("Grace", "strangers first")


def test_publishing_what_one_opened_changes_nothing_about_any_decision(
    switchboard: Deployment,
) -> None:
    before = opened(switchboard)

    lines = ask(
        switchboard, "compare", {"document": before["document"], "digest": before["digest"]}
    )

    assert lines.json == {"lines": []}


def test_the_second_of_two_editors_hears_who_was_first(switchboard: Deployment) -> None:
    before = opened(switchboard)
    first, second = copy.deepcopy(before["document"]), copy.deepcopy(before["document"])
    row(first, "everyone-else")["note"] = "first"
    row(second, "everyone-else")["note"] = "second"
    expected = before["digest"]

    won = ask(switchboard, "publish", {"document": first, "expected": expected})
    lost = ask(
        switchboard, "publish", {"document": second, "expected": expected}, by=token(name="Ada")
    )

    assert (won.status, lost.status) == (200, 409)
    assert lost.json["meanwhile"]["by"] == "Grace"
    assert lost.json["meanwhile"]["digest"] == won.json["digest"]
    theirs = ask(switchboard, "compare", {"document": second, "digest": won.json["digest"]})
    assert any("everyone-else" in line for line in theirs.json["lines"])


def test_a_version_is_taken_back(switchboard: Deployment) -> None:
    before = opened(switchboard)
    document = copy.deepcopy(before["document"])
    row(document, "everyone-else")["then"]["priority"] = "Urgent"
    wanted = {"document": document, "expected": before["digest"]}
    new = ask(switchboard, "publish", wanted).json["digest"]

    back = ask(switchboard, "rollback", {"digest": before["digest"], "expected": new})

    assert back.status == 200, back.text
    assert back.json["digest"] == before["digest"]
    assert routed(switchboard)["priority_class"] != "Urgent"


@pytest.mark.parametrize("action", ["publish", "rollback", "switch"])
def test_who_may_look_changes_nothing(switchboard: Deployment, action: str) -> None:
    before = opened(switchboard)

    refused = ask(switchboard, action, {}, by=token(may_publish=False))

    assert refused.status == 403
    assert opened(switchboard)["digest"] == before["digest"]


@pytest.mark.parametrize("action", ["check", "explain", "versions", "switches", "export"])
def test_who_may_look_may_try_everything_else(switchboard: Deployment, action: str) -> None:
    document = opened(switchboard)["document"]
    bodies = {
        "check": {"document": document},
        "explain": {"document": document, "given": {}},
        "export": {"document": document, "as": "yaml"},
    }

    answer = ask(switchboard, action, bodies.get(action, {}), by=token(may_publish=False))

    assert answer.status == 200, answer.text


def test_another_sites_page_cannot_make_a_browser_publish(switchboard: Deployment) -> None:
    cookie = {"cookie": f"switchboard_editor={token()}"}

    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        answer = switchboard.http(
            "POST",
            "/editor/api/rollback",
            json_body={"digest": "0", "expected": "0"},
            headers={**cookie, "content-type": kind},
            key="",
        )
        assert answer.status == 403


def test_a_made_up_contact_is_explained_cell_by_cell(switchboard: Deployment) -> None:
    document = opened(switchboard)["document"]
    given = {"tier": "high", "known": "true", "open_now": "true", "last_contact": "-2d"}

    told = ask(switchboard, "explain", {"document": document, "given": given}).json

    assert told["row"] == "high-value"
    assert "tier is high" in told["because"]
    assert told["then"]["queue"].startswith("vip: Customer Care")
    assert {"row": "after-hours-written", "column": "when.open_now"}.items() <= next(
        one.items() for one in told["passed"] if one["row"] == "after-hours-written"
    )


def test_a_recorded_contact_is_decided_again_by_edited_rules(switchboard: Deployment) -> None:
    for contact in (NUMBER, STRANGER, STRANGER):
        routed(switchboard, contact)
    document = opened(switchboard)["document"]
    row(document, "everyone-else")["then"]["queue"] = "support"

    found = ask(switchboard, "replay", {"document": document, "days": 1}).json

    assert (found["contacts"], found["differently"]) == (3, 2)
    assert {"old": "everyone-else", "new": "everyone-else", "contacts": 2, "differently": 2} in (
        found["rows"]
    )
    assert found["examples"]
    assert not found["is_part"]


def test_a_switch_is_turned_and_acts_and_is_turned_back(switchboard: Deployment) -> None:
    turn = {"name": "emergency_closed", "hours": 1, "why": "burst pipe"}

    shown = ask(switchboard, "switch", {**turn, "is_on": True})
    closed = routed(switchboard)
    ask(switchboard, "switch", {**turn, "is_on": False})

    assert shown.json["switches"][0]["is_on"], shown.text
    assert "Grace" in shown.json["log"][0]
    assert closed["row"] == "closed-by-switch"
    assert not ask(switchboard, "switches").json["switches"][0]["is_on"]


def test_a_switch_goes_off_without_a_reason(switchboard: Deployment) -> None:
    turn = {"name": "emergency_closed", "hours": 1}
    ask(switchboard, "switch", {**turn, "is_on": True, "why": "burst pipe"})

    off = ask(switchboard, "switch", {**turn, "is_on": False})

    assert off.status == 200, off.text
    assert not off.json["switches"][0]["is_on"]
    assert off.json["log"][0].endswith("no reason given")


def test_a_cell_that_was_emptied_is_one_problem_at_its_row(switchboard: Deployment) -> None:
    document = opened(switchboard)["document"]
    row(document, "high-value")["when"] = {}

    problems = ask(switchboard, "check", {"document": document}).json["problems"]

    assert [(one["row"], one["column"]) for one in problems] == [("high-value", "id")]
    assert "rows below never decide" in problems[0]["text"]
    assert len(problems[0]["follows"]) > 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "emergency", "is_on": True, "why": "x"},  # the attribute, not the switch
        {"name": "emergency_closed", "is_on": True, "why": ""},
        {"name": "emergency_closed", "is_on": True, "why": "x", "hours": 1000},
        {"name": "emergency_closed", "is_on": False, "why": "it is off"},
    ],
)
def test_a_switch_that_cannot_be_turned_says_why(
    switchboard: Deployment, wrong: dict[str, Any]
) -> None:
    answer = ask(switchboard, "switch", wrong)

    assert answer.status == 422
    assert answer.json["message"]


def test_a_table_goes_to_a_spreadsheet_and_comes_back(switchboard: Deployment) -> None:
    document = opened(switchboard)["document"]
    sheet = ask(switchboard, "export", {"document": document, "as": "csv", "table": "route"})
    text = sheet.json["text"].replace("everyone-else", "all-others")

    back = ask(switchboard, "import", {"document": document, "table": "route", "text": text})

    assert sheet.json["name"] == "route.csv"
    assert back.status == 200, back.text
    assert row(back.json["document"], "all-others") == {
        **row(document, "everyone-else"),
        "id": "all-others",
    }


def test_a_spreadsheet_with_a_mistake_names_its_place(switchboard: Deployment) -> None:
    document = opened(switchboard)["document"]
    sheet = ask(switchboard, "export", {"document": document, "as": "csv", "table": "route"})
    text = sheet.json["text"].replace(">= 15", "late")

    refused = ask(switchboard, "import", {"document": document, "table": "route", "text": text})

    assert refused.status == 422
    assert any("late" in problem and "line" in problem for problem in refused.json["problems"])
    assert refused.json["message"].startswith("This file has problems")


def test_a_spreadsheet_is_not_blamed_for_the_rules_that_it_comes_into(
    switchboard: Deployment,
) -> None:
    document = opened(switchboard)["document"]
    sheet = ask(switchboard, "export", {"document": document, "as": "csv", "table": "route"})
    text = sheet.json["text"]
    row(document, "high-value")["when"] = {"tier": "platinum"}

    refused = ask(switchboard, "import", {"document": document, "table": "route", "text": text})

    assert refused.status == 422
    assert refused.json["message"].startswith("These rules have problems")


HOSTILE = [
    b"[" * 100_000,
    b'{"document": ' * 50_000,
    b'{"document": {"name": "\\ud800"}}',
    b'{"document": {"priority_point": 1e999}}',
    b'{"document": {"x": NaN}}',
    b'{"document": []}',
    b"\xff",
    b"",
    b'{"document": {"tables": [{"id": "route", "hit": "first", "rows": [[[[]]]]}]}}',
    b'{"document": {}, "more": 1}',
    b'{"document": {"name": ' + b"[" * 2_000 + b"]" * 2_000 + b"}}",
    b'{"as": "yaml", "document": ' + b'{"x": ' * 2_000 + b"1" + b"}" * 2_000 + b"}",
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("action", ["check", "explain", "publish", "import", "export"])
def test_whatever_is_sent_is_answered_in_words(
    switchboard: Deployment, action: str, body: bytes
) -> None:
    answer = ask(switchboard, action, raw=body)

    assert answer.status in {200, 400, 409, 413, 422}
    if answer.status != 200:
        assert answer.json["message"]


def test_a_body_beyond_every_ruleset_is_not_read(switchboard: Deployment) -> None:
    assert ask(switchboard, "check", raw=b" " * 280_000).status == 413


def test_rules_of_256_kib_have_room_for_what_is_said_with_them(switchboard: Deployment) -> None:
    document = opened(switchboard)["document"]
    document["tests"][0]["name"] += "x" * (256 * 1024 - len(json.dumps(document)))
    wanted = {"document": document, "note": "x" * 300, "expected": "0" * 64}
    sheet = ask(switchboard, "export", {"document": document, "as": "csv", "table": "route"})
    back = {"document": document, "table": "route", "text": sheet.json["text"] + "\n" * 100_000}

    assert ask(switchboard, "check", {"document": document}).status == 200
    assert ask(switchboard, "publish", wanted).status == 409
    assert ask(switchboard, "import", back).status == 200


def test_a_page_left_open_does_not_publish_as_the_next_who_logs_in(
    switchboard: Deployment,
) -> None:
    before = opened(switchboard)
    wanted = {"document": before["document"], "expected": before["digest"], "note": "mine"}

    answer = ask(switchboard, "publish", wanted, by=token(name="Zoë"), of_a_page="Grace")

    assert answer.status == 409
    assert "this page is Grace's" in answer.json["message"]
    assert opened(switchboard)["digest"] == before["digest"]
    of_zoe = ask(switchboard, "publish", wanted, by=token(name="Zoë"), of_a_page="Zo%C3%AB")
    assert of_zoe.status == 200, of_zoe.text


def test_a_table_that_cannot_be_reached_is_said_and_nothing_is_lost(
    switchboard: Deployment,
) -> None:
    before = opened(switchboard)
    wanted = {"document": before["document"], "expected": before["digest"]}

    with switchboard.without_aws("dynamodb"):
        answer = ask(switchboard, "publish", wanted)

    assert answer.status == 503
    assert answer.json["message"]
    assert opened(switchboard)["digest"] == before["digest"]


def test_no_name_and_no_note_of_an_operator_is_logged(switchboard: Deployment) -> None:
    before = opened(switchboard)
    document = copy.deepcopy(before["document"])
    row(document, "everyone-else")["note"] = "a private remark"
    body = {"document": document, "note": "a private note", "expected": before["digest"]}

    ask(switchboard, "publish", body, by=token(name="Grace Hopper"))

    logged = switchboard.output.getvalue()
    assert "rules published" in logged
    assert not [word for word in ("Hopper", "private") if word in logged]
    assert json.dumps(EDITOR_KEY)[1:-1] not in logged
