"""Powertools' resolver, wording our errors. Not for a function that a caller waits for."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from switchboard.edges.http_api import JSON, method_refusal, other_methods, refusal, reply_text
from switchboard.errors import NotFound, SwitchboardError


def new_api() -> APIGatewayHttpResolver:
    """A resolver that words our errors: flat, with what to do, never a stack trace."""
    api = APIGatewayHttpResolver()
    api.exception_handler(SwitchboardError)(lambda error: _refusal(api, error))
    api.not_found(lambda _: _refusal(api, NotFound("Nothing is at this path; see the docs.")))
    return api


def answer(body: Mapping[str, Any], *, status: int = 200) -> Response[str]:
    return Response(
        status_code=status,
        content_type=JSON,
        body=reply_text(body),
        headers={"cache-control": "no-store"},
    )


def refuse_other_methods(api: APIGatewayHttpResolver, rule: str, *offered: str) -> None:
    """Answer every method that the path does not offer with 405 and the ones that it does."""

    def refuse(**_: str) -> Response[str]:
        refused = _refusal(api, method_refusal(*offered))
        refused.headers["allow"] = ", ".join(offered)
        return refused

    api.route(rule, method=other_methods(*offered))(refuse)


def _refusal(api: APIGatewayHttpResolver, error: SwitchboardError) -> Response[str]:
    return answer(refusal(api, error), status=error.http_status)
