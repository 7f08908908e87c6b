"""Sockets that know when the call they serve must end, and whether its request has left."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from switchboard.adapters.connector.addresses import AddressRules, addresses_of
from switchboard.domain.deadline import Deadline

# Load balancers forget a quiet connection after a minute or so, and a frozen Lambda does not hear
# of it: a request on such a connection would be lost without an answer.
_LONGEST_IDLE_S: Final = 30.0
# Everything that comes back in one call, headers and all. It bounds what libraries collect before
# they show us a line.
_MOST_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CallLimits:
    """`deadline` bounds the whole call, `connect_s` connecting, `read_s` each silence.

    With `on_new_connection` no connection that was kept serves it.
    """

    deadline: Deadline
    connect_s: float
    read_s: float
    on_new_connection: bool = False


class Patience(threading.local):
    """What the call that runs in this thread may still take; one thread serves one call."""

    limits: CallLimits | None = None
    sent: bool = False
    has_connected: bool = False
    received_bytes: int = 0

    @contextmanager
    def limited_to(self, limits: CallLimits) -> Iterator[None]:
        self.limits, self.received_bytes = limits, 0
        self.sent = self.has_connected = False
        try:
            yield
        finally:
            self.limits = None

    @property
    def trusts_kept_connections(self) -> bool:
        return self.limits is None or not self.limits.on_new_connection

    @property
    def spoke_in_vain(self) -> bool:
        """The request left on a connection of an earlier call, and not a byte came back."""
        return self.sent and not self.has_connected and self.received_bytes == 0

    @property
    def silence_s(self) -> float:
        """How long the next read may block.

        Raises: TimeoutError when the call is over.
        """
        limits = self.limits
        left_s = min(limits.read_s, limits.deadline.remaining_s) if limits else 0.0
        if left_s <= 0.0:
            raise TimeoutError
        return left_s

    def note_received(self, count: int) -> None:
        """Raises: OSError when the server sends more than anybody would read."""
        self.received_bytes += count
        if self.received_bytes > _MOST_BYTES:
            raise OSError("too much came back")

    @property
    def connecting_until(self) -> Deadline:
        """When connecting must be over.

        Raises: TimeoutError when no call runs in this thread.
        """
        if self.limits is None:
            raise TimeoutError
        return self.limits.deadline.at_most(self.limits.connect_s)


class PatientSocket(socket.socket):
    """A plain socket of a call."""

    patience: Patience | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        _wait_no_longer_than_allowed(self, self.patience)
        return _counted(super().recv_into(*args, **kwargs), self.patience)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _note_sending(self, self.patience)
        super().sendall(*args, **kwargs)


class PatientTlsSocket(ssl.SSLSocket):
    """The same over TLS. The handshake is bounded by the socket's timeout as a whole."""

    patience: Patience | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        _wait_no_longer_than_allowed(self, self.patience)
        return _counted(super().recv_into(*args, **kwargs), self.patience)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        _note_sending(self, self.patience)
        super().sendall(*args, **kwargs)


class PatientConnection(HTTPConnection):
    """Connects to allowed addresses only, within the call's time over all of them together."""

    def __init__(
        self, *args: Any, patience: Patience, addresses: AddressRules, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._patience = patience
        self._addresses = addresses
        self._last_used_s = 0.0

    @property
    def is_connected(self) -> bool:
        idle_s = time.monotonic() - self._last_used_s
        is_fresh = idle_s < _LONGEST_IDLE_S and self._patience.trusts_kept_connections
        return is_fresh and super().is_connected

    def connect(self) -> None:
        self._patience.has_connected = True
        super().connect()
        if isinstance(self.sock, PatientTlsSocket):
            self.sock.patience = self._patience

    def getresponse(self) -> Any:
        self._last_used_s = time.monotonic()
        return super().getresponse()

    def _new_conn(self) -> socket.socket:
        try:
            return self._connected_socket()
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "not connected in time") from error
        except OSError as error:
            raise NewConnectionError(self, "not connected") from error

    def _connected_socket(self) -> socket.socket:
        until = self._patience.connecting_until
        refused: OSError = OSError("the host has no address")
        # What was judged is what is connected to: a second look at the name could say another.
        for family, kind, protocol, _, address in addresses_of(
            self.host.strip("[]"), self.port, rules=self._addresses, until=until
        ):
            try:
                return self._socket_to(address, until, family, kind, protocol)
            except OSError as error:
                refused = error
        raise refused

    def _socket_to(
        self, address: Any, until: Deadline, family: int, kind: int, protocol: int
    ) -> socket.socket:
        if until.has_passed:
            raise TimeoutError
        connection = PatientSocket(family, kind, protocol)
        try:
            connection.patience = self._patience
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(until.remaining_s)
            connection.connect(address)
            # What is left also bounds the TLS handshake, which inherits this timeout.
            connection.settimeout(max(until.remaining_s, 0.001))
        except OSError:
            connection.close()
            raise
        return connection


class PatientTlsConnection(PatientConnection, HTTPSConnection):
    """The same for https."""


def _wait_no_longer_than_allowed(connection: socket.socket, patience: Patience | None) -> None:
    if patience is not None:
        connection.settimeout(patience.silence_s)


def _counted(count: int, patience: Patience | None) -> int:
    if patience is not None:
        patience.note_received(count)
    return count


def _note_sending(connection: socket.socket, patience: Patience | None) -> None:
    if patience is not None:
        connection.settimeout(patience.silence_s)
        patience.sent = True
