"""Records that look like one person entered twice. Reported, never taken for one.

The same name, however it is written, on records that carry the same number or address.
"""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from switchboard.domain.customer import Customer

_APOSTROPHES: Final = str.maketrans("", "", "'`\u2019\u02bc")
_PARTS_OF_WORDS: Final = "LNM"  # letters, numbers, and the marks that scripts write on letters
_ACCENTS: Final = range(0x300, 0x370)


def plain_name(name: str) -> str:
    """What is left of a name without case, accents, punctuation and the order of its words.

    ``Byron, Ada`` and ``ada byron`` are one; so are ``Müller`` and ``Muller``.
    """
    apart = unicodedata.normalize("NFKD", name.translate(_APOSTROPHES)).casefold()
    bare = (character for character in apart if ord(character) not in _ACCENTS)
    words = "".join(c if unicodedata.category(c)[0] in _PARTS_OF_WORDS else " " for c in bare)
    return " ".join(sorted(words.split()))


def alike(customers: Iterable[Customer]) -> tuple[tuple[Customer, ...], ...]:
    """Groups of records of one CRM that have one name; nobody's name is like anybody's."""
    groups: dict[tuple[str, str], list[Customer]] = defaultdict(list)
    for customer in customers:
        if name := plain_name(customer.name):
            groups[customer.connector, name].append(customer)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def sharing_an_address(customers: Sequence[Customer]) -> tuple[Customer, ...]:
    """Those that have an e-mail address which another of them has too."""
    carriers = Counter(address for customer in customers for address in _addresses(customer))
    return tuple(c for c in customers if any(carriers[address] > 1 for address in _addresses(c)))


def count_of_different(customers: Iterable[Customer]) -> int:
    """How many different people or companies there are at least.

    One name counts once over all CRMs, and so do all records without one.
    """
    return len({plain_name(customer.name) for customer in customers})


def _addresses(customer: Customer) -> frozenset[str]:
    return frozenset(address.strip().casefold() for address in customer.emails) - {""}
