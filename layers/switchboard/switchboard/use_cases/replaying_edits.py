"""Deciding recorded contacts again by edited rules, for somebody who waits for the answer."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from switchboard.domain.recorded_contact import RecordedContact
from switchboard.domain.replay import replay
from switchboard.domain.replayed import Recorded, Replayed
from switchboard.ports import Publications, RecordedContacts, RecordedPage
from switchboard.use_cases.rules_editor import KIND, usable

MOST_CONTACTS: Final = 2_000
LONGEST_S: Final = 8.0


def replay_edits(
    document: Mapping[str, Any],
    *,
    days: int,
    now: datetime,
    publications: Publications,
    recorded: RecordedContacts,
    clock_s: Callable[[], float],
) -> tuple[Replayed, bool]:
    """What these rules would have done to contacts of the last days, beside the active ones.

    Whether that is only a part of them: it reads for eight seconds and takes 2,000 contacts.

    Raises: RulesRefused.
    """
    new, published = usable(document), publications.active(KIND)
    old = usable(published.body)
    pages = recorded.pages(now - timedelta(days=days), now, now=now)
    found, is_part = _found(pages, clock_s=clock_s)
    return replay(old, new, found, old_digest=published.digest), is_part


def _found(
    pages: Iterator[RecordedPage], *, clock_s: Callable[[], float]
) -> tuple[list[Recorded], bool]:
    """The contacts, latest first, and whether there may be more."""
    found: list[RecordedContact] = []
    give_up_at_s, is_part = clock_s() + LONGEST_S, False
    for page in pages:
        found += page.contacts
        is_part = len(found) > MOST_CONTACTS or clock_s() >= give_up_at_s
        if is_part:
            break
    latest = sorted(found, key=lambda contact: (contact.routing.at, contact.id), reverse=True)
    return [_recorded(contact) for contact in latest[:MOST_CONTACTS]], is_part


def _recorded(contact: RecordedContact) -> Recorded:
    routing = contact.routing
    return Recorded(
        at=routing.at.isoformat(timespec="seconds"),
        ruleset=routing.ruleset,
        row=routing.row,
        facts=routing.facts,
    )
