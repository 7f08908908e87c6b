"""The files in `config/`, checked and compiled into what is published. Lambda reads no YAML."""

from collections.abc import Collection, Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import Field

from cli.ambiguity_check import ambiguity_problems
from cli.lookup_check import Definition, Samples, identity_problems, lookup_problems
from cli.posting.problems import posting_findings
from cli.rules.ruleset_file import checked_ruleset
from cli.rules_check import business_process_problems, crm_problems
from cli.yaml_text import KeysTwice, read_yaml_text
from switchboard.adapters.connector.compile import ConnectorMistakes, compile_connector
from switchboard.adapters.connector.limits import check_limits
from switchboard.adapters.connector.lint import findings
from switchboard.adapters.connector.samples import run_samples
from switchboard.adapters.connector.settings import (
    LOOPBACK,
    complete_settings,
    server_address,
)
from switchboard.contracts.configuration import (
    Configuration,
    OptionalRegion,
    read_configuration,
)
from switchboard.contracts.lookup import LookupConfiguration
from switchboard.contracts.posting import PostingConfiguration
from switchboard.contracts.published import MODELS, completed
from switchboard.domain.cells import unknown
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.errors import Misconfigured

Document = dict[str, Any]

_Settings = Mapping[str, str | int | float | bool]
_Tables = Mapping[str, _Settings]
_Systems = Mapping[str, tuple[Definition, Samples]]


class _Use(Configuration):
    """One entry of `connectors.yaml`, as a person writes it.

    `name` is its id here, where one connector is used for two systems. `tables` adds to the code
    tables of the file, or replaces entries of them. `region` is where the numbers in it that have
    no country code are dialled, when that is not the default region of `lookup.yaml`.
    """

    use: str
    name: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_-]{0,47}$")
    settings: _Settings | None = None
    tables: _Tables = Field(default_factory=dict)
    region: OptionalRegion = ""


class _ConnectorsFile(Configuration):
    """`connectors.yaml` before its connectors are compiled into it."""

    format: Literal["connectors/1"]
    connectors: tuple[_Use, ...]


class _EcsFile(Configuration):
    """`ecs.yaml` before its profile is compiled into it."""

    format: Literal["ecs/1"]
    profile: str
    settings: _Settings | None = None


def read_folder(folder: Path) -> dict[str, Document]:
    """Every document to publish, by kind.

    Raises: Misconfigured that names the file and every problem in it.
    """
    documents = {
        "lookup": read_yaml(folder / "lookup.yaml"),
        "posting": read_yaml(folder / "posting.yaml"),
        "contact_policy": read_yaml(folder / "contact_policy.yaml"),
        "connectors": compiled_connectors(read_yaml(folder / "connectors.yaml"), folder),
        "ecs": compiled_profile(read_yaml(folder / "ecs.yaml"), folder),
    }
    for kind, document in documents.items():
        read_configuration(MODELS[kind], document, kind=f"{folder / kind}.yaml")
    for name in documents["lookup"]["connectors"]:
        _refuse_unconnected("lookup", name, documents["connectors"]["connectors"])
    _check_posting(documents, folder / "posting.yaml")
    lookup = _lookup_of(documents["lookup"], folder / "lookup.yaml")
    systems = _asked(lookup, documents["connectors"], folder)
    _check_lookup(lookup, systems, folder / "lookup.yaml")
    routing = checked_ruleset(folder / "routing.yaml")
    _check_rules(routing, lookup, systems, folder)
    return {**documents, "routing": routing}


def complete(kind: str, document: Document) -> Document:
    """The document with every default written into it, for functions that only read it.

    Raises: Misconfigured that names every wrong key.
    """
    return completed(kind, document) if kind in MODELS else document


def checked_lookup(file: Path) -> LookupConfiguration:
    """`lookup.yaml`, once what it promises ECS can be had from the connectors beside it.

    Raises: Misconfigured that names every problem.
    """
    written, folder = _lookup_of(read_yaml(file), file), file.parent
    connectors = compiled_connectors(read_yaml(folder / "connectors.yaml"), folder)
    for name in written.connectors:
        _refuse_unconnected("lookup", name, connectors["connectors"])
    _check_lookup(written, _asked(written, connectors, folder), file)
    return written


