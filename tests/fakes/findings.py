"""Findings kept in memory."""

from datetime import UTC, datetime, timedelta

from switchboard.domain.findings import Finding, KeptFinding
from tests.fakes.outage import InMemoryStore

_KEPT = timedelta(days=30)


class InMemoryFindings(InMemoryStore):
    """Keeps the promises of `Findings`."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[str, ...], KeptFinding] = {}

    def keep(self, finding: Finding, *, now: datetime) -> bool:
        with self._reached():
            kept = self._kept.get(finding.subject)
            if kept and now.astimezone(UTC).date() <= kept.last_seen_at.astimezone(UTC).date():
                return False
            first = kept.first_seen_at if kept else now
            self._kept[finding.subject] = KeptFinding(finding, first, last_seen_at=now)
            return True

    def kept(self, *, now: datetime) -> tuple[KeptFinding, ...]:
        with self._reached():
            recent = [kept for kept in self._kept.values() if now - kept.last_seen_at < _KEPT]
            return tuple(sorted(recent, key=lambda kept: kept.last_seen_at, reverse=True))
