"""What an operator edits and publishes. Checked when it is published and again when it is read."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, Self, TypeVar, get_args, get_origin
from zoneinfo import ZoneInfo

from phonenumbers import country_code_for_region
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from switchboard.domain.outbound import ContactPolicy
from switchboard.errors import Misconfigured

_WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_Configuration = TypeVar("_Configuration", bound="Configuration")
_Place = tuple[int | str, ...]
_PLAIN_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}", re.ASCII)


def _a_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {name!r}; write one like America/New_York") from error
    return name


def _a_region(name: str) -> str:
    if name and not country_code_for_region(name):
        raise ValueError(f"no region {name!r}; write two letters of ISO 3166, like US or GB")
    return name


Zone = Annotated[str, AfterValidator(_a_zone)]
# Where numbers without country code are dialled.
OptionalRegion = Annotated[str, AfterValidator(_a_region)]
Region = Annotated[OptionalRegion, Field(min_length=2)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Configuration(BaseModel):
    """A misspelt key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ContactPolicyConfiguration(Configuration):
    """When and how often people may be called."""

    format: Literal["contact-policy/1"]
    opens: TimeOfDay
    closes: TimeOfDay
    weekdays: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...]
    max_attempts_per_day: int = Field(ge=0)
    zones_by_region: Mapping[str, tuple[Zone, ...]]
    default_business_process: str
    request_valid_s: int = Field(14_400, ge=60, le=604_800)

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if _minute(self.opens) >= _minute(self.closes):
            raise ValueError(
                "opens must be earlier than closes; the policy would never allow a call"
            )
        return self

    def policy(self) -> ContactPolicy:
        return ContactPolicy(
            opens_minute=_minute(self.opens),
            closes_minute=_minute(self.closes),
            weekdays=frozenset(_WEEKDAYS.index(day) for day in self.weekdays),
            max_attempts_per_day=self.max_attempts_per_day,
            zones_by_region=self.zones_by_region,
            default_business_process=self.default_business_process,
            request_valid_s=self.request_valid_s,
        )


class SystemSpec(Configuration):
    """A compiled connector or ECS profile, and this deployment's settings for it.

    `region` is where a CRM's numbers without country code are dialled; empty where that is the
    deployment's default region.
    """

    definition: Mapping[str, Any]
    settings: Mapping[str, str] = Field(default_factory=dict)
    region: OptionalRegion = ""


class ConnectorsConfiguration(Configuration):
    """Every CRM that this deployment talks to, by connector id."""

    format: Literal["connectors/1"]
    connectors: Mapping[str, SystemSpec]


class EcsConfiguration(Configuration):
    """The contact centre's own API: a compiled profile and its settings."""

    format: Literal["ecs/1"]
    profile: SystemSpec


def read_configuration(
    model: type[_Configuration], body: Mapping[str, Any], *, kind: str
) -> _Configuration:
    """Raises: Misconfigured that names every wrong key."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        problems = "; ".join(_problem(model, e) for e in error.errors())
        raise Misconfigured(f"{kind}: {problems}") from error


def _problem(model: type[Configuration], error: ErrorDetails) -> str:
    """Where it is, what is wrong, and the way out."""
    place, said = error["loc"], error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        place, said = place[:-1], _no_key(model, place)
    elif error["type"] == "tuple_type":
        said = f"write a list: [{_word(error['input'])}]"
    elif place == ("format",):  # nobody can guess a format's name
        (name,) = get_args(model.model_fields["format"].annotation)
        said = f"{said}; write `format: {name}`"
    return ": ".join(filter(None, (".".join(map(str, place)), said)))


def _no_key(model: type[Configuration], place: _Place) -> str:
    known: Any = model
    for part in place[:-1]:
        known = _within(known, part)
    written, keys = str(place[-1]), _keys_of(known)
    near = get_close_matches(written, keys, n=1)
    if near:
        return f"no key {written!r}; did you mean {near[0]}?"
    return f"no key {written!r}; keys are {', '.join(keys)}"


def _within(annotation: Any, part: int | str) -> Any:
    """What stands at a key, or at a place of a list, of something of this type."""
    if _is_model(annotation):
        fields = annotation.model_fields.items()
        return next((f.annotation for name, f in fields if part == (f.alias or name)), None)
    inner = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return _within(inner[0], part)
    return inner[0 if get_origin(annotation) is tuple else -1] if inner else None


def _keys_of(annotation: Any) -> list[str]:
    if not _is_model(annotation):
        return []
    return [field.alias or name for name, field in annotation.model_fields.items()]


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _word(written: object) -> str:
    """A plain word as it was written; anything else may be a number of somebody's."""
    return written if isinstance(written, str) and _PLAIN_WORD.fullmatch(written) else "…"


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)
