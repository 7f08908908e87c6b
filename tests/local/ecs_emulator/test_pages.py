import re

import pytest
import requests

from tests.local.ecs_emulator.conftest import OpenCentre
from tests.local.ecs_emulator.fake_switchboard import FakeSwitchboard, flat


def test_the_floor_shows_agents_and_contacts(open_centre: OpenCentre) -> None:
    person = open_centre()
    interaction_id = person.calls()
    person.waits(interaction_id, "Handled")

    page = person.get("/")

    assert page.headers["Content-Type"].startswith("text/html")
    for shown in ("Maya Lindqvist", "Ada Byron", interaction_id, "Resolved"):
        assert shown in page.text


def test_every_page_forbids_foreign_code(open_centre: OpenCentre) -> None:
    person = open_centre()

    page = person.get("/")

    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
        assert person.get(path).status_code == 200
    assert "http://" not in page.text


def test_hostile_answers_are_text_on_the_page(
    open_centre: OpenCentre, switchboard: FakeSwitchboard
) -> None:
    switchboard.route = lambda _: flat(
        customer_name="<script>alert(1)</script>", screen_pop_url="javascript:alert(1)"
    )
    person = open_centre()
    interaction_id = person.calls()
    person.waits_until(interaction_id, lambda view: view["has_ended"] and view["screen_pop"])

    page = person.get(f"/interactions/{interaction_id}").text

    assert "<script>alert" not in page
    assert 'href="javascript' not in page


def test_an_agent_finishes_on_the_page(open_centre: OpenCentre) -> None:
    person = open_centre()
    placed = requests.post(
        f"{person.url}/contacts",
        data={"channel": "voice", "from": "+1 415 555 0142", "manual": "on"},
        timeout=5,
    )
    interaction_id = placed.url.rpartition("/")[2]
    person.waits(interaction_id, "Handling")
    assert "Information Given" in person.get(f"/interactions/{interaction_id}").text

    requests.post(
        f"{person.url}/interactions/{interaction_id}/finish",
        data={"disposition": "Information Given", "remarks": "Told the opening hours"},
        timeout=5,
    )

    person.waits(interaction_id, "Handled")
    page = person.get(f"/interactions/{interaction_id}").text
    assert "Service &gt; Question &gt; Answered &gt; Information Given" in page
    assert "Told the opening hours" in page


def test_an_agent_transfers_on_the_page(open_centre: OpenCentre) -> None:
    person = open_centre()
    interaction_id = person.calls(manual=True)
    person.waits(interaction_id, "Handling")

    requests.post(
        f"{person.url}/interactions/{interaction_id}/transfer",
        data={"business_process": "Collections"},
        timeout=5,
    )

    person.waits_until(interaction_id, lambda view: view["business_process"] == "Collections")


def test_a_refused_form_says_why_on_a_page(open_centre: OpenCentre) -> None:
    person = open_centre()
    interaction_id = person.calls()
    person.waits(interaction_id, "Handled")

    refused = requests.post(
        f"{person.url}/interactions/{interaction_id}/finish",
        data={"disposition": "Resolved"},
        timeout=5,
    )

    assert refused.status_code == 409
    assert "while the state is Handled" in refused.text


@pytest.mark.parametrize(
    "header", [{"Origin": "https://elsewhere.example.com"}, {"Host": "rebound.example.com"}]
)
def test_a_page_from_elsewhere_cannot_place_calls(
    header: dict[str, str], open_centre: OpenCentre
) -> None:
    person = open_centre()

    refused = person.post(
        "/emulator/contacts", {"channel": "voice", "from": "+1 415 555 0142"}, **header
    )

    assert refused.status_code == 403
    assert person.get("/emulator/interactions").json() == {"interactions": []}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"channel": "fax", "from": "+1 415 555 0142"}, "unknown_channel"),
        ({"channel": "voice"}, "invalid_request"),
        ({"channel": "voice", "from": "x", "disposition": "Nothing"}, "unknown_disposition"),
    ],
)
def test_a_contact_that_makes_no_sense_is_refused(
    body: dict[str, str], error: str, open_centre: OpenCentre
) -> None:
    refused = open_centre().post("/emulator/contacts", body)

    assert (refused.status_code, refused.json()["error"]) == (422, error)


def test_a_wrong_method_or_path_is_a_flat_error(open_centre: OpenCentre) -> None:
    person = open_centre()

    assert person.get("/emulator/contacts").json()["error"] == "method_not_allowed"
    assert person.get("/emulator/nothing").json()["error"] == "not_found"
