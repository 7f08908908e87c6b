"""The texts that stand in a connector file, each checked where it stands.

Expressions compile, templates' holes are closed, secrets stay out of addresses. For builds, tests
and the command line, as `format` is.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from switchboard.adapters.connector.expressions import Hole, compiled, parts_of
from switchboard.adapters.connector.query_texts import is_query_text

HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PLAIN_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*")
_SECRET_REFERENCE = re.compile(r"\$\{\s*secret\.([A-Za-z0-9_]+)\s*\}")
_QUERY_TYPES = ["string", "number", "boolean", "array"]
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
        case {"for_each": str() as expression, **others}:
            _is_expression(expression)
            if others.keys() != {"make"}:
                raise ValueError("`for_each` goes with `make`, and with nothing else")
            _is_tree_of_templates(others["make"])
        case dict():
            for key, value in tree.items():
                if not isinstance(key, str) or "${" in key:
                    raise ValueError(f"the key {key!r} must be plain text")
                _is_tree_of_templates(value)
        case list():
            for item in tree:
                _is_tree_of_templates(item)
    return tree


def _is_query_value(value: Any) -> Any:
    match value:
        case str():
            return is_query_text(_is_open_template(value))
        case list():
            return [_is_query_value(item) for item in value]
        case bool() | int() | float():
            return value
    raise ValueError("give a text, a number, true, false, or a list of them")


def _has_header_names(headers: dict[str, Any]) -> dict[str, Any]:
    for name in headers:
        if not HEADER_NAME.fullmatch(name):
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
QueryValue = Annotated[Any, AfterValidator(_is_query_value), WithJsonSchema({"type": _QUERY_TYPES})]
SecretName = Annotated[str, AfterValidator(_secret_name)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,47}$")]


class Piece(BaseModel):
    """A part of a file. An unknown key is refused; what was written is not repeated in errors."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)
