"""What a file's samples do not show. A rule that no sample meets is a guess."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, evaluate
from switchboard.adapters.connector.methods import (
    BATCH_METHOD,
    CREATE_METHOD,
    FIND_METHOD,
    LIST_METHOD,
    LOG_METHOD,
)
from switchboard.adapters.connector.outcomes import classify
from switchboard.adapters.connector.transport import HttpAnswer

_NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_LIMITED: Final = frozenset({"throttled", "quota_exhausted"})
# A repeat is nowhere recognised, or answered like the first.
_TELLS_NO_REPEAT: Final = frozenset({"none", "header"})

Document = Mapping[str, Any]
Sample = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the samples should show and do not."""

    place: str
    problem: str
    remedy: str
    is_mistake: bool = False


def sample_gaps(document: Document, definition: Mapping[str, Any]) -> Iterator[Gap]:
    """Error classes and rules without a sample, and basic stories that are missing."""
    samples = [sample for sample in document.get("samples") or [] if isinstance(sample, Mapping)]
    met = [_met(sample, definition["errors"]) for sample in samples]
    of_classes = list(_class_gaps(document, samples, met))
    yield from of_classes
    yield from (gap for gap in _rule_gaps(document, met) if not _is_said(gap, of_classes))
    if "connector" in document:
        yield from _lookup_gaps(document, definition, samples)
        yield from _log_gaps(definition, samples)
        yield from _found_gaps(definition, samples)
        yield from _failure_gaps(definition, samples)
        yield from _event_gaps(definition, samples)


@dataclass(frozen=True, slots=True)
class _Met:
    """The classes of a sample's answers, and the rules that gave them."""

    classes: frozenset[str]
    rules: frozenset[int]


def _met(sample: Sample, rules: list[Mapping[str, Any]]) -> _Met:
    classes, positions = set(), set()
    for exchange in sample.get("exchange") or []:
        response = exchange.get("response") or {}
        if response.get("fault"):
            continue
        answer = answer_of(response)
        for position, rule in enumerate(rules):
            if _holds(rule, answer):
                positions.add(position)
                break
        classes.add(str(classify(answer, rules, now=_NOW).error_class))
    fails = (sample.get("fails") or {}).get("class")
    return _Met(frozenset({fails} if fails else classes), frozenset(positions))


def _holds(rule: Mapping[str, Any], answer: HttpAnswer) -> bool:
    # `classify` does not say which rule it took, so each is asked alone: alone, a rule that holds
    # is the one that decides.
    alone = {"when": rule["when"], "class": "ok", "record_id": "'this rule'"}
    return classify(answer, [alone], now=_NOW).record_id == "this rule"


def answer_of(response: Mapping[str, Any]) -> HttpAnswer:
    """A sample's response as the transport would give it."""
    text = response.get("text")
    if text is None:
        body = response.get("body")
        text = "" if body is None else json.dumps(body)
    headers = {str(name).lower(): str(value) for name, value in _headers(response).items()}
    return HttpAnswer(int(response.get("status") or 200), headers, str(text).encode())


def _headers(response: Mapping[str, Any]) -> Mapping[str, Any]:
    headers = response.get("headers")
    return headers if isinstance(headers, Mapping) else {}


def _class_gaps(document: Document, samples: list[Sample], met: list[_Met]) -> Iterator[Gap]:
    shown = {name for one in met for name in one.classes}
    for position, rule in enumerate(document.get("errors") or []):
        name = str(rule.get("class"))
        if name not in shown and name != "ok":
            shown.add(name)
            yield Gap(
                f"errors[{position}]",
                f"no sample ends in the class `{name}`",
                "add a sample with the answer that this rule is for",
                is_mistake=bool(samples),
            )


def _is_said(gap: Gap, others: list[Gap]) -> bool:
    return any(gap.place == other.place for other in others)


def _rule_gaps(document: Document, met: list[_Met]) -> Iterator[Gap]:
    used = {position for one in met for position in one.rules}
    for position, rule in enumerate(document.get("errors") or []):
        if position not in used:
            yield Gap(
                f"errors[{position}]",
                f"no sample's answer meets this rule (`{rule.get('when')}`)",
                "add a sample, or remove the rule",
            )


