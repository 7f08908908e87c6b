"""The samples of a draft: each is played through the engine, which writes its requests and result.

They show what the draft does, not that it is right: that takes a live exchange, see `record`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from cli.draft_api import Operation, Schema
from cli.draft_examples import ADA, EVE, RECORD, Person, answer_of, example_of
from cli.draft_logging import Log
from cli.draft_lookups import Key, Lookup
from cli.draft_rows import fields_of
from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.samples import rehearse
from switchboard.errors import SwitchboardError

Document = Mapping[str, Any]

_ASKED: Final = {"phone": "+1 415 555 0142", "email": "ada@example.com"}
_INPUT: Final[Mapping[str, Any]] = {
    "id": "i-1", "revision": 1, "channel": "voice", "direction": "inbound",
    "contact": "+14155550142", "business_process": "Customer Care", "agent_name": "Grace Example",
    "started_at": "2026-01-05T10:00:00Z", "ended_at": "2026-01-05T10:02:05Z", "duration_s": 125,
    "disposition_code": "SOLVED", "remarks": "said \"yes\"",
    "customer": {"id": "C-1001", "name": "Ada Byron"},
}  # fmt: skip
_MADE_UP: Final[Mapping[str, int | bool]] = {"integer": 1, "number": 1, "boolean": True}
_CODE_NAMES: Final = ("code", "error_code", "errorcode", "errorCode", "error", "type", "reason")
_SHOWN_HEADERS: Final = frozenset({"idempotency-key", "x-idempotency-key"})


def drafted_samples(
    document: Document, lookups: Mapping[Key, list[Lookup]], log: Log | None
) -> Iterator[dict[str, Any]]:
    """The basic stories of a connector, as far as the draft can tell them."""
    for story in _stories(document, lookups, log):
        sample = played(document, story)
        if sample is not None:
            yield sample


def played(document: Document, story: Mapping[str, Any]) -> dict[str, Any] | None:
    """A story with its requests and its outcome; None when it cannot be played."""
    definition = compile_connector(document)
    sample = {**story, **_given(document)}
    try:
        rehearsed = rehearse(definition, Sample.model_validate(sample))
    except SwitchboardError:
        return None
    if len(rehearsed.requests) != len(story["exchange"]):
        return None
    exchange = [
        {"request": request_of(request), **one}
        for request, one in zip(rehearsed.requests, story["exchange"], strict=True)
    ]
    if rehearsed.error_class is None:
        return {**sample, "exchange": exchange, "result": plain_result(rehearsed.result)}
    fails: dict[str, Any] = {"class": rehearsed.error_class}
    if rehearsed.wait is not None:
        fails["wait"] = rehearsed.wait
    return {**sample, "exchange": exchange, "fails": fails}


def request_of(request: HttpRequest) -> dict[str, Any]:
    """A request as a sample has it. Headers that only prove who we are stay out."""
    shown: dict[str, Any] = {"method": request.method, "url": request.url}
    headers = {
        name: value for name, value in request.headers.items() if name.lower() in _SHOWN_HEADERS
    }
    if headers:
        shown["headers"] = headers
    if request.body is None:
        return shown
    kind = next((v for n, v in request.headers.items() if n.lower() == "content-type"), "")
    if "json" in kind:
        shown["body"] = json.loads(request.body)
    elif "form" in kind:
        fields = parse_qs(request.body.decode("ascii"), keep_blank_values=True)
        shown["form"] = {name: v[0] if len(v) == 1 else v for name, v in fields.items()}
    return shown


def plain_result(result: Any) -> Any:
    """A result without what is empty: a sample names what counts."""
    match result:
        case list():
            return [plain_result(row) for row in result]
        case Mapping():
            return {name: value for name, value in result.items() if value not in ("", [], {})}
    return result


def code_path(schema: Schema | None) -> str:
    """The expression of the error code in an error's body; empty when there is none."""
    fields = [one for one in fields_of(schema or {}) if not one.is_list]
    for name in _CODE_NAMES:
        for one in fields:
            if one.name == name and one.schema.get("type", "string") == "string":
                return f"body.{one.expression}"
    return ""


def _given(document: Document) -> dict[str, Any]:
    settings = {
        name: _MADE_UP.get(said.get("type", "string")) or f"sample-{name}".replace("_", "-")
        for name, said in (document.get("settings") or {}).items()
        if said.get("default") is None
    }
    return {"settings": settings} if settings else {}


