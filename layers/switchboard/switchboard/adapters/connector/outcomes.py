"""What an answer means: one of a few error classes, and from there one of our errors.

The file's own rules come first, since a status is not the outcome; the defaults follow. A class
is also all that leaves this module: bodies and messages of a CRM hold customers' data.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final

from switchboard.adapters.connector.expressions import ExpressionError, evaluate, holds
from switchboard.adapters.connector.foreign_json import read_json
from switchboard.adapters.connector.transport import HttpAnswer
from switchboard.errors import UpstreamRejected

_CODE: Final = re.compile(r"[A-Za-z][A-Za-z_.\-]{0,47}")
_LONGEST_WAIT_S: Final = 24 * 3600.0


class ErrorClass(StrEnum):
    """Every way an answer can be meant."""

    OK = "ok"
    AUTH = "auth"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    INVALID = "invalid"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    THROTTLED = "throttled"
    QUOTA_EXHAUSTED = "quota_exhausted"
    TRANSIENT = "transient"


_BY_STATUS: Final = {
    401: ErrorClass.AUTH,
    403: ErrorClass.FORBIDDEN,
    404: ErrorClass.NOT_FOUND,
    408: ErrorClass.TRANSIENT,
    409: ErrorClass.CONFLICT,
    410: ErrorClass.NOT_FOUND,
    425: ErrorClass.TRANSIENT,
    429: ErrorClass.THROTTLED,
}


# A password is changed, a page is gone for a minute: only what was asked can be hopeless.
_HOPELESS: Final = frozenset({ErrorClass.INVALID, ErrorClass.CONFLICT, ErrorClass.DUPLICATE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A classified answer. `is_readable` is False for a body that is no JSON or did not end.

    `maybe_done` says whether a write may have happened all the same; `scope` is what expressions
    see of the answer.
    """

    error_class: ErrorClass
    code: str = ""
    wait_s: float | None = None
    maybe_done: bool = False
    is_readable: bool = True
    scope: Mapping[str, Any] = field(default_factory=dict, repr=False)
    record_id: str = field(default="", repr=False)

    @classmethod
    def of_record(cls, row: Mapping[str, Any] | None) -> "Outcome | None":
        """What a batch's answer says of one record: `ok` unless it gives a `class`.

        None when it says nothing, or a class that there is not.
        """
        said = (row.get("class") or ErrorClass.OK) if row is not None else None
        if said not in tuple(ErrorClass):
            return None
        code = row.get("code") if row else None
        return cls(ErrorClass(said), code=_as_code(code))

    @property
    def summary(self) -> str:
        """The class, and the CRM's code if it is one; never a text of the CRM's."""
        return f"{self.error_class}: {self.code}" if self.code else str(self.error_class)


class ClassifiedRejection(UpstreamRejected):
    """A refusal that keeps its class, for callers to whom "not found" or "conflict" say more."""

    def __init__(self, system: str, outcome: Outcome) -> None:
        super().__init__(system, outcome.summary)
        self.error_class = outcome.error_class
        self.retryable = outcome.error_class not in _HOPELESS

    @property
    def reason(self) -> str:
        return str(self.error_class)


def classify(answer: HttpAnswer, rules: Sequence[Mapping[str, Any]], *, now: datetime) -> Outcome:
    """The first rule that holds, or else what the status says."""
    body, is_readable = _parsed(answer.content)
    scope = {"status": answer.status, "headers": answer.headers, "body": body}
    rule = next((rule for rule in rules if holds(rule["when"], scope)), None)
    error_class = ErrorClass(rule["class"]) if rule else _default_class(answer.status)
    return Outcome(
        error_class=error_class,
        code=_code(rule, scope, answer.status),
        wait_s=_wait_s(rule, scope, now),
        maybe_done=_maybe_done(rule, answer.status),
        is_readable=is_readable,
        scope=scope,
        record_id=_record_id(rule, scope),
    )


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Seconds until a `Retry-After`, given in either form; None when there is none to read.

    A date is compared with the server's own clock where it tells it.

    Source: RFC 9110, section 10.2.3.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return _clamped(float(text))
    moment, its_now = _http_date(text), _http_date(headers.get("date", "")) or now
    return _clamped((moment - its_now).total_seconds()) if moment else None


def _parsed(content: bytes | None) -> tuple[Any, bool]:
    if content is None:
        return None, False
    if not content.strip():
        return None, True
    try:
        return read_json(content), True
    except (ValueError, RecursionError):
        return None, False


def _default_class(status: int) -> ErrorClass:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    # A redirect is not followed; it is what a maintenance page looks like.
    if status >= 500 or 300 <= status < 400:
        return ErrorClass.TRANSIENT
    return ErrorClass.OK if status < 300 else ErrorClass.INVALID


def _maybe_done(rule: Mapping[str, Any] | None, status: int) -> bool:
    promised = bool(rule and rule.get("nothing_done"))
    # 408: a gateway gave up waiting for a server that may go on. A redirect may follow a deed.
    may_be = status >= 500 or status == 408 or 300 <= status < 400
    return may_be and not promised


def _code(rule: Mapping[str, Any] | None, scope: Mapping[str, Any], status: int) -> str:
    if rule is None:
        return "redirect_refused" if 300 <= status < 400 else ""
    said = _optional(rule.get("detail"), scope)
    return _as_code(said)


def _as_code(said: object) -> str:
    """Only what looks like a code: a text of a CRM's may quote a customer."""
    return said if isinstance(said, str) and _CODE.fullmatch(said) else ""


def _wait_s(
    rule: Mapping[str, Any] | None, scope: Mapping[str, Any], now: datetime
) -> float | None:
    said = _optional(rule.get("wait"), scope) if rule else None
    if isinstance(said, int | float) and not isinstance(said, bool):
        return _clamped(float(said))
    return retry_after_s(scope["headers"], now=now)


def _record_id(rule: Mapping[str, Any] | None, scope: Mapping[str, Any]) -> str:
    said = _optional(rule.get("record_id"), scope) if rule else None
    return str(said) if isinstance(said, str | int) else ""


def _optional(expression: str | None, scope: Mapping[str, Any]) -> Any:
    if not expression:
        return None
    try:
        return evaluate(expression, scope)
    except ExpressionError:
        return None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def _clamped(seconds: float) -> float:
    return max(0.0, seconds) if seconds < _LONGEST_WAIT_S else _LONGEST_WAIT_S
