"""Lambda authorizer: judges the key and passes its verdict on.

It never says "deny": an HTTP API answers a denied request in words of its own that help nobody.
`require_key` at the other end refuses whatever comes without a proven key, and words it.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.observability import logger, mistakes_without_words
from switchboard.use_cases.authorizer import Allowed, authorize

KEY_HEADER = "x-switchboard-key"


@mistakes_without_words
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    request = event.get("requestContext", {})
    verdict = authorize(
        (event.get("headers") or {}).get(KEY_HEADER, ""),
        path=event.get("rawPath", ""),
        source=request.get("http", {}).get("sourceIp", ""),
        keys=wiring.keys(),
        now=datetime.now(UTC),
    )
    if isinstance(verdict, Allowed):
        return {"isAuthorized": True, "context": {"key_id": verdict.key_id}}
    logger.info("key refused", refusal=verdict.refusal, request_id=request.get("requestId", ""))
    return {"isAuthorized": True, "context": {"refusal": verdict.refusal}}
