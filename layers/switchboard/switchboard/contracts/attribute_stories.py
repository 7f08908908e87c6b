"""Stories in `lookup.yaml`: made-up customers, and what ECS must see of each."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pydantic import Field, ValidationInfo, field_validator

from switchboard.contracts.attribute_tables import Plain
from switchboard.contracts.configuration import Configuration
from switchboard.domain.attributes import CUSTOMER_FIELDS
from switchboard.domain.cells import unknown
from switchboard.use_cases.customer_history import FACTS

# What a source gives, where that is ours to say.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {"history": FACTS, "customer": CUSTOMER_FIELDS}


class GivenSpec(Configuration):
    """A made-up customer for a story; nothing at all is a caller whom nobody knows."""

    crm: Mapping[str, Any] = Field(default_factory=dict)
    history: Mapping[str, Any] = Field(default_factory=dict)
    customer: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("crm", "history")
    @classmethod
    def _is_json(cls, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """YAML reads a bare 2026-01-31 as a date; a CRM sends text."""
        for name, value in given.items():
            if isinstance(value, date):
                raise ValueError(  # noqa: TRY004  what a person wrote, not what a program passed
                    f"{name}: write it in quotes, so that it is read as text"
                )
        return given

    @field_validator("history", "customer")
    @classmethod
    def _is_known(cls, given: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        known = FIELDS[str(info.field_name)]
        for name in given:
            if name not in known:
                raise ValueError(unknown(name, known))
        return given


class StorySpec(Configuration):
    """A test inside the file: of this customer, ECS must see this."""

    name: str
    given: GivenSpec = GivenSpec()
    today: str = Field("2026-01-05", pattern=r"^\d{4}-\d{2}-\d{2}$")
    expect: Mapping[str, Plain]
