"""What an operator puts into a deployed Switchboard: configuration, and keys for its callers."""

import getpass
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from cli.configuration import Document, complete
from cli.deployment import Target
from switchboard.adapters.dynamodb_config import DynamoDbKeyStore, DynamoDbPublications
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.ports import HeaderKey, PublishedVersion
from switchboard.use_cases.authorizer import digest_of


def publish(
    target: Target,
    documents: Mapping[str, Document],
    *,
    now: datetime,
    by: str = "",
    note: str = "",
) -> dict[str, str]:
    """Make each document the active version of its kind; their digests by kind.

    Raises: Misconfigured, and then nothing was published.
    """
    publications = publications_of(target)
    completed = {kind: complete(kind, document) for kind, document in sorted(documents.items())}
    return {
        kind: publications.publish(kind, document, now=now, by=by, note=note)
        for kind, document in completed.items()
    }


def active_versions(target: Target, kinds: Iterable[str]) -> dict[str, PublishedVersion]:
    """The version that is active of each kind, where there is one."""
    publications = publications_of(target)
    newest = {kind: next(iter(publications.versions(kind)), None) for kind in kinds}
    return {kind: version for kind, version in newest.items() if version}


def publications_of(target: Target) -> DynamoDbPublications:
    return DynamoDbPublications(_config_table(target))


def operator_name() -> str:
    """Who types, as this machine knows them; empty where it does not."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def create_key(
    target: Target,
    key_id: str,
    routes: Sequence[str],
    sources: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> str:
    """A new header key, shown this once: only its digest is kept. The same id replaces its key."""
    secret = secrets.token_urlsafe(32)
    key = HeaderKey(
        id=key_id,
        digest=digest_of(secret),
        routes=tuple(routes),
        sources=tuple(sources),
        expires_at=expires_at,
    )
    DynamoDbKeyStore(_config_table(target)).put_key(key)
    return f"{key_id}.{secret}"


def _config_table(target: Target) -> DynamoDbTable:
    return DynamoDbTable(target.client("dynamodb"), target.tables["Config"])
