"""The kinds of field a record may have, and how a body of them is read."""

from typing import Annotated, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .api_errors import invalid_fields
from .moments import as_text, from_text

LARGEST_INTEGER = 2**63 - 1  # what SQLite can hold


class Record(BaseModel):
    """Fields people may write. An unknown field is refused, and no text is taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


SomeRecord = TypeVar("SomeRecord", bound=Record)


def read_record(kind: type[SomeRecord], body: dict[str, object]) -> SomeRecord:
    """The record in `body`.

    Raises: ApiError 422 with one message per field that is wrong.
    """
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        messages = {
            ".".join(str(part) for part in problem["loc"]): problem["msg"]
            for problem in error.errors(include_input=False, include_url=False)
        }
        raise invalid_fields(messages) from None


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


def _utc_moment(text: str) -> str:
    try:
        return as_text(from_text(text))
    except ValueError:
        message = "give date, time and offset, for example 2026-01-31T09:00:00Z"
        raise ValueError(message) from None


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("give an IANA time zone, for example America/New_York") from None
    return name


EmptyAsNone = BeforeValidator(_none_if_empty)
Name = Annotated[str, Field(min_length=1, max_length=200)]
Line = Annotated[Annotated[str, Field(max_length=320)] | None, EmptyAsNone]
Moment = Annotated[Annotated[str, AfterValidator(_utc_moment)] | None, EmptyAsNone]
TimeZone = Annotated[Annotated[str, AfterValidator(_known_zone)] | None, EmptyAsNone]
