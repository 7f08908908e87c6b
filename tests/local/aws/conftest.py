"""One local AWS for all tests of this folder, with a probe in the place of every function."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.aws.clients import client
from local.aws.deploy import Deployment, deploy
from local.aws.layer import ensure_layer
from local.aws.ministack import Ministack, start
from local.aws.package import read_template
from local.venvs import REPOSITORY

PROBE = Path(__file__).parent / "probe" / "app.py"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: waits for a clock, a minute and more")


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]


@dataclass(frozen=True)
class Stack:
    """A running local AWS with the template deployed into it."""

    aws: Ministack
    deployment: Deployment
    template: Path
    layer: Path

    def client(self, service: str) -> Any:
        return client(self.aws.endpoint, service)

    def call(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> Answer:
        url = urllib.parse.urlsplit(self.deployment.api_url)
        connection = http.client.HTTPConnection(str(url.hostname), url.port, timeout=60)
        with contextlib.closing(connection):
            target = f"{url.path}{path}?{urllib.parse.urlencode(query)}"
            connection.request(method, target, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, json.loads(response.read()))

    def queue(self, name: str) -> "Queue":
        return Queue(self.client("sqs"), self.deployment.queues[name])

    def deploy(self, template: Path) -> Deployment:
        return deploy(self.aws, template=template, layer=self.layer)


@dataclass(frozen=True)
class Queue:
    sqs: Any
    url: str

    def send(self, *bodies: str) -> None:
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def retry_after(self, seconds: int) -> None:
        """Shorten the template's visibility timeout, which is meant for production."""
        self.sqs.set_queue_attributes(
            QueueUrl=self.url, Attributes={"VisibilityTimeout": str(seconds)}
        )

    def waiting(self) -> int:
        """Count what is in the queue, in flight included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)

    def purge(self) -> None:
        self.sqs.purge_queue(QueueUrl=self.url)


@pytest.fixture(scope="session")
def home() -> Path:
    """The folder that keeps environments and built layers between runs."""
    return Path(os.environ.get("SWITCHBOARD_HOME", REPOSITORY / ".local"))


@pytest.fixture(scope="session")
def probe_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real template, untouched, with the probe where the functions' code is."""
    root = tmp_path_factory.mktemp("probe")
    template = Path(shutil.copy(REPOSITORY / "template.yaml", root))
    for resource in read_template(template)["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            folder = root / resource["Properties"]["CodeUri"]
            folder.mkdir(parents=True)
            shutil.copy(PROBE, folder / "app.py")
    return template


@pytest.fixture(scope="session")
def stack(home: Path, probe_template: Path) -> Iterator[Stack]:
    layer = ensure_layer(home)
    with start(home, free_port()) as aws:
        yield Stack(aws, deploy(aws, template=probe_template, layer=layer), probe_template, layer)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait for something to become true; fail when it does not in time."""

    def wait(is_true: Callable[[], bool], within_s: float = 20) -> None:
        give_up_at = time.monotonic() + within_s
        while not is_true():
            if time.monotonic() > give_up_at:
                pytest.fail(f"not true within {within_s} s")
            time.sleep(0.1)

    return wait
