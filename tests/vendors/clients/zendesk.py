# mypy: ignore-errors
"""The community's Python client (zenpy, GPL-3.0) doing what our connector does.

Used here and nowhere else: it is installed in the vendors' environment only, runs in a process of
its own, and nothing of it is copied or shipped.
"""

from zenpy import Zenpy
from zenpy.lib.api_objects import Comment, Ticket, User


def find_phone(server, *, digits):
    return _known(_client().search(type="user", phone=f"*{digits}"))


def find_email(server, *, address):
    return _known(_client().search(type="user", email=address))


def get_user(server, *, user):
    return _client().users(id=user).to_dict()


def create_or_update_user(server, *, fields):
    return _client().users.create_or_update(User(**fields)).to_dict()


def tickets_by_external_id(server, *, external_id):
    return [ticket.to_dict() for ticket in _client().tickets(external_id=external_id)]


def comments(server, *, ticket):
    return [comment.to_dict() for comment in _client().tickets.comments(ticket)]


def create_ticket(server, *, fields, comment):
    audit = _client().tickets.create(Ticket(comment=Comment(**comment), **fields))
    return getattr(audit, "ticket", audit).to_dict()


def update_ticket(server, *, ticket, stamp, comment):
    changed = Ticket(id=ticket, safe_update=True, updated_stamp=stamp, comment=Comment(**comment))
    return _client().tickets.update(changed).ticket.to_dict()


def find_with_an_api_token(server, *, address):
    client = Zenpy(subdomain="acme", email="agent@example.com", token="api_token")
    return _known(client.search(type="user", email=address))


def _known(results):
    return [
        {"id": user.id, "name": user.name, "phone": user.phone, "email": user.email}
        for user in results
    ]


def _client():
    return Zenpy(subdomain="acme", oauth_token="token-1", ratelimit_budget=0)
