"""What all workers of a connector know together: its access token, and whether it is refused.

The store promises a few small things, each of them atomic; who may do what when is decided by
`tokens` and `credentials`. Keys tell nothing: a digest stands for the credential.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

LEASE_S: Final = 10.0
REFUSALS_THAT_BLOCK: Final = 3
# A gateway that refuses everybody for a moment must not stop a connector until a person comes.
REFUSED_FOR_S: Final = 30.0
REFUSALS_COUNT_WITHIN_S: Final = 600.0
# Until that is known one worker tries for all: servers lock an account that is tried too often.
TRIED_AGAIN_AFTER_S: Final = 5.0
# A newer credential is in use: who still holds the old one for a while must not try it again.
REPLACED_KEPT_S: Final = 3600.0


class Trouble(StrEnum):
    """Why the token endpoint gave nothing; for the workers that then need not ask it as well."""

    NONE = ""
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"
    OTHER_SERVER = "other_server"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SharedToken:
    """The newest token. `version` is another text for every token; empty when there is none.

    `refresh_token` is one that the server gave in place of the secret's. Until `leased_until`
    somebody is fetching the next; until `paused_until` nobody should, because of `trouble`.
    """

    version: str = ""
    access_token: str = field(default="", repr=False)
    usable_until: datetime | None = None
    refresh_token: str = field(default="", repr=False)
    leased_until: datetime | None = None
    trouble: Trouble = Trouble.NONE
    paused_until: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        return self.usable_until is not None and now < self.usable_until

    def is_leased(self, now: datetime) -> bool:
        return self.leased_until is not None and now < self.leased_until

    def is_paused(self, now: datetime) -> bool:
        return self.paused_until is not None and now < self.paused_until


@dataclass(frozen=True, slots=True)
class CredentialState:
    """How a connector's credential fares. `fingerprint` says which one, and not what it is.

    `tried_at` is when it was last refused, or when somebody began to try it again.
    """

    fingerprint: str
    refusals: int
    first_refused_at: datetime
    blocked_at: datetime | None = None
    replaced_at: datetime | None = None
    tried_at: datetime | None = None

    def blocks(self, fingerprint: str) -> bool:
        return self.blocked_at is not None and self.fingerprint == fingerprint

    def has_refused(self, fingerprint: str) -> bool:
        """Whether it is this one that was refused, since it was last accepted."""
        return self.fingerprint == fingerprint and (self.refusals > 0 or self.blocks(fingerprint))

    def is_doubted(self, fingerprint: str) -> bool:
        """Whether it was refused, and not yet for good."""
        return self.refusals > 0 and self.blocked_at is None and self.fingerprint == fingerprint

    def to_wait_s(self, now: datetime) -> float:
        """How long nobody is to try it again; 0 when somebody may."""
        if self.tried_at is None:
            return 0.0
        again_at = self.tried_at + timedelta(seconds=TRIED_AGAIN_AFTER_S)
        return max(0.0, (again_at - now).total_seconds())

    def is_for_good(self, now: datetime) -> bool:
        """Whether so many refusals, over so long, are the credential's and not a moment's."""
        has_lasted = now >= self.first_refused_at + timedelta(seconds=REFUSED_FOR_S)
        return self.refusals >= REFUSALS_THAT_BLOCK and has_lasted

    def is_ended_by(self, accepted: str) -> bool:
        """Whether an accepted credential changes anything here.

        It ends its own count, but no block: that is for a person to do. Another credential's
        block it only marks as replaced.
        """
        if self.blocked_at is None:
            return self.fingerprint == accepted
        return self.fingerprint != accepted and self.replaced_at is None

    def is_over(self, now: datetime) -> bool:
        """Refusals of long ago no longer count; a block stays until a person ends it."""
        if self.blocked_at is None:
            return now >= self.first_refused_at + timedelta(seconds=REFUSALS_COUNT_WITHIN_S)
        replaced_at = self.replaced_at
        return replaced_at is not None and now >= replaced_at + timedelta(seconds=REPLACED_KEPT_S)


class TokenStore(Protocol):
    """Every method raises StateUnavailable when the store does not answer."""

    def read_token(self, key: str) -> SharedToken:
        """What stands there, without delay; an empty one when nothing does."""

    def lease_token(self, key: str, *, seen_version: str, holder: str, now: datetime) -> bool:
        """The right to fetch the next token, for LEASE_S.

        False while another holds it, while nobody should ask, and when the token is no longer the
        one that was seen.
        """

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
        """Make this the token of all workers, and end any lease.

        `refresh_token` is the newest one, or empty while the secret's is. False, and nothing is
        kept, when another token took the place of the one that was seen.
        """

    def pause_token(self, key: str, *, holder: str, trouble: Trouble, until: datetime) -> None:
        """No token was to be had. Ends the lease, if it is still ours."""

    def read_credential(self, system: str, *, now: datetime) -> CredentialState | None: ...

    def note_refusal(self, system: str, *, fingerprint: str, now: datetime) -> CredentialState:
        """Count it; the count begins anew for another credential, and after a while.

        With REFUSALS_THAT_BLOCK in a row, over REFUSED_FOR_S, the credential is blocked.
        """

    def begin_try(
        self, system: str, *, fingerprint: str, now: datetime
    ) -> tuple[bool, CredentialState | None]:
        """The right to try a doubted credential, for one worker in TRIED_AGAIN_AFTER_S.

        Also tells how the credential stands now.
        """

    def note_acceptance(self, system: str, *, fingerprint: str, now: datetime) -> None:
        """Ends what `CredentialState.is_ended_by` says it ends."""

    def unblock(self, system: str) -> bool:
        """A person put things right; whether there was anything to end."""
