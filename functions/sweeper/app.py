"""Every minute: wake the workers for what was missed."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from switchboard import wiring
from switchboard.observability import logger, metrics
from switchboard.use_cases.sweeper import sweep


@metrics.log_metrics
@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    swept = sweep(
        ledger=wiring.ledger(),
        outbound=wiring.outbound_store(),
        posting_queue=wiring.posting_queue(),
        dialing_queue=wiring.dialing_queue(),
        request_id=context.aws_request_id,
        now=datetime.now(UTC),
    )
    metrics.add_metric(name="PostingsWoken", unit="Count", value=swept.postings)
    metrics.add_metric(name="CallsWoken", unit="Count", value=swept.calls)
    logger.info("swept", postings=swept.postings, calls=swept.calls)
