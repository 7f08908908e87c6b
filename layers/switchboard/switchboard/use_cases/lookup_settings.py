"""How lookups are done, read from what was published.

What an operator may write is checked where it is published, by `contracts.lookup`; a function for
which a caller waits only reads it. See docs/decisions/0020-cold-start.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args

from switchboard.domain.ambiguity import AmbiguityRules, Policy
from switchboard.domain.attributes import AttributeMap
from switchboard.use_cases.arrival_lookup import LookupRules, MatchedBy
from switchboard.use_cases.attribute_settings import attribute_map
from switchboard.use_cases.crm_answers import CacheRules
from switchboard.use_cases.published_values import reading, texts_of, value_of, word_of

FORMAT: Final = "lookup/1"
SHORTEST_BUDGET_MS: Final = 100
# The function itself ends after ten seconds, and a cold one needs some of them.
LONGEST_BUDGET_MS: Final = 8_000
_POLICIES: Final[tuple[Policy, ...]] = get_args(Policy)
_IDENTITIES: Final[tuple[MatchedBy, ...]] = get_args(MatchedBy)

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupSettings:
    """Which CRMs are asked, by what, for how long, and what ECS gets to see."""

    connectors: tuple[str, ...]
    identify_by: tuple[MatchedBy, ...]
    account_number_pattern: str
    default_region: str
    regions_by_dialed_number: Mapping[str, str]
    time_zone: str
    budget_ms: int
    rules: LookupRules
    shown: AttributeMap
    tell_customer_name: bool
    desk_base_url: str
    desk_link_valid_s: int

    def budget_s(self, asked_ms: str) -> float:
        """What the request asks for, within what may be; else what is configured."""
        if not asked_ms.isascii() or not asked_ms.isdecimal() or len(asked_ms) > 9:
            return self.budget_ms / 1000
        return min(max(int(asked_ms), SHORTEST_BUDGET_MS), LONGEST_BUDGET_MS) / 1000


def read_lookup_settings(document: Document) -> LookupSettings:
    """Raises: Misconfigured when it was not published by a version like this one."""
    with reading("lookup"):
        word_of(document, "format", (FORMAT,))
        return LookupSettings(
            connectors=texts_of(document, "connectors"),
            identify_by=tuple(
                word_of({"identify_by": name}, "identify_by", _IDENTITIES)
                for name in value_of(document, "identify_by", list)
            ),
            account_number_pattern=value_of(document, "account_number_pattern", str),
            default_region=value_of(document, "default_region", str),
            regions_by_dialed_number=value_of(document, "regions_by_dialed_number", dict),
            time_zone=value_of(document, "time_zone", str),
            budget_ms=value_of(document, "budget_ms", int),
            rules=_rules(document),
            shown=attribute_map(document),
            tell_customer_name=value_of(document, "tell_customer_name", bool),
            desk_base_url=value_of(document, "desk_base_url", str),
            desk_link_valid_s=value_of(document, "desk_link_valid_s", int),
        )


def _rules(document: Document) -> LookupRules:
    return LookupRules(
        ask_together=word_of(document, "ask", ("in_order", "together")) == "together",
        cache=CacheRules(
            fresh_s=value_of(document, "fresh_s", int),
            negative_s=value_of(document, "negative_s", int),
            renew_s=value_of(document, "renew_s", int),
            renew_wait_s=value_of(document, "renew_wait_ms", int) / 1000,
            stale_s=value_of(document, "stale_s", int),
            jitter=value_of(document, "jitter", float, int),
        ),
        ambiguity=ambiguity_rules(document),
    )


def ambiguity_rules(document: Document) -> AmbiguityRules:
    """What is done when several customers carry one number: three keys of the document.

    Raises: ValueError naming a key that is missing or not as published.
    """
    said = value_of(document, "ambiguity", dict)
    policies = value_of(said, "by_business_process", dict)
    return AmbiguityRules(
        policy=word_of(said, "policy", _POLICIES),
        by_business_process={name: word_of(policies, name, _POLICIES) for name in policies},
        account_kinds=frozenset(
            kind.strip().casefold() for kind in texts_of(said, "account_kinds")
        ),
        owner_attribute=value_of(said, "owner_attribute", str),
        latest_attribute=value_of(said, "latest_attribute", str),
        choice_label=value_of(value_of(document, "choices", dict), "label", str),
        shared_numbers=frozenset(texts_of(document, "shared_numbers")),
        suggest_shared_from=value_of(said, "suggest_shared_from", int),
    )
