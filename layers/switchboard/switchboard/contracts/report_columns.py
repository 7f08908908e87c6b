"""Which column of an exported report is which of our fields."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from switchboard.contracts.configuration import Configuration, read_configuration
from switchboard.contracts.ecs import Trigger
from switchboard.domain.report_header import NoReport, checked_columns
from switchboard.errors import Misconfigured

# Fields of a trigger, so that a row of a report reads as the trigger that it should have been.
KNOWN_FIELDS: Final = tuple(Trigger.model_fields)

Header = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


def _known(columns: Mapping[str, str]) -> dict[str, str]:
    try:
        return checked_columns(columns, KNOWN_FIELDS)
    except NoReport as error:
        raise ValueError(str(error)) from None


class ReportColumns(Configuration):
    """A file for `--columns`: how an organisation's reports are written.

    `time_zone` is that of times without one, as in America/New_York.
    """

    format: Literal["report_columns/1"]
    columns: Annotated[dict[str, Header], AfterValidator(_known)] = Field(min_length=1)
    time_zone: str = ""


def read_report_columns(document: object) -> ReportColumns:
    """Raises: Misconfigured that names every wrong key."""
    if not isinstance(document, Mapping):
        raise Misconfigured("columns: the file must hold `format` and `columns`")
    return read_configuration(ReportColumns, document, kind="columns")
