"""The answers in docs/openapi.json: what each status means, with its headers and its shape."""

from typing import Any, Final

from switchboard.contracts.answers import ErrorAnswer
from switchboard.edges.desk_page import SECURITY_HEADERS
from tools.openapi_shapes import REF, Schema, answered_shapes, names_of

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
HTML: Final = "text/html"
XML: Final = "text/xml"
_RESPONSE: Final = "#/components/responses/{name}"
_HEADER: Final = "#/components/headers/{name}"

_NAMES: Final = {
    400: "MalformedRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "StateConflict",
    413: "RequestTooLarge",
    422: "InvalidRequest",
    429: "Throttled",
    502: "UpstreamRejected",
    503: "Unavailable",
    504: "UpstreamUnknown",
}
_REFUSALS: Final = {
    400: "The body is neither JSON nor, where one is read, a form.",
    401: "No key, or one that is not good; for a webhook, no good signature.",
    403: "A known key or link, used where it may not be.",
    404: "Nothing has this id or name.",
    405: "The path exists, for another method.",
    409: "Not in a state that allows this, or a contradiction to what is known.",
    413: "More than 256 KiB.",
    422: "A field is missing, wrong or not ours; the message names it.",
    429: "API Gateway's own answer when a stage gets more than it allows; try again.",
    502: "The contact centre or the CRM refused what we asked of it; a person has to look.",
    503: "Our tables, the CRM or the contact centre do not answer; try again.",
    504: "Sent, and no answer came: it may have happened.",
}
_GATEWAY: Final = "GatewayAnswer"
THROTTLED: Final = 429


def done(contract: Any, status: int) -> Schema:
    """The answer to a request that was heard."""
    references = [{"$ref": REF.format(model=name)} for name in names_of(contract)]
    schema = references[0] if len(references) == 1 else {"anyOf": references}
    description = "Taken, and kept." if status == 202 else "Done."
    return {"description": description, **_uncached(), "content": {JSON: {"schema": schema}}}


def page(status: int) -> Schema:
    """A page for a person, whatever became of the request."""
    if status == THROTTLED:
        return refusal(status)
    headers = {name: _required({"const": value}) for name, value in SECURITY_HEADERS.items()}
    if status == 405:
        headers["allow"] = {"$ref": _HEADER.format(name="Allow")}
    return {
        "description": _REFUSALS.get(status, "The page."),
        "headers": headers,
        "content": {HTML: {"schema": {"type": "string"}}},
    }


def refusal(status: int) -> Schema:
    """A reference: what a status means is said once."""
    return {"$ref": _RESPONSE.format(name=_NAMES[status])}


def acknowledgement() -> Schema:
    """For a sender that reads XML and waits for a word in it."""
    return {
        "description": "To a sender of outbound messages: `Ack` says whether all of it is kept.",
        **_uncached(),
        "content": {XML: {"schema": {"type": "string"}}},
    }


def unavailable_to_such_a_sender() -> Schema:
    """The same, when it is not kept: other senders get our error."""
    described = _described(503)
    described["content"] |= acknowledgement()["content"]
    return described


def components(statuses: set[int]) -> Schema:
    """The refusals that are referred to, and the headers."""
    return {
        "headers": {
            "Allow": _required({}, "The methods that the path has."),
            "NoStore": _required({"const": "no-store"}, "An answer is for its caller alone."),
        },
        "responses": {_NAMES[status]: _described(status) for status in sorted(statuses)},
    }


def shapes() -> dict[str, Schema]:
    """Of errors: ours on every route, and the one that is API Gateway's."""
    message = {"type": "object", "properties": {"message": {"type": "string"}}}
    return {**answered_shapes(ErrorAnswer), _GATEWAY: {**message, "required": ["message"]}}


def _described(status: int) -> Schema:
    is_ours = status != THROTTLED
    name = ErrorAnswer.__name__ if is_ours else _GATEWAY
    headers = _uncached() if is_ours else {}
    if status == 405:
        headers["headers"]["allow"] = {"$ref": _HEADER.format(name="Allow")}
    content = {JSON: {"schema": {"$ref": REF.format(model=name)}}}
    return {"description": _REFUSALS[status], **headers, "content": content}


def _uncached() -> Schema:
    return {"headers": {"cache-control": {"$ref": _HEADER.format(name="NoStore")}}}


def _required(schema: Schema, description: str = "") -> Schema:
    told = {"description": description} if description else {}
    return {**told, "required": True, "schema": {"type": "string", **schema}}
