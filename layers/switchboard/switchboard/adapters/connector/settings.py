"""What one organisation fills into a connector: typed settings, and from them the server."""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from switchboard.adapters.connector.expressions import ExpressionError, value_of
from switchboard.adapters.connector.rendering import origin_of
from switchboard.errors import Misconfigured

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9\-._~/%]*")


def complete_settings(definition: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Every declared setting, as given or by default, in its declared type.

    Raises: Misconfigured naming the setting that is missing, unknown or of another type.
    """
    declared = definition["settings"]
    for name in given:
        if name not in declared:
            raise Misconfigured(f"{definition['id']} has no setting {name}")
    return {
        name: _typed(definition["id"], name, declaration, given.get(name))
        for name, declaration in declared.items()
    }


def server_address(definition: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Scheme, host, port and base path, without a slash at the end. No request leaves it.

    Raises: Misconfigured when it is no such address, or plain http to another machine.
    """
    name = definition["id"]
    try:
        address = str(value_of(definition["server"], {"settings": settings})).rstrip("/")
        require_protected(address)
    except ExpressionError as error:
        raise Misconfigured(f"the server of {name}: {error}") from None
    parts = urlsplit(address)
    if parts.query or parts.fragment or not _PLAIN_PATH.fullmatch(parts.path):
        raise Misconfigured(f"the server of {name} must be an address with a plain path only")
    return address


def token_address(auth: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """Where tokens come from; empty for a scheme without them. It may be another host.

    Raises: Misconfigured when it is no address, or plain http to another machine.
    """
    template = auth.get("token_url")
    if not template:
        return ""
    try:
        address = str(value_of(template, {"settings": settings}))
        require_protected(address)
    except ExpressionError as error:
        raise Misconfigured(f"the address for tokens: {error}") from None
    return address


def require_protected(address: str) -> None:
    """Raises: ExpressionError when secrets and customers' data would travel in the open."""
    origin = urlsplit(origin_of(address))
    if origin.scheme == "http" and origin.hostname not in LOOPBACK:
        raise ExpressionError("http is for this machine only; use https")


def _typed(connector: str, name: str, declaration: Mapping[str, Any], given: Any) -> Any:
    value = declaration["default"] if given is None else given
    if value is None:
        raise Misconfigured(f"{connector} needs the setting {name}")
    try:
        typed = read_setting(declaration["type"], value)
    except ValueError:
        raise Misconfigured(
            f"the setting {name} of {connector} must be of type {declaration['type']}"
        ) from None
    pattern = declaration["pattern"]
    if pattern and not re.fullmatch(pattern, str(typed)):
        raise Misconfigured(f"the setting {name} of {connector} must look like {pattern}")
    return typed


def read_setting(kind: str, value: Any) -> Any:
    """The value in its type; text is read, as settings often come as text.

    Raises: ValueError.
    """
    match kind, value:
        case ("string", str()) | ("boolean", bool()):
            return value
        case "boolean", ("true" | "false"):
            return value == "true"
        case ("integer" | "number", bool()):
            raise ValueError
        case "integer", int() | str():
            return int(value)
        case "number", int() | float():
            return value
        case "number", str():
            return float(value)
    raise ValueError
