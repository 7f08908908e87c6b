"""What the editing page sends: JSON that can be stored again as JSON."""

import json
from typing import Any

from switchboard.edges.http_api import Api, json_object, raw_body
from switchboard.errors import MalformedRequest


def sent_by_the_page(api: Api) -> dict[str, Any]:
    """Raises: RequestTooLarge, MalformedRequest."""
    body = json_object(raw_body(api))
    try:
        json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
    except ValueError as error:
        # 1e999 is read as an endless number, and half of a pair of surrogates as a letter.
        raise MalformedRequest("A number or a letter in it cannot be kept.") from error
    return body
