# mypy: ignore-errors
"""Microsoft's Dataverse client (MIT): the operations that our connector has too."""

from functools import reduce

from azure.core.credentials import AccessToken
from PowerPlatform.Dataverse import col
from PowerPlatform.Dataverse.client import DataverseClient

# It accepts https only; whatever goes there arrives at the recorder.
ORG = "https://contoso.crm.dynamics.com"
_FAR_FUTURE = 4102444800


class Credential:
    """Stands in for Microsoft Entra, and remembers what it was asked for."""

    scopes = ()

    def get_token(self, *scopes, **_more):
        Credential.scopes = scopes
        return AccessToken("token-of-the-test", _FAR_FUTURE)


def find(_server, table, columns, values, select):
    """Active or merged rows of which one of the columns is one of the values."""
    of_one = [col(column) == value for column in columns for value in values]
    counts = (col("statecode") == 0) | (col("merged") == True)  # noqa: E712  a condition in the making
    wanted = counts & reduce(lambda one, other: one | other, of_one)
    with DataverseClient(ORG, Credential()) as client:
        rows = client.records.list(table, filter=wanted, select=select, top=10)
        return {"rows": [dict(row.data) for row in rows], "scopes": Credential.scopes}


def read(_server, table, record_id, select):
    with DataverseClient(ORG, Credential()) as client:
        row = client.records.retrieve(table, record_id, select=select)
        return dict(row.data) if row else None


def update(_server, table, record_id, changes):
    with DataverseClient(ORG, Credential()) as client:
        client.records.update(table, record_id, changes)


def upsert(_server, table, key, record):
    with DataverseClient(ORG, Credential()) as client:
        client.records.upsert(table, [{"alternate_key": key, "record": record}])
