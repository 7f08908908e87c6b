"""What commands about postings read of a Switchboard: its ledger, and what is to be written."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import typer

from cli.deployment import Target
from cli.publishing import publications_of
from switchboard.adapters.connector.systems import connected_systems, ways_of_writing
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.published_profiles import read_posting_profiles
from switchboard.contracts.interaction_report import KNOWN_FIELDS
from switchboard.contracts.published import completed
from switchboard.domain.posting import Idempotency
from switchboard.domain.posting_profile import PostingProfile
from switchboard.domain.posting_report import Report
from switchboard.errors import Misconfigured
from switchboard.ports import LedgerRow
from switchboard.use_cases.interaction_report import report_of, report_on


class PostingLedger:
    """The ledger of one Switchboard, read with what is published there at this moment."""

    def __init__(self, where: Target, *, now: datetime) -> None:
        self.ledger = DynamoDbInteractionLedger(
            DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
        )
        self._now = now
        self._profiles = _profiles(where)
        self._connected = _connected(where)

    def report_on(self, interaction_id: str) -> Report:
        """Raises: NotFound, StateUnavailable."""
        return report_on(
            interaction_id,
            ledger=self.ledger,
            profiles=self._profiles,
            connected=self._connected,
            known_names=KNOWN_FIELDS,
            now=self._now,
        )

    def report_of(self, row: LedgerRow) -> Report:
        return report_of(
            row,
            profiles=self._profiles,
            connected=self._connected,
            known_names=KNOWN_FIELDS,
            now=self._now,
        )


def _profiles(where: Target) -> Sequence[PostingProfile]:
    """None where none are published: what has been written can be told all the same."""
    try:
        return read_posting_profiles(publications_of(where).active("posting").body)
    except Misconfigured as error:
        _warn(f"What is to be written is not known: {error}")
        return ()


def _connected(where: Target) -> Mapping[str, Idempotency | None]:
    try:
        body = publications_of(where).active("connectors").body
        return ways_of_writing(connected_systems(completed("connectors", body)))
    except Misconfigured as error:
        _warn(f"Which connectors there are is not known: {error}")
        return {}


def _warn(message: str) -> None:
    typer.secho(message, fg="yellow", err=True)
