"""HTTP API events, and one resolver that reads them the way the functions do."""

import base64
import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from switchboard.edges.ecs_request import parameters_in, sent_query
from switchboard.edges.http_api import header, raw_body, require_key
from switchboard.edges.resolver import answer, new_api, refuse_other_methods
from switchboard.observability import metrics

SENT = "zq7canary"  # stands in every value that must not come back


def event(
    body: str | bytes | None = None,
    *,
    query: dict[str, str] | None = None,
    raw_query: str = "",
    content_type: str = "text/plain",
    method: str = "POST",
    path: str = "/read",
    authorizer: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """An event of payload format 2.0; bytes travel as base64, as API Gateway sends them."""
    is_binary = isinstance(body, bytes)
    context = {"lambda": authorizer} if authorizer is not None else None
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": raw_query,
        "headers": {"content-type": content_type},
        "queryStringParameters": query,
        "requestContext": {
            "http": {"method": method, "path": path},
            "requestId": "r-1",
            "stage": "$default",
            "domainName": "api.example.com",
            **({"authorizer": context} if context else {}),
        },
        "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
        "isBase64Encoded": is_binary,
    }


def api() -> APIGatewayHttpResolver:
    """Answers ``/read`` with what it read, and ``/guarded`` with whose key it was."""
    resolver = new_api()
    refuse_other_methods(resolver, "/read", "GET", "POST")

    @resolver.route("/read", method=["GET", "POST"])
    def read() -> Response[str]:
        return answer(
            {
                "read": parameters_in(
                    sent_query(resolver), raw_body(resolver), header(resolver, "content-type")
                )
            }
        )

    @resolver.get("/guarded")
    def guarded() -> Response[str]:
        return answer({"key": require_key(resolver)})

    return resolver


def call(sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer."""
    answered = api().resolve(sent, None)  # type: ignore[arg-type]
    metrics.clear_metrics()  # as a function's decorator does after each invocation
    return answered["statusCode"], json.loads(answered["body"])


def read(
    body: str | bytes | None = None, query: dict[str, str] | None = None, **more: str
) -> dict[str, str]:
    """The parameters in a request that can be read."""
    status, answered = call(event(body, query=query, **more))  # type: ignore[arg-type]
    assert status == 200, answered
    parameters: dict[str, str] = answered["read"]
    return parameters