def unfilled_attributes(rules: Ruleset, folder: Path) -> tuple[str, ...]:
    """One line for each CRM value of the rules that no connector of `lookup.yaml` maps.

    Nothing where the files beside the rules are not there, or have mistakes of their own.
    """
    try:
        lookup = _lookup_of(read_yaml(folder / "lookup.yaml"), folder / "lookup.yaml")
        connectors = compiled_connectors(read_yaml(folder / "connectors.yaml"), folder)
        for name in lookup.connectors:
            _refuse_unconnected("lookup", name, connectors["connectors"])
        return tuple(crm_problems(rules, _asked(lookup, connectors, folder)))
    except Misconfigured:
        return ()


def _lookup_of(document: Document, file: Path) -> LookupConfiguration:
    return read_configuration(LookupConfiguration, document, kind=str(file))


def _asked(written: LookupConfiguration, connectors: Document, folder: Path) -> _Systems:
    """The compiled connectors that a lookup asks, each with its file's samples."""
    samples = _samples(written.connectors, folder)
    return {
        name: (connectors["connectors"][name]["definition"], samples[name])
        for name in written.connectors
    }


def _check_lookup(written: LookupConfiguration, systems: _Systems, file: Path) -> None:
    """Raises: Misconfigured when something cannot be had from the connectors that are asked."""
    _refuse(
        file,
        *identity_problems(written, systems),
        *lookup_problems(written, systems),
        *ambiguity_problems(written.ambiguity, written.choices, systems),
    )


def _check_rules(
    routing: Document, lookup: LookupConfiguration, systems: _Systems, folder: Path
) -> None:
    """Raises: Misconfigured when the rules and `lookup.yaml` do not fit each other."""
    rules = read_ruleset(routing)
    named = rules.business_processes
    _refuse(folder / "lookup.yaml", *business_process_problems(lookup.ambiguity, named))
    _refuse(folder / "routing.yaml", *crm_problems(rules, systems))


def _refuse(file: Path, *problems: str) -> None:
    if problems:
        raise Misconfigured("\n".join(f"{file}: {problem}" for problem in problems))


def _samples(asked: Collection[str], folder: Path) -> dict[str, list[Document]]:
    """The samples in the files of these connectors; what is compiled holds none."""
    document = read_yaml(folder / "connectors.yaml")
    found: dict[str, list[Document]] = {}
    for entry in read_configuration(_ConnectorsFile, document, kind="connectors").connectors:
        file = read_yaml(connector_file(entry.use, folder))
        name = entry.name or str(file["id"])
        if name in asked:
            found[name] = file.get("samples") or []
    return found


def compiled_connectors(document: Document, folder: Path) -> Document:
    """`connectors.yaml` with every connector file compiled into it, by connector id."""
    file = folder / "connectors.yaml"
    written = read_configuration(_ConnectorsFile, document, kind=str(file))
    systems: dict[str, Document] = {}
    for entry in written.connectors:
        definition = _definition(connector_file(entry.use, folder), is_own=_is_own(entry.use))
        definition["id"] = entry.name or definition["id"]
        definition["tables"] = _own_tables(definition, entry.tables)
        settings = _texts(entry.settings)
        check_settings(definition, settings)
        if definition["id"] in systems:
            raise Misconfigured(
                f"{file}: {definition['id']} is there twice; give one of them another `name`"
            )
        systems[definition["id"]] = {
            "definition": definition,
            "settings": settings,
            "region": entry.region,
        }
    return {"format": written.format, "connectors": systems}


def _definition(file: Path, *, is_own: bool) -> Document:
    """The compiled connector. One's own is held to `switchboard connector check` and `test`.

    Raises: Misconfigured that names the file and every mistake in it.
    """
    document = read_yaml(file)
    try:
        definition = compile_connector(document)
        problems = list(_mistakes(document, definition)) if is_own else []
    except ConnectorMistakes as mistakes:
        problems = list(mistakes.problems)
    if problems:
        raise Misconfigured("\n".join(f"{file}: {problem}" for problem in problems))
    return definition


def _mistakes(document: Document, definition: Document) -> Iterator[str]:
    yield from (str(one) for one in findings(document) if one.is_mistake)
    for report in run_samples(definition, document.get("samples") or []):
        if report.differences:
            yield f"the sample {report.name!r} fails: `switchboard connector test` shows why"


