"""Numbers that are somebody's. A fact of the type number is kept as it came, with the decision that
it led to, so it must not be one of these."""

import re
from collections.abc import Iterator
from typing import Final

from switchboard.domain.cells import Attribute
from switchboard.domain.ruleset import Ruleset

_CALLERS: Final = frozenset(
    f"ecs.{name}" for name in ("contact", "account_number", "customer_id", "dialed_number")
)
_KEPT_AS_SENT: Final = frozenset({"number", "instant"})
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_PHONES: Final = frozenset({"phone", "telephone", "mobile", "msisdn", "fax"})
# As the last word: an order number, but not the number of orders.
_ENDS_OF_KEYS: Final = frozenset({"number", "no", "nr", "account", "id", "iban"})


def callers_numbers(ruleset: Ruleset) -> Iterator[str]:
    """One line for each attribute that would keep by what number a caller is known or reached."""
    for attribute in ruleset.attributes.values():
        if attribute.type in _KEPT_AS_SENT and attribute.source.casefold() in _CALLERS:
            yield (
                f"attributes.{attribute.name}.from: {attribute.source} is by whom or where "
                f"somebody is reached, and a {attribute.type} is kept with the decision as it "
                "came; list the values that matter, as a choice"
            )


def likely_numbers_of_people(ruleset: Ruleset) -> Iterator[str]:
    """One line for each number whose name says that it may be a phone's or an account's."""
    for attribute in ruleset.attributes.values():
        if attribute.source.casefold() not in _CALLERS and _sounds_personal(attribute):
            yield (
                f"attributes.{attribute.name}.from: {attribute.source} sounds like a number that "
                "is somebody's; numbers are kept with the decision, so read only amounts and counts"
            )


def _sounds_personal(attribute: Attribute) -> bool:
    origin, _, name = attribute.source.partition(".")
    if attribute.type != "number" or origin not in ("crm", "ecs"):
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    return not (_PHONES.isdisjoint(words) and _ENDS_OF_KEYS.isdisjoint(words[-1:]))
