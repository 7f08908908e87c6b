"""A deployment among enemies: a hostile CRM, a hostile AWS, and functions in processes of theirs.

A function answers one caller at a time, as a Lambda does, so many callers are many processes.
"""

import importlib
import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.request import Request, urlopen

import yaml

from bench.hostile_arrivals import LOOKUP, Arriving, arriving, one_caller
from bench.hostile_aws import HostileAws
from bench.hostile_crm import HostileCrm
from cli.configuration import read_folder
from cli.deployment import Target
from cli.publishing import publish
from switchboard.adapters.connector.compile import compile_connector
from tests.events import LambdaContext
from tests.integration import template
from tests.unit.connector.hostile_server import hostile_server

# Not threads' friends: each process starts from one that has none, with the modules loaded.
_PROCESSES: Final = multiprocessing.get_context("forkserver")
_PRELOADED: Final = (
    "bench.hostile_stage",
    "functions.arrival_lookup.app",
    "functions.routing_decision.app",
    "switchboard.adapters.rest_crm",
    "switchboard.use_cases.lookup_settings",
)
_REGION: Final = "eu-west-2"
_SANDBOX: Final = template.ROOT / "layers/switchboard/switchboard/connectors/sandbox.yaml"
# One CRM; two of them in order; two at once.
DEPLOYMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Config": {"connectors": ["crm"]},
    "ConfigInOrder": {"connectors": ["crm", "spare"]},
    "ConfigTogether": {"connectors": ["crm", "spare"], "ask": "together"},
}


@dataclass(frozen=True)
class Answered:
    """What one caller got, and after how long."""

    arriving: Arriving
    status: int
    body: str
    took_ms: float
    starved_ms: float = 0.0
    """How long of that it could have run and the machine gave it no processor."""


Judge = Callable[[int, Answered], Any]


@dataclass(frozen=True)
class Stage:
    """Where everything is. `home` holds what the functions print."""

    aws_url: str
    crm_url: str
    home: Path

    def aws_faults(self, share: float) -> dict[str, int]:
        """Let so many of its calls fail from now on; what it did so far."""
        told = json.dumps({"share": share}).encode()
        with urlopen(Request(f"{self.aws_url}/faults", told)) as answer:  # noqa: S310  our own process
            did: dict[str, int] = json.load(answer)
            return did


