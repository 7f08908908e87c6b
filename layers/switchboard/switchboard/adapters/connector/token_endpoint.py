"""Asks a token endpoint, and reads its answer by RFC 6749, sections 5.1 and 5.2."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from switchboard.adapters.connector.expressions import ExpressionError, evaluate
from switchboard.adapters.connector.outcomes import (
    ClassifiedRejection,
    ErrorClass,
    Outcome,
    retry_after_s,
)
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest, origin_of
from switchboard.adapters.connector.transport import (
    AddressRefusedError,
    HttpAnswer,
    NoAnswerError,
    Transport,
)
from switchboard.errors import (
    AddressNotPublic,
    Misconfigured,
    UpstreamError,
    UpstreamThrottled,
    UpstreamUnavailable,
)

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")
_LONGEST_LIFETIME_S: Final = 10 * 365 * 86400
_USABLE_SHARE: Final = 0.8  # renewed before it ends, so that no call meets an expired one
_REFUSALS: Final = frozenset(
    {
        "invalid_client",
        "invalid_client_id",
        "invalid_client_secret",
        "invalid_code",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)
# No error of section 5.2: vendors say so when tokens are asked for too often, with a 400.
_TOO_OFTEN: Final = frozenset({"access denied", "access_denied", "slow_down", "too_many_requests"})
_PASSING: Final = frozenset({"server_error", "temporarily_unavailable"})


class OtherServer(Misconfigured):
    """The token is good, but not for the server in the settings."""

    def __init__(self, system: str) -> None:
        super().__init__(
            f"{system}: the account belongs to another server or data centre than the one in "
            "the settings; nothing was sent. Set the address that the vendor shows for it."
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """What the endpoint gave. `refresh_token` is a new one that replaces the one used, or empty."""

    access_token: str = field(repr=False)
    usable_until: datetime
    refresh_token: str = field(default="", repr=False)


class TokenEndpoint:
    """One token endpoint, for the connector's own server."""

    def __init__(
        self,
        system: str,
        url: str,
        transport: Transport,
        *,
        server: str,
        wall_clock: Callable[[], datetime],
    ) -> None:
        self._system = system
        self._url = url
        self._transport = transport
        self._server = server
        self._wall_clock = wall_clock

    def ask(
        self,
        form: Mapping[str, str],
        headers: Mapping[str, str],
        values: Mapping[str, Any],
        limits: CallLimits,
    ) -> Granted:
        """`values` are those of the file's `auth`.

        Raises: ClassifiedRejection of class `auth` when the credential is refused,
            UpstreamThrottled, UpstreamUnavailable, OtherServer.
        """
        asked_at = self._wall_clock()
        document = self._document(self._answer(form, headers, limits))
        self._require_own_server(values.get("token_server"), document)
        lifetime_s = _lifetime_s(document, values["expires_in_default"])
        return Granted(
            access_token=document["access_token"],
            usable_until=asked_at + timedelta(seconds=lifetime_s * _USABLE_SHARE),
            refresh_token=_text(document, "refresh_token"),
        )

    def _answer(
        self, form: Mapping[str, str], headers: Mapping[str, str], limits: CallLimits
    ) -> HttpAnswer:
        request = HttpRequest(
            "POST",
            self._url,
            {"Content-Type": "application/x-www-form-urlencoded", **headers},
            urlencode(form).encode("ascii"),
        )
        try:
            return self._transport.exchange(request, limits)
        except AddressRefusedError as error:
            raise AddressNotPublic(self._system, f"token: {error.reason}") from None
        except NoAnswerError as error:
            raise UpstreamUnavailable(self._system, f"token: {error.reason}") from None

    def _document(self, answer: HttpAnswer) -> Mapping[str, Any]:
        document = _parsed(answer)
        token = document.get("access_token") if document else None
        if document and answer.status < 300 and isinstance(token, str) and _TOKEN.fullmatch(token):
            return document
        raise self._failure(answer, document)

    def _failure(self, answer: HttpAnswer, document: Mapping[str, Any] | None) -> UpstreamError:
        code = _text(document or {}, "error").lower()
        if answer.status == 429 or code in _TOO_OFTEN:
            wait_s = retry_after_s(answer.headers, now=self._wall_clock())
            return UpstreamThrottled(self._system, "token: throttled", wait_s)
        if _is_refusal(answer.status, code, has_document=document is not None):
            shown = code if code in _REFUSALS else ""
            return ClassifiedRejection(self._system, Outcome(ErrorClass.AUTH, code=shown))
        return UpstreamUnavailable(self._system, "token: no usable answer")

    def _require_own_server(self, expression: str | None, document: Mapping[str, Any]) -> None:
        if not expression:
            return
        try:
            said = evaluate(expression, {**document, "body": document})
        except ExpressionError:
            raise OtherServer(self._system) from None
        if said is not None and not _is_same_server(said, self._server):
            raise OtherServer(self._system)


def _is_refusal(status: int, code: str, *, has_document: bool) -> bool:
    """Whether a person must mend the credential. A page in HTML is a gateway's, and no refusal."""
    if code in _PASSING:
        return False
    # Some say it with status 200.
    return (
        status == 401
        or (status in {400, 403} and has_document)
        or (status < 300 and code in _REFUSALS)
    )


def _is_same_server(said: object, server: str) -> bool:
    address = said if isinstance(said, str) and "://" in said else f"https://{said}"
    try:
        return origin_of(address) == origin_of(server)
    except ExpressionError:
        return False


def _parsed(answer: HttpAnswer) -> Mapping[str, Any] | None:
    """None for what is no JSON object; an empty body says nothing, and is one without keys."""
    if answer.content is None:
        return None
    try:
        document = json.loads(answer.content.strip() or b"{}")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _lifetime_s(document: Mapping[str, Any], default_s: float) -> float:
    said: Any = document.get("expires_in")
    if isinstance(said, str) and _SECONDS.fullmatch(said):
        said = int(said)
    # Also false for NaN, which would make a token that never ends.
    is_sensible = type(said) in {int, float} and 0 < said < _LONGEST_LIFETIME_S
    return float(said if is_sensible else default_s)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
