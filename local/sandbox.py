"""The sandbox CRM as a running application, met the way any other CRM is met."""

import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

import requests

from local.peers import HOST, ApplicationError, SeededCustomer
from local.peers.private_file import kept
from local.peers.process import Server, refuse_a_taken_port

_CLIENT_ID: Final = "switchboard"
_TIMEOUT_S: Final = 10
_STORY_EMAIL: Final = "ada@example.com"


class RunningSandbox:
    """Keeps the promises of `local.peers.RunningCrm`."""

    connector_id = "sandbox"

    def __init__(self, home: Path, port: int, server: Server, client_secret: str) -> None:
        self.base_url = f"http://{HOST}:{port}"
        self.page_url = f"{self.base_url}/"
        self._server = server
        self._client_secret = client_secret
        self._hook_secret = kept(home / "hook-secret", _new_hook_secret)
        self._session = requests.Session()

    def connector_settings(self) -> dict[str, str]:
        return {"base": self.base_url}

    def connector_secrets(self) -> dict[str, str]:
        return {
            "client_id": _CLIENT_ID,
            "client_secret": self._client_secret,
            "hook_secret": self._hook_secret,
        }

    def seed(self) -> SeededCustomer:
        """The customers are there from the start; this finds the one of the story."""
        found = self._api("GET", f"/api/customers?email={_STORY_EMAIL}")["customers"][0]
        return SeededCustomer(found["id"], found["name"], "+14155550142", found["email"])

    def point_webhook_at(self, url: str) -> None:
        self._api("PUT", "/api/webhook", {"url": url, "secret": self._hook_secret})

    def ask_for_call_back(self, customer: SeededCustomer) -> None:
        for status in ("active", "call_me_back"):  # only a change of status sends an event
            self._api("PATCH", f"/api/customers/{customer.id}", {"status": status})

    def activities(self, customer: SeededCustomer) -> list[str]:
        listed = self._api("GET", f"/api/activities?customer_id={customer.id}")["activities"]
        return [
            f"{a['external_id']}: {a['direction']} {a['type']}, {a['duration_s']} s, "
            f"{a['disposition']}, by {a['agent']}: {a['remarks'] or 'no remarks'}"
            for a in listed
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._session.close()
        self._server.stop()

    def _api(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        if "authorization" not in self._session.headers:
            self._session.headers["authorization"] = f"Bearer {self._token()}"
        answer = self._session.request(method, self.base_url + path, json=body, timeout=_TIMEOUT_S)
        if not answer.ok:
            raise ApplicationError(f"the sandbox CRM answered {answer.status_code} to {method}")
        return answer.json()

    def _token(self) -> str:
        answer = self._session.post(
            f"{self.base_url}/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(_CLIENT_ID, self._client_secret),
            timeout=_TIMEOUT_S,
        )
        answer.raise_for_status()
        return str(answer.json()["access_token"])


def start(home: Path, port: int, say: Callable[[str], None] = lambda _: None) -> RunningSandbox:
    """Start it; its customers and activities stay in `home` from run to run.

    Raises: ApplicationError when the port is taken or it does not come up.
    """
    refuse_a_taken_port(port)
    home.mkdir(parents=True, exist_ok=True)
    client_secret = kept(home / "client-secret", lambda: secrets.token_urlsafe(32))
    say("starting the sandbox CRM")
    server = Server(
        [
            sys.executable, "-m", "local.sandbox_crm", "--port", str(port),
            "--database", str(home / "sandbox.sqlite"), "--log-level", "WARNING",
        ],
        environment={
            "SANDBOX_CRM_CLIENT_ID": _CLIENT_ID,
            "SANDBOX_CRM_CLIENT_SECRET": client_secret,
        },
        log=home / "sandbox.log",
    )  # fmt: skip
    running = RunningSandbox(home, port, server, client_secret)
    try:
        server.wait_until_it_answers(f"{running.base_url}/health")
    except ApplicationError:
        server.stop()
        raise
    return running


def _new_hook_secret() -> str:
    from base64 import b64encode

    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


@contextmanager
def emulator(
    home: Path, port: int, api_key: str, *, settings: tuple[str, ...] = ()
) -> Iterator[str]:
    """Run the ECS emulator; its address.

    Raises: ApplicationError when the port is taken or it does not come up.
    """
    refuse_a_taken_port(port)
    home.mkdir(parents=True, exist_ok=True)
    chosen = [part for setting in settings for part in ("--set", setting)]
    server = Server(
        [sys.executable, "-m", "local.ecs_emulator", "--port", str(port), *chosen],
        environment={"ECS_EMULATOR_API_KEY": api_key},
        log=home / "ecs-emulator.log",
    )
    try:
        server.wait_until_it_answers(f"http://{HOST}:{port}/health")
        yield f"http://{HOST}:{port}"
    finally:
        server.stop()
