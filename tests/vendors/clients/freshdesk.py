# mypy: ignore-errors
"""python-freshdesk (BSD, a third party's): contacts and tickets as it asks for and writes them."""

from freshdesk.v2.api import API

DOMAIN = "example.freshdesk.com"


def _api():
    return API(DOMAIN, "api_key")


def _shown(model, *names):
    return {name: getattr(model, name) for name in names}


def find(_server, filters):
    contacts = _api().contacts.list_contacts(**filters)
    return [_shown(contact, "id", "name", "phone", "mobile", "email") for contact in contacts]


def search(_server, query):
    contacts = _api().contacts.filter_contacts(query)
    return [_shown(contact, "id", "name", "phone", "mobile", "email") for contact in contacts]


def search_tickets(_server, query):
    return [ticket.id for ticket in _api().tickets.filter_tickets(query)]


def read_ticket(_server, ticket_id):
    return _api().tickets.get_ticket(ticket_id, "requester").requester


def read_whole_ticket(_server, ticket_id):
    return _api().tickets.get_ticket(ticket_id).custom_fields


def create_ticket(_server, record):
    ticket = _api().tickets.create_ticket(**record)
    return _shown(ticket, "id", "status", "priority", "source")


def update_ticket(_server, ticket_id, changes):
    return _api().tickets.update_ticket(ticket_id, **changes).id


def create_contact(_server, record):
    return _shown(_api().contacts.create_contact(**record), "id", "name", "phone")
