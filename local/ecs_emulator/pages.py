"""The pages: the floor at a glance, and one interaction with the agent's screen."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from local.ecs_emulator import views
from local.ecs_emulator.contact_centre import ContactCentre
from local.ecs_emulator.people_api import found, full_view, place
from local.ecs_emulator.requests_read import Closing, NewContact, check, validated


def blueprint(contact_centre: ContactCentre) -> Blueprint:
    """The routes a browser uses."""
    site = Blueprint("pages", __name__)
    centre = contact_centre.centre

    @site.get("/")
    def floor() -> ResponseReturnValue:
        return render_template(
            "floor.html", floor=views.floor(contact_centre), channels=list(centre.channels)
        )

    @site.post("/contacts")
    def new_contact() -> ResponseReturnValue:
        form = {name: request.form.get(name, "") for name in ("channel", "from")}
        wanted = validated(NewContact, form | {"manual": "manual" in request.form})
        return _shown(place(contact_centre, wanted).id)

    @site.get("/interactions/<interaction_id>")
    def interaction(interaction_id: str) -> ResponseReturnValue:
        one = full_view(contact_centre, found(contact_centre, interaction_id))
        process = centre.business_processes.get(one["business_process"])
        codes = [d.code for d in centre.dispositions(process.disposition_set)] if process else []
        return render_template(
            "interaction.html",
            one=one,
            codes=codes,
            business_processes=list(centre.business_processes),
        )

    @site.post("/interactions/<interaction_id>/finish")
    def finish(interaction_id: str) -> ResponseReturnValue:
        closing = validated(Closing, request.form.to_dict())
        one = found(contact_centre, interaction_id)
        check(contact_centre.finish(one, closing.disposition, closing.remarks))
        return _shown(interaction_id)

    @site.post("/interactions/<interaction_id>/transfer")
    def transfer(interaction_id: str) -> ResponseReturnValue:
        one = found(contact_centre, interaction_id)
        check(contact_centre.transfer(one, request.form.get("business_process", "")))
        return _shown(interaction_id)

    return site


def _shown(interaction_id: str) -> ResponseReturnValue:
    return redirect(url_for("pages.interaction", interaction_id=interaction_id), code=303)
