"""Two usual designs, which lose against the same enemies: the harness proves itself on them.

`powertools`: Powertools' own idempotency around a handler that posts, as its documentation shows
it. `immediate_search`: look for the record, make it if it is not found, whatever happened before.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import requests
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from bench.posting_proof.workers import Post, poll
from tests.events import LambdaContext

DESIGNS: Final = ("powertools", "immediate_search")
_PATIENCE_S: Final = 0.4
Handler = Callable[[dict[str, Any]], Any]


def work_naively(post: Post, design: str, crm: str) -> None:
    """A poller of such a design's own queue."""
    control = post.take()
    handler = {"powertools": powertools, "immediate_search": immediate_search}[design](crm)
    poll(post, control, handler)


def powertools(crm: str) -> Handler:
    """POST each interaction, idempotent by its id, as far as Powertools can see."""
    config = IdempotencyConfig(event_key_jmespath="reference", expires_after_seconds=24 * 3600)
    store = DynamoDBPersistenceLayer(table_name="Idempotency")
    session = requests.Session()

    def create(*, record: dict[str, Any]) -> dict[str, Any]:
        return _created(session, crm, record)

    once: Callable[..., Any] = idempotent_function(
        create, data_keyword_argument="record", persistence_store=store, config=config
    )
    return _batches(lambda record: once(record=record), config)


def immediate_search(crm: str) -> Handler:
    """Search, and POST what was not found; three times at once, as a retrying client does."""
    session = requests.Session()

    def write(record: dict[str, Any]) -> Any:
        for is_last in (False, False, True):
            try:
                return _found(session, crm, record) or _created(session, crm, record)
            except (requests.RequestException, LookupError):
                if is_last:
                    raise
        return None

    return _batches(write, None)


def _found(session: requests.Session, crm: str, record: Mapping[str, Any]) -> Any:
    asked = {"reference": record["reference"]}
    answer = session.get(f"{crm}/records", params=asked, timeout=_PATIENCE_S)
    answer.raise_for_status()
    return answer.json()["records"]


def _created(session: requests.Session, crm: str, record: Mapping[str, Any]) -> dict[str, Any]:
    answer = session.post(f"{crm}/records", json=record, timeout=_PATIENCE_S)
    answer.raise_for_status()
    created: dict[str, Any] = answer.json()
    return {"id": created["id"]}


def _batches(write: Callable[[dict[str, Any]], Any], config: IdempotencyConfig | None) -> Handler:
    processor = BatchProcessor(event_type=EventType.SQS)
    context: Any = LambdaContext("naive", "request")

    def one(record: SQSRecord) -> None:
        write(json.loads(record.body))

    def handler(event: dict[str, Any]) -> Any:
        if config:
            config.register_lambda_context(context)
        return process_partial_response(event, one, processor, context)

    return handler
