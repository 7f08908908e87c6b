"""A ruleset on trial, as it is published beside the active one: `routing_challenger`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from switchboard.contracts.configuration import Configuration
from switchboard.domain.challenger import LONGEST_SLICE_S, SHORTEST_SLICE_S
from switchboard.domain.durations import read_duration


def _a_slice(written: str) -> str:
    if not SHORTEST_SLICE_S <= read_duration(written) <= LONGEST_SLICE_S:
        raise ValueError(
            "write 1h to 24h: in a shorter one, most calls that wait began in the other arm's"
        )
    return written


class ChallengerConfiguration(Configuration):
    """Which ruleset is tried, and for whom it decides.

    `shadow`: for nobody; differences are logged. `split`: for `share` percent, of the customers
    or of the slices of time.
    """

    format: Literal["challenger/1"]
    ruleset: Mapping[str, Any]
    mode: Literal["shadow", "split"]
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,47}$")
    by: Literal["customer", "time"] = "customer"
    share: float = Field(0, ge=0, le=99)
    slice: Annotated[str, AfterValidator(_a_slice)] = "1h"

    @model_validator(mode="after")
    def _splits_by_a_share(self) -> Self:
        if (self.mode == "split") != (self.share > 0):
            raise ValueError("share: a split has one above 0, and a shadow has none")
        return self
