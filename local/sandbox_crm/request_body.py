"""The JSON people send us."""

import json

from flask import request

from .api_errors import ApiError


def body_object() -> dict[str, object]:
    """The JSON object in the current request.

    Raises: ApiError 400.
    """
    body = body_json()
    if not isinstance(body, dict):
        raise ApiError(400, "bad_request", "Send a JSON object.")
    return body


def body_json() -> object:
    """The JSON in the current request.

    Raises: ApiError 400.
    """
    try:
        return json.loads(request.get_data())
    except (ValueError, RecursionError):
        raise ApiError(400, "bad_request", "Send valid JSON in UTF-8.") from None
