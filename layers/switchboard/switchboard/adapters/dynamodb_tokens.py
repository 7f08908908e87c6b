"""Tokens and refused credentials that all workers share, in the Coordination table.

token#<system>#<digest>   access_token, token_version, usable_until, a refresh_token that replaced
                          the secret's; lease_holder, lease_until; trouble, paused_until
credential#<system>       fingerprint, refusals, first_refused_at, tried_at, blocked_at, replaced_at

All moments are epoch milliseconds. A token with a refresh token never expires: nothing else holds
the newest one.
"""

from datetime import datetime, timedelta
from typing import Final

from switchboard.adapters.connector.token_store import (
    LEASE_S,
    REFUSALS_COUNT_WITHIN_S,
    REPLACED_KEPT_S,
    TRIED_AGAIN_AFTER_S,
    CredentialState,
    SharedToken,
    Trouble,
)
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s, from_epoch_ms, moment_in

CREDENTIAL_PREFIX: Final = "credential#"
_TOKEN_PREFIX: Final = "token#"  # noqa: S105 - the beginning of a key
_KEPT_AFTER_USE: Final = timedelta(days=1)
_NO_REFUSALS: Final[Item] = {"refusals": 0, "first_refused_at": 0}
_COUNTED: Final = timedelta(seconds=REFUSALS_COUNT_WITHIN_S)


class DynamoDbTokens:
    """Keeps the promises of `TokenStore`.

    A condition also holds for what we wrote ourselves: AWS's answer may be lost, and the SDK's
    repeat then meets our own write.
    """

    def __init__(self, table: DynamoDbTable) -> None:
        self._table = table

    def read_token(self, key: str) -> SharedToken:
        item = self._table.get(_TOKEN_PREFIX + key)
        return _token(item) if item else SharedToken()

    def lease_token(self, key: str, *, seen_version: str, holder: str, now: datetime) -> bool:
        until = now + timedelta(seconds=LEASE_S)
        change = (
            _still(Update(), seen_version)
            .set({"lease_holder": holder, "lease_until": epoch_ms(until)})
            .only_if(
                "attribute_not_exists(lease_until) OR lease_until <= :now "
                "OR lease_holder = :holder",
                now=epoch_ms(now),
                holder=holder,
            )
            # Another may have had the lease, and a refusal, since we looked.
            .only_if("attribute_not_exists(paused_until) OR paused_until <= :now")
        )
        return self._table.update(_TOKEN_PREFIX + key, change) is not None

    def keep_token(
        self,
        key: str,
        *,
        seen_version: str,
        version: str,
        access_token: str,
        usable_until: datetime,
        refresh_token: str,
    ) -> bool:
        change = (
            _still(Update(), seen_version, version)
            .set(
                {
                    "access_token": access_token,
                    "token_version": version,
                    "usable_until": epoch_ms(usable_until),
                }
            )
            .remove("lease_holder", "lease_until", "trouble", "paused_until")
        )
        if refresh_token:
            change.set({"refresh_token": refresh_token}).remove("expires_at")
        else:
            change.set({"expires_at": epoch_s(usable_until + _KEPT_AFTER_USE)})
        return self._table.update(_TOKEN_PREFIX + key, change) is not None

    def pause_token(self, key: str, *, holder: str, trouble: Trouble, until: datetime) -> None:
        change = (
            Update()
            .set({"trouble": trouble.value, "paused_until": epoch_ms(until)})
            .remove("lease_holder", "lease_until")
            .only_if("lease_holder = :holder", holder=holder)
        )
        self._table.update(_TOKEN_PREFIX + key, change)

    def read_credential(self, system: str, *, now: datetime) -> CredentialState | None:
        state = self._read(system)
        return None if state is None or state.is_over(now) else state

    def note_refusal(self, system: str, *, fingerprint: str, now: datetime) -> CredentialState:
        state = self._counted(system, fingerprint, now)
        if state.blocked_at is not None or not state.is_for_good(now):
            return state
        change = (
            _only_of(fingerprint)
            .set({"blocked_at": epoch_ms(now)})
            .remove("expires_at")
            .only_if("attribute_not_exists(blocked_at)")
        )
        item = self._table.update(CREDENTIAL_PREFIX + system, change)
        return _credential(item) if item else self._read(system) or state

    def begin_try(
        self, system: str, *, fingerprint: str, now: datetime
    ) -> tuple[bool, CredentialState | None]:
        due = now - timedelta(seconds=TRIED_AGAIN_AFTER_S)
        change = (
            _only_of(fingerprint)
            .set({"tried_at": epoch_ms(now)})
            .only_if("attribute_not_exists(blocked_at) AND refusals > :none", none=0)
            .only_if("attribute_not_exists(tried_at) OR tried_at <= :due", due=epoch_ms(due))
        )
        is_ours, item = self._table.try_update(CREDENTIAL_PREFIX + system, change)
        return is_ours, _credential(item) if item else None

    def note_acceptance(self, system: str, *, fingerprint: str, now: datetime) -> None:
        state = self._read(system)
        if state is None or not state.is_ended_by(fingerprint):
            return
        change = _only_of(state.fingerprint)
        if state.blocked_at is None:
            # Emptied rather than deleted: workers may not delete, and another may be counting.
            change.set(_NO_REFUSALS).only_if("attribute_not_exists(blocked_at)")
        else:
            ends_at = now + timedelta(seconds=REPLACED_KEPT_S)
            change.set({"replaced_at": epoch_ms(now), "expires_at": epoch_s(ends_at)})
        self._table.update(CREDENTIAL_PREFIX + system, change)

    def unblock(self, system: str) -> bool:
        return self._table.delete(CREDENTIAL_PREFIX + system)

    def _read(self, system: str) -> CredentialState | None:
        item = self._table.get(CREDENTIAL_PREFIX + system)
        return _credential(item) if item else None

    def _counted(self, system: str, fingerprint: str, now: datetime) -> CredentialState:
        key, since_ms = CREDENTIAL_PREFIX + system, epoch_ms(now - _COUNTED)
        one_more = (
            _only_of(fingerprint)
            .count_one_more("refusals")
            .set({"tried_at": epoch_ms(now)})
            .only_if("attribute_not_exists(blocked_at)")
            .only_if("first_refused_at > :since", since=since_ms)
        )
        for change in (_count_anew(fingerprint, now), one_more):
            if item := self._table.update(key, change):
                return _credential(item)
        # Blocked already, by this very credential.
        return self._read(system) or CredentialState(fingerprint, 1, now)


