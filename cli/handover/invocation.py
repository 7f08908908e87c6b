"""How AWS calls a function behind an HTTP API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

# As API Gateway makes them.
REQUEST_ID: Final = "JKJaXmPLvHcESHA="
_DATE: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Context:
    """What a handler may ask of Lambda."""

    function_name: str
    aws_request_id: str = REQUEST_ID
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def http_event(
    host: str,
    verb: str,
    path: str,
    headers: Mapping[str, str],
    *,
    body: str | None,
    query: Mapping[str, str],
) -> dict[str, Any]:
    """As an HTTP API passes a request on, payload format 2.0."""
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"ANY {path}",
        "rawPath": path,
        "rawQueryString": urlencode(query),
        "headers": {"host": host, **headers},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": verb,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.10",
                "userAgent": "",
            },
            "requestId": REQUEST_ID,
            "routeKey": f"ANY {path}",
            "stage": "$default",
            "time": _DATE.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(_DATE.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if path.startswith("/v1/triggers/"):
        event["pathParameters"] = {"event": path.rpartition("/")[2]}
    if query:
        event["queryStringParameters"] = dict(query)
    if body is not None:
        event["body"] = body
    return event
