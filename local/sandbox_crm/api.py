"""The REST API: customers, activities, cases and the webhook."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode

from flask import Response, jsonify, request

from .activities import Activities, ActivitySearch, Upserted
from .api_errors import ApiError, invalid_field, not_found
from .cases import Cases, CaseSearch
from .customers import Customer, Customers, CustomerSearch
from .faults import EVERYONE
from .fields import read_record
from .moments import from_text
from .outbox import Outbox
from .record_ids import ACTIVITY, CASE, CUSTOMER, number_in
from .request_body import body_object
from .webhook import Webhook, WebhookFields

PAGE_SIZE = 50
LARGEST_PAGE = 200
LONGEST_EXTERNAL_ID = 200
MOST_AT_ONCE = 100


class CustomersApi:
    """`/api/customers`. A query parameter nobody knows is ignored, and so filters nothing."""

    def __init__(self, customers: Customers, cases: Cases) -> None:
        self._customers = customers
        self._cases = cases

    def search(self) -> Response:
        """One page of the customers asked for."""
        asked = CustomerSearch(*map(request.args.get, ("phone", "email", "id")))
        search = CustomerSearch() if request.environ.get(EVERYONE) else asked
        limit = _limit()
        after = _cursor(CUSTOMER) or 0
        found = self._customers.search(search, after=after, limit=limit + 1)
        page = found[:limit]
        following = _next_page(page[-1].id) if len(found) > limit else None
        return jsonify(customers=self._shown(page), next=following)

    def get(self, customer_id: str) -> Response:
        """One customer."""
        customer = self._customers.get(customer_id)
        if customer is None:
            raise not_found("customer")
        return jsonify(*self._shown([customer]))

    def create(self) -> tuple[Response, int, Mapping[str, str]]:
        """Enter a customer."""
        customer = self._customers.create(body_object())
        location = f"/api/customers/{customer.id}"
        return jsonify(*self._shown([customer])), 201, {"Location": location}

    def change(self, customer_id: str) -> Response:
        """Change some fields of a customer."""
        customer = self._customers.change(customer_id, body_object())
        if customer is None:
            raise not_found("customer")
        return jsonify(*self._shown([customer]))

    def _shown(self, customers: Sequence[Customer]) -> list[dict[str, object]]:
        """The customers with their open cases."""
        cases = self._cases.open_of([customer.number for customer in customers])
        return [
            {
                **customer.as_json(),
                "open_cases": [
                    {"id": case.id, "subject": case.subject, "opened_at": case.opened_at}
                    for case in cases[customer.number]
                ],
            }
            for customer in customers
        ]


class ActivitiesApi:
    """`/api/activities`."""

    def __init__(self, activities: Activities) -> None:
        self._activities = activities

    def upsert(self, external_id: str) -> tuple[Response, int]:
        """Create or replace the activity known by `external_id`."""
        done = self._upserted(external_id, body_object())
        return jsonify(done.as_json()), 201 if done.created else 200

    def upsert_many(self) -> Response:
        """Create or replace several; one result for each, in their order."""
        sent = body_object().get("activities")
        if not isinstance(sent, list) or not 1 <= len(sent) <= MOST_AT_ONCE:
            raise invalid_field("activities", f"a list of 1 to {MOST_AT_ONCE} activities")
        return jsonify(results=[self._result(activity) for activity in sent])

    def _result(self, activity: object) -> dict[str, object]:
        fields = dict(activity) if isinstance(activity, dict) else {}
        external_id = str(fields.pop("external_id", ""))
        try:
            return self._upserted(external_id, fields).as_json()
        except ApiError as error:
            return {"external_id": external_id, **error.as_json()}

    def _upserted(self, external_id: str, fields: dict[str, object]) -> Upserted:
        if not 1 <= len(external_id) <= LONGEST_EXTERNAL_ID:
            raise invalid_field("external_id", f"1 to {LONGEST_EXTERNAL_ID} characters")
        return self._activities.upsert(external_id, fields)

    def get(self, external_id: str) -> Response:
        """One activity."""
        activity = self._activities.get(external_id)
        if activity is None:
            raise not_found("activity")
        return jsonify(activity.as_json())

    def search(self) -> Response:
        """One page of activities, the last entered first."""
        search = ActivitySearch(
            request.args.get("external_id"),
            request.args.get("customer_id"),
            _moment("from"),
            _moment("to"),
        )
        limit = _limit()
        before = _cursor(ACTIVITY)
        found = self._activities.search(search, before=before, limit=limit + 1)
        page = found[:limit]
        following = _next_page(page[-1].id) if len(found) > limit else None
        return jsonify(activities=[activity.as_json() for activity in page], next=following)


class CasesApi:
    """`/api/cases`."""

    def __init__(self, cases: Cases) -> None:
        self._cases = cases

    def search(self) -> Response:
        """One page of cases, the last opened first."""
        search = CaseSearch(request.args.get("customer_id"), request.args.get("status"))
        limit = _limit()
        found = self._cases.search(search, before=_cursor(CASE), limit=limit + 1)
        page = found[:limit]
        following = _next_page(page[-1].id) if len(found) > limit else None
        return jsonify(cases=[case.as_json() for case in page], next=following)

    def get(self, case_id: str) -> Response:
        """One case."""
        case = self._cases.get(case_id)
        if case is None:
            raise not_found("case")
        return jsonify(case.as_json())

    def open(self) -> tuple[Response, int, Mapping[str, str]]:
        """Open a case."""
        case = self._cases.open(body_object())
        return jsonify(case.as_json()), 201, {"Location": f"/api/cases/{case.id}"}

    def change(self, case_id: str) -> Response:
        """Close a case, open it again, or change its subject."""
        case = self._cases.change(case_id, body_object())
        if case is None:
            raise not_found("case")
        return jsonify(case.as_json())


class WebhookApi:
    """`/api/webhook` and `/api/deliveries`."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def subscribe(self) -> Response:
        """Name the receiver of status changes."""
        return jsonify(_shown(self._outbox.subscribe(read_record(WebhookFields, body_object()))))

    def get(self) -> Response:
        """The receiver, without its secret."""
        webhook = self._outbox.webhook()
        if webhook is None:
            raise not_found("webhook")
        return jsonify(_shown(webhook))

    def deliveries(self) -> Response:
        """The latest attempts to deliver."""
        return jsonify(deliveries=self._outbox.attempts())


def _limit() -> int:
    text = request.args.get("limit", str(PAGE_SIZE))
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) > 0):
        raise invalid_field("limit", f"a whole number from 1 to {LARGEST_PAGE}")
    return min(int(text), LARGEST_PAGE)


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        return from_text(text)
    except ValueError:
        raise invalid_field(name, "a moment with its offset, such as 2026-01-31T09:00Z") from None


def _cursor(prefix: str) -> int | None:
    after = request.args.get("after")
    if after is None:
        return None
    number = number_in(after, prefix)
    if number is None:
        raise invalid_field("after", "use the address in next as it is")
    return number


def _next_page(last_id: str) -> str:
    arguments = [(name, value) for name, value in request.args.items() if name != "after"]
    return f"{request.path}?{urlencode([*arguments, ('after', last_id)])}"


def _shown(webhook: Webhook) -> dict[str, object]:
    return {"url": webhook.url, "secret": "whsec_********", "active": webhook.active}
