"""`posting.yaml`: which interactions are written into which CRM, when, and with which words."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from switchboard.contracts.configuration import Configuration
from switchboard.contracts.words import channel_word, direction_word
from switchboard.domain.posting_filter import NeverRule, PostingFilter
from switchboard.domain.posting_profile import (
    WITHOUT_END_AFTER_S,
    FieldMapping,
    PostingProfile,
    UnknownCustomer,
    When,
)

Template = str | int | float | bool | None
Templates = Mapping[str, Template]
Tables = Mapping[str, Mapping[str, str | int | float | bool]]
# Compiles the templates of a profile's fields: contracts speak no template language.
MappingMaker = Callable[[Templates, Tables], FieldMapping]

_WRAP_UP_S: Final = 120
_OLD_FILTERS: Final = ("business_processes", "channels", "directions")
_Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]


def _a_direction(said: str) -> str:
    word = direction_word(said)
    if not word:
        raise ValueError("write inbound, outbound or internal")
    return word


def _no_blank(word: str) -> str:
    if not word.strip():
        raise ValueError("it is empty, and would match what ECS did not send; take it out")
    return word


Word = Annotated[str, AfterValidator(_no_blank)]


class FilterSpec(Configuration):
    """Which interactions; a list that is left out lets everything through."""

    # YAML reads 2001 as a number, and an extension is none.
    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)

    business_processes: tuple[Word, ...] = ()
    channels: tuple[Annotated[Word, AfterValidator(channel_word)], ...] = ()
    directions: tuple[Annotated[str, AfterValidator(_a_direction)], ...] = ()
    dispositions: tuple[Word, ...] = ()
    outcomes: tuple[Literal["handled", "not_handled"], ...] = ()
    dialed_numbers: tuple[Word, ...] = ()
    agents: tuple[Word, ...] = ()

    @property
    def filter(self) -> PostingFilter:
        return PostingFilter(**{name: getattr(self, name) for name in FilterSpec.model_fields})


class NeverSpec(FilterSpec):
    """What is never written; `why` is what people are told."""

    why: Word

    @model_validator(mode="after")
    def _refuses_something(self) -> Self:
        if not any(True for _ in self.filter.conditions()):
            raise ValueError("name what is not to be written; without a list it is everything")
        return self

    @property
    def rule(self) -> NeverRule:
        return NeverRule(self.filter, self.why)


class ProfileSpec(Configuration):
    """Which interactions go to a connector, and how they are written there.

    Documents of earlier versions have the filters beside `connector`, `wait_for_disposition_s` for
    `wrap_up` with its timeout, and `create_contact` for `unknown_customer: create`.
    """

    connector: str
    id: str = Field("", pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,47})?$")
    only: FilterSpec = FilterSpec()
    never: tuple[NeverSpec, ...] = ()
    when: When = When.END
    wrap_up_timeout_s: int | None = Field(None, ge=0, le=86_400)
    without_end_after_s: int = Field(WITHOUT_END_AFTER_S, ge=60, le=604_800)
    record: Literal["interaction", "segment"] = "interaction"
    segment_states: tuple[Word, ...] | None = None
    unknown_customer: UnknownCustomer = "leave"
    fields: Mapping[_Name, Template] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _of_an_earlier_version(cls, written: Any) -> Any:
        if not isinstance(written, Mapping):
            return written
        spec = dict(written)
        for name in _OLD_FILTERS:
            if words := spec.pop(name, ()):
                spec["only"] = _moved(spec, "only", name, words)
        if "wait_for_disposition_s" in spec:
            wait_s = spec.pop("wait_for_disposition_s")
            _refuse_both(spec, ("when", "wrap_up_timeout_s"), "wait_for_disposition_s")
            if wait_s != 0:
                spec.update(when=When.WRAP_UP.value, wrap_up_timeout_s=wait_s)
        if "create_contact" in spec:
            makes_contact = spec.pop("create_contact")
            _refuse_both(spec, ("unknown_customer",), "create_contact")
            spec["unknown_customer"] = "create" if makes_contact is True else "leave"
        return spec

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.when is When.END and self.wrap_up_timeout_s:
            raise ValueError("wrap_up_timeout_s belongs to `when: wrap_up` or `when: transfer`")
        if self.segment_states is not None and self.record != "segment":
            raise ValueError("segment_states belongs to `record: segment`")
        if self.segment_states == ():
            raise ValueError(
                "segment_states is empty: name the states of which there is a record, or leave it "
                "out for a record of each Internal Transfer"
            )
        return self

    def profile(
        self, *, name: str, never: tuple[NeverSpec, ...], mapping: FieldMapping | None
    ) -> PostingProfile:
        usual_s = _WRAP_UP_S if self.when is When.WRAP_UP else 0
        return PostingProfile(
            connector=self.connector,
            id=name,
            only=self.only.filter,
            never=tuple(spec.rule for spec in (*never, *self.never)),
            when=self.when,
            wrap_up_timeout_s=(
                usual_s if self.wrap_up_timeout_s is None else self.wrap_up_timeout_s
            ),
            without_end_after_s=self.without_end_after_s,
            is_per_segment=self.record == "segment",
            segment_states=self.segment_states or (),
            unknown_customer=self.unknown_customer,
            mapping=mapping,
        )


class PostingConfiguration(Configuration):
    """Which interactions are written into which CRM.

    `never` holds for every profile. `own_fields` are parameters of this organisation's triggers
    that templates may read beside ours.
    """

    format: Literal["posting/1"]
    tables: Tables = Field(default_factory=dict)
    own_fields: tuple[_Name, ...] = ()
    never: tuple[NeverSpec, ...] = ()
    profiles: tuple[ProfileSpec, ...]

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        named = [spec.id for spec in self.profiles if spec.id]
        if twice := sorted({name for name in named if named.count(name) > 1}):
            raise ValueError(f"profiles: the id {twice[0]} is there twice; give each its own")
        return self

    def names(self) -> tuple[str, ...]:
        """What each profile is called: its id, or its connector, numbered from the second on."""
        taken = {spec.id for spec in self.profiles}
        names = []
        for spec in self.profiles:
            name, number = spec.id or spec.connector, 1
            while not spec.id and name in taken:
                number += 1
                name = f"{spec.connector}-{number}"
            taken.add(name)
            names.append(name)
        return tuple(names)

    def posting_profiles(self, mapped: MappingMaker) -> tuple[PostingProfile, ...]:
        return tuple(
            spec.profile(
                name=name,
                never=self.never,
                mapping=mapped(spec.fields, self.tables) if spec.fields else None,
            )
            for name, spec in zip(self.names(), self.profiles, strict=True)
        )


def _moved(spec: Mapping[str, Any], to: str, name: str, words: Any) -> dict[str, Any]:
    """`only` with the words of an old filter in it."""
    only = spec.get(to) or {}
    if not isinstance(only, Mapping) or name in only:
        raise ValueError(f"{name} stands twice; write it under `only`, and nowhere else")
    return {**only, name: words}


def _refuse_both(spec: Mapping[str, Any], new: tuple[str, ...], old: str) -> None:
    if both := [name for name in new if name in spec]:
        raise ValueError(f"{old} is the old word for {both[0]}; write {both[0]} alone")
