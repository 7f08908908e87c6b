"""The pages: customers, one customer with what happened, and all activities."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from .activities import Activities
from .api_errors import ApiError, not_found
from .cases import Cases
from .customers import STATUSES, Customer, Customers, CustomerSearch, digits_of
from .moments import as_text, from_text

ACTIVITIES_SHOWN = 100
SEARCHABLE_DIGITS = 3
STATUS_LABELS = {
    "active": "Active",
    "call_me_back": "Call me back",
    "do_not_call": "Do not call",
    "closed": "Closed",
}


class Pages:
    """The views people open in a browser."""

    def __init__(self, customers: Customers, activities: Activities, cases: Cases) -> None:
        self._customers = customers
        self._activities = activities
        self._cases = cases

    def list_customers(self) -> str:
        """All customers, or those a search finds."""
        words = request.args.get("q", "").strip()
        found = [
            customer
            for customer in self._customers.search(CustomerSearch())
            if _mentions(customer, words)
        ]
        return render_template("customers.html", customers=found, words=words)

    def show_customer(self, customer_id: str) -> str:
        """One customer, open cases, activities, and a form for the status."""
        customer = self._customer(customer_id)
        return self._customer_page(customer, problem=None)

    def set_status(self, customer_id: str) -> AnyResponse | tuple[str, int]:
        """Set the status the form asks for."""
        _refuse_foreign_pages()
        customer = self._customer(customer_id)
        try:
            call_after = _call_after(request.form.get("call_after", ""), customer)
            changes: dict[str, object] = {
                "status": request.form.get("status"),
                "call_after": call_after,
            }
            self._customers.change(customer.id, changes)
        except (ApiError, ValueError):
            problem = "Choose a status of the list, and a date and time or none."
            return self._customer_page(customer, problem=problem), 422
        return redirect(f"/customers/{customer.id}", code=303)

    def list_activities(self) -> str:
        """The latest activities of everybody, strangers included."""
        return render_template("activities.html", **self._activities_of(None))

    def activity_rows(self) -> str:
        """The list alone, for the page that refreshes it."""
        return render_template("_activities.html", **self._activities_of(None))

    def delete_activity(self, external_id: str) -> AnyResponse:
        """Delete one, as the button beside it asks."""
        _refuse_foreign_pages()
        if not self._activities.delete(external_id):
            raise not_found("activity")
        return redirect("/activities", code=303)

    def customer_activity_rows(self, customer_id: str) -> str:
        """One customer's list alone, for the page that refreshes it."""
        return render_template(
            "_activities.html", **self._activities_of(self._customer(customer_id))
        )

    def _customer(self, customer_id: str) -> Customer:
        customer = self._customers.get(customer_id)
        if customer is None:
            raise not_found("customer")
        return customer

    def _customer_page(self, customer: Customer, problem: str | None) -> str:
        return render_template(
            "customer.html",
            statuses=STATUSES,
            problem=problem,
            cases=self._cases.open_of([customer.number])[customer.number],
            **self._activities_of(customer),
        )

    def _activities_of(self, customer: Customer | None) -> dict[str, object]:
        shown = self._activities.latest(customer.id if customer else None, limit=ACTIVITIES_SHOWN)
        return {"customer": customer, "activities": shown}


def add_filters(app: Flask) -> None:
    """Teach the templates how moments, durations and statuses are written."""
    filters: dict[str, Callable[..., str]] = {
        "local_time": _local_time,
        "local_input": _local_input,
        "duration": _duration,
        "status_label": lambda status: STATUS_LABELS[status],
    }
    app.jinja_env.filters.update(filters)


def _mentions(customer: Customer, words: str) -> bool:
    fields = customer.fields
    text = " ".join(filter(None, (fields.name, fields.company, fields.email, customer.id)))
    if words.casefold() in text.casefold():
        return True
    digits = digits_of(words)
    numbers = (digits_of(fields.phone), digits_of(fields.mobile))
    return len(digits) >= SEARCHABLE_DIGITS and any(digits in number for number in numbers)


def _refuse_foreign_pages() -> None:
    # There is no login, so nothing but this check keeps another site's form from changing data.
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise ApiError(403, "forbidden", "This form belongs to a page of the sandbox CRM.")


def _call_after(typed: str, customer: Customer) -> str | None:
    if not typed:
        return None
    local = datetime.fromisoformat(typed)
    here = local.replace(tzinfo=_zone(customer.fields.time_zone))
    return as_text(from_text(here.isoformat()))


def _zone(name: str | None) -> ZoneInfo:
    return ZoneInfo(name or "UTC")


def _local_time(moment: str | None, zone: str | None) -> str:
    if moment is None:
        return "-"
    return from_text(moment).astimezone(_zone(zone)).strftime("%d %b %Y, %H:%M %Z")


def _local_input(moment: str | None, zone: str | None) -> str:
    if moment is None:
        return ""
    return from_text(moment).astimezone(_zone(zone)).strftime("%Y-%m-%dT%H:%M")


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
