"""CRM answers kept in memory."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from switchboard.adapters.documents import customers_text
from switchboard.domain.customer import Customer
from switchboard.domain.identity import Identity
from switchboard.domain.merged_records import survivors
from switchboard.ports import Recalled, RememberedCustomers
from tests.fakes.outage import InMemoryStore

_LARGEST = 60_000


@dataclass
class _Entry:
    """All that is known of one number in one CRM."""

    remembered: RememberedCustomers | None = None
    expires_at: datetime | None = None
    leased_until: datetime | None = None
    failed_until: datetime | None = None
    forgotten_at: datetime | None = None


class InMemoryLookupMemory(InMemoryStore):
    """Keeps the promises of `LookupMemory`."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[tuple[str, Identity], _Entry] = {}

    def recall(
        self, connector: str, identity: Identity, *, now: datetime, lease_s: float
    ) -> Recalled:
        with self._reached():
            entry = self._entry(connector, identity)
            recalled = _recalled(entry, now)
            old = recalled.remembered
            is_fresh = old is not None and now < old.fresh_until
            if is_fresh or recalled.has_failed or recalled.is_asked:
                return recalled
            entry.leased_until = now + timedelta(seconds=lease_s)
            return Recalled(old, is_ours=True)

    def look(self, connector: str, identity: Identity, *, now: datetime) -> Recalled:
        with self._reached():
            return _recalled(self._entry(connector, identity), now)

    def remember(
        self,
        connector: str,
        identity: Identity,
        customers: tuple[Customer, ...],
        *,
        asked_at: datetime,
        fresh_s: float,
        keep_s: int,
    ) -> None:
        with self._reached():
            entry = self._entry(connector, identity)
            if len(customers_text(customers).encode()) > _LARGEST:
                entry.leased_until = None
                return
            earlier = entry.remembered
            is_older = earlier is not None and asked_at < earlier.looked_up_at
            if is_older or (entry.forgotten_at and asked_at <= entry.forgotten_at):
                return
            fresh_until = asked_at + timedelta(seconds=fresh_s)
            entry.remembered = RememberedCustomers(customers, asked_at, fresh_until)
            entry.expires_at = max(asked_at + timedelta(seconds=keep_s), fresh_until)
            entry.leased_until = entry.failed_until = None

    def note_failure(
        self, connector: str, identity: Identity, *, now: datetime, pause_s: float
    ) -> None:
        with self._reached():
            entry = self._entry(connector, identity)
            entry.failed_until = now + timedelta(seconds=pause_s)
            entry.leased_until = None

    def forget(self, connector: str, identity: Identity, *, now: datetime) -> None:
        with self._reached():
            self._entries[connector, identity] = _Entry(forgotten_at=now)

    def outdate(self, asked: Collection[tuple[str, Identity]], *, now: datetime) -> None:
        with self._reached():
            for connector, identity in asked:
                entry = self._entry(connector, identity)
                if entry.remembered and now < entry.remembered.fresh_until:
                    entry.remembered = replace(entry.remembered, fresh_until=now)

    def forget_customer(self, customer_key: str, *, now: datetime) -> None:
        with self._reached():
            for key, entry in list(self._entries.items()):
                customers = entry.remembered.customers if entry.remembered else ()
                if [customer.key for customer in survivors(customers)] == [customer_key]:
                    self._entries[key] = _Entry(forgotten_at=now)

    def _entry(self, connector: str, identity: Identity) -> _Entry:
        return self._entries.setdefault((connector, identity), _Entry())


def _recalled(entry: _Entry, now: datetime) -> Recalled:
    has_expired = entry.expires_at is not None and entry.expires_at <= now
    return Recalled(
        remembered=None if has_expired else entry.remembered,
        is_asked=_is_ahead(entry.leased_until, now),
        has_failed=_is_ahead(entry.failed_until, now),
    )


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and now < moment
