# mypy: ignore-errors
"""HubSpot's own client (hubspot-api-client, Apache-2.0) doing what our connector does.

Its models come from HubSpot's API description and know allowed values and required fields, but
look at them only when they are told to.
"""

from hubspot import HubSpot
from hubspot.crm import contacts
from hubspot.crm.associations import v4
from hubspot.crm.objects import calls, notes
from hubspot.utils.signature import Signature

TOKEN = "access_token"
OBJECTS = {"calls": calls, "notes": notes}

for package in (contacts, calls, notes, v4):
    strict = package.Configuration()
    strict.client_side_validation = True
    package.Configuration.set_default(strict)


def search(server, *, groups, properties, limit):
    """`groups` are alternatives, each a list of (property, operator, value)."""
    request = contacts.PublicObjectSearchRequest(
        filter_groups=[
            contacts.FilterGroup(
                filters=[
                    contacts.Filter(property_name=name, operator=operator, value=value)
                    for name, operator, value in group
                ]
            )
            for group in groups
        ],
        properties=properties,
        sorts=[],
        after="0",
        limit=limit,
    )
    return _client(server).crm.contacts.search_api.do_search(request).to_dict()


def get_contact(server, *, contact, properties):
    found = _client(server).crm.contacts.basic_api.get_by_id(contact, properties=properties)
    return found.to_dict()


def create_contact(server, *, properties):
    new = contacts.SimplePublicObjectInputForCreate(properties=properties, associations=None)
    return _client(server).crm.contacts.basic_api.create(new).to_dict()


def upsert(server, *, kind, inputs):
    """`kind` is calls or notes; each input is (id, properties)."""
    package = OBJECTS[kind]
    batch = package.BatchInputSimplePublicObjectBatchInputUpsert(
        inputs=[
            package.SimplePublicObjectBatchInputUpsert(
                id_property="ecs_interaction_id",
                id=key,
                object_write_trace_id=key,
                properties=properties,
            )
            for key, properties in inputs
        ]
    )
    api = getattr(_client(server).crm.objects, kind).batch_api
    return api.upsert(batch).to_dict()


def read_by_our_key(server, *, kind, keys):
    package = OBJECTS[kind]
    batch = package.BatchReadInputSimplePublicObjectId(
        id_property="ecs_interaction_id",
        properties=["ecs_interaction_id"],
        properties_with_history=[],
        inputs=[package.SimplePublicObjectId(id=key) for key in keys],
    )
    api = getattr(_client(server).crm.objects, kind).batch_api
    return api.read(batch).to_dict()


def associate(server, *, kind, record, contact):
    api = _client(server).crm.associations.v4.basic_api
    return api.create_default(kind, record, "contacts", contact).to_dict()


def associate_many(server, *, kind, pairs):
    batch = v4.BatchInputPublicDefaultAssociationMultiPost(
        inputs=[
            v4.PublicDefaultAssociationMultiPost(
                _from=v4.PublicObjectId(id=record), to=v4.PublicObjectId(id=contact)
            )
            for record, contact in pairs
        ]
    )
    api = _client(server).crm.associations.v4.batch_api
    return api.create_default(kind, "contacts", batch).to_dict()


def refresh_token(server):
    tokens = HubSpot(host=server).oauth.tokens_api
    return tokens.create(
        grant_type="refresh_token",
        client_id="client_id",
        client_secret="client_secret",
        refresh_token="refresh_token",
    ).to_dict()


def sign(server, *, secret, method, url, body, moment_ms):
    return Signature.get_signature(secret, body, "v3", url, method, moment_ms)


def accepts(server, *, secret, method, url, body, moment_ms, signature):
    return Signature.is_valid(signature, secret, body, url, method, "v3", moment_ms)


def _client(server):
    return HubSpot(access_token=TOKEN, host=server, client_side_validation=True)
