"""Shows a live exchange as it happens: requests, answers, what they meant, what became of them."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import yaml
from rich.console import Console
from rich.markup import escape

from cli.connector_live import Connection
from cli.masking import Mask
from switchboard.adapters.connector.outcomes import classify
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError, Transport

_TELLING: Final = re.compile(
    r"(?i)^(content-type|location|retry-after)$|limit|quota|remaining|request-id|error|warning"
)
_MOST_LINES: Final = 40
_TOKENS: Final = ("access_token", "refresh_token", "id_token")


@dataclass(frozen=True)
class Exchanged:
    """A request and its answer, or why there was none. Raw: nothing in it is masked."""

    request: HttpRequest = field(repr=False)
    answer: HttpAnswer | None = field(default=None, repr=False)
    fault: str = ""


class Trace:
    """Prints masked lines, and keeps the raw exchanges for whoever makes a sample of them.

    It is the transport of the engine, and its watcher.
    """

    def __init__(self, console: Console, mask: Mask, at: Connection, transport: Transport) -> None:
        self._console = console
        self._mask = mask
        self._at = at
        self._transport = transport
        self.exchanges: list[Exchanged] = []
        self.mapped_values: list[tuple[str, Any]] = []

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        is_token = bool(self._at.token_url) and request.url == self._at.token_url
        self._show_request(request, is_token=is_token)
        started_s = time.perf_counter()
        try:
            answer = self._transport.exchange(request, limits)
        except NoAnswerError as error:
            took_ms = (time.perf_counter() - started_s) * 1000
            done = "it may have been done" if error.sent else "nothing was sent"
            self._line(f"  [red]←[/] {escape(error.reason)}, after {took_ms:.0f} ms ({done})")
            if not is_token:
                fault = "lost" if error.sent else "refused"
                self.exchanges.append(Exchanged(request, fault=fault))
            raise
        took_ms = (time.perf_counter() - started_s) * 1000
        if is_token:
            self._learn_tokens(answer)
            self._line(f"  ← {answer.status} in {took_ms:.0f} ms, a token (not shown)")
        else:
            self.exchanges.append(Exchanged(request, answer))
            self._show_answer(answer, took_ms)
        return answer

    def close(self) -> None:
        self._transport.close()

    def decided(self, step: str, condition: str, expression: str, *, held: bool) -> None:
        self._line(
            f"  step {step}, {condition}: {escape(expression)} → [bold]{str(held).lower()}[/]"
        )

    def mapped(self, method: str, expression: str, value: Any) -> None:
        self.mapped_values.append((method, value))
        self._line(f"  map ({method}) {escape(' '.join(expression.split()))}")
        self._block("→", self._mask.value(value))

    def say(self, line: str) -> None:
        """A line of the command's own, already safe to show."""
        self._line(line)

    def _show_request(self, request: HttpRequest, *, is_token: bool) -> None:
        self._line(f"  [bold]→ {request.method}[/] {escape(self._mask.address(request.url))}")
        auth = self._at.definition["auth"]
        telling = [auth["name"]] if auth["scheme"] == "header" else []
        for name, value in self._mask.headers(request.headers, telling).items():
            self._line(f"      {escape(name)}: {escape(value)}")
        if is_token:
            self._line("      (the request for a token; its body is not shown)")
        elif request.body is not None:
            self._block("  ", self._masked_body(request.body))

    def _show_answer(self, answer: HttpAnswer, took_ms: float) -> None:
        size = len(answer.content or b"")
        self._line(f"  [bold]← {answer.status}[/] in {took_ms:.0f} ms, {size} bytes")
        telling = {name: text for name, text in answer.headers.items() if _TELLING.search(name)}
        for name, value in self._mask.headers(telling).items():
            self._line(f"      {escape(name)}: {escape(value)}")
        if answer.content is None:
            self._line("      (the body could not be read, or was more than 2 MB)")
        elif answer.content.strip():
            self._block("  ", self._masked_body(answer.content))
        self._show_class(answer)

    def _show_class(self, answer: HttpAnswer) -> None:
        rules = self._at.definition["errors"]
        outcome = classify(answer, rules, now=datetime.now(UTC))
        decided_by = f"the status {answer.status}"
        for position, rule in enumerate(rules):
            if rule_holds(rule, answer):
                decided_by = f"errors[{position}]: {rule['when']}"
                break
        wait = f", to wait {outcome.wait_s:g} s" if outcome.wait_s is not None else ""
        readable = "" if outcome.is_readable else ", the body is no JSON"
        self._line(
            f"  class [bold]{escape(outcome.summary)}[/], by {escape(decided_by)}{wait}{readable}"
        )

    def _learn_tokens(self, answer: HttpAnswer) -> None:
        document = as_json(answer.content)
        for name in _TOKENS if isinstance(document, Mapping) else ():
            if isinstance(document.get(name), str):
                self._mask.learn(name, document[name])

    def _masked_body(self, content: bytes) -> Any:
        document = as_json(content)
        if document is None:
            return f"<{len(content)} bytes that are no JSON; not shown>"
        return self._mask.value(document)

    def _block(self, sign: str, value: Any) -> None:
        lines = as_lines(value)
        for position, line in enumerate(lines[:_MOST_LINES]):
            self._line(f"    {sign if position == 0 else ' ' * len(sign)} {escape(line)}")
        if len(lines) > _MOST_LINES:
            self._line(f"      … {len(lines) - _MOST_LINES} more lines")

    def _line(self, line: str) -> None:
        self._console.print(line)


def as_lines(value: Any) -> list[str]:
    """YAML with what is innermost on one line: a page of answers stays a page."""
    if isinstance(value, str):
        return [value]
    text = yaml.safe_dump(
        value, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )
    return str(text).removesuffix("...\n").splitlines()


def as_json(content: bytes | None) -> Any:
    """The document in a body; None when there is none."""
    try:
        return json.loads(content or b"")
    except (ValueError, RecursionError):
        return None


def rule_holds(rule: Mapping[str, Any], answer: HttpAnswer) -> bool:
    """Whether this rule, asked alone, decides about the answer."""
    alone = {"when": rule["when"], "class": "ok", "record_id": "'this one'"}
    return classify(answer, [alone], now=datetime.now(UTC)).record_id == "this one"
