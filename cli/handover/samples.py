"""What the functions answered in each situation.

Rule: no answer is written by hand. Only what differs at every call is made the same afterwards:
the milliseconds, and the signature at the end of a desk link.
"""

import json
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from cli.handover.methods import Method
from cli.handover.situations import Situation, State, situations
from cli.handover.stage import Stage
from cli.handover.world import Answer, World
from switchboard.edges.http_api import KEY_HEADER

KEY_PLACEHOLDER: Final = "<key id>.<secret>"
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_ELAPSED_MS: Final = "31"
_LINK_END: Final = re.compile(r"(/desk/)[^\s\"]+")
_LINK: Final = r"\1EXAMPLE-OF-A-SIGNED-LINK"
_VERY_LONG: Final = re.compile(r"(\w{20})\w{180,}")


@dataclass(frozen=True)
class Sample:
    """What was sent and what came back, as a sheet shows it."""

    method: Method
    situation: Situation
    request: str
    status: int
    answer: Mapping[str, Any]
    response: str

    @property
    def outcome(self) -> str:
        """The answer's own word for what it is: an outcome, an error code, or neither."""
        return str(self.answer.get("outcome") or self.answer.get("error") or "")


def samples(method: Method, stage: Stage, world: World) -> tuple[Sample, ...]:
    """Every situation of the method, answered; those that this configuration makes possible."""
    return tuple(_sample(method, one, world) for one in situations(method, stage))


def _sample(method: Method, situation: Situation, world: World) -> Sample:
    world.forget()
    for earlier in situation.before:
        _ask(method, Situation("", earlier), world)
    with _state(situation.state, world):
        answer = _ask(method, situation, world)
    settled = _settled(json.loads(answer.text))
    return Sample(
        method=method,
        situation=situation,
        request=request_text(method, situation),
        status=answer.status,
        answer=settled,
        response=_response_text(answer, settled),
    )


def _state(state: State, world: World) -> AbstractContextManager[None]:
    match state:
        case "as usual":
            return nullcontext()
        case "nothing published":
            return world.with_nothing_published()
        case "tables down":
            return world.without_tables()
        case "CRM down":
            return world.with_crms_down()
        case "CRM down, asked before":
            return world.with_crms_down_for_a_while()


def _ask(method: Method, situation: Situation, world: World) -> Answer:
    return world.ask(
        method.job,
        situation.verb,
        situation.path(method),
        key="" if situation.key == "none" else situation.key,
        body=_body(situation),
        query=situation.sends if situation.by == "query" else None,
        content_type=_content_type(situation),
    )


def _body(situation: Situation) -> str | None:
    if situation.body is not None:
        return situation.body
    match situation.by:
        case "json":
            return json.dumps(situation.sends, ensure_ascii=False, indent=2)
        case "form":
            return urlencode(situation.sends)
        case "query":
            return None


def _content_type(situation: Situation) -> str:
    return {"json": _JSON, "form": _FORM, "query": ""}[situation.by]


def request_text(method: Method, situation: Situation) -> str:
    """The request as it travels; the key is a placeholder, a very long value is cut."""
    query = f"?{urlencode(situation.sends)}" if situation.by == "query" else ""
    lines = [f"{situation.verb} {situation.path(method)}{query}"]
    lines += {
        "good": [f"{KEY_HEADER}: {KEY_PLACEHOLDER}"],
        "wrong": [f"{KEY_HEADER}: <key id>.<not the secret>"],
        "elsewhere": [f"{KEY_HEADER}: {KEY_PLACEHOLDER} of another caller"],
        "none": [],
    }[situation.key]
    if content_type := _content_type(situation):
        lines.append(f"content-type: {content_type}")
    body = _body(situation)
    return "\n".join(lines) + (f"\n\n{_cut(body)}" if body else "")


def _cut(body: str) -> str:
    return _VERY_LONG.sub(lambda found: f"{found[1]}… ({len(found[0])} characters)", body)


def _settled(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Without what differs at every call."""
    same = {name: _LINK_END.sub(_LINK, str(value)) for name, value in answer.items()}
    return {**same, **({"elapsed_ms": _ELAPSED_MS} if "elapsed_ms" in same else {})}


def _response_text(answer: Answer, settled: Mapping[str, Any]) -> str:
    lines = [f"HTTP {answer.status}", f"content-type: {answer.content_type}"]
    if allow := answer.headers.get("allow"):
        lines.append(f"allow: {allow}")
    return "\n".join(lines) + "\n\n" + json.dumps(settled, ensure_ascii=False, indent=2)
