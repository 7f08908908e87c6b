"""How lookups are done, as an operator edits and publishes it: `lookup.yaml`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator

from switchboard.contracts.ambiguity import (
    AmbiguitySpec,
    ChoicesSpec,
    SharedNumber,
    ambiguity_rules,
)
from switchboard.contracts.attributes import AttributesSpec
from switchboard.contracts.configuration import Region
from switchboard.domain.account import account_pattern_problem
from switchboard.domain.attributes import AttributeMap
from switchboard.use_cases.arrival_lookup import LookupRules, MatchedBy
from switchboard.use_cases.crm_answers import CacheRules

SHORTEST_BUDGET_MS: Final = 100
# The function itself ends after ten seconds, and a cold one needs some of them.
LONGEST_BUDGET_MS: Final = 8_000


def _a_pattern(pattern: str) -> str:
    if problem := account_pattern_problem(pattern):
        raise ValueError(f"{pattern!r} {problem}")
    return pattern


Prefix = Annotated[str, Field(pattern=r"^\+[1-9]\d{0,14}$")]


class LookupConfiguration(AttributesSpec):
    """Which CRMs are asked, by what, for how long, and what ECS gets to see."""

    format: Literal["lookup/1"]
    connectors: tuple[str, ...]
    ask: Literal["in_order", "together"] = "in_order"
    identify_by: Annotated[tuple[MatchedBy, ...], Field(min_length=1)] = ("contact",)
    account_number_pattern: Annotated[str, AfterValidator(_a_pattern)] = ""
    default_region: Region
    regions_by_dialed_number: Mapping[Prefix, Region] = Field(default_factory=dict)

    budget_ms: int = Field(1200, ge=SHORTEST_BUDGET_MS, le=LONGEST_BUDGET_MS)
    fresh_s: int = Field(60, ge=0)
    negative_s: int = Field(10, ge=0)
    renew_s: int = Field(300, ge=0)
    renew_wait_ms: int = Field(300, ge=0, le=2000)
    stale_s: int = Field(86_400, ge=0)
    jitter: float = Field(0.1, ge=0, le=0.5)

    ambiguity: AmbiguitySpec = Field(default_factory=AmbiguitySpec)
    choices: ChoicesSpec = Field(default_factory=ChoicesSpec)
    shared_numbers: tuple[SharedNumber, ...] = ()
    tell_customer_name: bool = False

    desk_base_url: str = ""
    desk_link_valid_s: int = Field(28_800, ge=60)

    @field_validator("identify_by")
    @classmethod
    def _names_each_once(cls, names: tuple[MatchedBy, ...]) -> tuple[MatchedBy, ...]:
        if len(set(names)) != len(names):
            raise ValueError("names something twice; write each once, the most certain first")
        return names

    def budget_s(self, asked_ms: str) -> float:
        """What the request asks for, within what may be; else what is configured."""
        if not asked_ms.isascii() or not asked_ms.isdecimal() or len(asked_ms) > 9:
            return self.budget_ms / 1000
        return min(max(int(asked_ms), SHORTEST_BUDGET_MS), LONGEST_BUDGET_MS) / 1000

    @cached_property
    def rules(self) -> LookupRules:
        return LookupRules(
            ask_together=self.ask == "together",
            cache=CacheRules(
                fresh_s=self.fresh_s,
                negative_s=self.negative_s,
                renew_s=self.renew_s,
                renew_wait_s=self.renew_wait_ms / 1000,
                stale_s=self.stale_s,
                jitter=self.jitter,
            ),
            ambiguity=ambiguity_rules(self.ambiguity, self.choices, self.shared_numbers),
        )

    @cached_property
    def shown(self) -> AttributeMap:
        """How every attribute in an answer is made."""
        return self.attribute_map()
