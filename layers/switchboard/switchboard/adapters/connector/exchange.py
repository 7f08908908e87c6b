"""One step of a method on the wire: request, authentication, answer, and what it means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from switchboard.adapters.connector.auth import Authentication, Proof, with_proof
from switchboard.adapters.connector.expressions import ExpressionError, Scope
from switchboard.adapters.connector.gate import Gate
from switchboard.adapters.connector.outcomes import (
    ClassifiedRejection as ClassifiedRejection,
)
from switchboard.adapters.connector.outcomes import ErrorClass, Outcome, classify
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import (
    HttpRequest,
    render_headers,
    render_request,
)
from switchboard.adapters.connector.transport import (
    AddressRefusedError,
    HttpAnswer,
    NoAnswerError,
    Transport,
)
from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    AddressNotPublic,
    MaybeDone,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)

_SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
# With less left when its turn came, its silence says nothing of a CRM: the time went to another
# CRM, or to our own tables. One of many CRMs has little from the start, and most of it is fair.
_FAIR_CHANCE_S: Final = 0.5
_FAIR_PART: Final = 0.8
_NO_CHANCE_S: Final = 0.1
# What the gate hears then: neither that the CRM works nor that it fails.
_NOT_ITS_FAULT: Final = Outcome(ErrorClass.OK, is_readable=False)

_SAYS_NOTHING_OF_CREDENTIALS: Final = frozenset(
    {ErrorClass.TRANSIENT, ErrorClass.THROTTLED, ErrorClass.QUOTA_EXHAUSTED}
)


@dataclass(frozen=True, slots=True)
class Run:
    """One call of one method. `is_repeatable`: doing any of its steps twice does no harm."""

    name: str
    is_read: bool
    is_repeatable: bool
    deadline: Deadline

    def writes(self, step: Mapping[str, Any]) -> bool:
        """Whether the step changes the CRM. Of one that asks by POST the file says `reads`."""
        is_safe = step["reads"] or step["request"]["method"] in _SAFE_METHODS
        return not self.is_read and not is_safe


def unusable_answer(system: str, run: Run, *, wrote: bool) -> UpstreamError:
    """The error for a success whose body does not say what it should."""
    kind = UpstreamUnknown if wrote else UpstreamUnavailable
    return kind(system, f"{run.name}: the answer cannot be read")


class Exchanger:
    """Sends the steps of one connector, and turns everything but success into our errors."""

    def __init__(
        self,
        definition: Mapping[str, Any],
        server: str,
        *,
        auth: Authentication,
        gate: Gate,
        transport: Transport,
        wall_clock: Callable[[], datetime],
    ) -> None:
        self._id = str(definition["id"])
        self._headers = definition["headers"]
        self._timeouts = definition["timeouts"]
        self._rules = definition["errors"]
        self._server = server
        self._auth = auth
        self._gate = gate
        self._transport = transport
        self._wall_clock = wall_clock

    def answer(self, run: Run, step: Mapping[str, Any], scope: Scope) -> Outcome:
        """An outcome that is `ok`, or `duplicate` of a write.

        Raises: UpstreamError for every other one; UpstreamUnknown only for a step that writes.
        """
        outcome = self._outcome(run, step, scope)
        match outcome.error_class:
            case ErrorClass.OK if outcome.is_readable:
                return outcome
            case ErrorClass.DUPLICATE if run.writes(step):
                return outcome
            case ErrorClass.OK:
                raise unusable_answer(self._id, run, wrote=run.writes(step))
        raise self._failure(run, step, outcome)

    def _failure(self, run: Run, step: Mapping[str, Any], outcome: Outcome) -> UpstreamError:
        may_stand = outcome.maybe_done and run.writes(step)
        if may_stand and run.is_repeatable and outcome.error_class is ErrorClass.TRANSIENT:
            return MaybeDone(self._id, outcome.summary)
        return error_of(self._id, outcome, may_stand=may_stand and not run.is_repeatable)

    def _outcome(self, run: Run, step: Mapping[str, Any], scope: Scope) -> Outcome:
        limits = CallLimits(run.deadline, self._timeouts["connect_s"], self._timeouts["read_s"])
        proof = self._auth.apply(scope, limits)
        outcome = self._sent(run, step, scope, proof, limits)
        if outcome.error_class is ErrorClass.AUTH and self._auth.renew(proof):
            proof = self._auth.apply(scope, limits)
            outcome = self._sent(run, step, scope, proof, limits)
        self._tell(proof, outcome)
        return outcome

    def _tell(self, proof: Proof, outcome: Outcome) -> None:
        """Let the credential know how it fared; a gateway that is busy or broken did not look."""
        if outcome.error_class is ErrorClass.AUTH:
            self._auth.refused(proof)
        elif outcome.error_class not in _SAYS_NOTHING_OF_CREDENTIALS:
            self._auth.accepted(proof)

    def _sent(
        self,
        run: Run,
        step: Mapping[str, Any],
        scope: Scope,
        proof: Proof,
        limits: CallLimits,
    ) -> Outcome:
        try:
            headers = {**render_headers(self._headers, scope), **proof.headers}
            request = render_request(step["request"], scope, server=self._server, headers=headers)
        except ExpressionError as error:
            raise UpstreamRejected(self._id, f"{run.name}: {error}") from None
        return self._admitted(run, step, with_proof(request, proof), limits)

    def _admitted(
        self, run: Run, step: Mapping[str, Any], request: HttpRequest, limits: CallLimits
    ) -> Outcome:
        """The outcome of a request that the gate let through, and that it hears of."""
        if run.deadline.has_passed:
            raise UpstreamUnavailable(self._id, f"{run.name}: no time left")
        admitted = self._gate.enter(urlsplit(request.url).path, run.deadline)
        chance_s = run.deadline.remaining_s
        outcome = None
        try:
            outcome = self._exchanged(run, step, request, limits)
        except AddressNotPublic:
            outcome = _NOT_ITS_FAULT
            raise
        except UpstreamError:
            if run.deadline.has_passed and chance_s < _fair_s(run.deadline):
                outcome = _NOT_ITS_FAULT
            raise
        finally:
            self._gate.leave(admitted, outcome)
        return outcome

    def _exchanged(
        self, run: Run, step: Mapping[str, Any], request: HttpRequest, limits: CallLimits
    ) -> Outcome:
        try:
            answer = self._answered(request, limits, may_repeat=not run.writes(step))
        except AddressRefusedError as error:
            raise AddressNotPublic(self._id, f"{run.name}: {error.reason}") from None
        except NoAnswerError as error:
            kind = UpstreamUnknown if error.sent and run.writes(step) else UpstreamUnavailable
            raise kind(self._id, f"{run.name}: {error.reason}") from None
        return classify(answer, self._rules, now=self._wall_clock())

    def _answered(
        self, request: HttpRequest, limits: CallLimits, *, may_repeat: bool
    ) -> HttpAnswer:
        """The answer; where it may, after a second try on a new connection.

        A server may close a kept connection while we send. Reading twice does no harm.
        Source: RFC 9110, section 9.2.2.

        Raises: NoAnswerError.
        """
        try:
            return self._transport.exchange(request, limits)
        except NoAnswerError as error:
            if not (may_repeat and error.stale_connection) or limits.deadline.has_passed:
                raise
        return self._transport.exchange(request, replace(limits, on_new_connection=True))


def _fair_s(granted: Deadline) -> float:
    """With how much time a CRM should have answered."""
    return max(_NO_CHANCE_S, min(_FAIR_CHANCE_S, _FAIR_PART * granted.granted_s))


def error_of(system: str, outcome: Outcome, *, may_stand: bool = False) -> UpstreamError:
    """Our error for an answer that is no success. `may_stand`: a write may have happened."""
    match outcome.error_class:
        case ErrorClass.THROTTLED | ErrorClass.QUOTA_EXHAUSTED:
            return UpstreamThrottled(system, outcome.summary, outcome.wait_s)
        case ErrorClass.TRANSIENT if may_stand:
            return UpstreamUnknown(system, outcome.summary)
        case ErrorClass.TRANSIENT:
            return UpstreamUnavailable(system, outcome.summary)
    return ClassifiedRejection(system, outcome)