def _stories(
    document: Document, lookups: Mapping[Key, list[Lookup]], log: Log | None
) -> Iterator[dict[str, Any]]:
    for key, found in lookups.items():
        if found:
            yield from _lookup_stories(key, found)
    some = next((found[0] for found in lookups.values() if found), None)
    if some:
        yield from _trouble_stories(document, {"find": some.key, "value": _ASKED[some.key]})
    if log:
        yield from _log_stories(log)
    yield from _rule_stories(document, some, log)


def _lookup_stories(key: str, lookups: list[Lookup]) -> Iterator[dict[str, Any]]:
    first = lookups[0]
    is_single = first.rows is not None and first.rows.is_single
    people = [ADA] if is_single else [ADA, EVE]
    rest = "" if is_single else "; a row with a longer number or address is dropped"
    ask = {"find": key, "value": _ASKED[key]}
    yield {"name": f"found by {key}{rest}", **ask, "exchange": [_found(first, people)]}
    yield {
        "name": f"nobody has this {key}",
        **ask,
        "exchange": [{"response": _nobody(one)} for one in lookups],
    }
    yield {
        "name": f"the filter for the {key} was ignored, and somebody else came back",
        **ask,
        "exchange": [_found(first, [EVE]), *({"response": _nobody(one)} for one in lookups[1:])],
    }


def _found(lookup: Lookup, people: list[Person]) -> dict[str, Any]:
    answer = lookup.operation.good_answer()
    return {"response": {"body": answer_of(answer.schema, lookup.rows, people)}}


def _nobody(lookup: Lookup) -> dict[str, Any]:
    if lookup.rows is not None and lookup.rows.is_single:
        return {"status": 404}
    return {"body": answer_of(lookup.operation.good_answer().schema, lookup.rows, [])}


def _trouble_stories(document: Document, ask: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    auth = str((document.get("auth") or {}).get("scheme", "none"))
    refused = {"response": {"status": 401}}
    if auth != "none":
        times = 2 if auth.startswith("oauth2") else 1
        yield {"name": "the credential is refused", **ask, "exchange": [refused] * times}
    yield {
        "name": "throttled",
        **ask,
        "exchange": [{"response": {"status": 429, "headers": {"Retry-After": "3"}}}],
    }
    yield {"name": "out of order", **ask, "exchange": [{"response": {"status": 503}}]}


def _log_stories(log: Log) -> Iterator[dict[str, Any]]:
    ask = {"method": "log_interaction", "input": _INPUT}
    yield {
        "name": "a call is written down",
        **ask,
        "exchange": [{"response": _written(log, log.good_status, created=True)}],
    }
    if log.method["idempotency"] == "upsert":
        again = _written(log, log.repeated_status, created=False)
        yield {"name": "the same call again", **ask, "exchange": [{"response": again}]}
    if log.rules:
        duplicate = {"response": {"status": 409}}
        yield {"name": "the same call again", **ask, "exchange": [duplicate]}
    yield {
        "name": "the answer to a write was lost",
        **ask,
        "exchange": [{"response": {"fault": "lost"}}],
    }


def _written(log: Log, status: int, *, created: bool) -> dict[str, Any]:
    schema = log.operation.good_answer().schema
    body = example_of(schema, RECORD) if schema else {"id": "A-1"}
    if isinstance(body, dict) and "created" in body:
        body["created"] = created
    return {"status": status, "body": body}


def _rule_stories(
    document: Document, lookup: Lookup | None, log: Log | None
) -> Iterator[dict[str, Any]]:
    """One for each rule of the file, asked of an operation that documents the status."""
    for rule in document.get("errors") or []:
        if rule["class"] == "duplicate":
            continue
        status = int(str(rule["when"]).split("`")[1])
        asks = (
            (log.operation if log else None, {"method": "log_interaction", "input": _INPUT}),
            (
                lookup.operation if lookup else None,
                {"find": lookup.key, "value": _ASKED[lookup.key]} if lookup else {},
            ),
        )
        for operation, ask in asks:
            answer = _documented(operation, status)
            if answer is not None:
                yield {
                    "name": f"{rule['class']}, as {operation.title if operation else ''} says it",
                    **ask,
                    "exchange": [{"response": {"status": status, "body": answer}}],
                }
                break


def _documented(operation: Operation | None, status: int) -> Any:
    for one in operation.answers if operation else ():
        if one.status == status and one.schema:
            return _with_code(example_of(one.schema, ADA), code_path(one.schema))
    return None


def _with_code(body: Any, path: str) -> Any:
    """The example with a code in it where it had only a placeholder."""
    node, names = body, path.split(".")[1:]
    for name in names[:-1]:
        node = node.get(name) if isinstance(node, dict) else None
    if isinstance(node, dict) and names and node.get(names[-1]) in ("text", None, ""):
        node[names[-1]] = "some_code"
    return body
