"""Published documents and header keys in memory."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from switchboard.errors import Misconfigured
from switchboard.ports import HeaderKey, Published
from tests.fakes.outage import InMemoryStore


class InMemoryPublications(InMemoryStore):
    """Keeps the promises of `Publications`."""

    def __init__(self) -> None:
        super().__init__()
        self._active: dict[str, tuple[str, str]] = {}

    def active(self, kind: str) -> Published:
        with self._reached():
            if kind not in self._active:
                raise Misconfigured(f"no {kind} was ever published; run `switchboard publish`")
            digest, text = self._active[kind]
            return Published(kind, digest, json.loads(text))

    def publish(self, kind: str, body: Mapping[str, Any], *, now: datetime) -> str:
        with self._reached():
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            digest = hashlib.sha256(text.encode()).hexdigest()[:16]
            self._active[kind] = (digest, text)
            return digest


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
