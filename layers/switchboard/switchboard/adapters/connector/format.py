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
from switchboard.domain.posting import KEY_WINDOW_S


class Setting(Piece):
    """One thing an organisation fills in. Without a default it must be given."""

    type: Literal["string", "integer", "number", "boolean"] = Field(
        default="string", description="What it is; text that holds one is read."
    )
    description: str = Field(default="", description="For whoever fills it in.")
    default: str | int | float | bool | None = Field(
        default=None, description="Without one, the setting must be given."
    )
    pattern: str | None = Field(
        default=None, description="A regular expression that the whole value must match."
    )

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

    connect_s: float = Field(default=2.0, gt=0, le=30, description="Seconds for a connection.")
    read_s: float = Field(
        default=10.0, gt=0, le=60, description="Seconds of silence before an answer counts as lost."
    )


class ErrorRule(Piece):
    """What an answer means when `when` holds over status, headers (lower case) and body."""

    when: Expression = Field(description="Expression over status, headers (lower case) and body.")
    error_class: ErrorClass = Field(
        alias="class", strict=False, description="What such an answer means."
    )
    detail: Expression | None = Field(
        default=None, description="Finds the CRM's error code, for logs; never a text."
    )
    wait: Expression | None = Field(
        default=None, description="Seconds until a next try, where Retry-After does not say it."
    )
    record_id: Expression | None = Field(
        default=None, description="For `duplicate`: the id of the record that is there."
    )
    nothing_done: bool = Field(
        default=False, description="A promise that a write with this answer changed nothing."
    )


