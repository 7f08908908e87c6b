"""The person who mends a CRM's field and has the records written that it refused meanwhile."""

from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from bench.posting_proof.stage import Stage
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.posting import Posting
from switchboard.use_cases.parked_postings import Decided, take_up_again

_AT_ONCE: Final = 100_000
_REFUSED: Final = ("invalid", "upstream_rejected")


def take_up_refused(stage: Stage) -> int:
    """As `switchboard parked retry --reason invalid`; in how many interactions something was."""
    client = stage.target().client("dynamodb")
    ledger = DynamoDbInteractionLedger(DynamoDbTable(client, "Interactions"))
    told = [
        take_up_again(
            interaction_id,
            _was_refused,
            ledger=ledger,
            token=uuid4().hex,
            now=datetime.fromtimestamp(stage.control.now(), UTC),
        )
        for interaction_id in ledger.parked(limit=_AT_ONCE)
    ]
    return sum(each is not Decided.NOTHING for each in told)


def _was_refused(posting: Posting) -> bool:
    """Nobody here is asked to look whether a record stands there: such a posting counts as lost."""
    return posting.reason in _REFUSED
