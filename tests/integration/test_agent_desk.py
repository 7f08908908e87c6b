"""The page that pops up: opened by its signed link and by nothing else."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.integration.answers import new_interaction, the_end_of
from tests.integration.canaries import NAME, NUMBER, REMARK
from tests.integration.deployment import Answer, Deployment

EXPIRED = "This link is not valid or has expired"


def arrives(switchboard: Deployment, interaction: str) -> str:
    """The path of the page that the answer points to."""
    asked = {"contact": NUMBER, "interaction_id": interaction}
    answer = switchboard.http("POST", "/v1/arrivals/route", json_body=asked)
    return urlsplit(str(answer.json["screen_pop_url"])).path


def is_refused_to_a_person(answer: Answer, status: int) -> bool:
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<h1>Not available</h1>" in answer.text
    return NAME not in answer.text


def test_the_agent_sees_who_calls_and_why_and_what_was_before(switchboard: Deployment) -> None:
    earlier = new_interaction()
    arrives(switchboard, earlier)
    ends = the_end_of(earlier)
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)

    page = switchboard.http("GET", arrives(switchboard, new_interaction()), key="")

    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert all(text in page.text for text in (NAME, "high-value", REMARK, "Maya Lindqvist"))


def test_without_an_interaction_there_is_no_page(switchboard: Deployment) -> None:
    answer = switchboard.http("POST", "/v1/arrivals/lookup", json_body={"contact": NUMBER})

    assert answer.json["screen_pop_url"] == ""


@pytest.mark.parametrize("spoil", [lambda t: t[:-1], lambda t: "A" + t, lambda t: "x", str.upper])
def test_a_link_that_was_changed_shows_nothing(
    switchboard: Deployment, spoil: Callable[[str], str]
) -> None:
    token = arrives(switchboard, new_interaction()).removeprefix("/desk/")

    answer = switchboard.http("GET", f"/desk/{spoil(token)}", key="")

    assert is_refused_to_a_person(answer, 403)


def test_a_link_shows_nothing_after_a_working_day(switchboard: Deployment) -> None:
    path = arrives(switchboard, new_interaction())

    with switchboard.later(hours=8, seconds=1):
        answer = switchboard.http("GET", path, key="")

    assert is_refused_to_a_person(answer, 403)
    assert EXPIRED in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_can_only_be_looked_at(switchboard: Deployment, method: str) -> None:
    answer = switchboard.http(method, arrives(switchboard, new_interaction()), key="")

    assert is_refused_to_a_person(answer, 405)
    assert answer.headers["allow"] == "GET"


def test_a_ledger_that_is_down_is_said_to_a_person(switchboard: Deployment) -> None:
    path = arrives(switchboard, new_interaction())

    with switchboard.changed("INTERACTIONS_TABLE", "NoSuchTable"):
        answer = switchboard.http("GET", path, key="")

    assert is_refused_to_a_person(answer, 503)
