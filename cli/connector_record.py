"""Turns a live exchange into a sample: redacted first, then played again through the engine.

The requests of the sample are not the live ones with parts blotted out. They are what the engine
makes of the redacted input and the redacted answers, so no secret can be left in them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from cli.connector_append import CannotAppend, with_sample
from cli.connector_files import Document, read_text, stop
from cli.connector_live import Connection
from cli.connector_performance import FIND, Ask, Came
from cli.connector_trace import Exchanged, as_json
from cli.draft_samples import plain_result, request_of
from cli.redaction import Redactor, texts_of
from switchboard.adapters.connector.compile import ConnectorMistakes, compile_connector
from switchboard.adapters.connector.rendering import origin_of
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.samples import DEFAULT_REGION, Rehearsal, rehearse, run_sample
from switchboard.adapters.connector.settings import LOOPBACK, complete_settings, server_address
from switchboard.domain.identity import AccountNumber
from switchboard.errors import SwitchboardError

_EXAMPLE: Final = "https://crm.example.com"
_ALWAYS_KEPT: Final = frozenset({"retry-after", "location"})
_HEADER_NAMED: Final = re.compile(r"headers\.(?:\"([^\"]+)\"|([A-Za-z_]\w*))")
_QUOTED: Final = re.compile(r"'([^']+)'")
_WORDLESS: Final = re.compile(r"[\w.-]{1,40}")


@dataclass(frozen=True)
class Recorded:
    """A sample that plays, and the document that it belongs to."""

    document: Document
    sample: dict[str, Any] = field(repr=False)
    redactor: Redactor = field(repr=False)

    def append_to(self, file: Path) -> str:
        """Write it at the end of the file's samples; a word on how it played.

        The file stays as it was when anything is wrong.
        """
        before = read_text(file)
        try:
            text = with_sample(before, self.sample)
            document = yaml.safe_load(text)
            report = run_sample(compile_connector(document), Sample.model_validate(self.sample))
        except CannotAppend as error:
            stop([str(error), yaml.safe_dump([self.sample], sort_keys=False)])
        except ConnectorMistakes as mistakes:
            stop(list(mistakes.problems))
        if report.differences:
            stop(
                ["the sample does not play, so it was not written:", *map(str, report.differences)]
            )
        file.write_text(text, encoding="utf-8")
        return "it plays: `switchboard connector test` passes with it"


def recorded(
    document: Document,
    at: Connection,
    ask: Ask,
    came: Came,
    exchanges: Sequence[Exchanged],
    *,
    name: str,
    region: str,
) -> Recorded:
    """The exchange as a sample. The command ends when it cannot be told without somebody's data."""
    if not exchanges:
        stop(["nothing was sent, so there is nothing to record"])
    _require_tellable(at, ask)
    if any(one.get("name") == name for one in document.get("samples") or []):
        stop([f"there is a sample named {name!r} already; choose another --name"])
    settings = _sample_settings(at)
    redactor = Redactor(
        ask.identity,
        region,
        kept=_named_by_the_file(document),
        replaced_texts=_known_texts(at, settings),
    )
    story = {
        "name": name,
        **_asked(at, ask, redactor),
        **_region(redactor),
        **({"settings": settings} if settings else {}),
        "exchange": [{"response": _response(one, redactor, document)} for one in exchanges],
    }
    played = _played(at.definition, story)
    _require_the_same(came, exchanges, played)
    sample = _completed(story, played)
    if redactor.leaks(yaml.safe_dump(sample, allow_unicode=True)):
        stop(["somebody's data would be left in the sample, so it was not written"])
    return Recorded(document, sample, redactor)


def _require_tellable(at: Connection, ask: Ask) -> None:
    lookups = at.definition["lookups"].values()
    if any(ask.method in names for names in lookups):
        stop([f"{ask.method} is a lookup: record `find`, which tries all of them in order"])
    if isinstance(ask.identity, AccountNumber):
        stop(
            [
                "an account number looks like any other id, so nobody could be sure that it was"
                " replaced everywhere: write this sample by hand"
            ]
        )


def _asked(at: Connection, ask: Ask, redactor: Redactor) -> dict[str, Any]:
    if ask.method == FIND:
        (key,) = ask.input
        return {"find": key, "value": redactor.identity_text()}
    group = "operation" if ask.method in at.definition["operations"] else "method"
    return {group: ask.method, "input": redactor.tree(dict(ask.input))}


def _region(redactor: Redactor) -> dict[str, str]:
    return {} if redactor.sample_region == DEFAULT_REGION else {"region": redactor.sample_region}


