"""Published documents and header keys in memory."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from switchboard.adapters.publication_items import digest_of, version_of
from switchboard.errors import Misconfigured, NotFound, StateConflict
from switchboard.ports import HeaderKey, Published, PublishedVersion
from tests.fakes.outage import InMemoryStore


class InMemoryPublications(InMemoryStore):
    """Keeps the promises of `Publications`."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[tuple[str, str], str] = {}
        self._history: dict[str, list[PublishedVersion]] = {}
        self._previous: dict[str, tuple[str, ...]] = {}

    def find(self, kind: str) -> Published | None:
        with self._reached():
            digest = self._standing(kind)
            return self._published(kind, digest, self._previous[kind]) if digest else None

    def active(self, kind: str) -> Published:
        published = self.find(kind)
        if published is None:
            raise Misconfigured(f"no {kind} was ever published; run `switchboard publish`")
        return published

    def version(self, kind: str, digest: str) -> Published:
        with self._reached():
            if (kind, digest) not in self._texts:
                raise NotFound(f"no {kind} {digest} was ever published here")
            return self._published(kind, digest)

    def versions(self, kind: str) -> tuple[PublishedVersion, ...]:
        with self._reached():
            return tuple(self._history.get(kind, ())[:200])

    def keep(self, kind: str, body: Mapping[str, Any], *, now: datetime) -> str:
        with self._reached():
            digest = digest_of(body)
            self._texts[kind, digest] = json.dumps(body)
            return digest

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
        with self._reached():
            version = version_of(self.keep(kind, body, now=now), now, by=by, note=note)
            self._move(kind, version, self._onto(kind, version.digest), expected)
            return version.digest

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
        with self._reached():
            self.version(kind, digest)
            before = self._previous.get(kind, ())
            previous = (
                before[before.index(digest) + 1 :] if digest in before else self._onto(kind, digest)
            )
            self._move(kind, version_of(digest, now, by=by, note=note), previous, expected)

    def withdraw(
        self,
        kind: str,
        *,
        now: datetime,
        by: str = "",
        note: str = "",
        expected: str | None = None,
    ) -> None:
        with self._reached():
            version = version_of("", now, by=by, note=note)
            self._move(kind, version, self._onto(kind, ""), expected)

    def _move(
        self,
        kind: str,
        version: PublishedVersion,
        previous: Iterable[str],
        expected: str | None,
    ) -> None:
        standing = self._standing(kind)
        if standing == version.digest:
            return
        if expected not in (None, standing):
            raise StateConflict(f"another {kind} was published meanwhile")
        self._previous[kind] = tuple(previous)[:10]
        self._history.setdefault(kind, []).insert(0, version)

    def _onto(self, kind: str, digest: str) -> tuple[str, ...]:
        """What stands now, in front of what was before; neither the new one nor nothing."""
        before = (self._standing(kind), *self._previous.get(kind, ()))
        return tuple(one for one in dict.fromkeys(before) if one not in ("", digest))

    def _standing(self, kind: str) -> str:
        history = self._history.get(kind)
        return history[0].digest if history else ""

    def _published(self, kind: str, digest: str, previous: tuple[str, ...] = ()) -> Published:
        return Published(kind, digest, json.loads(self._texts[kind, digest]), previous)


class InMemoryKeyStore(InMemoryStore):
    """Keeps the promises of `KeyStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, HeaderKey] = {}

    def find(self, key_id: str) -> HeaderKey | None:
        with self._reached():
            return self._keys.get(key_id)

    def put_key(self, key: HeaderKey) -> None:
        with self._reached():
            self._keys[key.id] = key
