"""Roundup, an issue tracker from PyPI, as a CRM: users are customers, contacts become issues.

Roundup stores a number as it was typed and matches substrings of it, so `(415) 555-0142` is found
only by asking for that very form, and brings along everybody whose number contains it.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import requests

from local.venvs import Say

from . import HOST, SeededCustomer
from .process import Server, refuse_a_taken_port
from .roundup_setup import prepare
from .webhook_target import WebhookTarget

_TIMEOUT_S = 10
_PATH = "/tracker"
_USER = "admin"
_CALL_BACK = "call-back"

Record = dict[str, Any]


def start(
    home: Path, port: int, say: Say, *, state: Path | None = None, calls_per_minute: int = 0
) -> "Roundup":
    """Run Roundup on loopback. Its programs live in `home`, its data in `state` or beside them.

    `calls_per_minute` switches on Roundup's own limit of API calls for each user.

    Raises: ApplicationError when the port is taken or it does not come up.
    """
    refuse_a_taken_port(port)
    folder = prepare(home, state or home / "roundup", say)
    target = WebhookTarget(folder.state)
    server = Server(
        folder.server(port, _PATH, calls_per_minute),
        environment={**folder.environment, **target.environment},
        log=folder.state / "roundup.log",
    )
    base_url = f"http://{HOST}:{port}{_PATH}"
    try:
        server.wait_until_it_answers(f"{base_url}/")
    except BaseException:
        server.stop()
        raise
    return Roundup(base_url, folder.password, target, server)


class Roundup:
    """A running Roundup."""

    connector_id = "roundup"

    def __init__(self, base_url: str, password: str, target: WebhookTarget, server: Server):
        self.base_url = base_url
        self.page_url = f"{base_url}/"
        self._password = password
        self._target = target
        self._server = server
        self._http = requests.Session()
        self._http.auth = (_USER, password)
        self._http.headers.update(
            {"X-Requested-With": "rest", "Origin": base_url.removesuffix(_PATH)}
        )

    def connector_settings(self) -> dict[str, str]:
        return {"base": self.base_url.removesuffix(_PATH), "tracker": _PATH.strip("/")}

    def connector_secrets(self) -> dict[str, str]:
        return {
            "username": _USER,
            "password": self._password,
            "hook_secret": self._target.secret,
        }

    def issue_credential(self) -> dict[str, str]:
        """The connector's secrets with a user of its own, who can be locked out."""
        name, password = f"worker-{secrets.token_hex(4)}", secrets.token_urlsafe(18)
        user = {"username": name, "password": password, "roles": "Admin"}
        self._send("POST", "user", {**user, "address": f"{name}@example.com"})
        return {**self.connector_secrets(), "username": name, "password": password}

    def withdraw(self, credential: Mapping[str, str]) -> None:
        """Give the user of these secrets another password."""
        (found,) = self.search("user", {"username:": credential["username"]})
        etag = self._item("user", found["id"])["@etag"]
        values = {"password": secrets.token_urlsafe(18), "@etag": etag}
        self._send("PUT", f"user/{found['id']}", values)

    def seed(self) -> SeededCustomer:
        self._key_item("status", {"name": _CALL_BACK, "order": "9"})
        ada = self._user("ada", "Ada Byron", "(415) 555-0142")
        # A slip of typing that contains her number, and an address that contains hers.
        self._user("grada", "Grace Neighbour", "(415) 555-01429")
        self._user("charles", "Charles Faraway", "+14155550143")
        self._user("mary", "Mary Upwards", "+1 415-555-0144")
        return SeededCustomer(ada, "Ada Byron", "+14155550142", "ada@example.com")

    def point_webhook_at(self, url: str) -> None:
        self._target.point_at(url)

    def ask_for_call_back(self, customer: SeededCustomer) -> None:
        issue = self._wish(customer)
        if self._item("issue", issue)["attributes"]["status"]["id"] == self._status(_CALL_BACK):
            # Only a change to "call-back" is news.
            self._set_status(issue, self._status("chatting"))
        self._set_status(issue, self._status(_CALL_BACK))

    def activities(self, customer: SeededCustomer) -> list[str]:
        lines = []
        for issue in self.search("issue", {"nosy": customer.id, "@sort": "-id"}):
            attributes = self._item("issue", issue["id"])["attributes"]
            notes = [self._content(message["id"]) for message in attributes["messages"]]
            lines.append("\n".join([attributes["title"], *notes]))
        return lines

    def open_issue(self, customer: SeededCustomer, title: str, message: str = "") -> str:
        """A new issue with the customer on its list, as a colleague would write one; its id."""
        issue: Record = {"title": title, "nosy": [customer.id]}
        if message:
            written = self._send("POST", "msg", {"author": _USER, "content": message})
            issue["messages"] = [written["id"]]
        return str(self._send("POST", "issue", issue)["id"])

    def mails(self) -> str:
        """Everything Roundup would have mailed."""
        file = self._target.folder / "mail.log"
        return file.read_text("utf-8", errors="replace") if file.exists() else ""

    def search(self, kind: str, query: dict[str, str]) -> list[Record]:
        """Roundup's own search: text matches as a substring, unless its key ends in a colon."""
        collection: list[Record] = self._get(kind, query)["collection"]
        return collection

    def log(self) -> str:
        """What its server printed; nothing that was searched for is in it."""
        return self._server.log.read_text("utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self._http.close()
        self._server.stop()

    def _user(self, username: str, name: str, phone: str) -> str:
        user = {"realname": name, "phone": phone, "address": f"{username}@example.com"}
        return self._key_item("user", {"username": username, "roles": "User", **user})

    def _key_item(self, kind: str, values: Record) -> str:
        """The item with that name, made if there is none."""
        key = "username" if kind == "user" else "name"
        found = self.search(kind, {f"{key}:": values[key]})
        if found:
            return str(found[0]["id"])
        return str(self._send("POST", kind, values)["id"])

    def _wish(self, customer: SeededCustomer) -> str:
        """The customer's issue about a call back, made if there is none."""
        title = "Please call me back"
        found = self.search("issue", {"title:": title, "nosy": customer.id})
        return str(found[0]["id"]) if found else self.open_issue(customer, title)

    def _status(self, name: str) -> str:
        return str(self.search("status", {"name:": name})[0]["id"])

    def _set_status(self, issue: str, status: str) -> None:
        values = {"status": status, "@etag": self._item("issue", issue)["@etag"]}
        self._send("PUT", f"issue/{issue}", values)

    def _content(self, message: str) -> str:
        return str(self._get(f"msg/{message}/content", {})["data"])

    def _item(self, kind: str, item_id: str) -> Record:
        return self._get(f"{kind}/{item_id}", {})

    def _get(self, path: str, query: dict[str, str]) -> Record:
        answer = self._http.get(self._url(path), params=query, timeout=_TIMEOUT_S)
        return _data(answer)

    def _send(self, method: str, path: str, values: Record) -> Record:
        return _data(self._http.request(method, self._url(path), json=values, timeout=_TIMEOUT_S))

    def _url(self, path: str) -> str:
        return f"{self.base_url}/rest/data/{path}"


def _data(answer: requests.Response) -> Record:
    answer.raise_for_status()
    data: Record = answer.json()["data"]
    return data
