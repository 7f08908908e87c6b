"""`switchboard connector new`: drafts a connector from an API description or from curl commands."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from rich.markup import escape

from cli.connector_files import parsed, plain_console, read_text, stop
from cli.draft_api import Api, DraftError, Operation, properties_of, require_plain
from cli.draft_curl import read_curl
from cli.draft_examples import SAYS_IT_WENT_WELL
from cli.draft_logging import Log, log_of
from cli.draft_lookups import Key, Lookup, lookups_of
from cli.draft_openapi import read_openapi
from cli.draft_rows import field_name
from cli.draft_samples import code_path, drafted_samples
from switchboard.adapters.connector.compile import ConnectorMistakes
from switchboard.adapters.connector.lint import findings

SCHEMA: Final = Path(__file__).resolve().parents[1] / "docs" / "connector.schema.json"

_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,47}")
_CLASSES: Final = {
    400: "invalid", 403: "forbidden", 409: "conflict", 422: "invalid", 423: "conflict",
    429: "throttled", 503: "transient",
}  # fmt: skip
_FOLDED_FROM: Final = 70
_KEYS: Final[tuple[Key, Key]] = ("phone", "email")

Document = dict[str, Any]


def new(
    name: Annotated[str, typer.Argument(help="The connector's id, for example orderdesk")],
    described: Annotated[
        Path | None, typer.Option("--from", help="An OpenAPI or Swagger file", dir_okay=False)
    ] = None,
    curl: Annotated[
        Path | None,
        typer.Option(help="curl commands, best with each answer pasted below", dir_okay=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write; NAME.yaml here")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
) -> None:
    """Draft a connector from an OpenAPI file or a few curl commands (or either on stdin)."""
    if not _ID.fullmatch(name):
        stop([f"{name!r} is no id: small letters, digits, - and _, beginning with a letter"])
    file = out or Path(f"{name}.yaml")
    if file.exists() and not force:
        stop([f"{file} is there already; choose another --out, or --force"])
    try:
        api = _api(described, curl)
        document, decisions = draft(name, api)
    except DraftError as error:
        stop([str(error)])
    file.write_text(text_of(document, decisions, file), encoding="utf-8")
    _report(file, document, decisions)


def draft(name: str, api: Api) -> tuple[Document, list[str]]:
    """The connector file, and what a person must decide.

    Raises: DraftError when nothing in the API finds anybody or takes a record.
    """
    require_plain(api)
    operations = list(api.operations)
    lookups = {key: lookups_of(operations, key) for key in _KEYS}
    log = log_of(operations)
    if not log and not any(lookups.values()):
        raise DraftError(
            "nothing here finds a customer by number or address, and nothing takes a record of a"
            " contact; name the operations in a smaller file, or write them as curl commands"
        )
    document = _document(name, api, lookups, log)
    try:
        samples = list(drafted_samples(document, lookups, log))
    except ConnectorMistakes as mistakes:
        raise DraftError(f"no connector comes of this: {'; '.join(mistakes.problems)}") from None
    document["samples"] = samples
    shown = {str(sample["name"]) for sample in samples if sample.get("result")}
    return document, list(dict.fromkeys(_decisions(api, lookups, log, shown)))


def text_of(document: Document, decisions: list[str], file: Path) -> str:
    """The file as a person goes on with it: decisions on top, a blank line between the parts."""
    lines = [*_schema_line(file), f"# Drafted by `switchboard connector new {document['id']}`."]
    lines += [f"# decide: {line}" for line in decisions]
    head = ("connector", "id", "title")
    parts = [_dumped({key: document[key] for key in head})]
    parts += [_dumped({key: value}) for key, value in document.items() if key not in head and value]
    return "\n".join(lines) + "\n" + "\n".join(parts)


def _api(described: Path | None, curl: Path | None) -> Api:
    if described and curl:
        raise DraftError("give either --from or --curl")
    if described:
        return read_openapi(parsed(read_text(described), str(described)))
    text = read_text(curl) if curl else sys.stdin.read()
    if curl or re.search(r"(?m)^\s*(\$ )?curl\s", text):
        return read_curl(text)
    return read_openapi(parsed(text, "what came on stdin"))


def _document(
    name: str, api: Api, lookups: Mapping[Key, list[Lookup]], log: Log | None
) -> Document:
    every = [one for found in lookups.values() for one in found]
    settings: Document = {
        "base": {"description": f"Address of {api.title}", "default": api.server},
        **{key: value for one in every for key, value in one.settings.items()},
        **(log.settings if log else {}),
    }
    methods = {one.name: dict(one.method) for one in every}
    if log:
        methods["log_interaction"] = dict(log.method)
    return {
        "connector": 1,
        "id": name,
        "title": api.title,
        "settings": settings,
        "secrets": list(api.secrets),
        "server": "${settings.base}",
        "headers": dict(api.headers),
        "auth": dict(api.auth),
        "timeouts": {"connect_s": 2, "read_s": 8},
        "errors": list(_rules(lookups, log)),
        "lookups": {f"by_{key}": [one.name for one in lookups[key]] for key in _KEYS},
        "methods": methods,
        "tables": {name: dict(table) for name, table in log.tables.items()} if log else {},
    }


def _rules(lookups: Mapping[Key, list[Lookup]], log: Log | None) -> Iterator[Document]:
    """What the status alone does not say: the CRM's own code of each documented refusal."""
    own = list(log.rules) if log else []
    yield from (dict(rule) for rule in own)
    taken = {409} if own else set()
    for operation in _chosen(lookups, log):
        for answer in operation.answers:
            path = code_path(answer.schema)
            if answer.status in _CLASSES and answer.status not in taken and path:
                taken.add(answer.status)
                yield {
                    "when": f"status == `{answer.status}`",
                    "class": _CLASSES[answer.status],
                    "detail": path,
                }


