# mypy: ignore-errors
"""Runs functions of `clients/<crm>.py` under the interpreter that has the vendors' clients.

Each line of stdin asks for one, `{"operation", "server", "arguments"}`, and is answered by a line
on stdout: `{"result"}`, or `{"raised": {"type", "status", "text"}}` for an exception of the client.
Whatever goes through `requests` ends up at `server`, wherever the client believes it is going, so
clients with a fixed https address can be judged too. Clients with another HTTP library take
`server` as their host.
"""

import contextlib
import importlib.util
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

CLIENTS = Path(__file__).parent / "clients"
MEANT_FOR = "X-Meant-For"


def main() -> None:
    answers = sys.stdout
    module = loaded(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        # A client that prints would write between our lines.
        with contextlib.redirect_stdout(sys.stderr), everything_sent_to(asked["server"]):
            answer = done(module, asked)
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


def done(module, asked) -> dict:
    operation = getattr(module, asked["operation"])
    try:
        return {"result": operation(asked["server"], **asked["arguments"])}
    except Exception as error:  # noqa: BLE001 - what the client raises is part of its judgement
        return {"raised": described(error)}


def loaded(crm: str):
    """The client's file under a name of its own, so that it cannot hide the vendor's package."""
    spec = importlib.util.spec_from_file_location(f"client_of_{crm}", CLIENTS / f"{crm}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def everything_sent_to(server: str):
    """Turns `requests` to the recorder for a while, where a client uses it."""
    try:
        from requests.adapters import HTTPAdapter
    except ImportError:
        yield
        return
    send = HTTPAdapter.send

    def redirected(self, request, *args, **kwargs):
        meant = urlsplit(request.url)
        origin = f"{meant.scheme}://{meant.netloc}"
        detour = request.copy()
        if origin != server:
            detour.headers[MEANT_FOR] = origin
            detour.url = server + request.url[len(origin) :]
        response = send(self, detour, *args, **kwargs)
        # Clients look at where an answer came from; they must not see the detour.
        response.request, response.url = request, request.url
        return response

    HTTPAdapter.send = redirected
    try:
        yield
    finally:
        HTTPAdapter.send = send


def described(error: Exception) -> dict:
    status = getattr(error, "status", None) or getattr(error, "status_code", None)
    return {"type": type(error).__name__, "status": status, "text": str(error)}


if __name__ == "__main__":
    main()
