"""Events as AWS hands them to functions: read from `events/`, or made for one test."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

from switchboard.edges.webhook_signatures import sign_standard

EVENTS: Final = Path(__file__).parents[1] / "events"
HOST: Final = "switchboard.example.com"
CALLER_ADDRESS: Final = "192.0.2.10"

Event = dict[str, Any]


@dataclass(frozen=True)
class LambdaContext:
    """What a handler may ask of Lambda."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int = 512
    function_version: str = "$LATEST"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:eu-west-2:123456789012:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def sample_files() -> list[Path]:
    return sorted(EVENTS.glob("*/*.json"))


def read_event(file: Path) -> Event:
    event: Event = json.loads(file.read_text(encoding="utf-8"))
    return event


def http_event(
    method: str,
    path: str,
    *,
    body: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    in_base64: bool = False,
) -> Event:
    """A request as an HTTP API passes it on, payload format 2.0, before any authorizer."""
    raw = body.encode() if isinstance(body, str) else body
    event: Event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": urlencode(query or {}),
        "headers": {"host": HOST, **{n.lower(): v for n, v in (headers or {}).items()}},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": HOST,
            "domainPrefix": "switchboard",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": CALLER_ADDRESS,
                "userAgent": "test",
            },
            "requestId": uuid4().hex,
            "routeKey": "$default",
            "stage": "$default",
            "time": "05/Jan/2026:10:00:00 +0000",
            "timeEpoch": 1767607200000,
        },
        "isBase64Encoded": in_base64,
    }
    if query:
        event["queryStringParameters"] = dict(query)
    if raw is not None:
        event["body"] = b64encode(raw).decode() if in_base64 else raw.decode()
    return event


def authorizer_event(request: Event, route_key: str) -> Event:
    """What the REQUEST authorizer is asked about that request, payload format 2.0."""
    asked = {
        name: value for name, value in request.items() if name not in {"body", "isBase64Encoded"}
    }
    return {
        **asked,
        "type": "REQUEST",
        "routeArn": f"arn:aws:execute-api:eu-west-2:123456789012:api/$default/{route_key}",
        "identitySource": [],
        "routeKey": route_key,
    }


def sqs_event(bodies: Sequence[str]) -> Event:
    """A batch of messages; their ids are `m-0`, `m-1` and so on."""
    return {"Records": [_message(number, body) for number, body in enumerate(bodies)]}


def pointer(work_id: str, *, request_id: str = "req-1") -> str:
    """A message as our own code writes it."""
    return json.dumps({"v": 1, "id": work_id, "request_id": request_id})


def signed(event: Event, secret: str, *, now: datetime) -> Event:
    """A webhook's event with a Standard Webhooks signature of `now` in place of its own."""
    headers, timestamp = event["headers"], int(now.timestamp())
    signature = sign_standard(
        secret,
        message_id=headers["webhook-id"],
        timestamp=timestamp,
        raw_body=event["body"].encode(),
    )
    proof = {"webhook-timestamp": str(timestamp), "webhook-signature": signature}
    return {**event, "headers": {**headers, **proof}}


def _message(number: int, body: str) -> Event:
    return {
        "messageId": f"m-{number}",
        "receiptHandle": f"handle-{number}",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767607200000",
            "SenderId": "123456789012",
            "ApproximateFirstReceiveTimestamp": "1767607200000",
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-2:123456789012:queue",
        "awsRegion": "eu-west-2",
    }
