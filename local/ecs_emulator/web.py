"""The emulator's web application: its own API, its stand-in for ECS's API, its pages."""

from random import Random
from urllib.parse import urlsplit

from flask import Flask, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from local.ecs_emulator import pages
from local.ecs_emulator.contact_centre import ContactCentre
from local.ecs_emulator.ecs_api import EcsApi
from local.ecs_emulator.people_api import PeopleApi
from local.ecs_emulator.requests_read import RefusedError

_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def create_app(contact_centre: ContactCentre, *, api_key: str) -> Flask:
    """The application around a contact centre."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 256 * 1024
    random = Random(contact_centre.centre.knobs.seed)  # noqa: S311  # faults, not secrets
    app.register_blueprint(pages.blueprint(contact_centre))
    app.register_blueprint(PeopleApi(contact_centre).blueprint())
    app.register_blueprint(EcsApi(contact_centre, api_key=api_key, random=random).blueprint())
    app.before_request(_refuse_other_sites)
    app.after_request(_protect)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(HTTPException, _not_served)

    @app.get("/health")
    def health() -> ResponseReturnValue:
        return jsonify(status="ok", stack_known=contact_centre.stack is not None)

    return app


def _refuse_other_sites() -> None:
    """Without a key, a page from elsewhere in the same browser must not place calls."""
    hosts = [urlsplit(f"//{request.host}").hostname]
    if "Origin" in request.headers:
        hosts.append(urlsplit(request.headers["Origin"]).hostname)
    if not _HERE.issuperset(hosts):
        raise RefusedError(403, "not_from_here", "Use this machine's loopback address.")


def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(refusal: RefusedError) -> ResponseReturnValue:
    if request.path.startswith(("/emulator/", "/ecs-api/")):
        return jsonify(refusal.body), refusal.status
    return render_template("refused.html", message=refusal.body["message"]), refusal.status


def _not_served(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    name = error.name.lower().replace(" ", "_")
    return jsonify(error=name, message=error.description or error.name), status
