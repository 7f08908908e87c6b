"""How the run's own processes ask its stand-ins: one line of JSON there, one back."""

import http.client
import json
from collections.abc import Mapping
from typing import Any

Document = dict[str, Any]


class Asking:
    """One stand-in, by its port. Keeps its connection; not for several threads at once."""

    def __init__(self, port: int, service: str = "Proof") -> None:
        self._service = service
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask(self, operation: str, sent: Mapping[str, Any] | None = None) -> Any:
        headers = {"X-Amz-Target": f"{self._service}.{operation}"}
        self._line.request("POST", "/", json.dumps(sent or {}), headers)
        with self._line.getresponse() as answer:
            return json.loads(answer.read())

    def close(self) -> None:
        self._line.close()
