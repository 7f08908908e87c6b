"""The emulator's stand-in for ECS's own API: create calls and control them.

The real API is not public. Paths, bodies and errors here are the emulator's own and say nothing
about it.
"""

import hmac
import socket
import time
from collections.abc import Callable
from random import Random

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from local.ecs_emulator import views
from local.ecs_emulator.contact_centre import Answer, ContactCentre
from local.ecs_emulator.floor import Agent
from local.ecs_emulator.interaction import Interaction
from local.ecs_emulator.people_api import found
from local.ecs_emulator.requests_read import (
    AgentSearch,
    ControlTransfer,
    NewCall,
    RefusedError,
    check,
    parsed,
)


class EcsApi:
    """The routes under /ecs-api, each behind the key and the fault knobs."""

    def __init__(self, contact_centre: ContactCentre, *, api_key: str, random: Random) -> None:
        self._centre = contact_centre
        self._knobs = contact_centre.centre.knobs
        self._api_key = api_key
        self._random = random

    def blueprint(self) -> Blueprint:
        """The routes and what answers them."""
        api = Blueprint("ecs", __name__, url_prefix="/ecs-api")
        one = "/interactions/<interaction_id>"
        api.before_request(self._admit)
        api.after_request(self._perhaps_lose)
        api.post("/calls")(self.create_call)
        api.get("/calls")(self.calls)
        api.get("/agents/<extension>")(self.agent)
        api.post("/agents/search")(self.agent_by_name)
        api.get(one)(self.interaction)
        api.post(f"{one}/hold")(self.hold)
        api.post(f"{one}/retrieve")(self.retrieve)
        api.post(f"{one}/transfer")(self.transfer)
        api.post(f"{one}/hang-up")(self.hang_up)
        return api

    def create_call(self) -> ResponseReturnValue:
        """Queue a call for the best agent."""
        wanted = parsed(NewCall)
        process = self._centre.centre.business_process_at(wanted.business_process)
        if process is None:
            told = "business_process is none of the centre's."
            raise RefusedError(422, "unknown_business_process", told)
        interaction = self._centre.call(
            wanted.contact,
            process,
            contact_name=wanted.contact_name,
            reference=wanted.reference,
            preferred_agent=wanted.preferred_agent,
            remarks=wanted.remarks,
        )
        return jsonify(call_id=interaction.id), 202

    def calls(self) -> ResponseReturnValue:
        """The outbound calls with a reference, or all of them."""
        reference = request.args.get("reference", "")
        with self._centre.guard:
            matching = [
                views.call(one)
                for one in self._centre.interactions()
                if one.direction == "outbound" and reference in ("", one.callback_reference)
            ]
        return jsonify(calls=matching)

    def agent(self, extension: str) -> ResponseReturnValue:
        """How the agent of that extension is."""
        return self._agent(lambda one: one.settings.extension == extension)

    def agent_by_name(self) -> ResponseReturnValue:
        """How the agent is whom Assign Agent finds by that name."""
        name = parsed(AgentSearch).name
        return self._agent(lambda one: self._knobs.agent_name(one.settings.name) == name)

    def interaction(self, interaction_id: str) -> ResponseReturnValue:
        """Where an interaction stands."""
        return self._told(found(self._centre, interaction_id), None)

    def hold(self, interaction_id: str) -> ResponseReturnValue:
        """Put the contact on hold."""
        interaction = found(self._centre, interaction_id)
        return self._told(interaction, self._centre.hold(interaction))

    def retrieve(self, interaction_id: str) -> ResponseReturnValue:
        """Take the contact back from hold."""
        interaction = found(self._centre, interaction_id)
        return self._told(interaction, self._centre.retrieve(interaction))

    def transfer(self, interaction_id: str) -> ResponseReturnValue:
        """Send it to a Business Process, an agent or a number outside."""
        target = parsed(ControlTransfer).target
        interaction = found(self._centre, interaction_id)
        return self._told(interaction, self._centre.transfer(interaction, target))

    def hang_up(self, interaction_id: str) -> ResponseReturnValue:
        """End the conversation."""
        interaction = found(self._centre, interaction_id)
        return self._told(interaction, self._centre.hang_up(interaction))

    def _agent(self, is_meant: Callable[[Agent], bool]) -> ResponseReturnValue:
        for one in self._centre.floor.agents():
            if is_meant(one):
                return jsonify(views.agent_state(one))
        raise RefusedError(404, "not_found", "The centre has no such agent.")

    def _told(self, interaction: Interaction, answer: Answer) -> ResponseReturnValue:
        check(answer)
        with self._centre.guard:
            return jsonify(views.control(interaction))

    def _admit(self) -> None:
        time.sleep(self._random.uniform(0, self._knobs.api_latency_max_s))
        if self._centre.is_down:
            raise RefusedError(503, "restarting", "The centre restarts; try again shortly.")
        sent = request.headers.get("X-Api-Key", "")
        is_right = hmac.compare_digest(sent.encode(), self._api_key.encode())
        if self._knobs.api_auth == "header_key" and not is_right:
            raise RefusedError(401, "unauthorized", "Send the key in the header X-Api-Key.")
        if self._random.random() < self._knobs.api_error_probability:
            raise RefusedError(500, "internal_error", "A knob made this fail; nothing was done.")

    def _perhaps_lose(self, response: Response) -> Response:
        if self._random.random() < self._knobs.api_lost_answer_probability:
            # What was asked has been done; only the answer never arrives.
            request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return response
