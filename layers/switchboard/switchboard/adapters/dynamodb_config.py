"""What an operator publishes, and the header keys, in one DynamoDB table.

active#<kind>             digest and body of the version in force, what was in force before, and
                          who made it so: everything that changes with it, so that it is one write
version#<kind>#<digest>   every version ever published, never changed
key#<id>                  a header key: its digest and where it may be used
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from switchboard.adapters.documents import read_key, value_text
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.items import Item, utc_text
from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.adapters.publication_items import (
    body_item,
    read_history,
    read_published,
    version_of,
)
from switchboard.adapters.publication_moves import NOT_OURS, Move
from switchboard.errors import Misconfigured, NotFound, StateBusy, StateConflict
from switchboard.ports import HeaderKey, Published, PublishedVersion

_LONGEST_KEY_ID: Final = 128
_LONGEST_DIGEST: Final = 64
_KNOWN_KEY: Final = Lifetime(fresh_s=60, usable_s=3600)
_UNKNOWN_KEY: Final = Lifetime(fresh_s=5, usable_s=5)
# Who changes how callers are routed, or wants to see what a change would do, watches it happen.
_WATCHED: Final = frozenset({"routing", "routing_challenger"})
_WATCHED_COPY: Final = Lifetime(fresh_s=10, usable_s=math.inf)
_COPY: Final = Lifetime(fresh_s=30, usable_s=math.inf)
# A caller's lookup begins only when it has them, one after the other.
_LOOKED_UP_WITH: Final = frozenset({"lookup", "connectors", "ecs"})
_LOOKUP_COPY: Final = Lifetime(fresh_s=30, usable_s=math.inf, idle_s=math.inf)
_TRIES: Final = 10


@dataclass(frozen=True, slots=True)
class _Found:
    """What was found of a kind, which may be nothing: that is remembered, too."""

    kind: str
    published: Published | None

    @property
    def lifetime(self) -> Lifetime:
        if self.published is None or self.kind in _WATCHED:
            return _WATCHED_COPY
        return _LOOKUP_COPY if self.kind in _LOOKED_UP_WITH else _COPY


class DynamoDbPublications:
    """Keeps the promises of `Publications`; routing is at most 10 s old, other kinds 30 s.

    While DynamoDB fails, the last good copy goes on being served.
    """

    def __init__(self, table: DynamoDbTable, *, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._copies: LastGoodCopies[_Found] = LastGoodCopies(
            lambda found: found.lifetime, clock=clock
        )

    def find(self, kind: str) -> Published | None:
        return self._copies.get(kind, lambda: self._read(kind)).published

    def active(self, kind: str) -> Published:
        published = self.find(kind)
        if published is None:
            raise Misconfigured(f"no {kind} was ever published; run `switchboard publish`")
        return _readable(published)

    def version(self, kind: str, digest: str) -> Published:
        return _readable(read_published(kind, self._version_item(kind, digest)))

    def versions(self, kind: str) -> tuple[PublishedVersion, ...]:
        return read_history(self._item(_pointer(kind)) or {})

    def keep(self, kind: str, body: Mapping[str, Any], *, now: datetime) -> str:
        return str(self._kept(kind, body, now)["digest"])

    def publish(
        self,
        kind: str,
        body: Mapping[str, Any],
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> str:
        kept = self._kept(kind, body, now)
        digest = str(kept["digest"])
        version = version_of(digest, now, by=by, note=note)
        self._move(kind, Move(version, kept), expected)
        return digest

    def activate(
        self,
        kind: str,
        digest: str,
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> None:
        item = self._version_item(kind, digest)
        _readable(read_published(kind, item))
        body = {name: item[name] for name in ("digest", "body", "body_encoding")}
        version = version_of(digest, now, by=by, note=note)
        self._move(kind, Move(version, body, goes_back=True), expected)

    def withdraw(
        self,
        kind: str,
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> None:
        version = version_of("", now, by=by, note=note)
        self._move(kind, Move(version, {"digest": ""}), expected)

    def _kept(self, kind: str, body: Mapping[str, Any], now: datetime) -> Item:
        item = body_item(kind, body)
        version_id = f"version#{kind}#{item['digest']}"
        self._table.put_new({"id": version_id, "published_at": utc_text(now), **item})
        return item

    def _move(self, kind: str, move: Move, expected: str | None) -> None:
        """Raises: StateConflict when `expected` is not what is active."""
        for _ in range(_TRIES):
            item = self._item(_pointer(kind)) or {}
            # First, because the answer to our own write may have been lost.
            if move.is_made(kind, item):
                return
            if expected not in (None, item.get("digest", "")):
                raise StateConflict(
                    f"another {kind} was published meanwhile: {item.get('digest') or 'none'} is "
                    f"active, not {expected or 'none'}; look at what changed, then publish again"
                )
            if self._table.update(_pointer(kind), move.change_of(item)) is not None:
                self._copies.forget(kind)
                return
        raise StateBusy(f"others publish the {kind} at this moment; try again")

    def _read(self, kind: str) -> _Found:
        item = self._item(_pointer(kind))
        is_there = item is not None and item.get("digest") != ""
        return _Found(kind, read_published(kind, item or {}) if is_there else None)

    def _version_item(self, kind: str, digest: str) -> Item:
        # Somebody typed it, and DynamoDB refuses what is no key as if it were our mistake.
        is_digest = digest.isascii() and digest.isalnum() and len(digest) <= _LONGEST_DIGEST
        item = self._item(f"version#{kind}#{digest}") if is_digest else None
        if item is None:
            named = digest if is_digest else "of this name"
            raise NotFound(f"no {kind} {named} was ever published here")
        return item

    def _item(self, item_id: str) -> Item | None:
        """An item; what stands for one in which somebody wrote what we never write."""
        try:
            return self._table.get(item_id)
        except (KeyError, ValueError):
            return NOT_OURS


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


def _pointer(kind: str) -> str:
    return f"active#{kind}"


def _readable(published: Published) -> Published:
    if published.mistake:
        raise Misconfigured(published.mistake)
    return published
