"""The part of `lookup.yaml` that says what is done when several customers carry one number."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from switchboard.contracts.configuration import Configuration
from switchboard.domain.ambiguity import ACCOUNT_KINDS, Policy
from switchboard.domain.choices import PLAIN_LABELS
from switchboard.domain.identity import read_phone

# ISO 3166 has no such country, so that only a number with its country code can be read.
_NO_REGION: Final = "ZZ"


class AmbiguitySpec(Configuration):
    """What decides between several customers, by Business Process."""

    policy: Policy = "ask"
    by_business_process: Mapping[str, Policy] = Field(default_factory=dict)
    account_kinds: tuple[str, ...] = tuple(sorted(ACCOUNT_KINDS))
    owner_attribute: str = ""
    latest_attribute: str = ""
    suggest_shared_from: int = Field(3, ge=2, le=1000)

    @field_validator("by_business_process")
    @classmethod
    def _names_each_once(cls, policies: Mapping[str, Policy]) -> Mapping[str, Policy]:
        times = Counter(name.strip().casefold() for name in policies)
        if "" in times:
            raise ValueError("a Business Process has a name; `policy` is for all others")
        if twice := sorted(name for name in policies if times[name.strip().casefold()] > 1):
            raise ValueError(f"{', '.join(twice)}: capital letters do not tell these apart")
        return policies

    @model_validator(mode="after")
    def _knows_the_owner(self) -> Self:
        wanted = {self.policy, *self.by_business_process.values()}
        if "owner" in wanted and not self.owner_attribute:
            raise ValueError("the policy owner needs owner_attribute, the CRM attribute to look at")
        return self


class ChoicesSpec(Configuration):
    """What a caller is asked by: `kind`, `name` (personal data), or a CRM attribute."""

    label: str = Field("kind", min_length=1)


def attributes_looked_at(
    ambiguity: AmbiguitySpec, choices: ChoicesSpec
) -> tuple[tuple[str, str], ...]:
    """Every CRM attribute that decides or is told, with the key of `lookup.yaml` that names it."""
    named = {
        "ambiguity.owner_attribute": ambiguity.owner_attribute,
        "ambiguity.latest_attribute": ambiguity.latest_attribute,
        "choices.label": "" if choices.label in PLAIN_LABELS else choices.label,
    }
    return tuple((place, attribute) for place, attribute in named.items() if attribute)


def _a_full_number(written: object) -> str:
    # YAML reads +14155550142 without quotes as a quantity, and its zeros and plus are lost.
    if not isinstance(written, str):
        raise ValueError(  # noqa: TRY004  what a person wrote, not what a program passed
            'put a number into quotes, like "+14155550142"'
        )
    number = read_phone(written, default_region=_NO_REGION)
    if number is None:
        raise ValueError("write a number with its country code, like +14155550142")
    return number.e164


SharedNumber = Annotated[str, BeforeValidator(_a_full_number)]