def _lookup_gaps(
    document: Document, definition: Mapping[str, Any], samples: list[Sample]
) -> Iterator[Gap]:
    for kind in ("phone", "email", "account"):
        names = definition["lookups"][f"by_{kind}"]
        if names and not any(s.get("find") == kind and s.get("result") for s in samples):
            yield _missing(f"a customer found by {kind}")
    finds = [s for s in samples if s.get("find")]
    if any(definition["lookups"].values()):
        if not any(s.get("result") == [] and not s.get("fails") for s in finds):
            yield _missing("a caller whom nobody knows (`result: []`)")
        if not any(_drops_a_row(s, definition) for s in finds):
            yield _missing("a row that does not carry what was asked, and is dropped")


def _drops_a_row(sample: Sample, definition: Mapping[str, Any]) -> bool:
    kept = sample.get("result")
    if not isinstance(kept, list):
        return False
    rows = max((_most_rows(sample, e, definition) for e in sample.get("exchange") or []), default=0)
    return rows > len(kept)


def _most_rows(sample: Sample, exchange: Mapping[str, Any], definition: Mapping[str, Any]) -> int:
    response = exchange.get("response") or {}
    body = response.get("body")
    scope = {
        "status": response.get("status", 200),
        "headers": _headers(response),
        "body": body,
        "settings": sample.get("settings") or {},
        "tables": definition["tables"],
        "steps": {},
    }
    most = 0
    for name in definition["lookups"][f"by_{sample['find']}"]:
        for step in definition["methods"][name]["steps"]:
            most = max(most, _count(step["map"], scope))
    return most


def _count(expression: str | None, scope: Mapping[str, Any]) -> int:
    try:
        rows = evaluate(expression, scope) if expression else None
    except ExpressionError:
        return 0
    return len(rows) if isinstance(rows, list) else 0


def _log_gaps(definition: Mapping[str, Any], samples: list[Sample]) -> Iterator[Gap]:
    for name in (LOG_METHOD, BATCH_METHOD, CREATE_METHOD):
        method = definition["methods"].get(name)
        if method is None:
            continue
        results = [s.get("result") for s in samples if s.get("method") == name]
        if name == LOG_METHOD:
            created = {r.get("created") for r in results if isinstance(r, Mapping)}
            # Some CRMs answer an upsert without saying which of the two it was.
            cannot_tell = method["idempotency"] == "upsert" and False in created
            if True not in created and not cannot_tell:
                yield _missing(f"{name}: a record that was created (`created: true`)")
            if False not in created and method["idempotency"] not in _TELLS_NO_REPEAT:
                yield _missing(f"{name}: the same again, not created a second time")
        elif not any(results):
            yield _missing(f"{name}: the good path")


def _found_gaps(definition: Mapping[str, Any], samples: list[Sample]) -> Iterator[Gap]:
    told = {
        name: [s.get("result") for s in samples if s.get("method") == name and not s.get("fails")]
        for name in (FIND_METHOD, LIST_METHOD)
        if name in definition["methods"]
    }
    if FIND_METHOD in told and not any(told[FIND_METHOD]):
        yield _missing(f"{FIND_METHOD}: a record that is there")
    if FIND_METHOD in told and None not in told[FIND_METHOD]:
        yield _missing(f"{FIND_METHOD}: none, or only others' (`result: null`)")
    if LIST_METHOD in told and not any(told[LIST_METHOD]):
        yield _missing(f"{LIST_METHOD}: a period with records")


def _failure_gaps(definition: Mapping[str, Any], samples: list[Sample]) -> Iterator[Gap]:
    failures = [s["fails"] for s in samples if isinstance(s.get("fails"), Mapping)]
    classes = {failure.get("class") for failure in failures}
    if LOG_METHOD in definition["methods"] and not any(_is_lost(s) for s in samples):
        yield _missing("a write whose answer was lost (`response: {fault: lost}`)")
    if not classes & _LIMITED:
        yield _missing("an answer that says to come later (429 with Retry-After)")
    if definition["auth"]["scheme"] != "none" and "auth" not in classes:
        yield _missing("a credential that is refused (401)")


def _is_lost(sample: Sample) -> bool:
    responses = [exchange.get("response") or {} for exchange in sample.get("exchange") or []]
    return any(response.get("fault") == "lost" for response in responses)


def _event_gaps(definition: Mapping[str, Any], samples: list[Sample]) -> Iterator[Gap]:
    for name in definition["events"]:
        results = [s.get("result") for s in samples if s.get("event") == name]
        if not any(results):
            yield _missing(f"the event {name}: accepted")
        if all(results):
            yield _missing(f"the event {name}: about something else (`result: null`)")


def _missing(what: str) -> Gap:
    return Gap("samples", f"missing: {what}", "add it; docs/connectors.md lists the basic samples")
