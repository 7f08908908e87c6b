"""Start the sandbox CRM: `python -m local.sandbox_crm --port 4580 --database FILE`."""

import argparse
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from .crm import open_crm
from .moments import system_clock
from .oauth import ClientCredentials
from .server import HOST, listen, serving

CLIENT_ID = "SANDBOX_CRM_CLIENT_ID"
CLIENT_SECRET = "SANDBOX_CRM_CLIENT_SECRET"  # noqa: S105 - the variable's name


class CannotStart(Exception):
    """Why, in one plain line."""


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Serve until SIGTERM or SIGINT; 2 when it cannot start."""
    options = _options(arguments, environment)
    try:
        credentials = _credentials(environment)
        listener = _listen(options.port)
        logging.basicConfig(level=options.log_level, format="crm %(message)s")
        with listener:
            _serve(options.database, credentials, listener)
    except CannotStart as error:
        sys.stderr.write(f"sandbox CRM: {error}\n")
        return 2
    return 0


def _options(arguments: Sequence[str], environment: Mapping[str, str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="local.sandbox_crm", description=__doc__)
    default_port = environment.get("SWITCHBOARD_CRM_PORT", "4580")
    parser.add_argument(
        "--port", type=_port_number, default=default_port, help="default %(default)s"
    )
    parser.add_argument("--database", type=Path, required=True, help="SQLite file, made if missing")
    parser.add_argument("--log-level", choices=("DEBUG", "INFO", "WARNING"), default="INFO")
    return parser.parse_args(arguments)


def _port_number(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError("a port lies between 0 and 65535")
    return port


def _credentials(environment: Mapping[str, str]) -> ClientCredentials:
    client_id, client_secret = environment.get(CLIENT_ID), environment.get(CLIENT_SECRET)
    if not client_id or not client_secret:
        raise CannotStart(f"set {CLIENT_ID} and {CLIENT_SECRET}")
    return ClientCredentials(client_id, client_secret)


def _listen(port: int) -> socket.socket:
    try:
        return listen(port)
    except OSError as error:
        raise CannotStart(f"cannot listen on {HOST}:{port}: {error.strerror}") from error


def _serve(path: Path, credentials: ClientCredentials, listener: socket.socket) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        crm = open_crm(path, credentials, clock=system_clock)
    except (sqlite3.Error, OSError) as error:
        raise CannotStart(f"cannot use the database {path}: {error}") from error
    with serving(crm, listener) as address:
        sys.stdout.write(f"sandbox CRM on {address}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
