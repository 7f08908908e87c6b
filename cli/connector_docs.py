"""`switchboard connector docs`: a connector's page, rendered from its file and nothing else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import yaml
from rich.markup import escape

from cli.connector_files import Document, compiled, plain_console, read_document, read_text, stop

_GENERATED: Final = "<!-- Written by `switchboard connector docs` from {file}; edit that. -->"
_HOW: Final = {
    "live": "against a running system",
    "vendor_description": "against the vendor's published API description",
    "vendor_client": "against a client library for it",
    "documentation": "against documentation only; nothing that we did not write has judged it",
}
_BY_NOBODY: Final = "by nobody but its author"
_IDEMPOTENCY: Final = {
    "upsert": "The CRM keeps one record per id of ours: written again, it is changed and not added."
    " After a lost answer it is simply written again.",
    "client_id": "The CRM refuses a second record with our id. After a lost answer it is simply"
    " written again.",
    "header": "The CRM recognises a repeated request by a header with our id. After a lost answer"
    " it is simply sent again.",
    "once_token": "A token that the CRM gives out makes a write count once. After a lost answer the"
    " CRM is searched before another token is used.",
    "search_first": "The CRM is searched for our id before anything is written. After a lost answer"
    " the search is asked again, once it can be trusted.",
    "none": "Nothing makes a repeat safe: after a lost answer a person decides.",
}
_MADE_AFTER_A_SEARCH: Final = (
    "Somebody is made only when the lookups found nobody. After a lost answer they are asked again,"
    " once they can be trusted."
)
_AUTH: Final = {
    "none": "Nobody asks who we are.",
    "header": "A key in the header `{name}`.",
    "query": "A key in the query, `{name}`. Machines on the way log addresses.",
    "bearer": "A token that somebody put into the secret.",
    "basic": "A user name and a password.",
    "oauth2_client_credentials": "OAuth2 client credentials, from `{token_url}`.",
    "oauth2_refresh": "OAuth2 with a refresh token that a person obtained once; tokens come from"
    " `{token_url}`.",
    "oauth2_jwt_bearer": "OAuth2 with a statement about ourselves, signed by a key that stays in"
    " AWS KMS; tokens come from `{token_url}`.",
}
_ASKED: Final = (
    "find", "value", "method", "operation", "event", "region", "input", "headers", "body", "text"
)  # fmt: skip
_PROOF: Final = {
    "standard_webhooks": "Standard Webhooks: a signature over id, time and bytes.",
    "hubspot_v3": "HubSpot's signature v3: over method, address, body and time.",
    "zendesk": "Zendesk's signature: over time and body.",
    "espo": "EspoCRM's signature: over the body. It has no time, so an old delivery is told by its"
    " id only.",
    "header_secret": "A secret in the header `{header}`. It does not cover the body.",
    "basic": "A user name and a password. They do not cover the body.",
    "query_secret": "A secret in the address. It does not cover the body.",
    "body_secret": "A secret inside the body.",
    "salesforce_om": "The organisation's id in Salesforce's outbound message, and what else the"
    " file asks for.",
}


def docs(
    files: Annotated[list[Path], typer.Argument(help="Connectors, YAML", dir_okay=False)],
    out: Annotated[
        Path | None, typer.Option(help="A folder for the pages; without it they are printed")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a page is not current.")
    ] = False,
) -> None:
    """Render connectors' pages; of several files, their index too."""
    documents = {file: read_document(file) for file in files}
    pages = {
        f"{document['id']}.md": page(document, file, read_text(file))
        for file, document in documents.items()
    }
    if out is None:
        for text in pages.values():
            typer.echo(text)
        return
    if len(files) > 1:
        pages["README.md"] = index(list(documents.values()))
    if check:
        _require_current(out, pages, complete=len(files) > 1)
    else:
        _write(out, pages)


def page(document: Document, file: Path, text: str) -> str:
    """The connector's page in Markdown."""
    definition = compiled(document)
    parts = [
        _head(document, file),
        _set_up(text),
        _settings(document),
        _secrets(document),
        _auth(document),
        _limits(document),
        _lookups(document),
        _writing(document, definition),
        _errors(document),
        _events(document),
        _link(document),
        _tables(document),
        _checked(document),
        _samples(document),
    ]
    return "\n".join(part.strip() + "\n" for part in parts if part.strip())


