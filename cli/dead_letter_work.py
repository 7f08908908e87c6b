"""What dead letters point at, how that stands now, and why sending them again is safe."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from cli.deployment import Target
from cli.posting_ledger import PostingLedger
from switchboard.adapters.dynamodb_outbound import DynamoDbOutboundStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.outbound import OutboundRequest, OutboundState
from switchboard.domain.posting_report import Report, Standing
from switchboard.errors import NotFound

_SETTLED: Final = frozenset({Standing.IN_CRM, Standing.NOT_AMENDED, Standing.LEFT_OUT})


@dataclass(frozen=True, slots=True)
class Pointed:
    """What one letter is about. `state` says how it stands, `sending` what sending it does."""

    state: str
    sending: str


class WorkState(Protocol):
    """How the work of one queue stands."""

    def __call__(self, work_id: str) -> Pointed: ...


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of ours with its dead letters, as the stack names them."""

    name: str
    work: str
    letters: str
    states: Callable[[Target, datetime], WorkState]


def _postings(where: Target, now: datetime) -> WorkState:
    ledger = PostingLedger(where, now=now)

    def state(work_id: str) -> Pointed:
        try:
            return posting_pointed(ledger.report_on(work_id))
        except NotFound:
            return Pointed("the ledger knows nothing of it", "nothing: there is nothing to write")

    return state


def posting_pointed(report: Report) -> Pointed:
    """Of an interaction: workers read the ledger, so an old letter repeats nothing."""
    state = " ".join(report.answers)
    if all(record.standing in _SETTLED for record in report.records):
        return Pointed(state, "nothing: a worker sees that nothing is left to write")
    if all(record.standing in {*_SETTLED, Standing.PARKED} for record in report.records):
        return Pointed(state, "nothing: it waits for a person; see `switchboard parked`")
    return Pointed(
        state, "a worker goes on where the ledger says; what is written is not written again"
    )


def _calls(where: Target, now: datetime) -> WorkState:
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Outbound"])
    store = DynamoDbOutboundStore(table)
    return lambda work_id: call_pointed(store.read(work_id), now=now)


def call_pointed(request: OutboundRequest | None, *, now: datetime) -> Pointed:
    """Of a request to call: it is claimed before it is dialled, so nobody is rung twice."""
    if request is None:
        return Pointed("no such request is kept", "nothing: nobody is called")
    state = f"{request.state.value} {request.reason}".rstrip()
    if request.state is OutboundState.DIALING:
        return Pointed(state, "noted as unknown if its worker died; it is not dialled again")
    if request.state is not OutboundState.QUEUED:
        return Pointed(state, "nothing: a call is dialled once, and this one has been decided")
    if request.not_after <= now:
        return Pointed(state, "noted as expired; it is not dialled any more")
    return Pointed(state, "dialled once, if the contact policy still allows it")


QUEUES: Final = {
    "posting": Queue("posting", "PostingQueue", "PostingDeadLetters", _postings),
    "dialing": Queue("dialing", "DialingQueue", "DialingDeadLetters", _calls),
}
