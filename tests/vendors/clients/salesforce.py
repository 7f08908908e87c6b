# mypy: ignore-errors
"""The community's Python client (simple-salesforce, Apache-2.0) doing what our connector does."""

import requests
from simple_salesforce import Salesforce, SalesforceLogin
from simple_salesforce.format import format_external_id, format_soql

HOST = "acme.my.salesforce.com"
VERSION = "66.0"


def log_in(server):
    token, host = SalesforceLogin(
        domain="acme.my", consumer_key="client_id", consumer_secret="client_secret"
    )
    return {"token": token, "host": host}


def log_in_with_a_statement(server, *, private_key):
    token, host = SalesforceLogin(
        username="integration@example.com", consumer_key="client_id", privatekey=private_key
    )
    return {"token": token, "host": host}


def search(server, *, sosl):
    return _client().search(sosl)


def query(server, *, template, values):
    """`template` has a `{}` for each value; the client quotes them."""
    return _client().query(format_soql(template, *values))


def quoted(server, *, values):
    return [format_soql("{}", value) for value in values]


def escaped_for_like(server, *, values):
    return [format_soql("{:like}", value) for value in values]


def get_contact(server, *, contact, fields):
    return _client().Contact.get(contact, params={"fields": fields})


def create(server, *, kind, fields):
    return getattr(_client(), kind).create(fields)


def update(server, *, kind, record, fields):
    return getattr(_client(), kind).update(record, fields)


def upsert(server, *, kind, field, key, fields):
    answer = getattr(_client(), kind).upsert(
        format_external_id(field, key), fields, raw_response=True
    )
    return answer.json() if answer.content else None


def usage(server):
    client = _client()
    client.query("SELECT Id FROM Task LIMIT 1")
    return client.api_usage["api-usage"]


def _client():
    return Salesforce(
        instance=HOST, session_id="token-1", version=VERSION, session=requests.Session()
    )
