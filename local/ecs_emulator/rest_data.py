"""A "REST API Data" container at work: the request it makes, and what ECS takes from the answer.

ECS reads a flat object of scalars and nothing else. An answer with anything nested in it is refused
whole, as the real one refuses it, so that a mistake shows here and not at a customer's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode, urlsplit, urlunsplit

from local.ecs_emulator.catalogue import Catalogue, Scalar
from local.ecs_emulator.centre import Container, ReturnValue, Stack
from local.ecs_emulator.http_call import NoReply, Reply, Request
from local.ecs_emulator.interaction import Interaction
from local.ecs_emulator.knobs import Absent, Knobs


@dataclass(frozen=True)
class Returned:
    """What to store where; None clears."""

    values: Mapping[str, str | None] = field(repr=False)


@dataclass(frozen=True)
class Faulted:
    """Why the node leaves by FAULT: a word for logs, and a sentence without the answer's values."""

    reason: str
    explanation: str


class StackUnknownError(Exception):
    """Nobody has said yet where Switchboard is served."""


def request_for(
    container: Container,
    interaction: Interaction,
    *,
    occurred_at: datetime,
    stack: Stack | None,
    catalogue: Catalogue,
) -> Request:
    """The request with the interaction's values as they are now.

    Raises: StackUnknownError when the container needs an address or key nobody has given.
    """
    url, headers = _filled(container, stack)
    sent: dict[str, dict[str, Scalar]] = {"Body": {}, "URL": {}}
    for parameter in container.parameters:
        value = catalogue.wire(parameter.value, interaction, occurred_at)
        sent[parameter.type].update(_worded(parameter.name, value, catalogue.knobs))
    headers |= {"Accept": "application/json"}
    if container.verb == "GET":
        return Request("GET", _with_query(url, sent["URL"]), headers)
    headers |= {"Content-Type": "application/json"}
    body = json.dumps(sent["Body"]).encode()
    return Request("POST", _with_query(url, sent["URL"]), headers, body)


def _filled(container: Container, stack: Stack | None) -> tuple[str, dict[str, str]]:
    texts = [container.url, *container.headers.values()]
    if stack is None and any("{base_url}" in text or "{key}" in text for text in texts):
        raise StackUnknownError
    base_url, key = (stack.base_url, stack.key) if stack else ("", "")
    url, *values = (t.replace("{base_url}", base_url).replace("{key}", key) for t in texts)
    return url, dict(zip(container.headers, values, strict=True))


def _worded(name: str, value: Scalar, knobs: Knobs) -> dict[str, Scalar]:
    if value is not None:
        return {name: value}
    if knobs.null_form == "omit":
        return {}
    return {name: {"empty": "", "null": None, "N/A": "N/A"}[knobs.null_form]}


def _with_query(url: str, values: Mapping[str, Scalar]) -> str:
    if not values:
        return url
    parts = urlsplit(url)
    added = urlencode({name: "" if value is None else value for name, value in values.items()})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))


def read(outcome: Reply | NoReply, container: Container, knobs: Knobs) -> Returned | Faulted:
    """The Return Values of an answer, or why the node faults."""
    if isinstance(outcome, NoReply):
        return Faulted(outcome.reason, f"No answer ECS could use: {outcome.reason}.")
    if knobs.non_2xx_takes_fault and not 200 <= outcome.status < 300:
        return Faulted("http_status", f"The answer's status was {outcome.status}.")
    answer = _flat(outcome.body)
    if isinstance(answer, Faulted):
        return answer
    if knobs.return_value_keys == "ignore_case":
        answer = {key.casefold(): value for key, value in answer.items()}
    return _picked(answer, container.return_values, knobs)


def _flat(body: bytes) -> dict[str, object] | Faulted:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return Faulted("not_json", "The answer is not JSON.")
    if not isinstance(answer, dict):
        return Faulted("not_an_object", "The answer is JSON but not an Object.")
    nested = [key for key, value in answer.items() if isinstance(value, dict | list)]
    if nested:
        kind = "an array" if isinstance(answer[nested[0]], list) else "a nested object"
        told = f"The value of {nested[0][:60]!r} is {kind}; ECS takes flat key/value pairs only."
        return Faulted("nested_answer", told)
    return answer


def _picked(
    answer: Mapping[str, object], wanted: tuple[ReturnValue, ...], knobs: Knobs
) -> Returned | Faulted:
    picked: dict[str, str | None] = {}
    for item in wanted:
        ignoring = knobs.return_value_keys == "ignore_case"
        key = item.parameter.casefold() if ignoring else item.parameter
        value = answer.get(key)
        if value is not None:
            picked[item.store_in] = _text(value)[: knobs.return_value_max_length]
            continue
        absent: Absent = knobs.null_return_value if key in answer else knobs.missing_return_value
        if absent == "fault":
            told = f"The Return Value {item.parameter!r} is not in the answer."
            return Faulted("missing_return_value", told)
        if absent == "clear":
            picked[item.store_in] = None
    return Returned(picked)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
