# mypy: ignore-errors
"""pysnow (MIT, a third party's): queries and the Table API as it uses them."""

import pysnow

HOST = "example.service-now.com"


def _resource(table, fields=()):
    client = pysnow.Client(host=HOST, user="user", password="password")
    client.parameters.exclude_reference_link = True
    if fields:
        client.parameters.fields = list(fields)
    return client.resource(api_path=f"/table/{table}")


def find(_server, table, conditions, fields, active_only=True):
    """Rows that fulfil one of the conditions, each a column and its value."""
    query = pysnow.QueryBuilder()
    for place, (column, value) in enumerate(conditions):
        query = (query.OR() if place else query).field(column).equals(value)
    if active_only:
        query = query.AND().field("active").equals("true")
    answer = _resource(table).get(query=query, limit=10, fields=fields, exclude_reference_link=True)
    return list(answer.all())


def create(_server, table, record, fields):
    return _resource(table, fields).create(payload=record).one()


def update(_server, table, sys_id, changes, fields):
    return _resource(table, fields).update(query={"sys_id": sys_id}, payload=changes).one()
