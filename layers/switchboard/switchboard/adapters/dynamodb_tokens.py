"""Tokens and refused credentials that all workers share, in the Coordination table.

token#<system>#<digest>   access_token, token_version, usable_until, a refresh_token that replaced
                          the secret's; lease_holder, lease_until; trouble, paused_until
credential#<system>       fingerprint, refusals, first_refused_at, blocked_at, replaced_at

All moments are epoch milliseconds. A token with a refresh token never expires: nothing else holds
the newest one.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from switchboard.adapters.connector.token_store import (
    LEASE_S,
    REFUSALS_COUNT_WITHIN_S,
    REFUSALS_THAT_BLOCK,
    REPLACED_KEPT_S,
    CredentialState,
    SharedToken,
    Trouble,
)
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item, epoch_ms, epoch_s

CREDENTIAL_PREFIX: Final = "credential#"
_TOKEN_PREFIX: Final = "token#"  # noqa: S105 - the beginning of a key
_KEPT_AFTER_USE: Final = timedelta(days=1)
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
            return self._table.update(_TOKEN_PREFIX + key, change) is not None
        return self._kept_for_a_while(key, change, usable_until)

    def pause_token(self, key: str, *, holder: str, trouble: Trouble, until: datetime) -> None:
        change = (
            Update()
            .set({"trouble": trouble.value, "paused_until": epoch_ms(until)})
            .remove("lease_holder", "lease_until")
            .only_if("lease_holder = :holder", holder=holder)
        )
        self._table.update(_TOKEN_PREFIX + key, change)

    def read_credential(self, system: str, *, now: datetime) -> CredentialState | None:
        item = self._table.get(CREDENTIAL_PREFIX + system)
        state = _credential(item) if item else None
        return None if state is None or state.is_over(now) else state

    def note_refusal(self, system: str, *, fingerprint: str, now: datetime) -> CredentialState:
        counted = self._counted_on(system, fingerprint, now)
        state = counted or self._counted_anew(system, fingerprint, now)
        if state.refusals < REFUSALS_THAT_BLOCK or state.blocked_at is not None:
            return state
        return self._blocked(system, fingerprint, now) or state

    def note_acceptance(self, system: str, *, fingerprint: str, now: datetime) -> None:
        key = CREDENTIAL_PREFIX + system
        item = self._table.get(key)
        state = _credential(item) if item else None
        if state is None or not state.is_ended_by(fingerprint):
            return
        if state.blocked_at is None:
            # Emptied rather than deleted: a refusal may be counted at the same moment.
            self._table.update(key, _of(fingerprint).set({"refusals": 0}).only_if(_NOT_BLOCKED))
            return
        ends_at = now + timedelta(seconds=REPLACED_KEPT_S)
        change = _of(state.fingerprint).set(
            {"replaced_at": epoch_ms(now), "expires_at": epoch_s(ends_at)}
        )
        self._table.update(key, change)

    def unblock(self, system: str) -> bool:
        return self._table.delete(CREDENTIAL_PREFIX + system)
