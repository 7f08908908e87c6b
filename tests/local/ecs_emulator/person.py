"""Somebody who uses the emulator over HTTP."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from local.ecs_emulator.contact_centre import ContactCentre

API_KEY = "the-emulators-key"
View = dict[str, Any]


@dataclass(frozen=True)
class Person:
    url: str
    contact_centre: ContactCentre

    def post(self, path: str, body: object = None, **headers: str) -> requests.Response:
        return requests.post(self.url + path, json=body, headers=headers, timeout=5)

    def put(self, path: str, body: object) -> requests.Response:
        return requests.put(self.url + path, json=body, timeout=5)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers=headers, timeout=5)

    def ecs(self, path: str, body: object = None) -> requests.Response:
        return self.post(f"/ecs-api{path}", body, **{"X-Api-Key": API_KEY})

    def calls(self, number: str = "+1 415 555 0142", **wishes: object) -> str:
        return self._placed({"channel": "voice", "from": number, **wishes})

    def writes(self, address: str = "ada@example.com", **wishes: object) -> str:
        return self._placed({"channel": "email", "from": address, **wishes})

    def sees(self, interaction_id: str) -> View:
        view: View = self.get(f"/emulator/interactions/{interaction_id}").json()
        return view

    def waits(self, interaction_id: str, state: str) -> View:
        return self.waits_until(interaction_id, lambda view: view["state"] == state)

    def waits_until(self, interaction_id: str, holds: Callable[[View], object]) -> View:
        ends_at = time.monotonic() + 5
        while time.monotonic() < ends_at:
            view = self.sees(interaction_id)
            if holds(view):
                return view
            time.sleep(0.025)
        raise AssertionError(f"still {view['state']}: {view['timeline']}")

    def _placed(self, body: View) -> str:
        answer = self.post("/emulator/contacts", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["interaction_id"])


def eventually(holds: Callable[[], object], within_s: float = 5) -> None:
    ends_at = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends_at, "did not happen in time"
        time.sleep(0.025)
