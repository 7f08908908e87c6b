import base64
import sqlite3
from pathlib import Path

import pytest
import requests

from tests.local.sandbox_crm.harness import CREDENTIALS, TIMEOUT_S, Client, TurnableClock

RIGHT = (CREDENTIALS.client_id, CREDENTIALS.client_secret)


def ask(crm: Client, client: tuple[str, str] | None, **form: str) -> requests.Response:
    headers = {}
    if client is not None:
        pair = base64.b64encode(":".join(client).encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return requests.post(f"{crm.base}/oauth/token", data=form, headers=headers, timeout=TIMEOUT_S)


def test_a_client_may_show_its_secret_in_the_header_or_in_the_body(steady_crm: Client) -> None:
    by_header = ask(steady_crm, RIGHT, grant_type="client_credentials")
    by_body = ask(
        steady_crm,
        None,
        grant_type="client_credentials",
        client_id=RIGHT[0],
        client_secret=RIGHT[1],
    )

    for answer in (by_header, by_body):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.json()["token_type"] == "Bearer"
        assert answer.json()["expires_in"] == 3600
    assert by_header.json()["access_token"] != by_body.json()["access_token"]


@pytest.mark.parametrize(
    "client", [(RIGHT[0], "wrong"), ("wrong", RIGHT[1]), (RIGHT[0], ""), ("", ""), None]
)
def test_a_wrong_client_gets_no_token(steady_crm: Client, client: tuple[str, str] | None) -> None:
    answer = ask(steady_crm, client, grant_type="client_credentials")

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["WWW-Authenticate"] == "Basic"


@pytest.mark.parametrize(
    ("form", "error"),
    [({}, "invalid_request"), ({"grant_type": "password"}, "unsupported_grant_type")],
)
def test_another_grant_is_refused(steady_crm: Client, form: dict[str, str], error: str) -> None:
    answer = ask(steady_crm, RIGHT, **form)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nonsense"}])
def test_without_a_valid_token_the_api_answers_401(
    steady_crm: Client, header: dict[str, str]
) -> None:
    answer = Client(steady_crm.base, header).get("/api/customers")

    assert answer.status_code == 401
    assert set(answer.json()) == {"error", "message"}
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_is_good_for_an_hour(crm: Client, clock: TurnableClock) -> None:
    clock.advance(seconds=3590)
    assert crm.get("/api/customers").status_code == 200

    clock.advance(seconds=20)
    assert crm.get("/api/customers").json()["error"] == "invalid_token"


def test_the_database_holds_no_token_that_could_be_used(crm: Client, database: Path) -> None:
    token = crm.headers["Authorization"].removeprefix("Bearer ")

    connection = sqlite3.connect(database)
    stored = connection.execute("SELECT digest FROM tokens").fetchall()
    connection.close()

    assert len(stored) == 1
    assert token not in str(stored)
