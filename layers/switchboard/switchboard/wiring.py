"""The only place that knows everything: ports meet their adapters, built on first use and kept."""

import functools
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.config import Config

from switchboard import settings
from switchboard.adapters.aws_clients import aws_client
from switchboard.adapters.dynamodb_config import DynamoDbKeyStore, DynamoDbPublications
from switchboard.adapters.dynamodb_findings import DynamoDbFindings
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_lookups import DynamoDbLookupMemory
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.publication_items import digest_of
from switchboard.adapters.secrets import SecretsManagerSecrets
from switchboard.current import Current, CurrentIfAny, GoodToHave
from switchboard.domain.outbound import ContactPolicy
from switchboard.errors import Misconfigured, NotFound, StateUnavailable
from switchboard.observability import count, logger
from switchboard.ports import (
    AgentLoad,
    AgentStates,
    ContactCentre,
    Crm,
    Findings,
    InteractionLedger,
    KeptAside,
    KeyStore,
    LookupMemory,
    OnceStore,
    OutboundStore,
    Publications,
    Published,
    WorkQueue,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

    from switchboard.adapters.connector.engine import Shared
    from switchboard.adapters.connector.events import ConnectorEvent
    from switchboard.adapters.connector.systems import ConnectedSystem
    from switchboard.adapters.connector.transport import HttpTransport
    from switchboard.adapters.ecs_client import EcsClient
    from switchboard.domain.challenger import RunningChallenger
    from switchboard.domain.posting import Idempotency
    from switchboard.domain.posting_profile import PostingProfile
    from switchboard.domain.retry_budget import RetryBudget
    from switchboard.domain.routing_controls import RoutingControls
    from switchboard.domain.ruleset import Ruleset
    from switchboard.ports import (
        AgentLoad,
        AgentStates,
        DaysOfLedger,
        ReconciliationProgress,
        RecordedContacts,
        RoutingControlsStore,
    )
    from switchboard.use_cases.arrival_lookup import Stores
    from switchboard.use_cases.lookup_settings import LookupSettings

_Built = TypeVar("_Built")


@functools.cache
def publications() -> Publications:
    return DynamoDbPublications(_table("CONFIG_TABLE"))


def fresh_publications() -> Publications:
    """Without copies of earlier requests, for who edits what is published."""
    return DynamoDbPublications(_table("CONFIG_TABLE"))


@functools.cache
def keys() -> KeyStore:
    return DynamoDbKeyStore(_table("CONFIG_TABLE"))


@functools.cache
def ledger() -> InteractionLedger:
    return DynamoDbInteractionLedger(_table("INTERACTIONS_TABLE"))


@functools.cache
def days_of_ledger() -> "DaysOfLedger":
    from switchboard.adapters.dynamodb_days import DynamoDbDaysOfLedger

    return DynamoDbDaysOfLedger(_table("INTERACTIONS_TABLE"))


@functools.cache
def reconciliation_progress() -> "ReconciliationProgress":
    from switchboard.adapters.dynamodb_progress import DynamoDbReconciliationProgress

    return DynamoDbReconciliationProgress(_table("COORDINATION_TABLE"))


@functools.cache
def lookup_memory() -> LookupMemory:
    return DynamoDbLookupMemory(_table("LOOKUPS_TABLE"))


@functools.cache
def findings() -> Findings:
    return DynamoDbFindings(_table("LOOKUPS_TABLE"))


def lookup_stores() -> "Stores":
    """The tables that a lookup needs."""
    from switchboard.use_cases.arrival_lookup import Stores

    return Stores(memory=lookup_memory(), ledger=ledger(), findings=findings())


@functools.cache
def outbound_store() -> OutboundStore:
    from switchboard.adapters.dynamodb_outbound import DynamoDbOutboundStore

    return DynamoDbOutboundStore(_table("OUTBOUND_TABLE"))


@functools.cache
def once_store() -> OnceStore:
    from switchboard.adapters.dynamodb_once import DynamoDbOnceStore

    return DynamoDbOnceStore(_table("COORDINATION_TABLE"))


@functools.cache
def kept_aside() -> KeptAside:
    from switchboard.adapters.s3_aside import S3KeptAside

    client: Any = aws_client("s3", config=_patience())
    return S3KeptAside(client, settings.required("ASIDE_BUCKET"))


@functools.cache
def posting_queue() -> WorkQueue:
    from switchboard.adapters.sqs_queue import SqsWorkQueue

    return SqsWorkQueue(_sqs(), settings.required("POSTING_QUEUE_URL"))


@functools.cache
def retry_budget(connector_id: str) -> "RetryBudget":
    """One for each connector: a CRM that fails must not use up what the others may repeat."""
    from switchboard.domain.retry_budget import LEAST_PER_S, SHARE_OF_FIRST, RetryBudget

    return RetryBudget(SHARE_OF_FIRST, LEAST_PER_S, time.monotonic)


@functools.cache
def dialing_queue() -> WorkQueue:
    from switchboard.adapters.sqs_queue import SqsWorkQueue

    return SqsWorkQueue(_sqs(), settings.required("DIALING_QUEUE_URL"))


def lookup_settings() -> "LookupSettings":
    return _lookup_settings().get()


def ruleset() -> "tuple[Ruleset, str]":
    """The active ruleset and its hash."""
    return _ruleset().get()


def ruleset_at_hand() -> "tuple[Ruleset, str] | None":
    """The one that decided last, for who cannot wait any longer."""
    return _ruleset().at_hand()


def challenger() -> "RunningChallenger | None":
    """The ruleset that is tried beside the active one; None also when it cannot be had or used."""
    return _challenger().get()


def challenger_at_hand() -> "RunningChallenger | None":
    return _challenger().at_hand()


def controls_in_force() -> "RoutingControls":
    """Switches, and who is kept apart. What cannot be read is as it was last seen, or all off."""
    return _controls_in_force().get()


def controls_at_hand() -> "RoutingControls":
    return _controls_in_force().at_hand()


def posting_profiles() -> "tuple[PostingProfile, ...]":
    return _posting_profiles().get()


def known_posting_profiles() -> "tuple[PostingProfile, ...] | None":
    """For who can do without: None where they cannot be had, or were never published."""
    try:
        return posting_profiles()
    except (Misconfigured, StateUnavailable) as error:
        logger.warning("posting profiles not known", error=error.code)
        return None


def contact_policy() -> ContactPolicy:
    return _contact_policy().get()


def ways_of_writing() -> "Mapping[str, Idempotency | None]":
    """What makes a repeated write safe, by published connector; None where it cannot write."""
    from switchboard.adapters.connector.systems import ways_of_writing as ways

    return ways(_connectors().get())


def crms() -> Mapping[str, Crm]:
    """Every connected CRM, by connector id."""
    return _crms().get()


def asked_crms() -> tuple[Crm, ...]:
    """The CRMs that a lookup asks, in order.

    One that is not connected, or not yet in this worker's copy, is there and answers nothing.

    Raises: Misconfigured when none of them is connected.
    """
    connected, wanted = crms(), lookup_settings().connectors
    missing = [name for name in wanted if name not in connected]
    if missing and len(missing) == len(wanted):
        raise Misconfigured(f"lookup asks {missing}, which no published connector is called.")
    if missing:
        logger.warning("lookup asks connectors that are not published", connectors=missing)
    return tuple(connected.get(name) or _missing_crm(name) for name in wanted)


def webhook_events(connector_id: str) -> "Sequence[ConnectorEvent]":
    """What a connected CRM may tell us, and how it proves it.

    Raises: NotFound when no such connector is published, or it tells us nothing.
    """
    from switchboard.adapters.connector.events import connector_events

    spec = _connectors().get().get(connector_id)
    events = connector_events(spec.definition, spec.settings) if spec else ()
    if not events:
        raise NotFound("No connector of this name takes webhooks here.")
    return events


def region_of(connector_id: str) -> str:
    """Where the numbers of a connected CRM are dialled that have no country code."""
    spec = _connectors().get().get(connector_id)
    return (spec.region if spec else "") or lookup_settings().default_region


def contact_centre() -> ContactCentre:
    return _contact_centre().get()


@functools.cache
def agent_states() -> AgentStates:
    """How agents are. Without a published ECS profile, asking raises Misconfigured."""
    from switchboard.adapters.wary_agent_states import WaryAgentStates

    return WaryAgentStates(lambda: _contact_centre().get(), clock=time.time)


@functools.cache
def agent_load() -> AgentLoad:
    from switchboard.adapters.dynamodb_agent_load import DynamoDbAgentLoad

    return DynamoDbAgentLoad(_table("COORDINATION_TABLE"))


@functools.cache
def routing_controls() -> "RoutingControlsStore":
    from switchboard.adapters.dynamodb_controls import DynamoDbRoutingControls

    def report(error: StateUnavailable) -> None:
        count("RoutingControlsUnusable")
        logger.error("switches cannot be read", detail=str(error))

    return DynamoDbRoutingControls(_table("CONFIG_TABLE"), report=report)


def fresh_controls() -> "RoutingControlsStore":
    """Without a copy of an earlier request, for who turns switches."""
    from switchboard.adapters.dynamodb_controls import DynamoDbRoutingControls

    return DynamoDbRoutingControls(_table("CONFIG_TABLE"))


@functools.cache
def recorded_contacts() -> "RecordedContacts":
    """For replays in the editing page, which need nothing of what became of a contact."""
    from switchboard.adapters.dynamodb_recorded import DECISION_ALONE, DynamoDbRecordedContacts

    return DynamoDbRecordedContacts(_table("INTERACTIONS_TABLE"), reads=DECISION_ALONE)


def prepare_agents() -> None:
    """What it takes to ask how agents are, where a profile of the ruleset wants to know."""
    from switchboard.domain.last_agent import needs_states

    rules, _ = ruleset()
    if any(needs_states(profile) for profile in rules.last_agents.values()):
        centre = _contact_centre().get()
        if centre.tells_agent_states:
            _secrets().read("ecs")


def connector_secrets(connector_id: str) -> Mapping[str, str]:
    return _secrets().read(f"connectors/{connector_id}")


def desk_link_key() -> bytes:
    """What desk links are signed with.

    Raises: Misconfigured without one: anybody could sign with an empty key.
    """
    return _signing_key("desk-link")


def editor_link_key() -> bytes:
    """What links to the rules' editing page are signed with. Raises: Misconfigured without one."""
    return _signing_key("editor-link")


def prepare_lookups(*more: Callable[[], object]) -> None:
    """Build and read ahead what the first lookup needs, while Lambda starts the function.

    A start has a whole CPU, a call only its share of one. What cannot be had now is had, or
    reported, by the call that needs it; nothing more is tried once a table or secret hangs, or a
    caller would wait for each in turn. See docs/decisions/0020-cold-start.md.
    """
    if not settings.is_being_initialised_by_lambda():
        return
    for prepare in (lookup_stores, asked_crms, _secrets_of_asked_crms, desk_link_key, *more):
        try:
            prepare()
        except Misconfigured as error:
            logger.warning("not prepared", error=error.code)
        except StateUnavailable as error:
            logger.warning("not prepared", error=error.code)
            return


def forget() -> None:
    """Drop everything that was built; for tests that change the environment."""
    for built in list(globals().values()):
        if isinstance(built, functools._lru_cache_wrapper):
            built.cache_clear()


def _current(
    kind: str,
    build: Callable[[Published], _Built],
    *,
    also: Callable[[], Hashable] = lambda: None,
) -> Current[_Built]:
    return Current(kind, build, publications=lambda: publications(), also=also)


def _signing_key(secret: str) -> bytes:
    key = _secrets().read(secret).get("key")
    if not key:
        raise Misconfigured(f"the secret {secret} has no value named key")
    return key.encode()


def _missing_crm(connector_id: str) -> Crm:
    from switchboard.adapters.missing_crm import MissingCrm

    return MissingCrm(connector_id, lookup_settings().default_region)


def _secrets_of_asked_crms() -> None:
    connected = crms()
    for name in lookup_settings().connectors:
        if name in connected:
            connector_secrets(name)


@functools.cache
def _lookup_settings() -> "Current[LookupSettings]":
    from switchboard.use_cases.lookup_settings import read_lookup_settings

    return _current("lookup", lambda published: _read_or_completed(read_lookup_settings, published))


@functools.cache
def _ruleset() -> "Current[tuple[Ruleset, str]]":
    return _current("routing", lambda published: (_read_rules(published.body), published.digest))


@functools.cache
def _challenger() -> "CurrentIfAny[RunningChallenger]":
    from switchboard.domain.challenger import RunningChallenger
    from switchboard.use_cases.challenger_settings import KIND, read_challenger

    def build(published: Published) -> RunningChallenger:
        terms, document = read_challenger(published.body)
        return RunningChallenger(terms, _read_rules(document), digest_of(document))

    return CurrentIfAny(KIND, build, publications=lambda: publications())


@functools.cache
def _controls_in_force() -> "GoodToHave[RoutingControls]":
    from switchboard.domain.routing_controls import RoutingControls

    return GoodToHave("switches", lambda: routing_controls().current(), nothing=RoutingControls())


@functools.cache
def _posting_profiles() -> "Current[tuple[PostingProfile, ...]]":
    from switchboard.adapters.published_profiles import read_posting_profiles

    return _current("posting", lambda published: read_posting_profiles(published.body))


@functools.cache
def _contact_policy() -> Current[ContactPolicy]:
    from switchboard.contracts.configuration import ContactPolicyConfiguration, read_configuration

    return _current(
        "contact_policy",
        lambda p: read_configuration(
            ContactPolicyConfiguration, p.body, kind="contact_policy"
        ).policy(),
    )


@functools.cache
def _connectors() -> "Current[Mapping[str, ConnectedSystem]]":
    from switchboard.adapters.connector.systems import connected_systems

    return _current(
        "connectors", lambda published: _read_or_completed(connected_systems, published)
    )


@functools.cache
def _crms() -> Current[Mapping[str, Crm]]:
    from switchboard.adapters.rest_crm import RestCrm

    def build(_: Published) -> Mapping[str, Crm]:
        return {
            name: RestCrm(
                spec.definition,
                spec.settings,
                _secrets().reader(f"connectors/{name}"),
                default_region=region_of(name),
                transport=_transport(),
                shared=_shared(),
                on_refusal=functools.partial(_secrets().is_refused, f"connectors/{name}"),
            )
            for name, spec in _connectors().get().items()
        }

    return _current("connectors", build, also=_regions)


def _regions() -> Hashable:
    """Where each CRM's numbers are dialled: a change of the default region is theirs, too."""
    return tuple(region_of(name) for name in _connectors().get())


@functools.cache
def _contact_centre() -> "Current[EcsClient]":
    from switchboard.adapters.connector.systems import connected_centre
    from switchboard.adapters.ecs_client import EcsClient

    def build(published: Published) -> EcsClient:
        centre = _read_or_completed(connected_centre, published)
        return EcsClient(
            centre.definition,
            centre.settings,
            _secrets().reader("ecs"),
            transport=_transport(),
        )

    return _current("ecs", build)


@functools.cache
def _shared() -> "Shared":
    """What all workers know of the CRMs together: how busy they are, and tokens for them."""
    from switchboard.adapters.connector.engine import Shared
    from switchboard.adapters.connector.pacing import Lane
    from switchboard.adapters.connector.signing import KmsSigner
    from switchboard.adapters.dynamodb_pacing import DynamoDbPacingStore
    from switchboard.adapters.dynamodb_tokens import DynamoDbTokens

    coordination = _table("COORDINATION_TABLE")
    return Shared(
        lane=Lane.LOOKUP if settings.is_somebody_waiting() else Lane.POSTING,
        pacing=DynamoDbPacingStore(coordination),
        tokens=DynamoDbTokens(coordination),
        signer=KmsSigner(_kms),
    )


def _transport() -> "HttpTransport":
    """One per system, so that closing one leaves the others their connections."""
    from switchboard.adapters.connector.addresses import private_networks
    from switchboard.adapters.connector.transport import HttpTransport

    return HttpTransport(
        allow_loopback=settings.allows_loopback(),
        private_networks=private_networks(settings.private_networks()),
    )


@functools.cache
def _secrets() -> SecretsManagerSecrets:
    client: SecretsManagerClient = aws_client("secretsmanager", config=_patience())
    return SecretsManagerSecrets(client, settings.required("SECRETS_PREFIX"))


@functools.cache
def _dynamodb() -> "DynamoDBClient":
    client: DynamoDBClient = aws_client("dynamodb", config=_patience())
    return client


@functools.cache
def _sqs() -> "SQSClient":
    client: SQSClient = aws_client("sqs", config=_patience())
    return client


@functools.cache
def _kms() -> "KMSClient":
    client: KMSClient = aws_client("kms", config=_patience())
    return client


def _patience() -> Config:
    """How long our own tables, queues and secrets may take.

    While a person waits there is one short try: the SDK pauses up to a second before another.
    While ECS does, there are two, and then the second place must still have its own.
    """
    timeout_s, tries = 2.0, 3
    if settings.is_ecs_waiting():
        timeout_s, tries = 1.0, 2
    if settings.is_somebody_waiting():
        timeout_s, tries = 0.4, 1
    return Config(
        # botocore would put its own together twice for every call, a tenth of what a call costs.
        user_agent="switchboard",
        connect_timeout=timeout_s,
        read_timeout=timeout_s,
        retries={"total_max_attempts": tries, "mode": "standard"},
    )


def _table(variable: str) -> DynamoDbTable:
    return DynamoDbTable(_dynamodb(), settings.required(variable))


def _read_rules(document: Mapping[str, Any]) -> "Ruleset":
    from switchboard.domain.ruleset_reader import RulesetProblem, read_ruleset

    try:
        return read_ruleset(document)
    except RulesetProblem as error:
        raise Misconfigured(f"routing: {error}") from error


def _read_or_completed(read: Callable[[Mapping[str, Any]], _Built], published: Published) -> _Built:
    """What was published; by an earlier version, which filled in less, through its checker.

    Only then is the checker loaded, which takes a tenth of a second.
    """
    try:
        return read(published.body)
    except Misconfigured:
        from switchboard.contracts.published import completed

        return read(completed(published.kind, published.body))
