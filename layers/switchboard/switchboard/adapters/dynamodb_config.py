"""What an operator publishes, and the header keys, in one DynamoDB table.

active#<kind>             digest and body of the version in force
version#<kind>#<digest>   every version ever published, never changed
key#<id>                  a header key: its digest and where it may be used
"""

import base64
import gzip
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from switchboard.adapters.documents import read_key, to_text, value_text
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import Item, utc_text
from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.errors import Misconfigured
from switchboard.ports import HeaderKey, Published

_DIGEST_LENGTH: Final = 16
_PLAIN_UP_TO_BYTES: Final = 100_000
_LARGEST_BODY_BYTES: Final = 390_000  # an item holds 400 KB, its names and key included
_LONGEST_KEY_ID: Final = 128
_KNOWN_KEY: Final = Lifetime(fresh_s=60, usable_s=3600)
_UNKNOWN_KEY: Final = Lifetime(fresh_s=5, usable_s=5)


class DynamoDbPublications:
    """Keeps the promises of `Publications`; a new version is seen within `max_age_s`.

    While DynamoDB fails, the last good copy goes on being served.
    """

    def __init__(
        self,
        table: DynamoDbTable,
        *,
        max_age_s: float = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        lifetime = Lifetime(fresh_s=max_age_s, usable_s=math.inf)
        self._copies: LastGoodCopies[Published] = LastGoodCopies(lambda _: lifetime, clock=clock)

    def active(self, kind: str) -> Published:
        return self._copies.get(kind, lambda: self._read(kind))

    def publish(self, kind: str, body: Mapping[str, Any], *, now: datetime) -> str:
        """Make the body the active version; its digest. Publishing the same again changes nothing.

        Raises: Misconfigured when it is too large to store.
        """
        text = to_text(body)
        digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]
        version = {"digest": digest, "published_at": utc_text(now), **_packed(kind, text)}
        self._table.put_new({"id": f"version#{kind}#{digest}", **version})
        self._table.put({"id": f"active#{kind}", **version})
        self._copies.forget(kind)
        return digest

    def _read(self, kind: str) -> Published:
        item = self._table.get(f"active#{kind}")
        if item is None:
            raise Misconfigured(f"no {kind} was ever published; run `switchboard publish`")
        return Published(kind=kind, digest=str(item["digest"]), body=json.loads(_unpacked(item)))


class DynamoDbKeyStore:
    """Keeps the promises of `KeyStore`; a withdrawn key works for 60 s more.

    A known key goes on working for an hour while DynamoDB fails.
    """

    def __init__(self, table: DynamoDbTable, *, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._copies: LastGoodCopies[HeaderKey | None] = LastGoodCopies(
            lambda key: _KNOWN_KEY if key else _UNKNOWN_KEY, clock=clock
        )

    def find(self, key_id: str) -> HeaderKey | None:
        # DynamoDB refuses overlong ids, and a stranger's nonsense must not look like an outage.
        if len(key_id) > _LONGEST_KEY_ID:
            return None
        return self._copies.get(key_id, lambda: self._read(key_id))

    def put_key(self, key: HeaderKey) -> None:
        """Store a new key, or replace the one with its id."""
        self._table.put({"id": f"key#{key.id}", "header_key": value_text(key)})
        self._copies.forget(key.id)

    def _read(self, key_id: str) -> HeaderKey | None:
        item = self._table.get(f"key#{key_id}")
        return read_key(str(item["header_key"])) if item else None


def _packed(kind: str, text: str) -> Item:
    if len(text.encode()) <= _PLAIN_UP_TO_BYTES:
        return {"body": text, "body_encoding": "json"}
    packed = base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()
    if len(packed) > _LARGEST_BODY_BYTES:
        raise Misconfigured(f"this {kind} is too large to publish; split it")
    return {"body": packed, "body_encoding": "json+gzip+base64"}


def _unpacked(item: Item) -> str:
    body = str(item["body"])
    if item["body_encoding"] == "json":
        return body
    return gzip.decompress(base64.b64decode(body)).decode()