class Request(Piece):
    """A request; `path` below the server, or a `url` that the server gave in an earlier step."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = Field(
        default=None, description="GET, or POST where there is a body."
    )
    path: PathTemplate | None = Field(
        default=None, description="Below the server; each `${…}` is one encoded segment."
    )
    url: OpenTemplate | None = Field(
        default=None,
        description="An address that the server gave in an earlier step; it must lead back to it.",
    )
    query: dict[str, QueryValue] = Field(
        default={},
        description="Each value is percent-encoded; a list repeats the key; null leaves it out.",
    )
    headers: Headers = Field(default={}, description="Beside those of the file.")
    body: Tree = Field(
        default=None,
        description="A JSON tree; null leaves a key out. {for_each, make} makes a list.",
    )
    form: dict[str, QueryValue] | None = Field(
        default=None, description="Fields of a form, instead of a body."
    )

    @model_validator(mode="after")
    def _has_one_address_and_one_body(self) -> "Request":
        if (self.path is None) == (self.url is None):
            raise ValueError("give either `path` or `url`")
        if self.url is not None and self.query:
            raise ValueError("`query` goes with `path`; a `url` brings its own")
        if self.form is not None and "body" in self.model_fields_set:
            raise ValueError("give either `body` or `form`")
        return self

    @property
    def only_asks(self) -> bool:
        """Whether it is a GET, as it is where nothing else is said and nothing sent along."""
        says_more = self.form is not None or "body" in self.model_fields_set
        return self.method == "GET" or (self.method is None and not says_more)


class Step(Piece):
    """One request of a method."""

    id: Name = Field(description="Later steps see what it made as `steps.<id>`.")
    description: str = Field(default="", description="For people.")
    when: Expression | None = Field(default=None, description="Runs only if this holds.")
    request: Request = Field(description="What is sent.")
    map: Expression | None = Field(
        default=None, description="What the step makes of the answer; its body without one."
    )
    expects: Expression | None = Field(
        default=None,
        description="What an answer must be to be believed; one that is not counts as none.",
    )
    empty_when: list[Annotated[ErrorClass, Field(strict=False)]] = Field(
        default=[],
        description="Classes that mean that what it asks for is not there; it makes null of them.",
    )
    stop_when: Expression | None = Field(
        default=None, description="Ends the method after this step if it holds."
    )
    reads: bool = Field(default=False, description="It only asks, although by POST.")

    @model_validator(mode="after")
    def _finds_nothing_only_where_it_asks(self) -> "Step":
        if self.empty_when and not (self.reads or self.request.only_asks):
            raise ValueError("`empty_when` goes with a step that only asks")
        return self


class Page(Piece):
    """How the next page is asked for. `next` sees the answer, and the number of its `page`."""

    next: Expression = Field(
        description="Names the next page, over the answer and `page`; null at the end."
    )
    into: Annotated[str, Field(pattern=r"^(query|body)(\.[A-Za-z0-9_@$-]+)+$")] | None = Field(
        default=None, description="The key that takes it, for example query.cursor."
    )
    follow: bool = Field(
        default=False, description="It is an address of the server's and is followed."
    )
    max_pages: int = Field(
        default=3,
        ge=1,
        le=1000,
        description="Never more pages than this; at most 20, except of `list_interactions`.",
    )

    @model_validator(mode="after")
    def _goes_somewhere(self) -> "Page":
        if (self.into is None) is not self.follow:
            raise ValueError("give `into: query.NAME` or `into: body.NAME`, or `follow: true`")
        return self


class Batch(Piece):
    """How many records one call of the method takes at most."""

    most: int = Field(ge=2, le=1000, description="Never more records than this in one call.")


class Method(Piece):
    """Something the CRM can do: one request, or steps."""

    description: str = Field(default="", description="For people: what it does and why so.")
    request: Request | None = Field(default=None, description="The one request; or use `steps`.")
    steps: list[Step] = Field(
        default=[], description="Requests in order; later ones see the earlier."
    )
    map: Expression | None = Field(
        default=None, description="Makes the result: rows of a lookup, {id, created} of a write."
    )
    expects: Expression | None = Field(
        default=None,
        description="Of the one request: what its answer must be to be believed. Steps say theirs.",
    )
    empty_when: list[Annotated[ErrorClass, Field(strict=False)]] = Field(
        default=[], description="Classes that mean nobody was found."
    )
    idempotency: Literal["upsert", "client_id", "header", "once_token", "search_first", "none"] = (
        Field(default="none", description="What makes it safe to write again.")
    )
    settle_s: float = Field(
        default=0.0,
        ge=0,
        description="Seconds after which the CRM's own search finds a record that was made.",
    )
    needs_customer: bool = Field(
        default=False, description="It can only write on somebody's record."
    )
    ignores_older: bool = Field(
        default=False,
        description="Of `log_interaction`: the CRM itself leaves its record as it is when it is "
        "sent an older revision than the one that it has.",
    )
    key_window_s: float = Field(
        default=KEY_WINDOW_S,
        gt=0,
        description="With `idempotency: header`: for so many seconds the CRM knows a key again.",
    )
    page: Page | None = Field(default=None, description="How a lookup asks for further pages.")
    batch: Batch | None = Field(default=None, description="Makes it a method for several records.")
    query_bodies: list[str] = Field(
        default=[], description="Keys of the body whose texts the server reads as a query."
    )

    @model_validator(mode="after")
    def _has_one_form(self) -> "Method":
        if (self.request is None) == (not self.steps):
            raise ValueError("give either `request` or `steps`")
        if self.expects and self.steps:
            raise ValueError("`expects` goes with one `request`; each of the `steps` has its own")
        ids = [step.id for step in self.steps]
        if len(set(ids)) < len(ids):
            raise ValueError("two steps have the same id")
        if self.page and (self.steps or not self.map):
            raise ValueError("`page` goes with one `request` and the `map` of its rows")
        if "key_window_s" in self.model_fields_set and self.idempotency != "header":
            raise ValueError("`key_window_s` goes with `idempotency: header`")
        return self

    @model_validator(mode="after")
    def _asks_no_more_than_it_means(self) -> "Method":
        for request in [self.request] if self.request else [step.request for step in self.steps]:
            for name in self.query_bodies:
                require_escaped(request.body, name)
        return self


class Lookups(Piece):
    """Methods to try in order, until one finds a record that really carries what was asked."""

    by_phone: list[Name] = Field(
        default=[], description="Tried in order with `input.phone`, until a row carries the number."
    )
    by_email: list[Name] = Field(default=[], description="Tried in order with `input.email`.")
    by_account: list[Name] = Field(
        default=[],
        description="Tried in order with `input.account`, a number that the caller was asked for; "
        "rows say theirs in `accounts`.",
    )


class Checked(Piece):
    """Who, other than its author, says that the file is right."""

    how: Literal["live", "vendor_description", "vendor_client", "documentation"] = Field(
        description="What judged it."
    )
    by: str = Field(
        default="",
        alias="with",
        description="Which application, description or library, with its version.",
    )


# A refresh token that was replaced would be lost with the process.
_NEEDS_WHAT_IS_SHARED = frozenset({"oauth2_refresh", "oauth2_jwt_bearer"})


class _File(Piece):
    id: Id = Field(description="Its name in keys, logs and settings; the same as the file.")
    title: str = Field(default="", description="For people.")
    docs: str = Field(default="", description="Where its facts come from.")
    checked: Checked = Field(
        default=Checked(how="documentation"),
        description="How far somebody other than its author has checked it.",
    )
    unconfirmed: list[str] = Field(
        default=[], description="Plain sentences: what nobody could confirm."
    )
    settings: dict[Name, Setting] = Field(default={}, description="What an organisation fills in.")
    secrets: list[Name] = Field(
        default=[], description="Names only; the values are in Secrets Manager."
    )
    server: OpenTemplate = Field(description="The one place that requests go to.")
    headers: Headers = Field(default={}, description="Sent with every request.")
    auth: Auth = Field(default=NoAuth(), description="How we prove who we are.")
    limits: list[Limit] = Field(default=[], description="What the CRM can take, over all workers.")
    timeouts: Timeouts = Field(
        default=Timeouts(), description="Bounds inside the caller's deadline."
    )
    errors: list[ErrorRule] = Field(
        default=[],
        description="What an answer means where the status does not say it; the first that holds.",
    )
    tables: dict[Name, dict[str, str | int | float | bool]] = Field(
        default={}, description="Code lists for `pick`; an organisation may override entries."
    )
    samples: list[Sample] = Field(
        default=[], description="Stories that are tests and documentation."
    )

    @field_validator("secrets")
    @classmethod
    def _each_once(cls, names: list[str]) -> list[str]:
        if len(set(names)) < len(names):
            raise ValueError("a secret is named twice")
        return names


class ConnectorFile(_File):
    """A CRM."""

    connector: Literal[1] = Field(description="The version of this format.")
    lookups: Lookups = Field(default=Lookups(), description="Which methods find a customer.")
    methods: dict[Name, Method] = Field(default={}, description="What the CRM can do.")
    events: dict[Name, Event] = Field(default={}, description="What the CRM tells us by itself.")
    link: OpenTemplate = Field(
        default="",
        description="The page of a record, for the agent's screen; sees `record` and `settings`.",
    )


class EcsProfileFile(_File):
    """The contact centre's own API, as far as it is known."""

    ecs_profile: Literal[1] = Field(description="The version of this format.")
    operations: dict[
        Literal["queue_call", "hold", "retrieve", "transfer", "hang-up", "agent_state"], Method
    ] = Field(default={}, description="What the contact centre can do.")

    @model_validator(mode="after")
    def _shares_nothing(self) -> "EcsProfileFile":
        """Functions that speak with the contact centre share no tokens, limits or signing key."""
        if self.auth.scheme in _NEEDS_WHAT_IS_SHARED:
            raise ValueError(
                f"auth: {self.auth.scheme} is for connectors; a profile takes none, header, query, "
                "basic, bearer or oauth2_client_credentials"
            )
        if self.limits:
            raise ValueError("limits: they are for connectors; nothing would keep a profile's")
        return self
