"""What lookups reveal about a CRM's data that somebody should put right: seen, never acted on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, Literal

from switchboard.domain.ambiguity import AmbiguityRules
from switchboard.domain.customer import Ambiguous, Customer, CustomerMatch, Known
from switchboard.domain.duplicates import alike, count_of_different, sharing_an_address
from switchboard.domain.identity import Identity, PhoneNumber
from switchboard.domain.merged_records import merged, survivors

FindingKind = Literal["shared_number", "duplicate", "merged"]

# One lookup teaches no more than this; the next one of the same number does not repeat it.
MOST_FINDINGS: Final = 5
_MOST_RECORDS: Final = 10


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """A record by its key, and its page in the CRM where there is one."""

    key: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A number that many carry, records of one person, or one that was merged into another.

    `number` is that of a shared number, in E.164. `records` are the duplicates; or the merged
    one, and then its survivor. `count` is how many customers or records there are.
    """

    kind: FindingKind
    count: int
    number: str = field(default="", repr=False)
    records: tuple[FoundRecord, ...] = ()

    @property
    def subject(self) -> tuple[str, ...]:
        """What makes it the same finding when it is seen again."""
        return (self.kind, self.number, *(record.key for record in self.records))


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """A finding, and when it was first and last seen."""

    finding: Finding
    first_seen_at: datetime
    last_seen_at: datetime


def findings_of(
    match: CustomerMatch, asked: Identity, *, rules: AmbiguityRules
) -> tuple[Finding, ...]:
    """What a CRM's own answer reveals; an answer from memory reveals nothing new.

    Give the match as it was before `resolve`: afterwards merged records are gone.
    """
    if not isinstance(match, Known | Ambiguous) or match.source != "live":
        return ()
    rows = match.customers if isinstance(match, Ambiguous) else (match.customer,)
    return tuple(islice(_findings(rows, asked, rules), MOST_FINDINGS))


def _findings(
    rows: Sequence[Customer], asked: Identity, rules: AmbiguityRules
) -> Iterator[Finding]:
    customers = survivors(rows)
    different = count_of_different(customers)
    is_shared = rules.is_shared(asked)
    if isinstance(asked, PhoneNumber) and not is_shared and different >= rules.suggest_shared_from:
        yield Finding("shared_number", different, number=asked.e164)
    yield from _duplicates(customers, rules, is_shared=is_shared)
    for record, survivor in merged(rows):
        # The page of a merged record is that of its survivor.
        yield Finding(
            "merged", 2, records=(FoundRecord(record.key), FoundRecord(survivor, record.url))
        )


def _duplicates(
    customers: Sequence[Customer], rules: AmbiguityRules, *, is_shared: bool
) -> Iterator[Finding]:
    accounts = [customer for customer in customers if rules.is_account(customer)]
    people = [customer for customer in customers if not rules.is_account(customer)]
    for group in (*alike(accounts), *alike(people)):
        # Two of one name behind a switchboard may well be two people.
        suspects = sharing_an_address(group) if is_shared else group
        if suspects:
            records = sorted((FoundRecord(c.key, c.url) for c in suspects), key=lambda r: r.key)
            yield Finding("duplicate", len(records), records=tuple(records[:_MOST_RECORDS]))
