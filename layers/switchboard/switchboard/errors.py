"""What stops us. Everyday outcomes (unknown caller, refused call) are values, not errors.

    SwitchboardError
    ├── InvalidRequest          the caller sent something we cannot act on       HTTP 422
    │   ├── MalformedRequest    not JSON, not a form, or not one flat object     HTTP 400
    │   ├── RequestTooLarge     more bytes than we read                          HTTP 413
    │   ├── MethodNotAllowed    the path exists, for another method              HTTP 405
    │   ├── Unauthorized        no key, or one we do not know                    HTTP 401
    │   ├── Forbidden           a known key or link, used where it may not be    HTTP 403
    │   ├── NotFound            nothing has that id                              HTTP 404
    │   └── StateConflict       the thing is not in a state that allows this     HTTP 409
    ├── UpstreamError           a CRM or the contact centre did not cooperate
    │   ├── UpstreamUnavailable   refused connection, timeout, 5xx               HTTP 503   retry
    │   │   ├── AddressNotPublic    its name leads to a private address          HTTP 503   retry
    │   │   ├── MaybeDone           a write that may be repeated, and still come HTTP 503   retry
    │   │   └── LeftAlone           not asked for a while; carries retry_after_s HTTP 503   retry
    │   ├── UpstreamThrottled     429 or spent quota; carries retry_after_s      HTTP 503   retry
    │   │   └── CredentialRefused   a person must change or resume it            HTTP 503   retry
    │   ├── UpstreamRejected      the same request would fail again              HTTP 502   park
    │   └── UpstreamUnknown       sent, and no answer: it may have happened      HTTP 504   settle
    ├── StateUnavailable        our own tables or queues did not answer          HTTP 503   retry
    │   ├── StateBusy             too many ask for one key at this moment        HTTP 503   retry
    │   ├── NotNoted              all of it was known; that it came is not noted HTTP 503   retry
    │   └── StateUnreadable       what stands there is nothing that we write     HTTP 503   retry
    └── Misconfigured           our own mistake; says which setting to mend      HTTP 503   retry

Messages say what to do and never contain customers' data.
"""

from typing import ClassVar


class SwitchboardError(Exception):
    """Knows how it is answered over HTTP and whether trying again may help."""

    http_status: ClassVar[int] = 500
    retryable: bool = False
    code: ClassVar[str] = "internal_error"

    @property
    def reason(self) -> str:
        """One word for ledgers and logs; where the class says more than the code, the class."""
        return self.code


class InvalidRequest(SwitchboardError):
    """The caller sent something we cannot act on; the message says what to send instead."""

    http_status = 422
    code = "invalid_request"


class MalformedRequest(InvalidRequest):
    """Not JSON, not a form, or not one flat object."""

    http_status = 400
    code = "malformed_request"


class RequestTooLarge(InvalidRequest):
    """More bytes than we read."""

    http_status = 413
    code = "request_too_large"


class MethodNotAllowed(InvalidRequest):
    """The path exists, for another method."""

    http_status = 405
    code = "method_not_allowed"


class Unauthorized(InvalidRequest):
    """No key, no signature, or one that we do not know."""

    http_status = 401
    code = "unauthorized"


class Forbidden(InvalidRequest):
    """A known key or link, used where it may not be."""

    http_status = 403
    code = "forbidden"


class NotFound(InvalidRequest):
    """Nothing has that id."""

    http_status = 404
    code = "not_found"


class StateConflict(InvalidRequest):
    """The thing exists and is not in a state that allows this."""

    http_status = 409
    code = "conflict"


class UpstreamError(SwitchboardError):
    """A CRM or the contact centre gave no usable answer. `system` is its connector id."""

    http_status = 502
    code = "upstream_error"

    def __init__(self, system: str, detail: str) -> None:
        super().__init__(f"{system}: {detail}")
        self.system = system
        self.detail = detail


class UpstreamUnavailable(UpstreamError):
    """Certainly not done: a refused connection, a 5xx answer, or a read that failed."""

    http_status = 503
    retryable = True
    code = "upstream_unavailable"


class AddressNotPublic(UpstreamUnavailable):
    """Not connected: the system's name leads where no connection may go. A person has to look."""

    code = "address_not_public"


class MaybeDone(UpstreamUnavailable):
    """A write that failed and may be done later all the same, as behind a gateway that gave up.

    It may be repeated as it is; something newer has to wait for it.
    """


class LeftAlone(UpstreamUnavailable):
    """Nothing was sent: it failed several times in a row, and is tried again by one call at a time.

    `retry_after_s` is when it is worth asking again, never the same for all who wait.
    """

    def __init__(self, system: str, *, retry_after_s: float) -> None:
        super().__init__(system, "not asked: it failed several times in a row")
        self.retry_after_s = retry_after_s


class UpstreamThrottled(UpstreamError):
    """Not done, and asked to wait; `retry_after_s` is None when no time was given."""

    http_status = 503
    retryable = True
    code = "upstream_throttled"

    def __init__(self, system: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(system, detail)
        self.retry_after_s = retry_after_s


class CredentialRefused(UpstreamThrottled):
    """Nothing was sent: the system refused our credential several times, and a person must act."""

    code = "credential_refused"

    def __init__(self, system: str) -> None:
        super().__init__(
            system,
            "credential_refused: put a good credential into the secret, then "
            f"`switchboard connector resume {system}`",
            retry_after_s=900.0,
        )


class UpstreamRejected(UpstreamError):
    """Refused for what was asked: the same request would be refused again."""

    code = "upstream_rejected"


class UpstreamUnknown(UpstreamError):
    """Sent, and no answer came: it may have happened."""

    http_status = 504
    code = "upstream_unknown"


class StateUnavailable(SwitchboardError):
    """Our own tables or queues did not answer."""

    http_status = 503
    retryable = True
    code = "state_unavailable"


class StateBusy(StateUnavailable):
    """Our own table works, and has too much to do for one key at this moment."""

    code = "state_busy"


class NotNoted(StateUnavailable):
    """A trigger that says nothing new came, and only that it did could not be noted."""


class StateUnreadable(StateUnavailable):
    """Our own table answers, and what stands there is nothing that this release writes."""

    code = "state_unreadable"


class Misconfigured(SwitchboardError):
    """A setting, secret or published document is missing or wrong; the message names it."""

    http_status = 503
    retryable = True
    code = "misconfigured"
