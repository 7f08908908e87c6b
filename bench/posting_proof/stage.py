"""Everything that a run needs besides its driver: stand-ins, configuration, where files are."""

import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import yaml

from bench.posting_proof import fast_clock
from bench.posting_proof.asking import Asking
from bench.posting_proof.aws import serve_aws
from bench.posting_proof.control import Control
from bench.posting_proof.crm import SHAPES, serve_crms
from bench.posting_proof.workers import Post
from cli.configuration import Document, read_folder
from cli.deployment import Target
from cli.publishing import publish
from switchboard.adapters.connector.compile import compile_connector
from tests.integration import template

# Each process starts from one that has everything loaded, and the fast clock under it.
PROCESSES: Final = multiprocessing.get_context("forkserver")
FACTOR: Final = 20.0
REGION: Final = "eu-west-2"
_CONNECTORS: Final = Path(__file__).parent / "connectors"
_SECRET: Final = json.dumps({"client_id": "proof", "client_secret": "x"})
_DUPLICATES: Final = 0.03
# In this order: the clock comes before the product.
_PRELOADED: Final = ("bench.posting_proof.preload", "bench.posting_proof.workers")


@dataclass
class Stage:
    """The world of one run. `crm_urls` by shape; `home` holds what is looked at when it failed."""

    home: Path
    control: Control
    aws_port: int
    crm_port: int
    crm_urls: Mapping[str, str]
    _slots: int = field(default=0)

    def new_slot(self) -> int:
        self._slots += 1
        return self._slots - 1

    @property
    def slots(self) -> range:
        return range(self._slots)

    @property
    def control_file(self) -> Path:
        return self.home / "control"

    def aws(self) -> Asking:
        """A line of one's own to the AWS stand-in."""
        return Asking(self.aws_port)

    def crm(self) -> Asking:
        return Asking(self.crm_port)

    def post(self, role: str, slot: int, job: str | None = None) -> Post:
        """A place for a worker; its role is the access key that AWS knows it by."""
        queues = {name: f"http://127.0.0.1:{self.aws_port}/{name}" for name in template.queues()}
        environment = {
            **(template.environment(job, queues) if job else {}),
            **aws_environment(self.aws_port, role),
        }
        log = self.home / f"{role}.log"
        return Post(self.control_file, slot, self.aws_port, environment, log)

    def target(self) -> Target:
        """What a person's commands work on."""
        endpoint = f"http://127.0.0.1:{self.aws_port}"
        return Target({"Config": "Config"}, REGION, endpoint=endpoint)

    def publish(self, *, turn: int = 0) -> None:
        """What is published; every turn a little different, and meaning the same."""
        documents = configuration(self.crm_urls, turn)
        publish(self.target(), documents, now=datetime.fromtimestamp(self.control.now(), UTC))


def aws_environment(port: int, role: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": role,
        "AWS_SECRET_ACCESS_KEY": "x",
    }


def configuration(crm_urls: Mapping[str, str], turn: int) -> dict[str, Document]:
    documents = read_folder(template.ROOT / "config")
    return {
        "lookup": {**documents["lookup"], "connectors": ["upsert"]},
        "routing": documents["routing"],
        "posting": {
            "format": "posting/1",
            "profiles": [
                {"connector": shape, "wait_for_disposition_s": 5 + turn % 3} for shape in SHAPES
            ],
        },
        "connectors": {
            **documents["connectors"],
            "connectors": {
                shape: {"definition": _definition(shape, turn), "settings": {"base": base}}
                for shape, base in crm_urls.items()
            },
        },
    }


def _definition(shape: str, turn: int) -> dict[str, Any]:
    written = yaml.safe_load((_CONNECTORS / f"{shape}.yaml").read_text(encoding="utf-8"))
    return compile_connector({**written, "title": f"{written['title']}, turn {turn}"})


def amends() -> dict[str, bool]:
    """Of each CRM, whether a record in it can be changed after it was made."""
    return {shape: shape != "header" for shape in SHAPES}


@contextmanager
def standing(home: Path, *, seed: int, share: float) -> Iterator[Stage]:
    """Everything up and published, until the block ends."""
    # Powertools reads these once, when it is imported.
    os.environ |= {
        **template.environment("disposition_posting", {}),
        "POWERTOOLS_LOG_LEVEL": "WARNING",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    PROCESSES.set_forkserver_preload(list(_PRELOADED))
    with ExitStack() as everything:
        file = home / "control"
        control = Control.begin(file, factor=FACTOR)
        effects = home / "effects.sqlite"
        crm = everything.enter_context(child(serve_crms, file, effects, seed=seed, share=share))
        aws = everything.enter_context(
            child(serve_aws, file, _SECRET, seed=seed, duplicates=_DUPLICATES)
        )
        crm_port, *ports = crm.recv()
        urls = {
            shape: f"http://127.0.0.1:{port}" for shape, port in zip(SHAPES, ports, strict=True)
        }
        everything.enter_context(_product_at_hand())
        stage = Stage(home, control, aws.recv(), crm_port, urls)
        stage.publish()
        yield stage


@contextmanager
def _product_at_hand() -> Iterator[None]:
    """The server that workers are forked from says nothing of what it could not import."""
    with child(_say_whether_product_is_there) as line:
        if problem := line.recv():
            raise RuntimeError(problem)
    yield


def _say_whether_product_is_there(line: Connection) -> None:
    try:
        fast_clock.require_product()
    except RuntimeError as error:
        line.send(str(error))
        return
    line.send("")


@contextmanager
def child(target: Callable[..., None], *arguments: Any, **named: Any) -> Iterator[Connection]:
    """A process that serves; it ends with the block."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=target, args=(theirs, *arguments), kwargs=named, daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        process.kill()
        process.join(10)
        ours.close()
