"""A CRM that lookups are to ask and that is not connected, or not yet."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NoReturn

from switchboard.domain.identity import AccountNumber, EmailAddress, PhoneNumber
from switchboard.domain.posting import Idempotency
from switchboard.errors import Misconfigured

_EVERY_KIND: Final[Collection[str]] = frozenset(
    {PhoneNumber.kind, EmailAddress.kind, AccountNumber.kind}
)


@dataclass(frozen=True, slots=True)
class MissingCrm:
    """Keeps the place of one in `ports.Crm`, and answers nothing.

    The others answer for whom they know; that nobody knows a caller is not said without it.
    """

    connector: str
    default_region: str
    finds: Collection[str] = _EVERY_KIND
    idempotency: Idempotency = Idempotency.NONE
    settle_s: float = 0.0
    contact_settle_s: float = 0.0
    key_window_s: float = 0.0
    needs_customer: bool = False
    batch_most: int = 1
    ignores_older: bool = False
    can_find_records: bool = False
    can_list_records: bool = False

    def _not_connected(self, *_: object, **__: object) -> NoReturn:
        raise Misconfigured(f"lookup asks {self.connector}, which no connector here is called")

    find = read_record = _not_connected
    log_interaction = log_interactions = create_contact = _not_connected
    find_record = list_records = _not_connected