def _response(one: Exchanged, redactor: Redactor, document: Document) -> dict[str, Any]:
    if one.answer is None:
        return {"fault": one.fault}
    answer, named = one.answer, _headers_named(document)
    headers = {
        name: redactor.text(value, "url" if name == "location" else "code")
        for name, value in answer.headers.items()
        if name in named
    }
    result: dict[str, Any] = {"status": answer.status, **({"headers": headers} if headers else {})}
    if not (answer.content or b"").strip():
        return result
    body = as_json(answer.content)
    if body is None:
        return {**result, "text": "this is no JSON"}
    return {**result, "body": redactor.tree(body)}


def _headers_named(document: Document) -> frozenset[str]:
    """Headers that the file's expressions read; no other one is kept."""
    found = {
        (quoted or plain).lower() for text in texts_of(_without_samples(document))
        for quoted, plain in _HEADER_NAMED.findall(text)
    }  # fmt: skip
    return _ALWAYS_KEPT | found


def _named_by_the_file(document: Document) -> frozenset[str]:
    """Texts that the file compares with or sends itself are the CRM's codes, not somebody's."""
    texts = list(texts_of(_without_samples(document)))
    quoted = {found for text in texts for found in _QUOTED.findall(text)}
    return frozenset({text for text in texts if _WORDLESS.fullmatch(text)} | quoted)


def _without_samples(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in {"samples", "unconfirmed"}}


def _sample_settings(at: Connection) -> dict[str, Any]:
    """Settings of the sample: nothing of the organisation's own but what the file needs."""
    result: dict[str, Any] = {}
    for name, declared in at.definition["settings"].items():
        value = at.settings.get(name)
        if declared["default"] is None:
            result[name] = _example_setting(name, declared, value)
        elif value != declared["default"] and not _is_address(value):
            result[name] = (
                value if not isinstance(value, str) else _example_text(name, declared, value)
            )
    return result


def _example_setting(name: str, declared: Mapping[str, Any], value: Any) -> Any:
    if _is_address(value):
        return f"{_EXAMPLE}{urlsplit(value).path.rstrip('/')}"
    return _example_text(name, declared, value) if isinstance(value, str) else value


def _example_text(name: str, declared: Mapping[str, Any], value: str) -> str:
    example = f"sample-{name}".replace("_", "-")
    pattern = declared.get("pattern")
    return example if not pattern or re.fullmatch(pattern, example) else value


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _known_texts(at: Connection, settings: Mapping[str, Any]) -> dict[str, str]:
    """Secrets and the live system's address, with what stands for them in a sample."""
    known = {value: name for name, value in at.secrets.items() if len(value) >= 4}
    example = server_address(at.definition, complete_settings(at.definition, settings))
    live, told = origin_of(at.server), origin_of(example)
    for written in {at.server, _plain_origin(at.server), live}:
        known[written] = example if written == at.server else _plain_origin(example)
    host = urlsplit(at.server).hostname or ""
    if host not in LOOPBACK and live != told:
        known[host] = urlsplit(example).hostname or ""
    return {text: replacement for text, replacement in known.items() if text != replacement}


def _plain_origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _played(definition: Document, story: Mapping[str, Any]) -> Rehearsal:
    try:
        return rehearse(definition, Sample.model_validate(dict(story)))
    except SwitchboardError as error:
        stop([f"the redacted exchange cannot be played: {error}"])


def _require_the_same(came: Came, exchanges: Sequence[Exchanged], played: Rehearsal) -> None:
    """Redaction must change who is in it, and nothing that happens."""
    live = (len(exchanges), came.error_class or None, _size(came.result))
    again = (len(played.requests), played.error_class, _size(played.result))
    if live != again:
        stop(
            [
                "without the personal data it would end otherwise, so it was not recorded:",
                f"  live: {live[0]} requests, {live[1] or 'ok'}, {live[2]} records",
                f"  redacted: {again[0]} requests, {again[1] or 'ok'}, {again[2]} records",
            ]
        )


def _size(result: Any) -> int | None:
    return len(result) if isinstance(result, list) else None


def _completed(story: Mapping[str, Any], played: Rehearsal) -> dict[str, Any]:
    exchange = [
        {"request": request_of(request), **one}
        for request, one in zip(played.requests, story["exchange"], strict=True)
    ]
    sample = {**story, "exchange": exchange}
    if played.error_class is None:
        return {**sample, "result": plain_result(played.result)}
    waits = {"wait": played.wait} if played.wait is not None else {}
    return {**sample, "fails": {"class": played.error_class, **waits}}
