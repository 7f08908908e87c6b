"""The emulator's API for people, stories and tests. No key: it is served on loopback only."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from local.ecs_emulator import views
from local.ecs_emulator.centre import Stack
from local.ecs_emulator.contact_centre import ContactCentre
from local.ecs_emulator.interaction import Interaction, Plan
from local.ecs_emulator.requests_read import (
    AgentChoice,
    Closing,
    InternalTransfer,
    NewContact,
    Outage,
    RefusedError,
    check,
    parsed,
)


def found(contact_centre: ContactCentre, interaction_id: str) -> Interaction:
    """The interaction.

    Raises: RefusedError (404) when it is not kept.
    """
    interaction = contact_centre.interaction(interaction_id)
    if interaction is None:
        raise RefusedError(404, "not_found", "No interaction with this id is kept here.")
    return interaction


def full_view(contact_centre: ContactCentre, interaction: Interaction) -> views.View:
    """Everything known of one interaction, as of one moment."""
    with contact_centre.guard:
        return views.full(interaction, contact_centre.sent(interaction.id))


def place(contact_centre: ContactCentre, wanted: NewContact) -> Interaction:
    """Let somebody call or write.

    Raises: RefusedError when the channel or the disposition is not configured, or during a restart.
    """
    centre = contact_centre.centre
    if contact_centre.is_down:
        raise RefusedError(503, "restarting", "The centre restarts; try again shortly.")
    if wanted.channel not in centre.channels:
        told = f"channel is one of: {', '.join(centre.channels)}."
        raise RefusedError(422, "unknown_channel", told)
    codes = {d.code for chosen in centre.disposition_sets for d in centre.dispositions(chosen)}
    if wanted.disposition and wanted.disposition not in codes:
        told = f"disposition is one of: {', '.join(sorted(codes))}."
        raise RefusedError(422, "unknown_disposition", told)
    plan = Plan(
        manual=wanted.manual,
        talk_s=wanted.talk_s,
        disposition=wanted.disposition,
        remarks=wanted.remarks,
    )
    return contact_centre.contact(wanted.channel, wanted.sender, wanted.to, plan)


class PeopleApi:
    """The routes under /emulator."""

    def __init__(self, contact_centre: ContactCentre) -> None:
        self._centre = contact_centre

    def blueprint(self) -> Blueprint:
        """The routes and what answers them."""
        api = Blueprint("people", __name__, url_prefix="/emulator")
        one = "/interactions/<interaction_id>"
        api.post("/contacts")(self.new_contact)
        api.get("/interactions")(self.interactions)
        api.get(one)(self.interaction)
        api.post(f"{one}/finish")(self.finish)
        api.post(f"{one}/transfer")(self.transfer)
        api.post(f"{one}/hang-up")(self.hang_up)
        api.get("/agents")(self.agents)
        api.put("/agents/<extension>")(self.choose_state)
        api.get("/triggers")(self.triggers)
        api.put("/stack")(self.use_stack)
        api.post("/restart")(self.restart)
        return api

    def new_contact(self) -> ResponseReturnValue:
        """Somebody calls or writes."""
        return jsonify(interaction_id=place(self._centre, parsed(NewContact)).id), 201

    def interactions(self) -> ResponseReturnValue:
        """All that are kept, newest first."""
        with self._centre.guard:
            kept = [views.brief(interaction) for interaction in self._centre.interactions()]
        return jsonify(interactions=kept)

    def interaction(self, interaction_id: str) -> ResponseReturnValue:
        """One, with its timeline and triggers."""
        return jsonify(full_view(self._centre, found(self._centre, interaction_id)))

    def finish(self, interaction_id: str) -> ResponseReturnValue:
        """The agent closes it."""
        closing = parsed(Closing)
        interaction = found(self._centre, interaction_id)
        check(self._centre.finish(interaction, closing.disposition, closing.remarks))
        return jsonify(interaction_id=interaction_id), 202

    def transfer(self, interaction_id: str) -> ResponseReturnValue:
        """The agent sends it to another Business Process."""
        wanted = parsed(InternalTransfer).business_process
        interaction = found(self._centre, interaction_id)
        if self._centre.centre.business_process_at(wanted) is None:
            told = (
                f"business_process is one of: {', '.join(self._centre.centre.business_processes)}."
            )
            raise RefusedError(422, "unknown_business_process", told)
        check(self._centre.transfer(interaction, wanted))
        return jsonify(interaction_id=interaction_id), 202

    def hang_up(self, interaction_id: str) -> ResponseReturnValue:
        """The person on the line hangs up, at any stage."""
        check(self._centre.abandon(found(self._centre, interaction_id)))
        return jsonify(interaction_id=interaction_id), 202

    def agents(self) -> ResponseReturnValue:
        """Everybody and what they do."""
        return jsonify(agents=[views.agent(one) for one in self._centre.floor.agents()])

    def choose_state(self, extension: str) -> ResponseReturnValue:
        """An agent goes on a break or comes back."""
        wanted = parsed(AgentChoice).state
        if self._centre.centre.agent(extension) is None:
            raise RefusedError(404, "not_found", "No agent has this extension.")
        check(self._centre.set_agent_state(extension, wanted))
        return jsonify(extension=extension, state=wanted.value)

    def triggers(self) -> ResponseReturnValue:
        """The newest triggers, oldest first."""
        return jsonify(triggers=[views.delivery(sent) for sent in self._centre.sent()])

    def use_stack(self) -> ResponseReturnValue:
        """Where Switchboard is served, and the key to send."""
        stack = parsed(Stack)
        self._centre.use_stack(stack)
        return jsonify(base_url=stack.base_url)

    def restart(self) -> ResponseReturnValue:
        """Drop everything and be away for a while."""
        seconds = parsed(Outage).seconds
        self._centre.restart(seconds)
        return jsonify(seconds=seconds), 202