def _own_tables(definition: Document, tables: _Tables) -> Document:
    """The connector's code tables with this organisation's own codes in them."""
    shipped: Document = definition["tables"]
    if unknown := sorted(set(tables) - set(shipped)):
        has = ", ".join(sorted(shipped)) or "none"
        raise Misconfigured(f"{definition['id']} has no table {unknown[0]}; it has {has}")
    return {name: {**codes, **tables.get(name, {})} for name, codes in shipped.items()}


def compiled_profile(document: Document, folder: Path) -> Document:
    """`ecs.yaml` with the profile that it names compiled into it."""
    written = read_configuration(_EcsFile, document, kind=str(folder / "ecs.yaml"))
    definition = _definition(folder / written.profile, is_own=True)
    settings = _texts(written.settings)
    check_settings(definition, settings)
    return {
        "format": written.format,
        "profile": {"definition": definition, "settings": settings},
    }


def check_settings(definition: Document, settings: Mapping[str, str]) -> str:
    """The address that these settings lead to.

    Raises: Misconfigured naming the setting that is missing, unknown, no address or no limit.
    """
    check_limits(definition, settings)
    return server_address(definition, complete_settings(definition, settings))


def refuse_this_machine(documents: Mapping[str, Document]) -> None:
    """Raises: Misconfigured when something deployed would look for a CRM or ECS on loopback."""
    systems = [*documents["connectors"]["connectors"].values(), documents["ecs"]["profile"]]
    for system in systems:
        address = check_settings(system["definition"], system["settings"])
        if urlsplit(address).hostname in LOOPBACK:
            name = system["definition"]["id"]
            raise Misconfigured(
                f"{name} points at this machine ({address}); a deployed stack cannot reach it. "
                "Edit connectors.yaml and ecs.yaml first."
            )


def connector_file(use: str, folder: Path) -> Path:
    """A connector that ships with Switchboard, or a file of one's own, relative to the folder.

    Raises: Misconfigured when none of that name ships.
    """
    if _is_own(use):
        return folder / use
    with resources.as_file(resources.files("switchboard") / "connectors") as shipped:
        names = sorted(file.stem for file in shipped.glob("*.yaml"))
        if use not in names:
            advice = unknown(use, names)
            raise Misconfigured(
                f"{folder / 'connectors.yaml'}: use: {advice}, or the path of a file of your own, "
                "ending with .yaml"
            )
        return shipped / f"{use}.yaml"


def _is_own(use: str) -> bool:
    return use.endswith((".yaml", ".yml"))


def read_yaml(file: Path) -> Document:
    """Raises: Misconfigured when there is no such file, or no mapping in it."""
    try:
        document = read_yaml_text(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise Misconfigured(f"{file} is no UTF-8 text; save it as UTF-8") from None
    except KeysTwice as error:
        problems = str(error).splitlines()
        raise Misconfigured("\n".join(f"{file}: {problem}" for problem in problems)) from error
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise Misconfigured(f"{file}: {error}") from error
    except RecursionError:
        raise Misconfigured(f"{file} is nested too deeply") from None
    if not isinstance(document, dict):
        raise Misconfigured(f"{file}: write `name: value` pairs")
    return document


def _texts(settings: _Settings | None) -> dict[str, str]:
    return {name: str(value) for name, value in (settings or {}).items()}


def _refuse_unconnected(kind: str, name: str, connected: Collection[str]) -> None:
    if name not in connected:
        has = ", ".join(sorted(connected)) or "none"
        raise Misconfigured(
            f"{kind}.yaml: connector {name!r} is not in connectors.yaml, which has {has}"
        )


def _check_posting(documents: Mapping[str, Document], file: Path) -> None:
    """Raises: Misconfigured when a profile asks for what cannot be had from its connector."""
    written = read_configuration(PostingConfiguration, documents["posting"], kind=str(file))
    systems = documents["connectors"]["connectors"]
    definitions = {name: system["definition"] for name, system in systems.items()}
    found = posting_findings(written, definitions)
    _refuse(file, *(str(one) for one in found if one.is_mistake))
