"""One HTTP exchange inside a total deadline, whatever the server does.

The timeout of an HTTP library starts anew with every byte, so a server that drips outlives it.
Here each read of the socket may only take what is left of the call, and all reads together only
so many bytes. Connections go to public addresses, and to what the deployment opens beside them.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Protocol

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util.ssl_ import create_urllib3_context

from switchboard.adapters.connector.addresses import (
    AddressRules,
    ForbiddenAddressError,
    Network,
)
from switchboard.adapters.connector.patience import (
    CallLimits,
    Patience,
    PatientConnection,
    PatientTlsConnection,
    PatientTlsSocket,
)
from switchboard.adapters.connector.rendering import HttpRequest

_log = logging.getLogger(__name__)

LARGEST_BODY_BYTES: Final = 2 * 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_CONNECTIONS_KEPT: Final = 10
# http.client meets nonsense, such as a chunk of -5 bytes, with a ValueError.
_BROKEN: Final = (requests.RequestException, HTTPError, OSError, ValueError)
_OWN_HEADERS: Final = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "switchboard",
}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status line came. `content` is None when the rest could not be read, or was too much."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content: bytes | None = field(default=None, repr=False)


class NoAnswerError(Exception):
    """No status line came. `sent` says whether the server may have seen the request.

    `stale_connection`: it left on a connection that an earlier call had used, and that ended
    without a byte of an answer. The server most likely closed it before it saw the request, and
    may all the same have seen it.
    """

    def __init__(self, reason: str, *, sent: bool, stale_connection: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.stale_connection = stale_connection


class AddressRefusedError(NoAnswerError):
    """We did not connect: the host leads to an address where no CRM may be."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"its address is not public ({kind})", sent=False)


class Transport(Protocol):
    """How a request gets to a server and its answer back. One request, one exchange, no retry."""

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        """Raises: NoAnswerError."""

    def close(self) -> None:
        """Let go of connections that were kept."""


class HttpTransport:
    """Keeps connections open between calls. Safe under threads; follows no redirect or proxy."""

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        allow_loopback: bool = False,
        private_networks: tuple[Network, ...] = (),
    ) -> None:
        """`ca_bundle` is a file of certificates to trust instead of the public ones.

        This machine and private networks are reached only where the deployment says so: inside
        them are the credentials of the machine, and systems that trust whoever can reach them.
        """
        # urllib3 writes addresses, and so callers' numbers, into its warnings and debug lines.
        logging.getLogger("urllib3").setLevel(logging.ERROR)
        self._adapter = _PatientAdapter(AddressRules(allow_loopback, private_networks))
        self._verify: bool | str = ca_bundle or True

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        patience = self._adapter.patience
        with patience.limited_to(limits):
            try:
                response = self._adapter.send(
                    _prepared(request),
                    stream=True,
                    timeout=_as_timeout(limits),
                    verify=self._verify,
                )
            except ForbiddenAddressError as error:
                _log.error("not connected: %s has a %s address", error.host, error.kind)
                raise AddressRefusedError(error.kind) from None
            except _BROKEN as error:
                # Their texts hold the address, so they are not chained.
                raise NoAnswerError(
                    _reason(error),
                    sent=patience.sent,
                    stale_connection=patience.spoke_in_vain and not _is_silence(error),
                ) from None
            with response:
                if response.status_code < 200:
                    # Closed with the connection: the real answer may follow, and the next call
                    # on it would read that as its own.
                    raise NoAnswerError("no final answer", sent=True)
                return HttpAnswer(
                    status=response.status_code,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    content=_bounded_content(response),
                )

    def close(self) -> None:
        self._adapter.close()


def _prepared(request: HttpRequest) -> requests.PreparedRequest:
    prepared = requests.PreparedRequest()
    prepared.prepare(
        method=request.method,
        url=request.url,
        headers={**_OWN_HEADERS, **request.headers},
        data=request.body,
    )
    return prepared


class _PatientAdapter(HTTPAdapter):
    """Hands out connections that end with the call that uses them."""

    def __init__(self, addresses: AddressRules) -> None:
        self.patience = Patience()
        self._addresses = addresses
        super().__init__(pool_maxsize=_CONNECTIONS_KEPT, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = PatientTlsSocket
        super().init_poolmanager(*args, ssl_context=context, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = PatientTlsConnection if pool.scheme == "https" else PatientConnection
        pool.ConnectionCls = partial(kind, patience=self.patience, addresses=self._addresses)
        return pool


def _bounded_content(response: requests.Response) -> bytes | None:
    chunks, size = [], 0
    try:
        for chunk in response.iter_content(_CHUNK_BYTES):
            size += len(chunk)
            if size > LARGEST_BODY_BYTES:
                return None
            chunks.append(chunk)
    except _BROKEN:
        return None
    return b"".join(chunks)


def _as_timeout(limits: CallLimits) -> tuple[float, float]:
    return (max(limits.connect_s, 0.001), max(limits.read_s, 0.001))


def _is_silence(error: Exception) -> bool:
    """Whether nothing ended but our time: the connection may well be alive."""
    return isinstance(error, requests.Timeout | TimeoutError)


def _reason(error: Exception) -> str:
    match error:
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidHeader():
            return "the request cannot be sent"
        case requests.exceptions.SSLError():
            return "TLS failed"
        case requests.Timeout() | TimeoutError():
            return "no answer in time"
    return "no connection"
