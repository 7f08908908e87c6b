"""Serve one Roundup tracker on loopback: `serve.py TRACKER PORT PATH API_CALLS_PER_MINUTE`.

Roundup's own server refuses to run as root, which a container often is.
"""

import signal
import sys
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from roundup.cgi.wsgi_handler import RequestDispatcher  # type: ignore[import-not-found]

HOST = "127.0.0.1"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Addresses hold what was searched for: customers' numbers."""


class TrackerUnderPath:
    """The tracker as a WSGI application below a path."""

    def __init__(self, tracker: Any, path: str) -> None:
        self._tracker = tracker
        self._path = path

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        if not environ["PATH_INFO"].startswith(f"{self._path}/"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not found"]
        environ["SCRIPT_NAME"] = self._path
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(self._path)
        return self._tracker(environ, start_response)


def main(home: str, port: str, path: str, calls_per_minute: str) -> None:
    dispatcher = RequestDispatcher(home)
    settings = dispatcher.tracker.config
    settings["TRACKER_WEB"] = f"http://{HOST}:{port}{path}/"
    settings["WEB_API_CALLS_PER_INTERVAL"] = calls_per_minute
    settings["WEB_API_INTERVAL_IN_SEC"] = "60"
    application = TrackerUnderPath(dispatcher, path)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with make_server(HOST, int(port), application, _Server, _QuietHandler) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
