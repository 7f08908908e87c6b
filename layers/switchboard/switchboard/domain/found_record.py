"""A record of an interaction as a CRM shows it, for those who compare it with ours."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FoundRecord:
    """The CRM's own id of the record, and the key of ours that it carries.

    `revision` is None where the CRM does not keep ours. `copies` are the records under the same
    key, this one included: more than one is a doubled interaction.
    """

    record_id: str
    key: str
    revision: int | None = None
    copies: int = 1
