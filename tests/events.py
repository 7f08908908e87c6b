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

from switchboard.edges.webhook_signatures import (
    sign_espo,
    sign_hubspot,
    sign_standard,
    sign_zendesk,
)

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
    """A webhook's event with a proof of `now` in place of its own, in its sender's way."""
    headers, raw = event["headers"], event["body"].encode()
    iso, seconds = now.strftime("%Y-%m-%dT%H:%M:%SZ"), int(now.timestamp())
    proof: dict[str, str] = {}
    if "x-hubspot-signature-v3" in headers:
        stamp = str(seconds * 1000)
        url = f"https://{HOST}{event['rawPath']}?{event['rawQueryString']}"
        signature = sign_hubspot(secret, method="POST", url=url, raw_body=raw, timestamp=stamp)
        proof = {"x-hubspot-request-timestamp": stamp, "x-hubspot-signature-v3": signature}
    elif "x-zendesk-webhook-signature" in headers:
        signature = sign_zendesk(secret, timestamp=iso, raw_body=raw)
        proof = {
            "x-zendesk-webhook-signature-timestamp": iso,
            "x-zendesk-webhook-signature": signature,
        }
    elif "signature" in headers:
        proof = {"signature": sign_espo(secret, webhook_id="65a1b2c3d4e5f6a7b", raw_body=raw)}
    elif "webhook-id" in headers:
        signature = sign_standard(
            secret, message_id=headers["webhook-id"], timestamp=seconds, raw_body=raw
        )
        proof = {"webhook-timestamp": str(seconds), "webhook-signature": signature}
    body = event["body"].replace("token-that-opens-nothing", secret)
    return {**event, "headers": {**headers, **proof}, "body": body}


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