def index(documents: Sequence[Document]) -> str:
    """The table of all connectors."""
    rows = [_index_row(document) for document in sorted(documents, key=lambda one: one["id"])]
    lines = [
        _GENERATED.format(file="the connector files"),
        "# Connectors",
        "",
        "What each can do, and how far it was checked. The format is in"
        " [connectors.md](../connectors.md); a connector of your own takes"
        " [an hour](../your-own-connector.md).",
        "",
        "| connector | finds by | logs | in batches | creates contacts | call-backs | checked |",
        "|---|---|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines) + "\n"


def _index_row(document: Document) -> str:
    methods, lookups = document.get("methods") or {}, document.get("lookups") or {}
    keys = [key.removeprefix("by_") for key, names in lookups.items() if names]
    log = methods.get("log_interaction") or {}
    cells = [
        f"[{document.get('title') or document['id']}]({document['id']}.md)",
        _enumerated(keys) or "no",
        str(log.get("idempotency", "none")) if log else "no",
        _yes("log_interactions" in methods),
        _yes("create_contact" in methods),
        _yes(bool(document.get("events"))),
        _how_in_short(document),
    ]
    return f"| {' | '.join(cells)} |"


def _enumerated(words: Sequence[str]) -> str:
    *others, last = words or [""]
    return f"{', '.join(others)} and {last}" if others else last


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _how_in_words(document: Document) -> str:
    checked = document.get("checked")
    if not checked:
        return _BY_NOBODY
    how = _HOW[str(checked.get("how", "documentation"))]
    return f"{how} ({checked['with']})" if checked.get("with") else how


def _how_in_short(document: Document) -> str:
    checked = document.get("checked")
    if not checked:
        return _BY_NOBODY
    how = str(checked.get("how", "documentation")).replace("_", " ")
    return f"{how}: {checked['with']}" if checked.get("with") else how


def _head(document: Document, file: Path) -> str:
    lines = [_GENERATED.format(file=file.name), f"# {document.get('title') or document['id']}", ""]
    lines.append(f"Connector `{document['id']}`, checked {_how_in_words(document)}.")
    if document.get("docs"):
        lines.append(f"The facts are from: {_place(str(document['docs']))}.")
    return "\n".join(lines)


def _place(told: str) -> str:
    """Angle brackets make a link of an address; around other words Markdown drops them."""
    return f"<{told}>" if told.startswith(("https://", "http://")) else told


def _set_up(text: str) -> str:
    """The comment at the top of the file: what somebody has to prepare in the CRM."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        if "yaml-language-server" not in line:
            lines.append(line.removeprefix("#").removeprefix(" ").rstrip())
    told = "\n".join(lines).strip()
    return f"## Before you begin\n\n```text\n{told}\n```" if told else ""


def _settings(document: Document) -> str:
    settings = document.get("settings") or {}
    rows = [
        (
            f"`{name}`",
            str(said.get("type", "string")),
            f"`{said['default']}`" if said.get("default") is not None else "must be given",
            str(said.get("description", "")),
        )
        for name, said in settings.items()
    ]
    return _table("## Settings", ("name", "type", "default", "what it is"), rows)


def _secrets(document: Document) -> str:
    names = document.get("secrets") or []
    if not names:
        return ""
    example = json.dumps(dict.fromkeys(names, "…"), ensure_ascii=False)
    return (
        "## Secrets\n\n"
        f"One secret in AWS Secrets Manager holds {_listed(names)}. Put the values into a file that"
        " only you can read, and remove it afterwards:\n\n"
        f"```sh\n# secrets.json: {example}\n"
        f"aws secretsmanager create-secret --name STACK/connectors/{document['id']}"
        " --secret-string file://secrets.json\n```"
    )


def _auth(document: Document) -> str:
    auth = {"scheme": "none", **(document.get("auth") or {})}
    known = _Known({key: str(value) for key, value in auth.items()})
    said = _AUTH[str(auth["scheme"])].format_map(known)
    more = [
        f"- `{key}`: `{value}`"
        for key, value in auth.items()
        if key not in {"scheme", "token_url", "name"} and isinstance(value, str | int)
    ]
    return "\n".join(["## Who we are", "", said, "", *more])


def _limits(document: Document) -> str:
    rows = [_limit_row(limit) for limit in document.get("limits") or []]
    heads = ("what", "how much", "where", "kept for lookups")
    return _table("## Limits, shared by all workers", heads, rows)


def _limit_row(limit: Mapping[str, Any]) -> tuple[str, ...]:
    where = f"`{limit['match']}`" if limit.get("match") else "every call"
    if limit.get("shared_by") == "account":
        where += ", of all connectors to this server"
    kept = f"{float(limit.get('reserve', 0.3)):.0%}"
    if "concurrency" in limit:
        return ("at once", f"{limit['concurrency']}", where, kept)
    if "budget" in limit:
        return ("what the CRM says is left", _span(limit["budget"]["remaining"]), where, kept)
    cost = f", each counts {limit['cost']}" if limit.get("cost", 1) != 1 else ""
    amount = f"{limit['calls']} in {limit['per_s']} s{cost}"
    return (f"bucket `{limit['bucket']}`", amount, where, kept)


def _lookups(document: Document) -> str:
    lines = ["## Finding a customer", ""]
    methods = document.get("methods") or {}
    for key, names in (document.get("lookups") or {}).items():
        if not names:
            continue
        lines += [f"By {key.removeprefix('by_')}, in this order:", ""]
        for position, name in enumerate(names, 1):
            lines += [f"{position}. `{name}`{_told(methods[name])}"]
            lines += [f"   - {line}" for line in _request_lines(methods[name])]
        lines.append("")
    lines.append("Only rows that really carry what was asked for count.")
    return "\n".join(lines) if len(lines) > 3 else ""


def _writing(document: Document, definition: Mapping[str, Any]) -> str:
    methods = document.get("methods") or {}
    heads = {
        "log_interaction": "## Writing down what happened",
        "log_interactions": "### Several at once",
        "create_contact": "### A new contact",
    }
    lines: list[str] = []
    for name, head in heads.items():
        if name in methods:
            lines += [
                head,
                "",
                *_method_lines(methods[name], definition["methods"][name], name),
                "",
            ]
    lookups = {n for names in (document.get("lookups") or {}).values() for n in names or []}
    for name in sorted(set(methods) - set(heads) - lookups):
        lines += [f"### `{name}`", "", *_method_lines(methods[name], None, name), ""]
    return "\n".join(lines)


def _method_lines(
    method: Mapping[str, Any], compiled_method: Mapping[str, Any] | None, name: str
) -> list[str]:
    lines = (
        [" ".join(str(method.get("description", "")).split())] if "description" in method else []
    )
    lines += ["", *(f"- {line}" for line in _request_lines(method))]
    if compiled_method is not None:
        lines += ["", _repeated(str(compiled_method["idempotency"]), name)]
        if compiled_method["settle_s"]:
            trails = f"{compiled_method['settle_s']:g} s"
            lines.append(f"A new record may be missing from the CRM's own search for {trails}.")
        if compiled_method["needs_customer"]:
            lines.append("It can only be written on somebody's record.")
        if compiled_method.get("batch"):
            lines.append(f"At most {compiled_method['batch']['most']} in one call.")
    return lines


def _repeated(idempotency: str, method: str) -> str:
    if method == "create_contact" and idempotency == "search_first":
        return _MADE_AFTER_A_SEARCH
    return _IDEMPOTENCY[idempotency]


def _request_lines(method: Mapping[str, Any]) -> Iterator[str]:
    if method.get("request"):
        yield f"{_span(_request_line(method['request']))}{_believed(method)}"
    for step in method.get("steps") or []:
        when = f", when {_span(step['when'])}" if step.get("when") else ""
        stop_when = f"; the last one if {_span(step['stop_when'])}" if step.get("stop_when") else ""
        classes = ", ".join(_span(each) for each in step.get("empty_when") or [])
        empty_when = f"; nothing if {classes}" if classes else ""
        request = _span(_request_line(step["request"]))
        yield f"{step['id']}: {request}{when}{empty_when}{_believed(step)}{stop_when}"


def _believed(asked: Mapping[str, Any]) -> str:
    return f"; believed if {_span(asked['expects'])}" if asked.get("expects") else ""


def _request_line(request: Mapping[str, Any]) -> str:
    has_body = "body" in request or "form" in request
    verb = request.get("method") or ("POST" if has_body else "GET")
    query = "&".join(
        f"{name}={_one_line(value)}" for name, value in (request.get("query") or {}).items()
    )
    return f"{verb} {request.get('path') or request.get('url')}{'?' if query else ''}{query}"


def _errors(document: Document) -> str:
    rows = [
        (_span(rule["when"]), f"**{rule['class']}**", _code(rule.get("wait")))
        for rule in document.get("errors") or []
    ]
    table = _table("## What an answer means", ("when", "class", "to wait, in seconds"), rows)
    rest = "The first that holds decides; after these the status does, see"
    return (
        f"{table}\n\n{rest} [connectors.md](../connectors.md#what-an-answer-means)." if rows else ""
    )


def _events(document: Document) -> str:
    lines = ["## What the CRM tells us", ""]
    for name, event in (document.get("events") or {}).items():
        proof = {key: str(value) for key, value in event["verify"].items()}
        lines += [f"### `{name}`", "", " ".join(str(event.get("description", "")).split()), ""]
        lines.append(f"- sent to `/v1/webhooks/{document['id']}`")
        lines.append(f"- proved by: {_PROOF[event['verify']['scheme']].format_map(_Known(proof))}")
        if event.get("accept"):
            lines.append(f"- heard when {_span(event['accept'])}")
        if event.get("read"):
            lines.append(
                f"- the record is read again with `{event['read']}` before anybody is called"
            )
        lines.append("")
    return "\n".join(lines) if document.get("events") else ""


def _link(document: Document) -> str:
    if not document.get("link"):
        return ""
    return f"## The page of a record\n\nAn agent's link leads to {_span(document['link'])}."


def _tables(document: Document) -> str:
    lines = []
    for name, table in (document.get("tables") or {}).items():
        rows = [(f"`{ours}`", f"`{_as_yaml(theirs)}`") for ours, theirs in table.items()]
        lines.append(_table(f"### `{name}`", ("ours", "the CRM's"), rows))
    if not lines:
        return ""
    note = "Defaults; an organisation overrides entries in `config/connectors.yaml`."
    return "\n\n".join(["## Code tables", note, *lines])


def _as_yaml(value: Any) -> str:
    """As the file says it: `true`, not Python's `True`."""
    return value if isinstance(value, str) else json.dumps(value)


def _checked(document: Document) -> str:
    lines = ["## How far it was checked", "", f"Checked {_how_in_words(document)}."]
    told = document.get("unconfirmed") or []
    if told:
        lines += ["", "Nobody could confirm:", "", *(f"- {_one_line(line)}" for line in told)]
    return "\n".join(lines)


def _samples(document: Document) -> str:
    lines = ["## Samples", "", "Every one is a test: `switchboard connector test`."]
    for sample in document.get("samples") or []:
        lines += ["", f"### {_one_line(sample['name'])}", ""]
        asked = {key: sample[key] for key in _ASKED if key in sample}
        lines.append(_fenced(asked, "asked"))
        for exchange in sample.get("exchange") or []:
            if exchange.get("request"):
                lines.append(_fenced(exchange["request"], "request"))
            lines.append(_fenced(exchange.get("response") or {}, "response"))
        outcome = (
            {"fails": sample["fails"]} if "fails" in sample else {"result": sample.get("result")}
        )
        lines.append(_fenced(outcome, "comes to"))
    return "\n".join(lines)


def _fenced(value: Any, label: str) -> str:
    text = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return f"{label}\n\n```yaml\n{text.strip()}\n```\n"


def _told(method: Mapping[str, Any]) -> str:
    description = " ".join(str(method.get("description", "")).split())
    return f": {description}" if description else ""


def _table(head: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    cells = [[" ".join(cell.split()).replace("|", "\\|") for cell in row] for row in rows]
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([head, "", *lines, *(f"| {' | '.join(row)} |" for row in cells)])


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _code(value: Any) -> str:
    return _span(value) if value else ""


def _one_line(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return " ".join(text.split())


def _span(value: Any) -> str:
    """Code in a line; JMESPath's own backticks need a longer fence."""
    text = _one_line(value)
    return f"`` {text} ``" if "`" in text else f"`{text}`"


class _Known(dict[str, str]):
    """Values for a sentence; what is not there leaves no hole in it."""

    def __missing__(self, key: str) -> str:
        return "…"


def _write(out: Path, pages: Mapping[str, str]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (out / name).write_text(text, encoding="utf-8")
    plain_console().print(f"[green]wrote[/] {len(pages)} pages in {escape(str(out))}")


def _require_current(out: Path, pages: Mapping[str, str], *, complete: bool) -> None:
    stale = [name for name, text in pages.items() if _written(out / name) != text]
    kept = {path.name for path in out.glob("*.md")} if complete else set()
    stale += [f"{name} (no such connector)" for name in sorted(kept - set(pages))]
    if stale:
        stop([f"{out / name} is not current: switchboard connector docs" for name in stale])


def _written(file: Path) -> str:
    return file.read_text(encoding="utf-8") if file.exists() else ""
