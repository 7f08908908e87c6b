"""What was put aside, in memory."""

import re
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from switchboard.ports import Aside
from tests.fakes.outage import InMemoryStore


class InMemoryKeptAside(InMemoryStore):
    """Keeps the promises of `KeptAside`."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, str], tuple[Aside, bytes]] = {}

    def put(
        self, kind: str, body: bytes, *, token: str, about: Sequence[str], now: datetime
    ) -> str:
        with self._reached():
            words = tuple(
                word if re.fullmatch(r"[A-Za-z0-9_=-]{1,64}", word) else "other" for word in about
            )
            at = now.astimezone(UTC)
            aside_id = f"{at:%Y%m%dT%H%M%S%f}-{token}"
            self._kept[kind, aside_id] = Aside(aside_id, token, at, len(body), words), body
            return aside_id

    def waiting(self, kind: str, *, limit: int, after: str = "") -> tuple[Aside, ...]:
        with self._reached():
            there = [aside for (of, _), (aside, _) in self._kept.items() if of == kind]
            ordered = sorted(there, key=lambda aside: aside.id)
            return tuple(aside for aside in ordered if aside.id > after)[:limit]

    def read(self, kind: str, aside_id: str) -> bytes | None:
        with self._reached():
            found = self._kept.get((kind, aside_id))
            return found[1] if found else None

    def drop(self, kind: str, aside_ids: Collection[str]) -> None:
        with self._reached():
            for aside_id in aside_ids:
                self._kept.pop((kind, aside_id), None)
