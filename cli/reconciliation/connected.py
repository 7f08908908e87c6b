"""The ledger, and the CRMs as the functions reach them, from where a person types."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from cli.deployment import Target
from cli.publishing import publications_of
from switchboard import settings as environment
from switchboard.adapters.connector.addresses import private_networks
from switchboard.adapters.connector.engine import Shared
from switchboard.adapters.connector.pacing import Lane
from switchboard.adapters.connector.signing import KmsSigner
from switchboard.adapters.connector.systems import connected_systems
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.dynamodb_days import DynamoDbDaysOfLedger
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.dynamodb_tokens import DynamoDbTokens
from switchboard.adapters.published_profiles import read_posting_profiles
from switchboard.adapters.rest_crm import RestCrm
from switchboard.adapters.secrets import SecretsManagerSecrets
from switchboard.contracts.published import completed
from switchboard.domain.posting_profile import PostingProfile
from switchboard.ports import Crm, DaysOfLedger, InteractionLedger

_LOCAL_STACK: Final = "switchboard"


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What is read of the ledger, and what writes a repair into it."""

    ledger: InteractionLedger
    days: DaysOfLedger


def ledgers_of(where: Target) -> Ledgers:
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
    return Ledgers(DynamoDbInteractionLedger(table), DynamoDbDaysOfLedger(table))


def profiles_of(where: Target) -> Sequence[PostingProfile]:
    """Raises: Misconfigured when none are published."""
    published = publications_of(where).active("posting")
    return read_posting_profiles(completed("posting", published.body))


def crms_of(where: Target, stack: str | None, closing: ExitStack) -> Mapping[str, Crm]:
    """Every published CRM, held to the limits that the workers share, in the lane of postings.

    Raises: Misconfigured.
    """
    body = publications_of(where).active("connectors").body
    client = where.client("secretsmanager")
    secrets = SecretsManagerSecrets(client, stack or _LOCAL_STACK)
    coordination = DynamoDbTable(where.client("dynamodb"), where.tables["Coordination"])
    shared = Shared(
        lane=Lane.POSTING,
        pacing=DynamoDbPacingStore(coordination),
        tokens=DynamoDbTokens(coordination),
        signer=KmsSigner(lambda: where.client("kms")),
    )
    crms = {
        name: RestCrm(
            system.definition,
            system.settings,
            secrets.reader(f"connectors/{name}"),
            # Nobody is looked up by number here.
            default_region=system.region or "US",
            transport=_transport(where),
            shared=shared,
        )
        for name, system in connected_systems(completed("connectors", body)).items()
    }
    for crm in crms.values():
        closing.callback(crm.close)
    return crms


def _transport(where: Target) -> HttpTransport:
    """The local stack's CRMs are on this machine, and nobody else's."""
    return HttpTransport(
        allow_loopback=bool(where.endpoint) or environment.allows_loopback(),
        private_networks=private_networks(environment.private_networks()),
    )
