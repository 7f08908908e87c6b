# mypy: ignore-errors
"""OdooRPC (LGPL, not Odoo's own) calling models of an Odoo 14 to 18 over JSON-RPC."""

from urllib.parse import urlsplit

import odoorpc
from odoorpc.error import RPCError


def execute_kw(server, *, model, method, args, kwargs):
    return _logged_in(server).execute_kw(model, method, args, kwargs)


def name_of_the_error(server, *, model, method, args, kwargs):
    try:
        return _logged_in(server).execute_kw(model, method, args, kwargs)
    except RPCError as error:
        return error.info["data"]["name"]


def _logged_in(server):
    address = urlsplit(server)
    odoo = odoorpc.ODOO(address.hostname, "jsonrpc", address.port, version="18.0")
    odoo.login("acme", "switchboard@example.com", "api_key")
    return odoo
