"""How lookups are done, as an operator edits and publishes it: `lookup.yaml`."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator

from switchboard.contracts.ambiguity import AmbiguitySpec, ChoicesSpec, SharedNumber
from switchboard.contracts.attributes import AttributesSpec
from switchboard.contracts.configuration import Region
from switchboard.domain.account import account_pattern_problem
from switchboard.use_cases.arrival_lookup import MatchedBy
from switchboard.use_cases.lookup_settings import (
    LONGEST_BUDGET_MS,
    SHORTEST_BUDGET_MS,
    LookupSettings,
    read_lookup_settings,
)

# Nobody means more, and much more would be beyond what a calendar can count.
_LONGEST_MEMORY_S: Final = 30 * 86_400
_LONGEST_DESK_LINK_S: Final = 7 * 86_400


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
    fresh_s: int = Field(60, ge=0, le=_LONGEST_MEMORY_S)
    negative_s: int = Field(10, ge=0, le=_LONGEST_MEMORY_S)
    renew_s: int = Field(300, ge=0, le=_LONGEST_MEMORY_S)
    renew_wait_ms: int = Field(300, ge=0, le=2000)
    stale_s: int = Field(86_400, ge=0, le=_LONGEST_MEMORY_S)
    jitter: float = Field(0.1, ge=0, le=0.5)

    ambiguity: AmbiguitySpec = Field(default_factory=AmbiguitySpec)
    choices: ChoicesSpec = Field(default_factory=ChoicesSpec)
    shared_numbers: tuple[SharedNumber, ...] = ()
    tell_customer_name: bool = False

    desk_base_url: str = ""
    desk_link_valid_s: int = Field(28_800, ge=60, le=_LONGEST_DESK_LINK_S)

    @field_validator("identify_by")
    @classmethod
    def _names_each_once(cls, names: tuple[MatchedBy, ...]) -> tuple[MatchedBy, ...]:
        if len(set(names)) != len(names):
            raise ValueError("names something twice; write each once, the most certain first")
        return names

    @cached_property
    def settings(self) -> LookupSettings:
        """The same as a function reads it that answers lookups."""
        return read_lookup_settings(self.model_dump(mode="json", by_alias=True))
