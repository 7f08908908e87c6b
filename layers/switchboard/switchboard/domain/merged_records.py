"""Records that a CRM made one of: the survivor counts, what was merged into it does not.

A CRM may go on finding a merged record by its old number. What it says of the merge is believed,
because merging is an act of the organisation; that two records look alike is not (`duplicates`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from switchboard.domain.customer import Customer


def survivors(customers: Iterable[Customer]) -> tuple[Customer, ...]:
    """The customers that are left, each once, in the order in which they were found.

    A merged record whose survivor was not found stands for it: with the survivor's id and its own
    facts; of several that do, the one with the first key. Records that name each other in a
    circle stay what they are.
    """
    found = {customer.key: customer for customer in customers}
    ends = {key: surviving_key(key, found) for key in found}
    return tuple(
        found[end] if end in found else _standing_for(end, found)
        for end in dict.fromkeys(ends.values())
    )


def surviving_key(key: str, found: Mapping[str, Customer]) -> str:
    """Whom a key means today, as far as the records that were found tell."""
    seen = {key}
    current = key
    while current in found and (into := _merged_into(found[current])):
        if into in seen:
            return key
        seen.add(into)
        current = into
    return current


def merged(customers: Iterable[Customer]) -> tuple[tuple[Customer, str], ...]:
    """Each record that was merged into another, and the key of its survivor."""
    found = {customer.key: customer for customer in customers}
    return tuple(
        (customer, survivor)
        for customer in found.values()
        if (survivor := surviving_key(customer.key, found)) != customer.key
    )


def _merged_into(customer: Customer) -> str:
    """The key of the record that it became a part of; empty for none, or itself."""
    if customer.merged_into in ("", customer.id):
        return ""
    return f"{customer.connector}:{customer.merged_into}"


def _standing_for(survivor: str, found: Mapping[str, Customer]) -> Customer:
    """A record that was merged straight into a survivor which was not found."""
    merged_last = (record for record in found.values() if _merged_into(record) == survivor)
    record = min(merged_last, key=lambda record: record.key)
    return replace(record, id=record.merged_into, merged_into="")
