"""Tryton, an ERP from PyPI, as a CRM: parties, their contact mechanisms, and notes on them.

Tryton keeps a number in E.164 beside the text that was typed, but only when it can tell the
country: from a leading plus, or from the country of one of the party's addresses. The customers
seeded here have an address, so `(415) 555-0142` is stored as `+1 415-555-0142` and `+14155550142`.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import requests

from local.venvs import Say

from . import HOST, SeededCustomer, private_file
from .process import Server, refuse_a_taken_port
from .tryton_setup import DATABASE, TrytonFolder, prepare
from .webhook_target import WebhookTarget

_TIMEOUT_S = 10
_USER = "admin"

Record = dict[str, Any]
Domain = list[list[str]]


def start(home: Path, port: int, say: Say, *, state: Path | None = None) -> "Tryton":
    """Run Tryton on loopback. Its programs live in `home`, its data in `state` or beside them.

    Raises: ApplicationError when the port is taken or it does not come up.
    """
    refuse_a_taken_port(port)
    folder = prepare(home, state or home / "tryton", port, say)
    target = WebhookTarget(folder.state)
    server = Server(
        folder.server,
        environment={**folder.environment, **target.environment},
        log=folder.state / "trytond.log",
    )
    base_url = f"http://{HOST}:{port}"
    try:
        server.wait_until_it_answers(f"{base_url}/")
        key = private_file.kept(folder.state / "key", lambda: _approved_key(base_url, folder))
    except BaseException:
        server.stop()
        raise
    return Tryton(base_url, key, folder, target, server)


class Tryton:
    """A running Tryton."""

    connector_id = "tryton"
    # Tryton's web client is a separate npm package, which is not installed here.
    page_url = ""

    def __init__(
        self, base_url: str, key: str, folder: TrytonFolder, target: WebhookTarget, server: Server
    ):
        self.base_url = base_url
        self._key = key
        self._folder = folder
        self._target = target
        self._server = server
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {key}"

    def connector_settings(self) -> dict[str, str]:
        return {"base": self.base_url, "db": DATABASE}

    def connector_secrets(self) -> dict[str, str]:
        return {"app_key": self._key, "hook_secret": self._target.secret}

    def issue_credential(self) -> dict[str, str]:
        """The connector's secrets with a key of its own, which can be withdrawn."""
        return {**self.connector_secrets(), "app_key": _approved_key(self.base_url, self._folder)}

    def withdraw(self, credential: Mapping[str, str]) -> None:
        """Cancel the key of these secrets, as a person does among their applications."""
        _act_on_key(self.base_url, self._folder, credential["app_key"], "cancel")

    def seed(self) -> SeededCustomer:
        country = self._country()
        ada = self._party(
            "Ada Byron",
            country,
            {"phone": "(415) 555-0142", "email": "ada@example.com"},
            time_zone="America/Los_Angeles",
        )
        # Her number and her address are part of these, so a match of substrings finds them too.
        # Tryton refuses a number that cannot be dialled as a phone, and takes it as "other".
        self._party(
            "Grace Neighbour", country, {"other": "+1 4155550142 9", "email": "grada@example.com"}
        )
        self._party(
            "Charles Faraway", country, {"phone": "(415) 555-0143", "email": "charles@example.com"}
        )
        return SeededCustomer(ada, "Ada Byron", "+14155550142", "ada@example.com")

    def point_webhook_at(self, url: str) -> None:
        self._target.point_at(url)

    def ask_for_call_back(self, customer: SeededCustomer) -> None:
        party = f"party.party/{customer.id}"
        if self._get(party, {"f": "switchboard_status"})["switchboard_status"] == "call_me_back":
            # Only a change to "call me back" is news.
            self._send("PUT", party, {"switchboard_status": "active"})
        self._send("PUT", party, {"switchboard_status": "call_me_back"})

    def activities(self, customer: SeededCustomer) -> list[str]:
        notes = self.search(
            "ir.note", [["resource", "=", f"party.party,{customer.id}"]], ["message"]
        )
        newest_first = sorted(notes, key=lambda note: int(note["id"]), reverse=True)
        return [note["message"] for note in newest_first]

    def search(self, model: str, domain: Domain, fields: Sequence[str]) -> list[Record]:
        """Tryton's own search; a domain is a list of [field, operator, value]."""
        encoded = base64.urlsafe_b64encode(json.dumps(domain).encode()).decode()
        found: list[Record] = self._get(model, {"d": encoded, "f": list(fields)})
        return found

    def log(self) -> str:
        """What its server printed; nothing that was searched for is in it."""
        return self._server.log.read_text("utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._http.close()
        self._server.stop()

    def _country(self) -> int:
        found = self.search("country.country", [["code", "=", "US"]], ["code"])
        if found:
            return int(found[0]["id"])
        made = self._send("POST", "country.country", {"name": "United States", "code": "US"})
        return int(made["id"])

    def _party(
        self, name: str, country: int, ways: Mapping[str, str], *, time_zone: str | None = None
    ) -> str:
        """The party with that e-mail address, made if there is none."""
        by_address = [["type", "=", "email"], ["value", "=", ways["email"]]]
        found = self.search("party.contact_mechanism", by_address, ["party.id"])
        if found:
            return str(found[0]["party"]["id"])
        mechanisms = [{"type": kind, "value": value} for kind, value in ways.items()]
        party = {
            "name": name,
            "switchboard_time_zone": time_zone,
            "addresses": [["create", [{"country": country}]]],
            "contact_mechanisms": [["create", mechanisms]],
        }
        return str(self._send("POST", "party.party", party)["id"])

    def _get(self, path: str, query: Mapping[str, str | list[str]]) -> Any:
        return _answer(self._http.get(self._url(path), params=query, timeout=_TIMEOUT_S))

    def _send(self, method: str, path: str, values: Record) -> Record:
        answer = self._http.request(method, self._url(path), json=values, timeout=_TIMEOUT_S)
        record: Record = _answer(answer)
        return record

    def _url(self, path: str) -> str:
        return f"{self.base_url}/{DATABASE}/rest/model/{path}"


def _answer(answer: requests.Response) -> Any:
    answer.raise_for_status()
    return answer.json()


def _approved_key(base_url: str, folder: TrytonFolder) -> str:
    """A key for the REST API. An application asks for it; a person, played here, approves it."""
    asked = {"user": _USER, "application": "rest"}
    address = f"{base_url}/{DATABASE}/r/user/application/"
    key: str = requests.post(address, json=asked, timeout=_TIMEOUT_S).json()
    _act_on_key(base_url, folder, key, "validate_")
    return key


def _act_on_key(base_url: str, folder: TrytonFolder, key: str, action: str) -> None:
    """What the person whose key it is does with it, logged in for that."""
    password = folder.password_file.read_text("utf-8")
    with requests.Session() as http:
        database = f"{base_url}/{DATABASE}"
        login = _call(http, database, "common.db.login", _USER, {"password": password})
        session = base64.b64encode(f"{_USER}:{login[0]}:{login[1]}".encode()).decode()
        http.headers["Authorization"] = f"Session {session}"
        model = "model.res.user.application"
        keys = _call(http, database, f"{model}.search", [["key", "=", key]], 0, None, None, {})
        _call(http, database, f"{model}.{action}", keys, {})


def _call(http: requests.Session, database: str, method: str, *parameters: object) -> Any:
    question = {"id": 1, "method": method, "params": parameters}
    return _answer(http.post(f"{database}/rpc/", json=question, timeout=_TIMEOUT_S))["result"]
