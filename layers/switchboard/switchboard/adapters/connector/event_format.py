"""How a connector file says what the CRM tells us by itself, and how it proves it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from switchboard.adapters.connector.format_types import (
    HEADER_NAME,
    Expression,
    Name,
    OpenTemplate,
    Piece,
    SecretName,
)

# Several secrets are several senders; the one before a change needs no naming here.
Secrets = Annotated[
    SecretName | Annotated[list[SecretName], Field(min_length=1)],
    Field(description="Name of the secret, or of several that are good; `<name>_previous` is too."),
]
ToleranceS = Annotated[
    int, Field(gt=0, le=3600, description="How far the delivery's time may be from ours.")
]
ParameterName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.~-]{1,64}$",
        description="The query parameter in which the secret stands.",
    ),
]


class StandardWebhooks(Piece):
    """Standard Webhooks 1.0."""

    scheme: Literal["standard_webhooks"]
    secret: Secrets
    tolerance_s: ToleranceS = 300


class HubSpotV3(Piece):
    """HubSpot: method, public address, body and time, signed with the app's client secret."""

    scheme: Literal["hubspot_v3"]
    secret: Secrets
    tolerance_s: ToleranceS = 300
    base_url: OpenTemplate = Field(
        default="", description="What HubSpot calls, without the path, where we see another host."
    )


class Zendesk(Piece):
    """Zendesk: time and body, signed with the webhook's signing secret."""

    scheme: Literal["zendesk"]
    secret: Secrets
    tolerance_s: ToleranceS = 300


class Espo(Piece):
    """EspoCRM 9 and later: the body, signed with the webhook's key; no time."""

    scheme: Literal["espo"]
    secret: Secrets
    webhook_id: OpenTemplate = Field(
        default="", description="The only webhook that may send; any with the secret without it."
    )


class HeaderSecret(Piece):
    """A fixed header with a secret value."""

    scheme: Literal["header_secret"]
    header: str = Field(pattern=HEADER_NAME.pattern, description="The header's name.")
    secret: Secrets


class BasicSecret(Piece):
    """User name and password in the Authorization header."""

    scheme: Literal["basic"]
    username: OpenTemplate = Field(description="The user name; the password is the secret.")
    secret: Secrets


class QuerySecret(Piece):
    """A secret in the address that the CRM was given."""

    scheme: Literal["query_secret"]
    name: ParameterName
    secret: Secrets


class BodySecret(Piece):
    """A secret that stands in the body itself; `path` is an expression over it."""

    scheme: Literal["body_secret"]
    path: Expression = Field(description="An expression over the body that finds the secret.")
    secret: Secrets


class SalesforceOutboundMessage(Piece):
    """Salesforce's SOAP message: its organisation, and what else proves where it comes from."""

    scheme: Literal["salesforce_om"]
    organization_id: OpenTemplate = Field(
        description="Whose messages are taken, from `settings`; 15 or 18 characters."
    )
    certificate_subject: OpenTemplate = Field(
        default="",
        description="The client certificate's subject, as API Gateway writes it (mutual TLS).",
    )
    name: ParameterName | None = Field(
        default=None, description="The query parameter in which the secret stands."
    )
    secret: Secrets | None = Field(default=None, description="Name of the secret in the address.")

    @model_validator(mode="after")
    def _names_the_secrets_place(self) -> "SalesforceOutboundMessage":
        if (self.name is None) != (self.secret is None):
            raise ValueError("`name` is the query parameter in which the `secret` stands")
        return self


Verification = Annotated[
    StandardWebhooks
    | HubSpotV3
    | Zendesk
    | Espo
    | HeaderSecret
    | BasicSecret
    | QuerySecret
    | BodySecret
    | SalesforceOutboundMessage,
    Field(discriminator="scheme"),
]


class Event(Piece):
    """Something the CRM tells us by itself. Expressions see its body, or with `each` one item
    of it, and `headers`, `settings`, `tables`, and the whole as `body`."""

    description: str = Field(default="", description="When the CRM sends it, and how to set it up.")
    verify: Verification = Field(description="How the CRM proves that a delivery is its own.")
    each: Expression | None = Field(
        default=None, description='Finds the list of items in the body; "@" when the body is one.'
    )
    accept: Expression | None = Field(
        default=None, description="Which items ask for something; all of them without it."
    )
    id: Expression | None = Field(
        default=None, description="Tells repeats apart; take it from what is signed."
    )
    asks: Literal["call_back", "forget"] = Field(
        default="call_back",
        description="`call_back`: somebody is to be called. `forget`: a record changed, so what "
        "lookups remember of it is dropped.",
    )
    map: Expression = Field(
        description="What is asked. Of a call back: customer_id, phone, name, business_process, "
        "time_zone, call_after, remarks; other keys go to `read` only. Of a change: customer_id, "
        "and `contacts`, a list of the numbers and addresses that the record has now."
    )
    read: Name | None = Field(
        default=None, description="The method that reads the record again before anybody is called."
    )

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "Event":
        if self.asks == "forget":
            return self  # forgetting twice is forgetting
        match self.verify:
            case SalesforceOutboundMessage():
                return self
            case StandardWebhooks() if self.each is None:
                return self
        if self.id is None:
            raise ValueError("`id` is needed: nothing else tells repeats apart here")
        return self

    @model_validator(mode="after")
    def _has_its_items_from_one_place(self) -> "Event":
        if self.each and isinstance(self.verify, SalesforceOutboundMessage):
            raise ValueError("`each` is for JSON; an outbound message's items are known")
        return self

    @model_validator(mode="after")
    def _knows_whom_to_read(self) -> "Event":
        if self.read and "customer_id" not in self.map:
            raise ValueError("`read` asks for a record by its id: `map` must give `customer_id`")
        if self.read and self.asks == "forget":
            raise ValueError("`read` is for call backs; forgetting needs no record")
        return self


def names_used(events: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What compiled events refer to: the place, whether `secrets` or `methods`, and the name."""
    for event, declaration in events.items():
        for name in _listed(declaration["verify"].get("secret")):
            yield f"events.{event}.verify", "secrets", name
        if declaration["read"]:
            yield f"events.{event}.read", "methods", declaration["read"]


def _listed(named: str | list[str] | None) -> list[str]:
    if named is None:
        return []
    return [named] if isinstance(named, str) else named
