"""The CRM as a running server on the loopback address."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from wsgiref.types import WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server

from .app import create_app
from .courier import Courier
from .crm import Crm
from .fault_wire import FaultyWire

HOST = "127.0.0.1"
BACKLOG = 128
POLL_S = 0.02
IDLE_CONNECTION_S = 30
LAST_DELIVERY_S = 0.3


class _Requests(WSGIRequestHandler):
    """One thread per connection; says nothing itself, as its lines would hold paths and queries."""

    timeout = IDLE_CONNECTION_S

    def connection_dropped(
        self, error: BaseException, environ: WSGIEnvironment | None = None
    ) -> None:
        """End the connection; a fault may have closed it under the server's hands."""
        self.close_connection = True

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base's name
        logging.getLogger(__name__).debug("connection: %s", type)


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback address; port 0 takes a free one.

    Raises: OSError when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


@contextmanager
def serving(crm: Crm, listener: socket.socket) -> Iterator[str]:
    """Serve on `listener` while the block runs; gives the base URL. Closes CRM and socket."""
    stopping = threading.Event()
    courier = Courier(crm.outbox, crm.clock)
    # Werkzeug's threaded server and not waitress: waitress keeps the client's socket to itself,
    # and the fault injector needs it to reset, drip and cut.
    with listener:
        port: int = listener.getsockname()[1]
        server = make_server(
            HOST,
            port,
            FaultyWire(create_app(crm).wsgi_app, crm.faults, stopping),
            threaded=True,
            request_handler=_Requests,
            fd=listener.fileno(),
        )
    accepting = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
    accepting.start()
    courier.start()
    try:
        yield f"http://{HOST}:{port}"
    finally:
        stopping.set()
        server.shutdown()
        accepting.join()
        courier.stop(LAST_DELIVERY_S)
        crm.database.close()
