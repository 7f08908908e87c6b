"""The connector file, format version 1, and the ECS profile, which speaks the same language.

Only builds, tests and the command line import this: pydantic stays out of the running engine.
"""

import re
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
from switchboard.adapters.connector.limit_format import Limit
from switchboard.adapters.connector.outcomes import ErrorClass
from switchboard.adapters.connector.query_texts import require_escaped
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.settings import read_setting


class Setting(Piece):
    """One thing an organisation fills in. Without a default it must be given."""

    type: Literal["string", "integer", "number", "boolean"] = "string"
    description: str = ""
    default: str | int | float | bool | None = None
    pattern: str | None = None

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"no regular expression: {error}") from None
        return pattern

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
    form: dict[str, QueryValue] | None = None

    @model_validator(mode="after")
    def _has_one_address_and_one_body(self) -> "Request":
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `path` or `url`")
        if self.url is not None and self.query:
            raise ValueError("`query` goes with `path`; a `url` brings its own")
        if self.form is not None and "body" in self.model_fields_set:
            raise ValueError("give either `body` or `form`")
        return self


class Step(Piece):
    """One request of a method."""

    id: Name
    description: str = ""
    when: Expression | None = None
    request: Request
    map: Expression | None = None
    stop_when: Expression | None = None
    reads: bool = False


class Page(Piece):
    """How the next page is asked for. `next` sees the answer, and the number of its `page`."""

    next: Expression
    into: Annotated[str, Field(pattern=r"^(query|body)(\.[A-Za-z0-9_@$-]+)+$")] | None = None
    follow: bool = False
    max_pages: int = Field(default=3, ge=1, le=20)

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Page":
        if (self.into is None) is not self.follow:
            raise ValueError("give `into: query.NAME` or `into: body.NAME`, or `follow: true`")
        return self


class Batch(Piece):
    """How many records one call of the method takes at most."""

    most: int = Field(ge=2, le=1000)


class Method(Piece):
    """Something the CRM can do: one request, or steps."""

    description: str = ""
    request: Request | None = None
    steps: list[Step] = []
    map: Expression | None = None
    empty_when: list[Annotated[ErrorClass, Field(strict=False)]] = []
    idempotency: Literal["upsert", "client_id", "header", "once_token", "search_first", "none"] = (
        "none"
    )
    settle_s: float = Field(default=0.0, ge=0)
    needs_customer: bool = False
    page: Page | None = None
    batch: Batch | None = None
    query_bodies: list[str] = []

    @model_validator(mode="after")
    def _has_one_form(self) -> "Method":
        if (self.request is None) == (not self.steps):
            raise ValueError("give either `request` or `steps`")
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have the same id")
        if self.page and (self.steps or not self.map):
            raise ValueError("`page` goes with one `request` and the `map` of its rows")
        return self

    @model_validator(mode="after")
    def _asks_no_more_than_it_means(self) -> "Method":
        for request in [self.request] if self.request else [step.request for step in self.steps]:
            for name in self.query_bodies:
                require_escaped(request.body, name)
        return self


class Lookups(Piece):
    """Methods to try in order, until one finds a record that really carries what was asked."""

    by_phone: list[Name] = []
    by_email: list[Name] = []


class Checked(Piece):
    """Who, other than its author, says that the file is right."""

    how: Literal["live", "vendor_description", "vendor_client", "documentation"]
    by: str = Field(default="", alias="with")


class _File(Piece):
    id: Id
    title: str = ""
    docs: str = ""
    checked: Checked = Checked(how="documentation")
    unconfirmed: list[str] = []
    settings: dict[Name, Setting] = {}
    secrets: list[Name] = []
    server: OpenTemplate
    headers: Headers = {}
    auth: Auth = NoAuth()
    limits: list[Limit] = []
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
