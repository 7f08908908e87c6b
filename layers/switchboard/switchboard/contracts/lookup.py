"""How lookups are done, as an operator edits and publishes it: `lookup.yaml`."""

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

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
# What is signed follows it, and ECS takes 255 characters for one value.
_LONGEST_DESK_BASE: Final = 120
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost"})


def _a_pattern(pattern: str) -> str:
    if problem := account_pattern_problem(pattern):
        raise ValueError(f"{pattern!r} {problem}")
    return pattern


def _an_address(address: str) -> str:
    """Empty, or where browsers of agents find us: customers' data is shown there."""
    if not address:
        return address
    if len(address) > _LONGEST_DESK_BASE:
        raise ValueError(
            f"at most {_LONGEST_DESK_BASE} characters, because it becomes part of a link"
        )
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_plain = address.isascii() and address.isprintable() and not set(address) & set(' ?#@\\"<>')
    is_protected = parts.scheme == "https" or (parts.scheme == "http" and host in _THIS_MACHINE)
    if not (host and is_plain and is_protected):
        raise ValueError(
            "write an address like https://desk.example.com, without what follows a `?` or `#`; "
            "http:// is for 127.0.0.1 and localhost only"
        )
    return address


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

    desk_base_url: Annotated[str, AfterValidator(_an_address)] = ""
    desk_link_valid_s: int = Field(28_800, ge=60, le=_LONGEST_DESK_LINK_S)

    @field_validator("connectors")
    @classmethod
    def _asks_somebody_once(cls, connectors: tuple[str, ...]) -> tuple[str, ...]:
        if not connectors:
            raise ValueError("name at least one of those in connectors.yaml")
        if twice := [name for name, times in Counter(connectors).items() if times > 1]:
            raise ValueError(f"{', '.join(twice)}: named twice; write each once")
        return connectors

    @field_validator("identify_by")
    @classmethod
    def _names_each_once(cls, names: tuple[MatchedBy, ...]) -> tuple[MatchedBy, ...]:
        if len(set(names)) != len(names):
            raise ValueError("names something twice; write each once, the most certain first")
        return names

    @model_validator(mode="after")
    def _gets_older_in_order(self) -> Self:
        """Nobody means an answer that is fresh and to be renewed first, or too old and renewed."""
        ages = [(name, getattr(self, name)) for name in ("negative_s", "fresh_s")]
        ages += [(name, age) for name in ("renew_s", "stale_s") if (age := getattr(self, name))]
        for (earlier, sooner_s), (later, later_s) in pairwise(ages):
            if sooner_s > later_s:
                raise ValueError(
                    f"{earlier} ({sooner_s}) is more than {later} ({later_s}); wanted: negative_s "
                    "<= fresh_s <= renew_s <= stale_s (renew_s or stale_s 0: no such answers)"
                )
        return self

    @cached_property
    def settings(self) -> LookupSettings:
        """The same as a function reads it that answers lookups."""
        return read_lookup_settings(self.model_dump(mode="json", by_alias=True))
