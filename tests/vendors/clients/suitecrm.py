# mypy: ignore-errors
"""PySuiteCRM (MIT, not SuiteCRM's own) doing what our connector does over the V8 API."""

import os
import tempfile

# The library behind it refuses http, which is what the recorder speaks.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from PySuiteCRM.SuiteCRM import SuiteCRM


def find(server, *, module, fields, **filters):
    return getattr(_client(server), module).get(fields, **filters)


def create(server, *, module, attributes):
    return getattr(_client(server), module).create(**attributes)


def update(server, *, module, record, attributes):
    return getattr(_client(server), module).update(record, **attributes)


def relate(server, *, module, record, to_module, to_record):
    return getattr(_client(server), module).create_relationship(record, to_module, to_record)


def _client(server):
    # It writes its token into the current folder.
    os.chdir(tempfile.mkdtemp(prefix="suitecrm-client-"))
    return SuiteCRM(client_id="client_id", client_secret="client_secret", url=f"{server}/Api/V8")