def _chosen(lookups: Mapping[Key, list[Lookup]], log: Log | None) -> list[Operation]:
    """The operations whose samples can show a rule: the log method, and the first lookup."""
    first = next((found[0].operation for found in lookups.values() if found), None)
    return [one for one in (log.operation if log else None, first) if one is not None]


def _decisions(
    api: Api, lookups: Mapping[Key, list[Lookup]], log: Log | None, shown: set[str]
) -> Iterator[str]:
    yield from api.decisions
    for key in _KEYS:
        yield from _lookup_decisions(key, lookups[key], shown)
    if log:
        yield from log.decisions
        yield (
            "How soon does the CRM's own search find a new record? Say it in `settle_s` if the log"
            " method searches."
        )
    else:
        yield _nothing_logs(api)
    if "503" not in str(api.operations) and "429" not in str(api.operations):
        yield "How many requests a second does the CRM take? Write it under `limits`."
    else:
        yield "How many requests are allowed, and over what time? Write it under `limits`."
    yield _error_inside(_chosen(lookups, log))
    yield "Where does a person see a customer's record? Write its address under `link`."


def _nothing_logs(api: Api) -> str:
    writes = ", ".join(one.title for one in api.operations if one.method in {"POST", "PUT"})
    seen = f"; it may be one of {writes}" if writes else ""
    return (
        "Nothing is named like a record of a contact: write `log_interaction` by hand, or leave"
        f" it{seen}."
    )


def _error_inside(operations: list[Operation]) -> str:
    for one in operations:
        for name in properties_of(one.good_answer().schema):
            if name.lower() in SAYS_IT_WENT_WELL:
                when = f"status == `200` && body.{field_name(name)} == `false`"
                return (
                    f"`{name}` may say that a 200 is an error. Then write a rule under `errors`:"
                    f' {{when: "{when}", class: invalid, detail: the path of its code}}.'
                )
    return "Does it ever answer 200 with an error inside? If so, write a rule under `errors`."


def _lookup_decisions(key: Key, found: list[Lookup], shown: set[str]) -> Iterator[str]:
    if not found:
        yield f"Nothing finds a customer by {key}: is there a search that is left out here?"
        return
    if len(found) > 1:
        order = ", ".join(f"{one.name} ({one.operation.title})" for one in found)
        yield f"Which lookup by {key} comes first? The draft tries {order}."
    for one in found:
        yield from one.decisions
        if "empty_when" in one.method:
            yield (
                f'404 of {one.operation.title} is taken for "nobody": or is it also a wrong'
                " address or a lost permission?"
            )
    if key == "phone":
        yield "How does the CRM store numbers? A row counts if one of its `phones` is the caller's."
    if not any(name.startswith(f"found by {key}") for name in shown):
        yield f"No field of the answer looks like a {key}: name it in the `map` of {found[0].name}."


def _schema_line(file: Path) -> list[str]:
    """So that an editor completes and explains; a file elsewhere has no way to the schema."""
    if not (SCHEMA.exists() and file.resolve().is_relative_to(SCHEMA.parents[1])):
        return []
    relative = os.path.relpath(SCHEMA, file.resolve().parent)
    return [f"# yaml-language-server: $schema={Path(relative).as_posix()}"]


class _Dumper(yaml.SafeDumper):
    """Long expressions as folded blocks, as a person writes them."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    is_long = len(text) > _FOLDED_FROM and "\n" not in text and not text.startswith((" ", "http"))
    style = ">" if is_long else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dumped(part: Document) -> str:
    # Of samples, what is innermost stands on one line: they are long and read by the eye.
    is_compact = None if "samples" in part else False
    text = yaml.dump(
        part,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=100,
        default_flow_style=is_compact,
    )
    return str(text)


def _report(file: Path, document: Document, decisions: list[str]) -> None:
    console = plain_console()
    console.print(f"[green]wrote[/] {escape(str(file))}: {len(document['methods'])} methods,"
                  f" {len(document['samples'])} samples")  # fmt: skip
    for line in decisions:
        console.print(f"[yellow]decide[/] {escape(line)}")
    try:
        found = findings(document)
    except ConnectorMistakes as mistakes:
        stop([f"the draft is not right yet: {problem}" for problem in mistakes.problems])
    for one in found:
        mark = "[red]mistake[/]" if one.is_mistake else "[yellow]warning[/]"
        console.print(f"{mark} {escape(str(one))}")
    console.print(f"Next: switchboard connector call {file} find phone=…", markup=False)
