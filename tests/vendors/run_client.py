# mypy: ignore-errors
"""Runs one function of `clients/<crm>.py` under the interpreter that has the vendors' clients.

It is asked on stdin, `{"crm", "operation", "server", "arguments"}`, and answers on stdout:
`{"result"}`, or `{"raised": {"type", "status", "text"}}` when the client raised an exception.
Whatever goes through `requests` ends up at `server`, wherever the client believes it is going, so
clients with a fixed https address can be judged too. Clients with another HTTP library take
`server` as their host.
"""

import importlib.util
import json
import sys
from pathlib import Path
from urllib.parse import urlsplit

CLIENTS = Path(__file__).parent / "clients"
MEANT_FOR = "X-Meant-For"


def main() -> None:
    asked = json.load(sys.stdin)
    send_everything_to(asked["server"])
    operation = getattr(loaded(asked["crm"]), asked["operation"])
    try:
        answer = {"result": operation(asked["server"], **asked["arguments"])}
    except Exception as error:  # noqa: BLE001 - what the client raises is part of its judgement
        answer = {"raised": described(error)}
    json.dump(answer, sys.stdout, default=str)


def loaded(crm: str):
    """The client's file under a name of its own, so that it cannot hide the vendor's package."""
    spec = importlib.util.spec_from_file_location(f"client_of_{crm}", CLIENTS / f"{crm}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def send_everything_to(server: str) -> None:
    try:
        from requests.adapters import HTTPAdapter
    except ImportError:
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


def described(error: Exception) -> dict:
    status = getattr(error, "status", None) or getattr(error, "status_code", None)
    return {"type": type(error).__name__, "status": status, "text": str(error)}


if __name__ == "__main__":
    main()
