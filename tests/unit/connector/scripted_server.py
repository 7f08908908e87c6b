"""A CRM of a few lines on this machine, for commands that really connect."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.unit.connector.hostile_server import Visit, hostile_server, http


@dataclass
class ScriptedCrm:
    """What it answers, by the beginning of `METHOD /path`; and what it was asked."""

    answers: dict[str, tuple[str, Any]]
    base: str = ""
    requests: list[str] = field(default_factory=list)

    def answer(self, visit: Visit) -> None:
        request = visit.request.decode("utf-8", errors="replace")
        self.requests.append(request)
        for beginning, (status, body) in self.answers.items():
            if request.startswith(beginning):
                visit.send(_answered(status, body))
                return
        visit.send(_answered("404 Not Found", {"error": "not_here"}))


@contextmanager
def scripted_crm(**answers: Any) -> Iterator[ScriptedCrm]:
    """Answers are given as `{"GET /customers": ("200 OK", body)}` under any name."""
    told = {beginning: answer for group in answers.values() for beginning, answer in group.items()}
    crm = ScriptedCrm(told)
    with hostile_server(crm.answer) as server:
        crm.base = server.base
        yield crm


def _answered(status: str, body: Any) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return http(content, status=status, headers="Connection: close\r\n")
