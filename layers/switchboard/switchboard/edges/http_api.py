"""How HTTP reaches our use cases: who calls, what was sent, and every refusal as a flat object."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from switchboard.errors import (
    Forbidden,
    InvalidRequest,
    MalformedRequest,
    MethodNotAllowed,
    Misconfigured,
    RequestTooLarge,
    StateUnavailable,
    SwitchboardError,
    Unauthorized,
)
from switchboard.observability import count, join, logger

LARGEST_BODY: Final = 256 * 1024
KEY_HEADER: Final = "x-switchboard-key"
JSON: Final = "application/json"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "QUERY")

_ADVICE: Final[Mapping[str, SwitchboardError]] = {
    "missing_key": Unauthorized(f"Send your key in the header {KEY_HEADER}."),
    "unknown_key": Unauthorized(f"The key in {KEY_HEADER} is not valid; check it or ask for one."),
    "expired_key": Unauthorized("This key has expired; use the one that replaced it."),
    "route_not_allowed": Forbidden("This key may not use this route; ask for one that may."),
    "source_not_allowed": Forbidden("This key may not be used from this address."),
    "keys_unavailable": StateUnavailable("Keys cannot be checked just now; try again shortly."),
}


class Api(Protocol):
    """Whatever took the request: Powertools' resolver, or `direct_api`."""

    @property
    def current_event(self) -> Any: ...


def request_id(api: Api) -> str:
    """API Gateway's id of this request; it joins everything that is logged and stored about it."""
    return str(api.current_event.request_context.request_id)


def host(api: Api) -> str:
    """The domain name that the caller used."""
    return str(api.current_event.request_context.domain_name)


def header(api: Api, name: str) -> str:
    """A request header, in any case; empty when it was not sent."""
    return str(api.current_event.headers.get(name) or "").strip()


def require_key(api: Api) -> str:
    """The id of the caller's key, as the authorizer proved it.

    An HTTP API cannot word its own 401, so the authorizer lets every request through with its
    verdict, and this is where a request without a proven key ends.

    Raises: Unauthorized, Forbidden, StateUnavailable.
    """
    context = api.current_event.request_context.authorizer
    verdict: Mapping[str, Any] = (context.get_lambda if context else None) or {}
    key_id = verdict.get("key_id")
    if not key_id:
        raise _ADVICE.get(str(verdict.get("refusal")), _ADVICE["missing_key"])
    return str(key_id)


def raw_body(api: Api, *, largest: int = LARGEST_BODY) -> bytes:
    """The bytes as they were sent.

    Raises: RequestTooLarge, MalformedRequest.
    """
    event = api.current_event
    text = event.body or ""
    try:
        raw = base64.b64decode(text) if event.is_base64_encoded else text.encode()
    except ValueError as error:
        raise MalformedRequest("The body cannot be decoded; send UTF-8.") from error
    if len(raw) > largest:
        raise RequestTooLarge(f"Send at most {largest // 1024} KiB.")
    return raw


def json_object(raw: bytes | str) -> dict[str, Any]:
    """The JSON object in a body.

    Raises: MalformedRequest.
    """
    try:
        parsed = json.loads(raw, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest("The body is not valid JSON; send one JSON object.") from error
    if not isinstance(parsed, dict):
        raise MalformedRequest('The body must be one JSON object, like {"name": "value"}.')
    return parsed


def reply_text(body: Mapping[str, Any]) -> str:
    return json.dumps(body)


def refusal(api: Api, error: SwitchboardError) -> dict[str, str]:
    """The body of a refusal, which is counted and noted."""
    level: Callable[..., None] = (
        logger.info if isinstance(error, InvalidRequest) else logger.warning
    )
    count("RequestRefused")
    join(request_id=request_id(api))
    level("request refused", error=error.code, status=error.http_status)
    if isinstance(error, Misconfigured):
        logger.error("misconfigured", detail=str(error))
    return {
        "error": error.code,
        "message": message_of(error),
        "request_id": request_id(api),
    }


def message_of(error: SwitchboardError) -> str:
    """What a caller is told; which of our settings is missing is the log's business."""
    if isinstance(error, Misconfigured):
        return "Switchboard is not set up for this yet; its log says which setting is missing."
    return str(error)


def method_refusal(*offered: str) -> MethodNotAllowed:
    return MethodNotAllowed(f"Use {' or '.join(offered)} here.")


def other_methods(*offered: str) -> list[str]:
    """Every method that may reach us, without these."""
    return [method for method in _METHODS if method not in offered]


def _no_constant(name: str) -> float:
    raise ValueError(name)
