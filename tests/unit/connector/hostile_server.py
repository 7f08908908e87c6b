"""A server on this machine that misbehaves on the level of the socket."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[["Visit"], None]


@dataclass
class Visit:
    """One connection, after its first request came in."""

    connection: socket.socket
    request: bytes
    closing: threading.Event

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def drip(self, data: bytes, *, every_s: float = 0.05) -> None:
        for position in range(len(data)):
            if self.closing.wait(every_s):
                return
            self.send(data[position : position + 1])

    def hang(self) -> None:
        self.closing.wait(10)

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@dataclass
class HostileServer:
    """Counts its connections; one behaviour for all of them."""

    base: str
    visits: list[bytes] = field(default_factory=list)


@contextmanager
def hostile_server(
    behaviour: Behaviour, *, tls: ssl.SSLContext | None = None
) -> Iterator[HostileServer]:
    """Ends with the block: no thread and no socket stays."""
    closing = threading.Event()
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        scheme = "https" if tls else "http"
        server = HostileServer(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                if closing.is_set():
                    connection.close()
                    return
                thread = threading.Thread(target=serve, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

        def serve(plain: socket.socket) -> None:
            connection = plain
            with ExitStack() as open_sockets:
                open_sockets.enter_context(plain)
                try:
                    if tls:
                        connection = tls.wrap_socket(plain, server_side=True)
                        open_sockets.enter_context(connection)
                    request = _request(connection)
                    if request:
                        server.visits.append(request)
                        behaviour(Visit(connection, request, closing))
                except OSError:
                    return  # the client hung up first, as it should

        acceptor = threading.Thread(target=accept, daemon=True)
        acceptor.start()
        try:
            yield server
        finally:
            closing.set()
            socket.create_connection(listener.getsockname()).close()
            acceptor.join(5)
            for thread in threads:
                thread.join(5)


def _request(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return received
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    missing = _length(head) - len(body)
    while missing > 0:
        chunk = connection.recv(65536)
        if not chunk:
            break
        received, missing = received + chunk, missing - len(chunk)
    return received


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def http(body: bytes, *, status: str = "200 OK", headers: str = "") -> bytes:
    """A well-formed answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nContent-Type: application/json\r\n"
    return f"{head}{headers}\r\n".encode() + body


# For a server that hangs up after its answer: the client must not race it for the connection.
LAST: str = "Connection: close\r\n"
