"""Every reason that a posting can give, in words: what it means, and what a person can do."""

from dataclasses import dataclass
from typing import Final

from switchboard.domain.posting import NO_CUSTOMER, QUARANTINED, RESOLVED

_GAVE_UP: Final = "gave_up:"
_WAITS_AS_ASKED: Final = frozenset({"upstream_throttled", "throttled", "quota_exhausted"})
_BY_HAND: Final = f"{RESOLVED}:"


@dataclass(frozen=True, slots=True)
class Words:
    """What a reason means, and what to mend; an empty `mend` is for what mends itself."""

    meaning: str
    mend: str = ""


_CRM_IS_AWAY: Final = Words(
    "the CRM cannot be reached, or answers that it is out of order",
    "`switchboard connector state` shows whether it is left alone for a while; see that it is up.",
)
_ASKED_TO_WAIT: Final = Words(
    "the CRM takes no more just now and asked us to wait",
    "If it comes daily, write the CRM's limits into the connector, or buy more.",
)
_REFUSED: Final = Words(
    "the CRM refused this record, and would refuse it again as it is",
    "Compare the connector's mapping with the fields that the CRM requires and knows.",
)
_OUR_TABLES: Final = Words(
    "our own tables or queues did not answer",
    "The log of disposition_posting says which; AWS' health page may say why.",
)
WORDS: Final = {
    "done": Words("it was written"),
    RESOLVED: Words("a person settled it by hand"),
    # The classes of `switchboard.errors`.
    "upstream_error": _CRM_IS_AWAY,
    "upstream_unavailable": _CRM_IS_AWAY,
    "upstream_throttled": _ASKED_TO_WAIT,
    "upstream_rejected": _REFUSED,
    "upstream_unknown": Words(
        "it was sent and no answer came, so the record may stand in the CRM",
        "It is settled by what the connector declares: repeated where that is safe, else looked "
        "for once the CRM's search must have seen it.",
    ),
    "address_not_public": Words(
        "the CRM's name leads to an address inside a network, where no connection may go",
        "If the CRM really is there, open its network with the stack's parameter PrivateNetworks; "
        "otherwise find out who changed the name.",
    ),
    "credential_refused": Words(
        "the CRM refused our credential several times, and nothing more is sent with it",
        "Put a good credential into the connector's secret, then "
        "`switchboard connector resume {connector}`.",
    ),
    "state_unavailable": _OUR_TABLES,
    "state_busy": _OUR_TABLES,
    "state_unreadable": Words(
        "something stands in our tables that this release does not write",
        "Find out who wrote it; the log of disposition_posting names the table.",
    ),
    "misconfigured": Words(
        "a setting, a secret or a published document is missing or wrong",
        "The log of disposition_posting names it. Mend it, then `switchboard publish`.",
    ),
    "invalid_request": _REFUSED,
    "internal_error": Words(
        "a mistake of ours stopped it", "The log of disposition_posting has the error."
    ),
    # The classes of a connector's answers; see docs/connectors.md.
    "auth": Words(
        "the CRM does not let us in", "Mend the connector's secret; the old value was refused."
    ),
    "forbidden": Words(
        "the CRM knows us and does not allow this",
        "Give the integration's user the right to write activities in the CRM.",
    ),
    "not_found": Words(
        "the CRM has no such page or record",
        "See that the customer was not deleted or merged away, and the connector's paths.",
    ),
    "invalid": _REFUSED,
    "duplicate": Words(
        "the CRM says that it has such a record already, and not which one",
        "Look for it in the CRM, then settle it by hand.",
    ),
    "conflict": Words(
        "the CRM says that the record was changed by somebody else, or is locked",
        "See in the CRM whether the record is locked or merged.",
    ),
    "throttled": _ASKED_TO_WAIT,
    "quota_exhausted": Words(
        "the CRM's quota is used up", "It is written when the quota begins anew; or buy more."
    ),
    "transient": _CRM_IS_AWAY,
    # Of the posting itself.
    "outcome_unknown": Words(
        "an answer was lost, and with this CRM nobody but a person can find out whether the "
        "record was made",
        "Look for it in the CRM. If it is there, say so; if not, have it written.",
    ),
    NO_CUSTOMER: Words(
        "nobody in this CRM has the number or address, or several have it",
        "Nobody: create the customer in the CRM. Several: merge them or mark the number "
        "(docs/ambiguity.md).",
    ),
    QUARANTINED: Words(
        "our own code failed over it several times, and goes on with the others",
        "The log of disposition_posting has the error; it is a mistake of ours. After the mend, "
        "have it written.",
    ),
}
_UNKNOWN: Final = Words(
    "a reason that this release does not know", "See docs/why-not-in-the-crm.md of the newest one."
)


def words_of(reason: str) -> Words:
    """Also for what was given up after days of it, and for what a person decided."""
    if is_resolved(reason):
        by, _, why = reason.removeprefix(_BY_HAND).partition(":")
        return Words(f"{by.strip() or 'somebody'} settled it by hand: {why.strip() or 'no reason'}")
    if reason.startswith(_GAVE_UP):
        cause = words_of(reason.removeprefix(_GAVE_UP))
        return Words(f"given up after days of trying: {cause.meaning}", cause.mend)
    return WORDS.get(reason, _UNKNOWN)


def is_asked_to_wait(reason: str) -> bool:
    """The CRM itself, or a limit of its, said when to come again."""
    return reason in _WAITS_AS_ASKED


def is_resolved(reason: str) -> bool:
    """A person decided; nothing waits for one any more."""
    return reason.startswith(RESOLVED)


def resolved_reason(by: str, why: str) -> str:
    """The reason that a posting has after a person decided, with who and why."""
    return f"{_BY_HAND}{by.replace(':', ' ').strip()}: {' '.join(why.split())}"