@contextmanager
def standing(*, seed: int) -> Iterator[tuple[Stage, "CrmProcess"]]:
    """Everything up and published, until the block ends."""
    os.environ |= {
        **template.environment("routing_decision", {}),
        "AWS_DEFAULT_REGION": _REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    _PROCESSES.set_forkserver_preload(list(_PRELOADED))
    with ExitStack() as everything:
        home = Path(everything.enter_context(TemporaryDirectory(prefix="switchboard-")))
        crm = everything.enter_context(_child(_serve_crm, seed))
        aws = everything.enter_context(_child(_serve_aws, seed))
        stage = Stage(aws.recv(), crm.recv(), home)
        for table, changes in DEPLOYMENTS.items():
            _publish(stage, table, changes)
        yield stage, CrmProcess(crm)


@dataclass(frozen=True)
class CrmProcess:
    """The CRM; `did` tells what it did so far, and `asked_about` how often of whom."""

    _line: Connection

    def did(self) -> tuple[dict[str, int], dict[str, int]]:
        self._line.send("tell")
        told: tuple[dict[str, int], dict[str, int]] = self._line.recv()
        return told


def run_hostile(
    stage: Stage, judge: Judge, *, numbers: range, workers: int, seed: int, default_ms: int
) -> list[Any]:
    """Every arrival of these numbers once, by many functions at once; what the judge says."""
    make = _Hostile(seed, default_ms)
    return _run(stage, judge, make, numbers=numbers, workers=workers)


def run_one_caller(
    stage: Stage, judge: Judge, nsn: str, *, lookups: int, workers: int, budget_ms: int
) -> list[Any]:
    """So many lookups of one number, all workers at once."""
    make = _OneCaller(nsn, budget_ms)
    return _run(stage, judge, make, numbers=range(lookups), workers=workers)


@dataclass(frozen=True)
class _Hostile:
    seed: int
    default_ms: int

    def __call__(self, number: int) -> Arriving:
        return arriving(number, seed=self.seed, default_ms=self.default_ms)


@dataclass(frozen=True)
class _OneCaller:
    nsn: str
    budget_ms: int

    def __call__(self, number: int) -> Arriving:
        return one_caller(self.nsn, number, budget_ms=self.budget_ms)


def _run(
    stage: Stage,
    judge: Judge,
    make: Callable[[int], Arriving],
    *,
    numbers: range,
    workers: int,
) -> list[Any]:
    taken = _PROCESSES.Value("l", numbers.start)
    tables = list(DEPLOYMENTS)
    with ExitStack() as children:
        ready = _PROCESSES.Barrier(workers)
        lines = [
            children.enter_context(
                _child(
                    _answer_all,
                    _Work(stage, tables[worker % len(tables)], worker, numbers.stop),
                    make,
                    judge,
                    taken,
                    ready,
                )
            )
            for worker in range(workers)
        ]
        return [verdict for line in lines for verdict in line.recv()]


@dataclass(frozen=True)
class _Work:
    stage: Stage
    config_table: str
    worker: int
    ends_before: int


def _answer_all(
    line: Connection,
    work: _Work,
    make: Callable[[int], Arriving],
    judge: Judge,
    taken: Any,
    ready: Any,
) -> None:
    """One function's life: warmed up, then one caller after another until there are no more."""
    os.environ |= {"AWS_ENDPOINT_URL": work.stage.aws_url, "CONFIG_TABLE": work.config_table}
    _print_into(work.stage.home / f"worker-{work.worker}.log")
    handlers = {
        path: importlib.import_module(f"functions.{job}.app").handler
        for path, job in ((LOOKUP, "arrival_lookup"), ("/v1/arrivals/route", "routing_decision"))
    }
    for path in handlers:
        _answered(handlers[path], _warming_up(path))
    ready.wait()
    verdicts = []
    while True:
        with taken.get_lock():
            number = taken.value
            taken.value += 1
        if number >= work.ends_before:
            break
        one = make(number)
        verdicts.append(judge(number, _answered(handlers[one.path], one)))
    line.send(verdicts)


def _warming_up(path: str) -> Arriving:
    """Somebody whom nobody knows calls; building the function is not measured."""
    one = one_caller("9075550199", 0, budget_ms=8_000)
    one.event["rawPath"] = one.event["requestContext"]["http"]["path"] = path
    return Arriving(one.event, path, one.budget_ms, one.people)


def _answered(handler: Callable[..., Mapping[str, Any]], one: Arriving) -> Answered:
    context = LambdaContext("bench", one.event["requestContext"]["requestId"])
    starved_ms, started_s = _starved_ms(), time.perf_counter()
    given = handler(one.event, context)
    took_ms = (time.perf_counter() - started_s) * 1000
    starved_ms = _starved_ms() - starved_ms
    return Answered(one, given["statusCode"], given["body"], took_ms, starved_ms)


def _starved_ms() -> float:
    """Of this thread since it began; always 0 where the system does not count it."""
    try:
        counts = Path("/proc/thread-self/schedstat").read_text(encoding="ascii")
    except FileNotFoundError:
        return 0.0
    return int(counts.split()[1]) / 1_000_000


def _print_into(file: Path) -> None:
    with file.open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())


@contextmanager
def _child(target: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """A process of ours; it ends with the block."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    with closing(ours):
        try:
            yield ours
        finally:
            process.terminate()
            process.join(10)


def _serve_crm(line: Connection, seed: int) -> None:
    crm = HostileCrm(seed)
    with hostile_server(crm.answer) as server:
        line.send(server.base)
        while line.recv():
            line.send((dict(crm.did), dict(crm.by_number)))


def _serve_aws(line: Connection, seed: int) -> None:
    secret = json.dumps(dict.fromkeys(("client_id", "client_secret", "hook_secret"), "x"))
    secrets = {
        f"{template.STACK_NAME}/connectors/crm": secret,
        f"{template.STACK_NAME}/connectors/spare": secret,
        f"{template.STACK_NAME}/desk-link": json.dumps({"key": "k" * 64}),
    }
    with HostileAws(secrets, seed=seed) as server:
        line.send(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        thread.join()


def _publish(stage: Stage, table: str, changes: Mapping[str, Any]) -> None:
    target = Target(tables={"Config": table}, region=_REGION, endpoint=stage.aws_url)
    documents = read_folder(template.ROOT / "config")
    sandbox = documents["connectors"]["connectors"]["sandbox"]
    documents["connectors"]["connectors"] = {
        name: {
            **sandbox,
            "definition": _definition(name),
            "settings": {**sandbox["settings"], "base": f"{stage.crm_url}/{name}"},
        }
        for name in ("crm", "spare")
    }
    documents["lookup"] = {**documents["lookup"], **changes}
    wanted = ("connectors", "lookup", "routing")
    publish(target, {name: documents[name] for name in wanted}, now=datetime.now(UTC))


def _definition(name: str) -> dict[str, Any]:
    file = yaml.safe_load(_SANDBOX.read_text(encoding="utf-8"))
    return compile_connector({**file, "id": name, "samples": []})


def logs(stage: Stage) -> Sequence[Path]:
    return sorted(stage.home.glob("worker-*.log"))