def _count_anew(fingerprint: str, now: datetime) -> Update:
    since, replaced_since = now - _COUNTED, now - timedelta(seconds=REPLACED_KEPT_S)
    return (
        Update()
        .set(
            {
                "fingerprint": fingerprint,
                "refusals": 1,
                "first_refused_at": epoch_ms(now),
                "tried_at": epoch_ms(now),
                "expires_at": epoch_s(now + _COUNTED),
            }
        )
        .remove("blocked_at", "replaced_at")
        .only_if(
            "attribute_not_exists(fingerprint) OR fingerprint <> :fingerprint "
            "OR (attribute_not_exists(blocked_at) AND first_refused_at <= :since) "
            "OR replaced_at <= :replaced_since",
            fingerprint=fingerprint,
            since=epoch_ms(since),
            replaced_since=epoch_ms(replaced_since),
        )
    )


def _only_of(fingerprint: str) -> Update:
    return Update().only_if("fingerprint = :fingerprint", fingerprint=fingerprint)


def _still(change: Update, seen_version: str, own_version: str = "") -> Update:
    """Only while the token is the one that was seen, or our own that an earlier try wrote."""
    if seen_version:
        return change.only_if(
            "token_version = :seen OR token_version = :own",
            seen=seen_version,
            own=own_version or seen_version,
        )
    return change.only_if(
        "attribute_not_exists(token_version) OR token_version = :own", own=own_version
    )


def _token(item: Item) -> SharedToken:
    return SharedToken(
        version=str(item.get("token_version", "")),
        access_token=str(item.get("access_token", "")),
        usable_until=moment_in(item, "usable_until"),
        refresh_token=str(item.get("refresh_token", "")),
        leased_until=moment_in(item, "lease_until"),
        trouble=Trouble(str(item.get("trouble", ""))),
        paused_until=moment_in(item, "paused_until"),
    )


def _credential(item: Item) -> CredentialState:
    return CredentialState(
        fingerprint=str(item["fingerprint"]),
        refusals=int(item["refusals"]),
        first_refused_at=from_epoch_ms(int(item["first_refused_at"])),
        blocked_at=moment_in(item, "blocked_at"),
        replaced_at=moment_in(item, "replaced_at"),
        tried_at=moment_in(item, "tried_at"),
    )
