"""The HTTP side: routes, errors and headers."""

import logging

from flask import Flask, Response, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from .api import ActivitiesApi, CasesApi, CustomersApi, WebhookApi
from .api_errors import ApiError
from .crm import Crm
from .faults import FaultsApi
from .oauth import TokenEndpoint, require_token
from .pages import Pages, add_filters

LARGEST_BODY_BYTES = 1_000_000
MACHINE_PATHS = ("/api/", "/oauth/", "/faults", "/health")
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

logger = logging.getLogger(__name__)


def create_app(crm: Crm) -> Flask:
    """The application over an opened CRM."""
    app = Flask(__package__ or __name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY_BYTES
    # Another site's name that resolves to this machine must not read what is shown here.
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    # By default Flask redirects "//x" to "/x", which would be another activity's address.
    app.url_map.merge_slashes = False
    app.before_request(lambda: _require_token_for_api(crm))
    app.after_request(_finish)
    app.register_error_handler(ApiError, _api_error)
    app.register_error_handler(HTTPException, _http_error)
    add_filters(app)
    _add_api(app, crm)
    _add_pages(app, Pages(crm.customers, crm.activities, crm.cases))
    return app


def _add_api(app: Flask, crm: Crm) -> None:
    token, faults = TokenEndpoint(crm.credentials, crm.tokens), FaultsApi(crm.faults)
    customers, cases = CustomersApi(crm.customers, crm.cases), CasesApi(crm.cases)
    activities, webhook = ActivitiesApi(crm.activities), WebhookApi(crm.outbox)
    add = app.add_url_rule
    add("/health", "health", lambda: jsonify(status="ok"))
    add("/oauth/token", "token", token.issue, methods=["POST"])
    add("/api/customers", "customers", customers.search)
    add("/api/customers", "new_customer", customers.create, methods=["POST"])
    add("/api/customers/<customer_id>", "customer", customers.get)
    add("/api/customers/<customer_id>", "changes", customers.change, methods=["PATCH"])
    add("/api/activities", "activities", activities.search)
    add("/api/activities", "upsert_many", activities.upsert_many, methods=["POST"])
    add("/api/activities/<path:external_id>", "activity", activities.get)
    add("/api/activities/<path:external_id>", "upsert", activities.upsert, methods=["PUT"])
    add("/api/cases", "cases", cases.search)
    add("/api/cases", "open_case", cases.open, methods=["POST"])
    add("/api/cases/<case_id>", "case", cases.get)
    add("/api/cases/<case_id>", "change_case", cases.change, methods=["PATCH"])
    add("/api/webhook", "webhook", webhook.get)
    add("/api/webhook", "subscribe", webhook.subscribe, methods=["PUT"])
    add("/api/deliveries", "deliveries", webhook.deliveries)
    add("/faults", "faults", faults.get)
    add("/faults", "put_faults", faults.put, methods=["PUT"])
    add("/faults", "end_faults", faults.delete, methods=["DELETE"])


def _add_pages(app: Flask, pages: Pages) -> None:
    add = app.add_url_rule
    add("/", "customers_page", pages.list_customers)
    add("/customers/<customer_id>", "customer_page", pages.show_customer)
    add("/customers/<customer_id>/status", "set_status", pages.set_status, methods=["POST"])
    add("/customers/<customer_id>/activities", "customer_rows", pages.customer_activity_rows)
    add("/activities", "activities_page", pages.list_activities)
    add("/activities/rows", "rows", pages.activity_rows)
    remove = pages.delete_activity
    add("/activities/<path:external_id>/delete", "remove", remove, methods=["POST"])


def _require_token_for_api(crm: Crm) -> None:
    if request.path.startswith("/api/"):
        require_token(crm.tokens)


def _finish(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    # The rule, never the path or the query: those carry ids, numbers and addresses.
    logger.info("%s %s %s", request.method, request.url_rule or "(no route)", answer.status_code)
    return answer


def _api_error(error: ApiError) -> tuple[Response | str, int, dict[str, str]]:
    headers = {"WWW-Authenticate": _scheme()} if error.status == 401 else {}
    if _is_for_machines():
        return jsonify(error.as_json()), error.status, headers
    return render_template("error.html", message=error.message), error.status, headers


def _http_error(error: HTTPException) -> tuple[Response | str, int, dict[str, str]]:
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name in {"Allow", "Location"}}
    message = str(error.description)
    if _is_for_machines():
        name = error.name.lower().replace(" ", "_")
        return jsonify(error=name, message=message), status, headers
    return render_template("error.html", message=message), status, headers


def _is_for_machines() -> bool:
    return request.path.startswith(MACHINE_PATHS)


def _scheme() -> str:
    return "Basic" if request.path.startswith("/oauth/") else "Bearer"
