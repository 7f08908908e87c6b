"""The sandbox CRM under other names, telling us things in the ways of other CRMs.

What they answer when a record is read again is the sandbox CRM's; what they send is not.
"""

import json
from typing import Any, Final

import boto3
import yaml

from cli.configuration import Document
from switchboard.adapters.connector.compile import compile_connector
from tests.integration import template
from tests.integration.deployment import REGION, Deployment
from tests.local.sandbox_crm.harness import CREDENTIALS, WEBHOOK_SECRET

SANDBOX: Final = template.ROOT / "layers/switchboard/switchboard/connectors/sandbox.yaml"
ORGANIZATION: Final = "00D000000000001EAA"
SUBJECT: Final = "CN=proxy.salesforce.com,O=Example"
_SECRET: Final = "${secret.hook_secret}"
_READ: Final = {
    "get_customer": {
        "request": {"path": "/api/customers/${input.customer_id}"},
        "map": "{id: body.id, name: body.name, phones: [body.phone, body.mobile][?@]}",
        "empty_when": ["not_found"],
    }
}

EVENTS: Final[dict[str, dict[str, Any]]] = {
    "hubspot": {
        "verify": {"scheme": "hubspot_v3", "secret": _SECRET},
        "each": "@",
        "accept": "subscriptionType == 'contact.propertyChange' && propertyValue == 'true'",
        "id": "join('-', [to_string(eventId), to_string(occurredAt)])",
        "map": "{customer_id: join('-', ['C', to_string(objectId)])}",
        "read": "get_customer",
    },
    "zendesk": {
        "verify": {"scheme": "zendesk", "secret": _SECRET},
        "accept": "type == 'zen:event-type:user.tags_changed'",
        "id": "id",
        "map": "{customer_id: detail.external_id, phone: detail.phone}",
        "read": "get_customer",
    },
    "espo": {
        "verify": {"scheme": "espo", "secret": _SECRET, "webhook_id": "65a1b2c3d4e5f6a7b"},
        "each": "@",
        "accept": "cCallBack",
        "id": "join(' ', [id, modifiedAt]) | replace(@, ' ', '-')",
        "map": "{customer_id: id, phone: phoneNumber}",
        "read": "get_customer",
    },
    "zoho": {
        "verify": {"scheme": "body_secret", "path": "token", "secret": _SECRET},
        "each": "ids[].{record: @}",
        "accept": "body.module == 'Contacts' && body.operation == 'update'",
        "id": "join('-', [record, to_string(body.server_time)])",
        "map": "{customer_id: record}",
        "read": "get_customer",
    },
    "salesforce": {
        "verify": {
            "scheme": "salesforce_om",
            "organization_id": ORGANIZATION,
            "certificate_subject": SUBJECT,
        },
        "accept": "sObject.type == 'Contact'",
        "map": "{customer_id: sObject.Id, phone: sObject.Phone, name: sObject.Name}",
    },
}

# In the same deliveries as its call-backs.
CHANGES: Final[dict[str, dict[str, Any]]] = {
    "hubspot": {
        "asks": "forget",
        "verify": EVENTS["hubspot"]["verify"],
        "each": "@",
        "accept": "subscriptionType == 'contact.deletion'",
        "map": "{customer_id: join('-', ['C', to_string(objectId)])}",
    }
}


def connect(switchboard: Deployment, *, at: str = "") -> None:
    """Publish them all, beside the sandbox CRM itself; `at` is where they answer."""
    switchboard.publish(connectors=all_connected(switchboard, at=at))


def all_connected(switchboard: Deployment, *, at: str = "") -> Document:
    """What is to be published for that."""
    connectors = switchboard.documents["connectors"]
    sandbox = connectors["connectors"]["sandbox"]
    base = {"base": at} if at else {}
    others = {
        name: {
            **sandbox,
            "definition": _definition(name, event),
            "settings": {**sandbox["settings"], **base},
        }
        for name, event in EVENTS.items()
    }
    every = {**connectors["connectors"], **others}
    return {**connectors, "connectors": every}


def keep_secrets() -> None:
    """What connects us with each of them; inside a mocked AWS."""
    client = boto3.client("secretsmanager", region_name=REGION)
    values = {
        "client_id": CREDENTIALS.client_id,
        "client_secret": CREDENTIALS.client_secret,
        "hook_secret": WEBHOOK_SECRET,
    }
    for name in EVENTS:
        client.create_secret(
            Name=f"{template.STACK_NAME}/connectors/{name}", SecretString=json.dumps(values)
        )


def _definition(name: str, event: dict[str, Any]) -> dict[str, Any]:
    file = yaml.safe_load(SANDBOX.read_text(encoding="utf-8"))
    changes = {"changed": CHANGES[name]} if name in CHANGES else {}
    return compile_connector(
        {
            **file,
            "id": name,
            "methods": {**file["methods"], **_READ},
            "events": {"callback": event, **changes},
            "samples": [],
        }
    )
