"""Runs the methods of a compiled connector: its steps in order, then the mapping."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from switchboard.adapters.connector.auth import authentication
from switchboard.adapters.connector.exchange import (
    ClassifiedRejection,
    Exchanger,
    Run,
    unusable_answer,
)
from switchboard.adapters.connector.expressions import ExpressionError, evaluate, holds
from switchboard.adapters.connector.gate import Gate, Lane, OpenGate, SharedGate
from switchboard.adapters.connector.in_process_tokens import InProcessTokens
from switchboard.adapters.connector.methods import REPEATABLE
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome
from switchboard.adapters.connector.pacing import PacingStore
from switchboard.adapters.connector.paging import next_page, request_of_page
from switchboard.adapters.connector.rendering import render_link
from switchboard.adapters.connector.settings import (
    complete_settings,
    server_address,
    token_address,
)
from switchboard.adapters.connector.signing import Signer
from switchboard.adapters.connector.table_patience import Beside, TablePatience
from switchboard.adapters.connector.token_store import TokenStore
from switchboard.adapters.connector.transport import HttpTransport, Transport
from switchboard.adapters.connector.watching import Nobody, Watcher
from switchboard.beside import run_beside
from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    Misconfigured,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)

Secrets = Callable[[], Mapping[str, str]]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Shared:
    """What all workers have in common. Left alone, a process has only itself.

    `beside` runs what nobody waits for.
    """

    lane: Lane = Lane.LOOKUP
    pacing: PacingStore | None = None
    tokens: TokenStore = field(default_factory=InProcessTokens)
    signer: Signer | None = None
    beside: Beside = run_beside

    def gate(
        self,
        definition: Mapping[str, Any],
        settings: Mapping[str, Any],
        *,
        server: str,
        patience: TablePatience,
        wall_clock: Callable[[], datetime],
    ) -> Gate:
        """Raises: Misconfigured when a limit has no usable amount with these settings."""
        if self.pacing is None:
            return OpenGate()
        return SharedGate(
            str(definition["id"]),
            definition["limits"],
            settings,
            server=server,
            lane=self.lane,
            store=self.pacing,
            patience=patience,
            wall_clock=wall_clock,
        )

    def patience(self, system: str, wall_clock: Callable[[], datetime]) -> TablePatience:
        return TablePatience(system, self.lane, wall_clock=wall_clock, beside=self.beside)


def _nobody_hears() -> None:
    """Of a refusal, where nothing keeps a copy of the secrets."""


class Engine:
    """One connector with its settings and secrets. Connections and tokens live as long as it.

    `on_refusal` hears of it when the CRM does not take what the secrets hold.
    """

    def __init__(
        self,
        definition: Mapping[str, Any],
        settings: Mapping[str, Any],
        secrets: Secrets,
        *,
        transport: Transport | None = None,
        wall_clock: Callable[[], datetime] = utc_now,
        shared: Shared | None = None,
        watcher: Watcher | None = None,
        on_refusal: Callable[[], None] | None = None,
    ) -> None:
        self.id = str(definition["id"])
        self._watcher = watcher or Nobody()
        self.settings = complete_settings(definition, settings)
        self._definition = definition
        self._secrets = secrets
        self._transport = transport or HttpTransport()
        server = server_address(definition, self.settings)
        shared = shared or Shared()
        patience = shared.patience(self.id, wall_clock)
        self._exchanger = Exchanger(
            definition,
            server,
            auth=authentication(
                self.id,
                definition["auth"],
                self._transport,
                token_url=token_address(definition["auth"], self.settings),
                server=server,
                store=shared.tokens,
                patience=patience,
                signer=shared.signer,
                wall_clock=wall_clock,
                on_refusal=on_refusal or _nobody_hears,
            ),
            gate=shared.gate(
                definition,
                self.settings,
                server=server,
                patience=patience,
                wall_clock=wall_clock,
            ),
            transport=self._transport,
            wall_clock=wall_clock,
        )

    def read(self, name: str, data: Mapping[str, Any], *, deadline: Deadline) -> Any:
        """What a lookup maps the answer to; [] when its `empty_when` says that nobody is there.

        Raises: UpstreamError, never UpstreamUnknown.
        """
        method = self._definition["methods"][name]
        run = Run(name, is_read=True, is_repeatable=True, deadline=deadline)
        try:
            return self._result(run, method, data)
        except ClassifiedRejection as rejection:
            if rejection.error_class in method["empty_when"]:
                return []
            raise

    def pages(
        self, name: str, data: Mapping[str, Any], *, deadline: Deadline
    ) -> Iterator[list[Any]]:
        """What a listing maps each page to; the next page is asked for when this one is done with.

        Raises: UpstreamError, never UpstreamUnknown; also after some of the pages.
        """
        method = self._definition["methods"][name]
        if method["page"]:
            run = Run(name, is_read=True, is_repeatable=True, deadline=deadline)
            yield from self._pages(run, method, self._scope(data))
        else:
            yield self.read(name, data, deadline=deadline)

    def write(
        self, name: str, method: Mapping[str, Any], data: Mapping[str, Any], *, deadline: Deadline
    ) -> Any:
        """What a writing method maps the answer to.

        Raises: UpstreamUnknown when it may have happened and nothing tells.
        """
        is_repeatable = method["idempotency"] in REPEATABLE
        run = Run(name, is_read=False, is_repeatable=is_repeatable, deadline=deadline)
        return self._result(run, method, data)

    def close(self) -> None:
        """Let go of connections that were kept for the next call."""
        self._transport.close()

    def link(self, record: Mapping[str, Any]) -> str:
        """Where a person sees the record; empty when the file has no link for it."""
        template = self._definition["link"]
        if not template:
            return ""
        try:
            return render_link(template, {"record": record, "settings": self.settings})
        except ExpressionError:
            return ""

    def _result(self, run: Run, method: Mapping[str, Any], data: Mapping[str, Any]) -> Any:
        scope = self._scope(data)
        if method["page"]:
            return self._every_page(run, method, scope)
        result, has_written = None, False
        for step in method["steps"]:
            if step["when"] and not self._holds(step, "when", scope):
                continue
            result = self._step(run, step, scope, has_written=has_written)
            scope["steps"][step["id"]] = result
            has_written = has_written or run.writes(step)
            if step["stop_when"] and self._holds(step, "stop_when", scope):
                break
        if method["map"]:
            return self._mapped(run, method["map"], scope, wrote=has_written)
        return result

    def _every_page(
        self, run: Run, method: Mapping[str, Any], scope: Mapping[str, Any]
    ) -> list[Any]:
        """The rows of all pages together, of at most as many pages as the file allows."""
        return [row for rows in self._pages(run, method, scope) for row in rows]

    def _pages(
        self, run: Run, method: Mapping[str, Any], scope: Mapping[str, Any]
    ) -> Iterator[list[Any]]:
        (step,), page = method["steps"], method["page"]
        for number in range(1, page["max_pages"] + 1):
            outcome = self._exchanger.answer(run, step, scope)
            seen = {**scope, **outcome.scope}
            self._require(run, step, seen)
            found = self._mapped(run, step["map"], seen, wrote=False)
            if not isinstance(found, list):
                raise unusable_answer(self.id, run, wrote=False)
            yield found
            following = next_page(page, seen, number=number)
            if following is None or following == scope.get("next"):
                return
            scope = {**scope, "next": following}
            step = {**step, "request": request_of_page(step["request"], page)}
        # Some of the rows could make a known customer of an ambiguous number, or nobody of one.
        raise UpstreamUnavailable(self.id, f"{run.name}: more pages than `max_pages`")

    def _scope(self, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "input": data,
            # So that the tree of one record serves the list of a batch, too.
            "item": data,
            "settings": self.settings,
            "secret": self._needed_secrets(),
            "tables": self._definition["tables"],
            "steps": {},
        }

    def _needed_secrets(self) -> Mapping[str, str]:
        names = self._definition["needed_secrets"]
        values = self._secrets() if names else {}
        for name in names:
            if not values.get(name):
                raise Misconfigured(f"the secret of {self.id} has no value named {name}")
        return values

    def _step(
        self, run: Run, step: Mapping[str, Any], scope: Mapping[str, Any], *, has_written: bool
    ) -> Any:
        try:
            return self._step_result(run, step, scope)
        except (UpstreamUnavailable, UpstreamThrottled) as error:
            # An earlier step wrote: starting again at once could write it a second time.
            if has_written and not run.is_repeatable:
                raise UpstreamUnknown(self.id, f"{run.name}: ended half-way") from error
            raise

    def _step_result(self, run: Run, step: Mapping[str, Any], scope: Mapping[str, Any]) -> Any:
        try:
            outcome = self._exchanger.answer(run, step, scope)
        except ClassifiedRejection as rejection:
            # A connector that was published by an earlier version says nothing of it.
            if rejection.error_class in step.get("empty_when", ()):
                return None
            raise
        if outcome.error_class is ErrorClass.DUPLICATE:
            return _existing(outcome, scope)
        seen = {**scope, **outcome.scope}
        self._require(run, step, seen)
        if not step["map"]:
            return outcome.scope["body"]
        return self._mapped(run, step["map"], seen, wrote=run.writes(step))

    def _require(self, run: Run, step: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
        """Take no answer for "not there" that does not say so.

        Raises: UpstreamError when the answer is not what the step expects.
        """
        # A connector that was published by an earlier version says nothing of it.
        if step.get("expects") and not self._holds(step, "expects", seen):
            raise unusable_answer(self.id, run, wrote=run.writes(step))

    def _mapped(self, run: Run, expression: str, scope: Mapping[str, Any], *, wrote: bool) -> Any:
        try:
            value = evaluate(expression, scope)
        except ExpressionError:
            raise unusable_answer(self.id, run, wrote=wrote) from None
        self._watcher.mapped(run.name, expression, value)
        return value

    def _holds(self, step: Mapping[str, Any], condition: str, scope: Mapping[str, Any]) -> bool:
        held = holds(step[condition], scope)
        self._watcher.decided(step["id"], condition, step[condition], held=held)
        return held


def _existing(outcome: Outcome, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The record that was there already; the CRM knows it by our id when it names none itself."""
    return {"id": outcome.record_id or scope["input"].get("id"), "created": False}
