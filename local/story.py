"""One contact from ring to record, and one call back from CRM to contact centre, step by step.

Everything is asked of the running applications themselves, as a person would see it; nothing is
taken from Switchboard's own word alone.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import requests

from local.peers import SeededCustomer
from local.running import Running

_PATIENCE_S: Final = 60.0
_TIMEOUT_S: Final = 20
_DISPOSITION: Final = "Resolved"
_REMARK: Final = "Asked about the last invoice; all explained."
_Found = TypeVar("_Found")


class StepFailed(Exception):
    """Which step of the story did not come true, and what was seen instead."""


@dataclass(frozen=True)
class Narrator:
    """Where the story's lines go: a step's title, then what was seen."""

    step: Callable[[str], None]
    line: Callable[[str], None]


def play(running: Running, narrator: Narrator) -> None:
    """Raises: StepFailed."""
    customer = running.crm.seed()
    story = _Story(running, narrator, customer)
    interaction_id = story.a_call_arrives()
    story.an_agent_sees_the_customer(interaction_id)
    story.an_application_holds_and_retrieves(interaction_id)
    story.the_result_stands_in_the_crm(interaction_id)
    story.the_crm_asks_for_a_call_back()


class _Story:
    def __init__(self, running: Running, narrator: Narrator, customer: SeededCustomer) -> None:
        self._ecs = running.target.ecs_url
        self._api = running.target.api_url
        self._key = {"x-switchboard-key": running.target.key}
        self._crm = running.crm
        self._say = narrator
        self._customer = customer

    def a_call_arrives(self) -> str:
        self._say.step(f"A call arrives from {self._customer.e164}")
        contact = {"channel": "voice", "from": self._customer.e164, "manual": True}
        asked = {**contact, "disposition": _DISPOSITION, "remarks": _REMARK}
        made = requests.post(f"{self._ecs}/emulator/contacts", json=asked, timeout=_TIMEOUT_S)
        made.raise_for_status()
        interaction_id = str(made.json()["interaction_id"])
        seen = self._until_handled_by_somebody(interaction_id)
        got = seen["flow_variables"]
        self._expect(got.get("outcome") == "known", f"the caller was not recognised: {got}")
        self._say.line(f"interaction   {interaction_id}")
        self._say.line(
            f"recognised    {got['customer_name']} ({got['customer_id']}), "
            f"answer {got['source']}, in {got['elapsed_ms']} ms"
        )
        self._say.line(
            f"routed        {seen['business_process']}, priority {seen['priority_class']}"
        )
        self._say.line(f"why           {got['reason']}")
        self._say.line(f"request id    {got['request_id']}")
        return interaction_id

    def an_agent_sees_the_customer(self, interaction_id: str) -> None:
        self._say.step("The agent's screen pops")
        seen = self._until(
            "the agent's browser opened the page",
            lambda: self._interaction_if(interaction_id, "screen_pop"),
        )
        url = seen["screen_pop"]["url"]
        page = requests.get(url, timeout=_TIMEOUT_S)
        self._expect(page.status_code == 200, f"the desk page answered {page.status_code}")
        self._expect(self._customer.name in page.text, "the desk page does not show the customer")
        self._say.line(f"agent         {seen['agent_name']}, extension {seen['agent_extension']}")
        self._say.line(f"desk page     {url}")

    def an_application_holds_and_retrieves(self, interaction_id: str) -> None:
        self._say.step("A business application controls the call")
        for action in ("hold", "retrieve"):
            answer = requests.post(
                f"{self._api}/v1/calls/{interaction_id}/{action}",
                headers=self._key,
                timeout=_TIMEOUT_S,
            )
            self._expect(answer.ok, f"{action} answered {answer.status_code}: {answer.text}")
            self._say.line(f"{action:<13} the call is now {answer.json()['state']}")

    def the_result_stands_in_the_crm(self, interaction_id: str) -> None:
        self._say.step("The agent finishes; the result is posted to the CRM")
        finished = requests.post(
            f"{self._ecs}/emulator/interactions/{interaction_id}/finish",
            json={"disposition": _DISPOSITION, "remarks": _REMARK},
            timeout=_TIMEOUT_S,
        )
        finished.raise_for_status()
        started = time.monotonic()
        noted = self._until(
            "the CRM shows the interaction with its disposition and remarks",
            lambda: self._noted(interaction_id),
        )
        triggers = self._interaction(interaction_id)["triggers"]
        self._say.line(f"triggers      {len(triggers)} sent, in any order, repeats among them")
        self._say.line(f"in the CRM    {noted}")
        self._say.line(f"after         {time.monotonic() - started:.1f} s")

    def the_crm_asks_for_a_call_back(self) -> None:
        self._say.step("In the CRM somebody sets the customer to “call back”")
        before = {call["id"] for call in self._calls_out()}
        self._crm.ask_for_call_back(self._customer)
        started = time.monotonic()
        call = self._until(
            "the contact centre gets the call",
            lambda: next((c for c in self._calls_out() if c["id"] not in before), None),
        )
        seen = self._interaction(call["id"])
        reference = seen["callback_reference"]
        request = self._until(
            "the request is marked as placed",
            lambda: self._request(reference, state="placed"),
        )
        self._say.line(f"webhook       signed, verified, request {reference}")
        self._say.line(f"contact policy allowed it; placed as call {request['call_id']}")
        self._say.line(f"after         {time.monotonic() - started:.1f} s")
        noted = self._until(
            "the call back stands in the CRM as well", lambda: self._noted(call["id"])
        )
        self._say.line(f"in the CRM    {noted}")

    def _until_handled_by_somebody(self, interaction_id: str) -> dict[str, Any]:
        def handled() -> dict[str, Any] | None:
            seen = self._interaction(interaction_id)
            self._expect(not seen["has_ended"], f"the call ended early: {seen['timeline'][-3:]}")
            return seen if seen["state"] == "Handling" else None

        return self._until("an agent answers the call", handled)

    def _interaction(self, interaction_id: str) -> dict[str, Any]:
        url = f"{self._ecs}/emulator/interactions/{interaction_id}"
        seen: dict[str, Any] = requests.get(url, timeout=_TIMEOUT_S).json()
        return seen

    def _interaction_if(self, interaction_id: str, name: str) -> dict[str, Any] | None:
        seen = self._interaction(interaction_id)
        return seen if seen[name] else None

    def _calls_out(self) -> list[dict[str, Any]]:
        listed = requests.get(f"{self._ecs}/emulator/interactions", timeout=_TIMEOUT_S).json()
        return [i for i in listed["interactions"] if i["direction"] == "outbound"]

    def _noted(self, interaction_id: str) -> str | None:
        lines = self._crm.activities(self._customer)
        return next((one for one in lines if interaction_id in one and self._is_whole(one)), None)

    def _is_whole(self, line: str) -> bool:
        """The disposition comes last; until then the record is only the first of two."""
        return _DISPOSITION in line or "outbound" in line

    def _request(self, reference: str, *, state: str) -> dict[str, Any] | None:
        url = f"{self._api}/v1/outbound-requests/{reference}"
        answer: dict[str, Any] = requests.get(url, headers=self._key, timeout=_TIMEOUT_S).json()
        return answer if answer.get("state") == state else None

    def _until(self, what: str, look: Callable[[], _Found | None]) -> _Found:
        give_up_at = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up_at:
            if found := look():
                return found
            time.sleep(0.1)
        raise StepFailed(f"waited {_PATIENCE_S:.0f} s in vain until {what}")

    def _expect(self, condition: bool, otherwise: str) -> None:
        if not condition:
            raise StepFailed(otherwise)
