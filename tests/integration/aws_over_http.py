"""The AWS of this process for another process: its JSON protocols over HTTP on loopback."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Final

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError

_SERVICES: Final = {
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "secretsmanager": "secretsmanager",
}


class _Forwarding(BaseHTTPRequestHandler):
    """Calls the same operation here. One request at a time, because moto takes no more."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        service, operation = re.split(r"\.", self.headers["X-Amz-Target"], maxsplit=1)
        client: Any = boto3.client(_SERVICES[service], region_name="eu-west-2")  # type: ignore[call-overload]
        try:
            answer = getattr(client, xform_name(operation))(**json.loads(raw))
        except ClientError as error:
            told = error.response["Error"]
            self._send(400, {"__type": told["Code"], "message": told["Message"]})
            return
        del answer["ResponseMetadata"]
        self._send(200, answer)

    def _send(self, status: int, document: dict[str, Any]) -> None:
        body = json.dumps(document, default=datetime.timestamp).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def aws_over_http() -> Iterator[str]:
    """Its endpoint."""
    with HTTPServer(("127.0.0.1", 0), _Forwarding) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
