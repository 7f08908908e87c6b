"""The connector file, format version 1, and the ECS profile, which speaks the same language.

Only builds, tests and the command line import this: pydantic stays out of the running engine.
Every text is checked where it stands: expressions compile, secrets stay out of addresses.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from switchboard.adapters.connector.expressions import Hole, compiled, parts_of
from switchboard.adapters.connector.outcomes import ErrorClass
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.settings import read_setting

_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")
_SECRET_REFERENCE = re.compile(r"\$\{\s*secret\.([A-Za-z0-9_]+)\s*\}")
_MENTIONS_SECRET = re.compile(r"\bsecret\b")


def _is_expression(text: str) -> str:
    compiled(text)
    return text


def _is_template(text: str) -> str:
    for part in parts_of(text):
        if isinstance(part, Hole):
            compiled(part.expression)
    return text


def _is_open_template(text: str) -> str:
    """A template of something that others see: addresses are logged by every machine between."""
    holes = (part.expression for part in parts_of(_is_template(text)) if isinstance(part, Hole))
    if any(_MENTIONS_SECRET.search(hole) for hole in holes):
        raise ValueError("a secret may not stand in an address; use `auth` or a header")
    return text


def _is_tree_of_templates(tree: Any) -> Any:
    match tree:
        case str():
            _is_template(tree)
        case dict():
            for key, value in tree.items():
                if not isinstance(key, str) or "${" in key:
                    raise ValueError(f"the key {key!r} must be plain text")
                _is_tree_of_templates(value)
        case list():
            for item in tree:
                _is_tree_of_templates(item)
    return tree


def _has_header_names(headers: dict[str, Any]) -> dict[str, Any]:
    for name in headers:
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a header")
    return headers


def _is_path(text: str) -> str:
    literals = "".join(part for part in parts_of(_is_open_template(text)) if isinstance(part, str))
    if not text.startswith("/") or not _PLAIN_PATH.fullmatch(literals):
        raise ValueError("a path begins with / and holds no query; put that under `query`")
    return text


def _secret_name(text: str) -> str:
    """`${secret.hook_secret}` and `hook_secret` are the same."""
    reference = _SECRET_REFERENCE.fullmatch(text)
    return reference.group(1) if reference else text


Expression = Annotated[str, AfterValidator(_is_expression)]
Template = Annotated[str, AfterValidator(_is_template)]
OpenTemplate = Annotated[str, AfterValidator(_is_open_template)]
PathTemplate = Annotated[str, AfterValidator(_is_path)]
Tree = Annotated[Any, AfterValidator(_is_tree_of_templates)]
Headers = Annotated[dict[str, Template], AfterValidator(_has_header_names)]
QueryValue = OpenTemplate | int | float | bool | list[OpenTemplate | int | float | bool]
SecretName = Annotated[str, AfterValidator(_secret_name)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,47}$")]


class _Piece(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)


class Setting(_Piece):
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


class NoAuth(_Piece):
    """Nothing to prove."""

    scheme: Literal["none"] = "none"


class HeaderAuth(_Piece):
    """A header with a key."""

    scheme: Literal["header"]
    name: str = Field(pattern=_HEADER_NAME.pattern)
    value: Template


class BearerAuth(_Piece):
    """A token that somebody put into the secret."""

    scheme: Literal["bearer"]
    token: Template


class BasicAuth(_Piece):
    """User name and password."""

    scheme: Literal["basic"]
    username: Template
    password: Template


class ClientCredentialsAuth(_Piece):
    """OAuth2 client credentials."""

    scheme: Literal["oauth2_client_credentials"]
    token_url: OpenTemplate
    client_id: Template = "${secret.client_id}"
    client_secret: Template = "${secret.client_secret}"  # noqa: S105 - a name, no value
    client_auth: Literal["basic", "body"] = "basic"
    scope: Template | None = None
    expires_in_default: float = 3600


Auth = Annotated[
    NoAuth | HeaderAuth | BearerAuth | BasicAuth | ClientCredentialsAuth,
    Field(discriminator="scheme"),
]


class Timeouts(_Piece):
    """Bounds inside the caller's deadline: connecting, and each silence while reading."""

    connect_s: float = Field(default=2.0, gt=0, le=30)
    read_s: float = Field(default=10.0, gt=0, le=60)


class ErrorRule(_Piece):
    """What an answer means when `when` holds over status, headers (lower case) and body."""

    when: Expression
    error_class: ErrorClass = Field(alias="class", strict=False)
    detail: Expression | None = None
    wait: Expression | None = None
    record_id: Expression | None = None
    nothing_done: bool = False


class Request(_Piece):
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


class Step(_Piece):
    """One request of a method."""

    id: Name
    description: str = ""
    when: Expression | None = None
    request: Request
    map: Expression | None = None
    stop_when: Expression | None = None


class Method(_Piece):
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


class Lookups(_Piece):
    """Methods to try in order, until one finds a record that really carries what was asked."""

    by_phone: list[Name] = []
    by_email: list[Name] = []


class StandardWebhooks(_Piece):
    """Standard Webhooks 1.0."""

    scheme: Literal["standard_webhooks"]
    secret: SecretName | list[SecretName]
    tolerance_s: int = Field(default=300, gt=0, le=3600)


class HeaderSecret(_Piece):
    """A fixed header with a secret value."""

    scheme: Literal["header_secret"]
    header: str = Field(pattern=_HEADER_NAME.pattern)
    secret: SecretName | list[SecretName]


class BasicSecret(_Piece):
    """User name and password in the Authorization header."""

    scheme: Literal["basic"]
    username: str
    secret: SecretName | list[SecretName]


Verification = Annotated[
    StandardWebhooks | HeaderSecret | BasicSecret, Field(discriminator="scheme")
]


class Event(_Piece):
    """Something the CRM tells us by itself. Expressions see its body, and `headers`."""

    description: str = ""
    verify: Verification
    accept: Expression | None = None
    id: Expression | None = None
    map: Expression

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "Event":
        if self.id is None and not isinstance(self.verify, StandardWebhooks):
            raise ValueError("`id` is needed: this scheme brings no id of a delivery")
        return self


class _File(_Piece):
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
