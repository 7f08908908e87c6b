"""What is wrong, or probably not meant, in a `posting.yaml` that can be read."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final

from cli.posting.template_problems import template_problems, unused_tables
from switchboard.adapters.connector.lint import Finding
from switchboard.adapters.connector.methods import CREATE_METHOD, LOG_METHOD
from switchboard.contracts.posting import FilterSpec, PostingConfiguration, ProfileSpec
from switchboard.domain.posting import Idempotency
from switchboard.domain.posting_filter import PostingFilter
from switchboard.domain.posting_profile import PostingProfile, When

Definition = Mapping[str, Any]

CHANNELS: Final = ("voice", "email", "chat", "sms", "fax", "callback")
# A record that was written once cannot be added to.
_NO_AMENDMENTS: Final = frozenset({Idempotency.NONE, Idempotency.HEADER})


def posting_findings(
    written: PostingConfiguration,
    systems: Mapping[str, Definition],
    *,
    business_processes: Sequence[str] = (),
) -> list[Finding]:
    """Everything that a careful reader would ask about, mistakes first.

    `systems` are the compiled connectors by name, `business_processes` those that the routing
    rules name.
    """
    profiles = written.posting_profiles(lambda _templates, _tables: dict)
    found = [
        *_filters(written, business_processes),
        *unused_tables(written),
        *_hidden(profiles),
        *_only_segments(profiles),
    ]
    for position, (spec, profile) in enumerate(zip(written.profiles, profiles, strict=True)):
        place = f"profiles.{position}"
        found += _connector_findings(place, spec, systems)
        found += _refuses_itself(place, profile)
        found += template_problems(place, spec, written, _logging(spec, systems))
    return sorted(dict.fromkeys(found), key=lambda one: not one.is_mistake)


def _logging(spec: ProfileSpec, systems: Mapping[str, Definition]) -> Definition | None:
    """The connector, where it can write at all."""
    definition = systems.get(spec.connector)
    return definition if definition and LOG_METHOD in definition["methods"] else None


def _connector_findings(
    place: str, spec: ProfileSpec, systems: Mapping[str, Definition]
) -> Iterator[Finding]:
    name = spec.connector
    if name not in systems:
        near = get_close_matches(name, list(systems), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        yield Finding(
            f"{place}.connector",
            f"connector {name!r} is not in connectors.yaml{meant}",
            f"which has {', '.join(sorted(systems)) or 'none'}",
        )
    elif _logging(spec, systems) is None:
        yield Finding(
            f"{place}.connector",
            f"{name} cannot keep interactions; it has no method {LOG_METHOD}",
            "write one in its file, or take the profile out",
        )
    else:
        yield from _cannot(place, spec, systems[name]["methods"])


def _cannot(place: str, spec: ProfileSpec, methods: Mapping[str, Any]) -> Iterator[Finding]:
    """What the profile asks for and the connector has no way to do."""
    name, log = spec.connector, methods[LOG_METHOD]
    if spec.unknown_customer == "create" and CREATE_METHOD not in methods:
        yield Finding(
            f"{place}.unknown_customer",
            f"{name} cannot create contacts; it has no method {CREATE_METHOD}",
        )
    if spec.unknown_customer == "leave" and log["needs_customer"]:
        yield Finding(
            f"{place}.unknown_customer",
            f"{name} can only write on somebody's record, so interactions with people whom it does "
            "not know are parked",
            "write unknown_customer: create or attach, if that is not meant",
            is_mistake=False,
        )
    if Idempotency(log["idempotency"]) in _NO_AMENDMENTS:
        yield from _cannot_amend(place, spec, is_kept_waiting=bool(log["needs_customer"]))


def _cannot_amend(place: str, spec: ProfileSpec, *, is_kept_waiting: bool) -> Iterator[Finding]:
    said = f"{spec.connector} cannot add to a record that is written"
    if spec.when is When.TRANSFER and spec.record == "interaction":
        yield Finding(
            f"{place}.when",
            f"{said}, so the record of an interaction that is transferred never gets its end",
            "write when: wrap_up, or record: segment",
        )
    if spec.when is When.END:
        yield Finding(
            f"{place}.when",
            f"{said}, so a disposition code that comes after the end is never in it",
            "write when: wrap_up",
            is_mistake=False,
        )
    if spec.unknown_customer == "attach" and not is_kept_waiting:
        yield Finding(
            f"{place}.unknown_customer",
            f"{said}, so nobody is attached later",
            "write unknown_customer: create or leave",
            is_mistake=False,
        )


def _filters(written: PostingConfiguration, business_processes: Sequence[str]) -> Iterator[Finding]:
    """Words that are probably another word, misspelt."""
    for place, spec in _filter_specs(written):
        for word in spec.channels:
            if word not in CHANNELS:
                near = get_close_matches(word, CHANNELS, n=1)
                yield Finding(
                    f"{place}.channels",
                    f"no channel {word!r}" + (f"; did you mean {near[0]}?" if near else ""),
                    f"known are {', '.join(CHANNELS)}; ECS may send others",
                    is_mistake=bool(near),
                )
        known = {name.strip().casefold() for name in business_processes}
        for word in spec.business_processes:
            near = get_close_matches(word, business_processes, n=1, cutoff=0.8)
            if word.strip().casefold() not in known and near:
                yield Finding(
                    f"{place}.business_processes",
                    f"routing.yaml names no {word!r}; did you mean {near[0]}?",
                    is_mistake=False,
                )


def _filter_specs(written: PostingConfiguration) -> Iterator[tuple[str, FilterSpec]]:
    for number, never in enumerate(written.never):
        yield f"never.{number}", never
    for position, spec in enumerate(written.profiles):
        yield f"profiles.{position}.only", spec.only
        for number, never in enumerate(spec.never):
            yield f"profiles.{position}.never.{number}", never


def _hidden(profiles: Sequence[PostingProfile]) -> Iterator[Finding]:
    """Profiles that never get a record, because an earlier one takes all that they would."""
    for position, profile in enumerate(profiles):
        for earlier in profiles[:position]:
            if _takes_all(earlier, profile):
                yield Finding(
                    f"profiles.{position}",
                    f"{profile.name} never gets a record: {earlier.name} before it takes every one",
                    "put it first, or take it out",
                )
                break


def _takes_all(earlier: PostingProfile, later: PostingProfile) -> bool:
    is_same_record = (earlier.connector, earlier.is_per_segment) == (
        later.connector,
        later.is_per_segment,
    )
    if not is_same_record or not earlier.only.covers(later.only):
        return False
    is_spared = all(_refuses(later.never, rule.filter) for rule in earlier.never)
    return is_spared and (
        not earlier.is_per_segment
        or (
            bool(earlier.segment_states) == bool(later.segment_states)
            and {s.casefold() for s in later.segment_states}
            <= {s.casefold() for s in earlier.segment_states}
        )
    )


def _refuses(rules: Sequence[Any], narrow: PostingFilter) -> bool:
    return any(rule.filter.covers(narrow) for rule in rules)


def _refuses_itself(place: str, profile: PostingProfile) -> Iterator[Finding]:
    for rule in profile.never:
        if rule.filter.covers(profile.only):
            yield Finding(
                place,
                f"{profile.name} never writes anything: {rule.why!r} under `never` refuses all "
                "that `only` takes",
            )


def _only_segments(profiles: Sequence[PostingProfile]) -> Iterator[Finding]:
    whole = {profile.connector for profile in profiles if not profile.is_per_segment}
    for position, profile in enumerate(profiles):
        if profile.is_per_segment and not profile.segment_states and profile.connector not in whole:
            yield Finding(
                f"profiles.{position}.record",
                f"the stretch after the last transfer has no record in {profile.connector}: it is "
                "told by Interaction Ends",
                "add a profile with record: interaction",
                is_mistake=False,
            )
