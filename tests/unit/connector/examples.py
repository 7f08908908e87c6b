"""A small connector, a transport that follows a script, and what tests ask of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.engine import Engine
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.domain.deadline import Deadline

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ROWS = (
    "body.customers[].{id: id, kind: 'customer', name: name, phones: [phone][?@], "
    "emails: [email][?@], attributes: {tier: tier}}"
)


def document(**overrides: Any) -> dict[str, Any]:
    """A connector file as a person would write it."""
    return {
        "connector": 1,
        "id": "example",
        "settings": {"base": {"default": "https://crm.example.com"}},
        "server": "${settings.base}",
        "lookups": {"by_phone": ["find_phone"], "by_email": ["find_email"]},
        "methods": methods(),
        **overrides,
    }


def methods(**log: Any) -> dict[str, Any]:
    return {
        "find_phone": {
            "request": {"path": "/customers", "query": {"phone": "${input.phone.nsn}"}},
            "map": ROWS,
        },
        "find_email": {
            "request": {"path": "/customers/by-email/${input.email}"},
            "map": ROWS,
            "empty_when": ["not_found"],
        },
        "log_interaction": {
            "idempotency": "upsert",
            "request": {
                "method": "PUT",
                "path": "/activities/${input.id}",
                "body": {"remarks": "${input.remarks}"},
            },
            "map": "{id: body.id, created: body.created}",
            **log,
        },
    }


def compiled(**overrides: Any) -> dict[str, Any]:
    return compile_connector(document(**overrides))


Reaction = HttpAnswer | NoAnswerError | Callable[[HttpRequest], HttpAnswer]


@dataclass
class ScriptedTransport:
    """Answers in the order given, and keeps what it was asked."""

    reactions: list[Reaction]
    requests: list[HttpRequest] = field(default_factory=list)

    def close(self) -> None:
        """Nothing was opened."""

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        self.requests.append(request)
        match self.reactions.pop(0):
            case HttpAnswer() as answer:
                return answer
            case NoAnswerError() as error:
                raise error
            case reaction:
                return reaction(request)


def answer(
    content: bytes | str | None = b"{}",
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer:
    raw = content.encode() if isinstance(content, str) else content
    return HttpAnswer(status, headers or {}, raw)


def engine(
    *reactions: Reaction,
    settings: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    wall_clock: Callable[[], datetime] = lambda: NOW,
    settings_declared: Mapping[str, Any] | None = None,
    secrets_declared: list[str] | None = None,
    **overrides: Any,
) -> tuple[Engine, ScriptedTransport]:
    if settings_declared is not None:
        overrides["settings"] = settings_declared
    transport = ScriptedTransport(list(reactions))
    built = Engine(
        compiled(secrets=secrets_declared or [], **overrides),
        settings or {},
        lambda: secrets or {},
        transport=transport,
        wall_clock=wall_clock,
    )
    return built, transport


def soon() -> Deadline:
    return Deadline.after(30)
