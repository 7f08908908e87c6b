"""Reads an OpenAPI description (3.x, or Swagger 2.0) as far as a draft needs it.

Rule: nothing is fetched. A `$ref` leads inside the file or nowhere, and reading is bounded in depth
and size, because descriptions come from anywhere and refer to themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from cli.draft_api import Answer, Api, DraftError, Operation, Parameter, Schema
from switchboard.adapters.connector.settings import LOOPBACK

_VERBS: Final = ("get", "post", "put", "patch")
_DEEPEST: Final = 9
_MOST_NODES: Final = 3000
_MOST_OPERATIONS: Final = 2000
_KEPT: Final = [
    "type",
    "format",
    "enum",
    "example",
    "default",
    "maxLength",
    "pattern",
    "description",
    "required",
    "readOnly",
]
_EXAMPLE_SERVER: Final = "https://crm.example.com"


def read_openapi(document: Any) -> Api:
    """The API that a description tells of.

    Raises: DraftError when it is no description, or has nothing that can be called.
    """
    if not isinstance(document, Mapping) or not ({"openapi", "swagger"} & set(document)):
        raise DraftError("this is no OpenAPI description: it has neither `openapi` nor `swagger`")
    reader = _Reader(document)
    operations = list(reader.operations())
    if not operations:
        raise DraftError("the description has no operation under `paths`")
    server = reader.server()
    auth, secrets = reader.auth(server, operations)
    info = _mapping(document.get("info"))
    return Api(
        title=str(info.get("title") or "In-house CRM")[:80],
        server=server,
        auth=auth,
        secrets=secrets,
        operations=operations,
        decisions=reader.decisions,
    )


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._is_old = "swagger" in document
        self._left = 0
        self.decisions: list[str] = []

    def server(self) -> str:
        """The first server's address, complete; an example host where it names none."""
        address = self._old_server() if self._is_old else self._first_server()
        parts = urlsplit(address)
        if parts.scheme in {"http", "https"} and parts.netloc:
            if parts.scheme == "http" and parts.hostname in LOOPBACK:
                return f"http://{parts.netloc}{parts.path}".rstrip("/")
            if parts.scheme == "http":
                self._decide(
                    "The description's server speaks http. Only https leaves this machine."
                )
            return f"https://{parts.netloc}{parts.path}".rstrip("/")
        self._decide("The description names no server: fill in the setting `base`.")
        return urljoin(_EXAMPLE_SERVER, parts.path or "/").rstrip("/")

    def operations(self) -> Iterator[Operation]:
        count = 0
        for path, item in _mapping(self._document.get("paths")).items():
            item = self._resolved(item)
            for verb in _VERBS:
                said = item.get(verb)
                if isinstance(said, Mapping) and str(path).startswith("/"):
                    count += 1
                    if count > _MOST_OPERATIONS:
                        raise DraftError(f"more than {_MOST_OPERATIONS} operations; cut the file")
                    yield self._operation(str(path), verb, item, said)

    def auth(self, server: str, operations: list[Operation]) -> tuple[dict[str, Any], list[str]]:
        """The strongest scheme that fits a machine."""
        schemes = self._schemes()
        if not schemes:
            self._decide("The description names no authentication: is there really none?")
            return {"scheme": "none"}, []
        choices = [_auth_of(scheme, server) for scheme in schemes.values()]
        known = [choice for choice in choices if choice]
        if not known:
            kinds = ", ".join(str(scheme.get("type")) for scheme in schemes.values())
            self._decide(f"Authentication ({kinds}) has no counterpart here; `none` stands in.")
            return {"scheme": "none"}, []
        auth, secrets, question = min(known, key=lambda choice: _ORDER.index(choice[0]["scheme"]))
        if question:
            self._decide(question)
        if len(known) > 1:
            others = ", ".join(sorted({c[0]["scheme"] for c in known} - {auth["scheme"]}))
            if others:
                self._decide(f"The API also takes {others}; the draft uses {auth['scheme']}.")
        return auth, secrets

    def _decide(self, question: str) -> None:
        if question not in self.decisions:
            self.decisions.append(question)

    def _first_server(self) -> str:
        servers = self._document.get("servers")
        first = _mapping(servers[0]) if isinstance(servers, list) and servers else {}
        address = str(first.get("url") or "")
        for name, variable in _mapping(first.get("variables")).items():
            value = str(_mapping(variable).get("default") or "")
            address = address.replace(f"{{{name}}}", value)
            self._decide(f"The server's `{name}` is {value!r} by default: is it yours?")
        return address

    def _old_server(self) -> str:
        host, base = self._document.get("host"), self._document.get("basePath") or ""
        return f"https://{host}{base}" if host else str(base)

    def _schemes(self) -> dict[str, Mapping[str, Any]]:
        if self._is_old:
            found = _mapping(self._document.get("securityDefinitions"))
        else:
            components = _mapping(self._document.get("components"))
            found = _mapping(components.get("securitySchemes"))
        schemes = {str(name): self._resolved(scheme) for name, scheme in found.items()}
        needed = self._document.get("security")
        names = [name for one in needed or [] for name in _mapping(one)] if needed else []
        return {name: schemes[name] for name in names if name in schemes} or schemes

    def _operation(
        self, path: str, verb: str, item: Mapping[str, Any], said: Mapping[str, Any]
    ) -> Operation:
        listed = [*_list(item.get("parameters")), *_list(said.get("parameters"))]
        resolved = [self._resolved(one) for one in listed]
        body, is_form = self._body(said, resolved)
        about = " ".join(str(said.get(key) or "") for key in ("operationId", "summary", "tags"))
        return Operation(
            method=verb.upper(),
            path=path,
            parameters=tuple({(p.place, p.name): p for p in self._parameters(resolved)}.values()),
            body=body,
            is_form=is_form,
            answers=tuple(self._answers(said)),
            about=about[:300],
        )

    def _parameters(self, listed: list[Mapping[str, Any]]) -> Iterator[Parameter]:
        for one in listed:
            place = one.get("in")
            if place not in ("query", "path", "header") or not one.get("name"):
                continue
            schema = self._schema(one if self._is_old else one.get("schema") or {})
            example = one.get("example")
            yield Parameter(
                name=str(one["name"]),
                place=place,
                schema={**schema, "example": example} if example is not None else schema,
                is_required=one.get("required") is True or place == "path",
                description=str(one.get("description") or "")[:500],
            )

    def _body(
        self, said: Mapping[str, Any], parameters: list[Mapping[str, Any]]
    ) -> tuple[Schema | None, bool]:
        if self._is_old:
            return self._old_body(parameters)
        content = _mapping(self._resolved(said.get("requestBody")).get("content"))
        kind = _json_kind(content)
        if kind:
            return self._with_example(_mapping(content[kind])), False
        form = content.get("application/x-www-form-urlencoded")
        return (self._schema(_mapping(form).get("schema")), True) if form else (None, False)

    def _old_body(self, parameters: list[Mapping[str, Any]]) -> tuple[Schema | None, bool]:
        for one in parameters:
            if one.get("in") == "body":
                return self._schema(one.get("schema")), False
        fields = {str(p["name"]): self._schema(p) for p in parameters if p.get("in") == "formData"}
        return ({"type": "object", "properties": fields}, True) if fields else (None, False)

    def _answers(self, said: Mapping[str, Any]) -> Iterator[Answer]:
        for status, answer in _mapping(said.get("responses")).items():
            if not str(status).isdigit():
                continue
            answer = self._resolved(answer)
            content = _mapping(answer.get("content"))
            kind = _json_kind(content)
            schema: Schema | None = None
            if self._is_old and answer.get("schema"):
                schema = self._schema(answer.get("schema"))
            elif kind:
                schema = self._with_example(_mapping(content[kind]))
            yield Answer(int(status), schema)

    def _with_example(self, media: Mapping[str, Any]) -> Schema:
        schema = self._schema(media.get("schema"))
        example = media.get("example")
        for one in _mapping(media.get("examples")).values():
            example = example if example is not None else self._resolved(one).get("value")
        if example is not None and not schema:
            schema = shape_of(example)
        return {**schema, "example": example} if example is not None else schema

    def _schema(self, node: Any) -> dict[str, Any]:
        self._left = _MOST_NODES
        return self._shape(node, _DEEPEST)

    def _shape(self, node: Any, depth: int, inside: tuple[str, ...] = ()) -> dict[str, Any]:
        self._left -= 1
        reference = str(_mapping(node).get("$ref", ""))
        if depth <= 0 or self._left <= 0 or reference in inside:
            return {}
        inside = (*inside, reference) if reference else inside
        node = self._resolved(node)
        result = {key: node[key] for key in _KEPT if key in node}
        if isinstance(node.get("examples"), list) and node["examples"]:
            result.setdefault("example", node["examples"][0])
        for part in _list(node.get("allOf")):
            _merge(result, self._shape(part, depth - 1, inside))
        for key in ("oneOf", "anyOf"):
            choices = [one for one in _list(node.get(key)) if _mapping(one).get("type") != "null"]
            if choices:
                _merge(result, self._shape(choices[0], depth - 1, inside))
        properties = _mapping(node.get("properties"))
        if properties:
            own = {str(n): self._shape(inner, depth - 1, inside) for n, inner in properties.items()}
            _merge(result, {"properties": own})
        if node.get("items") is not None:
            result["items"] = self._shape(node["items"], depth - 1, inside)
        return result

    def _resolved(self, node: Any) -> Mapping[str, Any]:
        """The node that a `$ref` leads to, inside this file; {} when it leads nowhere."""
        for _ in range(_DEEPEST):
            if not isinstance(node, Mapping):
                return {}
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            if not reference.startswith("#/"):
                self._decide(
                    f"`{reference[:80]}` is another file: bundle it in for a fuller draft."
                )
                return {}
            node = self._target(reference)
        return {}

    def _target(self, reference: str) -> Any:
        node: Any = self._document
        for part in reference[2:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            node = node.get(name) if isinstance(node, Mapping) else None
        return node


_ORDER: Final = (
    "oauth2_client_credentials", "header", "bearer", "basic", "query", "oauth2_refresh",
)  # fmt: skip


def _auth_of(
    scheme: Mapping[str, Any], server: str
) -> tuple[dict[str, Any], list[str], str] | None:
    """Auth, its secrets, and a question if there is one."""
    kind, name = scheme.get("type"), str(scheme.get("name") or "")
    match kind, str(scheme.get("in") or ""), str(scheme.get("scheme") or "").lower():
        case "apiKey", ("header" | "query") as place, _ if name:
            question = (
                "" if place == "header" else "The key stands in addresses; is a header taken?"
            )
            return (
                {"scheme": place, "name": name, "value": "${secret.api_key}"},
                ["api_key"],
                question,
            )
        case ("basic", _, _) | ("http", _, "basic"):
            return _basic(), ["username", "password"], ""
        case "http", _, "bearer":
            return {"scheme": "bearer", "token": "${secret.access_token}"}, ["access_token"], ""
        case "oauth2", _, _:
            return _oauth(scheme, server)
        case "openIdConnect", _, _:
            question = "OpenID Connect: find the token address, then use oauth2_client_credentials."
            return (
                {"scheme": "bearer", "token": "${secret.access_token}"},
                ["access_token"],
                question,
            )
    return None


def _basic() -> dict[str, Any]:
    return {
        "scheme": "basic", "username": "${secret.username}", "password": "${secret.password}",
    }  # fmt: skip


def _oauth(scheme: Mapping[str, Any], server: str) -> tuple[dict[str, Any], list[str], str] | None:
    flows = _mapping(scheme.get("flows")) or {str(scheme.get("flow")): scheme}
    for name in ("clientCredentials", "application"):
        flow = _mapping(flows.get(name))
        if flow.get("tokenUrl"):
            auth = {"scheme": "oauth2_client_credentials", "token_url": _token_url(flow, server)}
            scopes = " ".join(str(one) for one in _mapping(flow.get("scopes")))
            question = (
                f"Which scopes are needed? The draft asks for all: {scopes}." if scopes else ""
            )
            return (
                {**auth, **({"scope": scopes} if scopes else {})},
                ["client_id", "client_secret"],
                question,
            )
    for flow in map(_mapping, flows.values()):
        if flow.get("tokenUrl"):
            return (
                {"scheme": "oauth2_refresh", "token_url": _token_url(flow, server)},
                ["client_id", "client_secret", "refresh_token"],
                "A person must log in once for the refresh token; is there a login for machines?",
            )
    return None


def _token_url(flow: Mapping[str, Any], server: str) -> str:
    address = urljoin(f"{server}/", str(flow["tokenUrl"]))
    return address.replace("http://", "https://", 1).replace("${", "")


def shape_of(value: Any, depth: int = _DEEPEST) -> dict[str, Any]:
    """The schema that an example has."""
    match value:
        case _ if depth <= 0:
            return {}
        case Mapping():
            inner = {str(name): shape_of(one, depth - 1) for name, one in value.items()}
            return {"type": "object", "properties": inner}
        case list():
            merged: dict[str, Any] = {}
            for one in value[:20]:
                _merge(merged, shape_of(one, depth - 1))
            return {"type": "array", "items": merged}
        case bool():
            return {"type": "boolean", "example": value}
        case int() | float():
            return {"type": "integer" if isinstance(value, int) else "number", "example": value}
        case None:
            return {"type": "null"}
    return {"type": "string", "example": str(value)}


def _merge(into: dict[str, Any], other: Mapping[str, Any]) -> None:
    properties = {**_mapping(into.get("properties")), **_mapping(other.get("properties"))}
    required = [*_list(into.get("required")), *_list(other.get("required"))]
    if into.get("type") == "null":
        del into["type"]
    for key, value in other.items():
        into.setdefault(key, value)
    if properties:
        into["properties"] = properties
    if required:
        into["required"] = required


def _json_kind(content: Mapping[str, Any]) -> str | None:
    return next((kind for kind in content if "json" in str(kind).lower()), None)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
