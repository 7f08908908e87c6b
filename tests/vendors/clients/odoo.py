# mypy: ignore-errors
"""odoo-json2 (MIT, not Odoo's own) calling models of an Odoo 19 over its JSON-2 API."""

from odoo_json2 import JSON2Client


def search_read(server, *, model, domain, fields, limit):
    return _client(server).env[model].search_read(domain=domain, fields=fields, limit=limit)


def load(server, *, model, context, fields, data):
    return _client(server).env[model].load(context=context, fields=fields, data=data)


def _client(server):
    return JSON2Client(host=server, api_key="api_key", database="acme")
