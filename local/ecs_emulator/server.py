"""Serving the emulator on loopback."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local.ecs_emulator.centre import Centre
from local.ecs_emulator.contact_centre import ContactCentre
from local.ecs_emulator.web import create_app

HOST = "127.0.0.1"


class PortTakenError(Exception):
    """Somebody else listens there."""


class _SilentHandler(WSGIRequestHandler):
    """Writes no access log: paths and queries can carry references of customers."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Served:
    """A running emulator."""

    url: str
    contact_centre: ContactCentre


@contextmanager
def serving(
    centre: Centre, *, port: int, api_key: str, stop_within_s: float = 0.1
) -> Iterator[Served]:
    """The emulator, served until the block ends. Port 0 takes a free one.

    Raises: PortTakenError when the port is not free.
    """
    contact_centre = ContactCentre(centre, now=_now, new_id=_new_id)
    server = _bound(contact_centre, port, api_key)
    serve, name = server.serve_forever, "web"
    thread = threading.Thread(target=serve, args=(stop_within_s,), name=name, daemon=True)
    contact_centre.open()
    thread.start()
    try:
        yield Served(f"http://{HOST}:{server.port}", contact_centre)
    finally:
        contact_centre.close()
        server.shutdown()
        server.server_close()
        thread.join()


def _bound(contact_centre: ContactCentre, port: int, api_key: str) -> BaseWSGIServer:
    # Werkzeug's own bind ends the process when the port is taken; ours can be told apart. This
    # server is used because a lost answer needs the connection's socket, which waitress hides.
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError as error:
            raise PortTakenError from error
        listener.listen(128)
        return make_server(
            HOST,
            listener.getsockname()[1],
            create_app(contact_centre, api_key=api_key),
            threaded=True,
            request_handler=_SilentHandler,
            fd=listener.fileno(),
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    # Never the same after a restart: records made from an earlier run may still exist elsewhere.
    return f"int-{secrets.token_hex(8)}"
