"""The connector file, format version 1, and the ECS profile, which speaks the same language.

Only builds, tests and the command line import this: pydantic stays out of the running engine.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from switchboard.adapters.connector.auth_format import Auth, NoAuth
from switchboard.adapters.connector.event_format import Event
from switchboard.adapters.connector.format_types import (
    Expression,
    Headers,
    Id,
    Name,
    OpenTemplate,
    PathTemplate,
    Piece,
    QueryValue,
    Tree,
)
from switchboard.adapters.connector.outcomes import ErrorClass
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.settings import read_setting


class Setting(Piece):
    """One thing an organisation fills in. Without a default it must be given."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    description: str = ""
    default: str | int | float | bool | None = None

    @model_validator(mode="after")
    def _default_has_the_type(self) -> "Setting":
        if self.default is not None:
            try:
                self.default = read_setting(self.type, self.default)
            except ValueError:
                raise ValueError(f"the default is not of type {self.type}") from None
        return self


class Timeouts(Piece):
    """Bounds inside the caller's deadline: connecting, and each silence while reading."""

    connect_s: float = Field(default=2.0, gt=0, le=30)
    read_s: float = Field(default=10.0, gt=0, le=60)


class ErrorRule(Piece):
    """What an answer means when `when` holds over status, headers (lower case) and body."""

    when: Expression
    error_class: ErrorClass = Field(alias="class", strict=False)
    detail: Expression | None = None
    wait: Expression | None = None
    record_id: Expression | None = None
    nothing_done: bool = False


class Request(Piece):
    """A request; `path` below the server, or a `url` that the server gave in an earlier step."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = None
    path: PathTemplate | None = None
    url: OpenTemplate | None = None
    query: dict[str, QueryValue] = {}
    headers: Headers = {}
    body: Tree = None

    @model_validator(mode="after")
    def _has_one_address(self) -> "Request":
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `path` or `url`")
        if self.url is not None and self.query:
            raise ValueError("`query` goes with `path`; a `url` brings its own")
        return self


class Step(Piece):
    """One request of a method."""

    id: Name
    description: str = ""
    when: Expression | None = None
    request: Request
    map: Expression | None = None
    stop_when: Expression | None = None


class Method(Piece):
    """Something the CRM can do: one request, or steps."""

    description: str = ""
    request: Request | None = None
    steps: list[Step] = []
    map: Expression | None = None
    empty_when: list[Annotated[ErrorClass, Field(strict=False)]] = []
    idempotency: Literal["upsert", "client_id", "header", "search_first", "none"] = "none"
    settle_s: float = Field(default=0.0, ge=0)
    needs_customer: bool = False

    @model_validator(mode="after")
    def _has_one_form(self) -> "Method":
        if (self.request is None) == (not self.steps):
            raise ValueError("give either `request` or `steps`")
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have the same id")
        return self


class Lookups(Piece):
    """Methods to try in order, until one finds a record that really carries what was asked."""

    by_phone: list[Name] = []
    by_email: list[Name] = []


class _File(Piece):
    id: Id
    title: str = ""
    docs: str = ""
    settings: dict[Name, Setting] = {}
    secrets: list[Name] = []
    server: OpenTemplate
    headers: Headers = {}
    auth: Auth = NoAuth()
    timeouts: Timeouts = Timeouts()
    errors: list[ErrorRule] = []
    tables: dict[Name, dict[str, str | int | float | bool]] = {}
    samples: list[Sample] = []

    @field_validator("secrets")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("a secret is named twice")
        return names


class ConnectorFile(_File):
    """A CRM."""

    connector: Literal[1]
    lookups: Lookups = Lookups()
    methods: dict[Name, Method] = {}
    events: dict[Name, Event] = {}
    link: OpenTemplate = ""


class EcsProfileFile(_File):
    """The contact centre's own API, as far as it is known."""

    ecs_profile: Literal[1]
    operations: dict[Literal["queue_call", "hold", "retrieve", "transfer", "hang-up"], Method] = {}
