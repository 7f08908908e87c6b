"""A deployment for measuring the lookup: stand-ins beside it, configuration published, a caller."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from botocore import xform_name

from bench.stand_ins import REGION, Call, StandIn, running
from cli.configuration import read_folder
from cli.deployment import Target
from cli.publishing import publish
from local.venvs import uv
from tests.events import Event, http_event
from tests.integration import template

CRM_LATENCY_S: Final = 0.05
# About what DynamoDB takes for a small item within a region.
AWS_LATENCY_S: Final = 0.005
JOB: Final = "arrival_lookup"
PATH: Final = "/v1/arrivals/lookup"
# Lambda sets it; without it a function takes itself for one on a desk, and prepares nothing.
INITIALISED: Final = {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}
PROCESS: Final = Path(__file__).parent / "function_process.py"
_HOME: Final = template.ROOT / ".local" / "bench"
_AREAS: Final = ("212", "213", "312", "404", "415", "503", "512", "602", "617", "702", "713", "808")


@dataclass(frozen=True)
class Stage:
    """Both stand-ins, and the environment that the template gives the function."""

    aws: StandIn
    crm: StandIn
    environment: Mapping[str, str]

    def calls(self) -> list[Call]:
        """What was called since the last time, in the order in which it arrived."""
        return sorted([*self.aws.calls(), *self.crm.calls()], key=lambda call: call.at)


@contextmanager
def standing(*, crm_latency_s: float, aws_latency_s: float = AWS_LATENCY_S) -> Iterator[Stage]:
    """Everything up and published, until the block ends."""
    with ExitStack() as processes:
        aws = processes.enter_context(running("aws", str(aws_latency_s)))
        crm = processes.enter_context(running("crm", str(crm_latency_s)))
        target = Target(tables={"Config": "Config"}, region=REGION, endpoint=aws.url)
        documents = read_folder(template.ROOT / "config")
        documents["connectors"]["connectors"]["sandbox"]["settings"]["base"] = crm.url
        publish(target, documents, now=datetime.now(UTC))
        secrets: dict[str, dict[str, str]] = {
            "connectors/sandbox": dict.fromkeys(("client_id", "client_secret", "hook_secret"), "x"),
            "desk-link": {"key": "k" * 64},
        }
        for name, values in secrets.items():
            target.client("secretsmanager").create_secret(
                Name=f"{template.STACK_NAME}/{name}", SecretString=json.dumps(values)
            )
        stage = Stage(aws, crm, _environment(aws.url))
        stage.calls()
        yield stage


def _environment(aws_url: str) -> dict[str, str]:
    return {
        **template.environment(JOB, {}),
        "AWS_ENDPOINT_URL": aws_url,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def arrival(number: int) -> Event:
    """Somebody calls whom nobody has looked up before. Numbers are fictional."""
    area, line = _AREAS[number // 100], number % 100
    asked = {
        "interaction_id": f"bench-{number}",
        "contact": f"+1{area}55501{line:02d}",
        "channel": "voice",
    }
    event = http_event("POST", PATH, body=json.dumps(asked))
    event["requestContext"]["authorizer"] = {"lambda": {"key_id": "bench", "refusal": ""}}
    return event


def found(answered: Mapping[str, Any]) -> Mapping[str, str]:
    """The values of an answer that found the caller in the CRM. Anything else is no measurement."""
    values: dict[str, str] = json.loads(answered["body"])
    if answered["statusCode"] != 200 or (values["outcome"], values["source"]) != ("known", "live"):
        raise SystemExit(f"the lookup did not find the caller: {values}")
    return values


def step(call: Call, crm_url: str) -> list[Any]:
    """A call of ours for the bare function to make, about an item of its own, so that conditions
    hold for it as they did."""
    if call.system == "aws":
        sent = call.sent if call.table == "Config" else _renamed(call.sent)
        return [call.service, xform_name(call.operation), sent]
    arguments = {"url": crm_url + call.sent["path"], "headers": call.sent["headers"]}
    if "body" in call.sent:
        arguments["data"] = call.sent["body"]
    return ["crm", call.operation, arguments]


def _renamed(sent: Any) -> Any:
    match sent:
        case {"id": {"S": str(item_id)}}:
            rest = {name: _renamed(value) for name, value in sent.items() if name != "id"}
            return {**rest, "id": {"S": f"bare-{item_id}"}}
        case dict():
            return {name: _renamed(value) for name, value in sent.items()}
        case list():
            return [_renamed(each) for each in sent]
    return sent


def built_layer() -> Path:
    """The layer as it is shipped, for this machine: trimmed, and with its bytecode."""
    recipe = template.ROOT / "layers" / "switchboard" / "build_layer.py"
    command = [sys.executable, str(recipe), "--platform", "host", "--out", str(_HOME / "layer")]
    path = f"{Path(uv()).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(  # noqa: S603  our own recipe
        [*command, "--cache", str(_HOME / "cache")],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PATH": path},
    )
    return _HOME / "layer" / "python"


@dataclass(frozen=True)
class Cost:
    """Milliseconds: CPU of the whole process, and wall time. Modules that are loaded by then."""

    cpu_ms: float
    wall_ms: float
    modules: int = 0


class FunctionProcess:
    """A function in a process of its own; `began` is what its start cost."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin, self._stdout = stdin, stdout
        self.began = self._told()[0]

    def call(self, event: Event, steps: Sequence[Any] = ()) -> tuple[Cost, dict[str, Any]]:
        self._stdin.write(json.dumps({"event": event, "steps": steps}) + "\n")
        self._stdin.flush()
        return self._told()

    def _told(self) -> tuple[Cost, dict[str, Any]]:
        line = self._stdout.readline()
        if not line:
            raise SystemExit("the function's process ended; what it said is above")
        told = json.loads(line)
        answer: dict[str, Any] = told.pop("answer", {})
        return Cost(**told), answer


@contextmanager
def function_process(
    layer: Path, environment: Mapping[str, str], *arguments: str
) -> Iterator[FunctionProcess]:
    """Start it as Lambda does: nothing but the layer and the function's folder on its path."""
    path = os.pathsep.join([str(layer), str(template.ROOT / "functions" / JOB)])
    command = [sys.executable, "-S", str(PROCESS), *arguments]
    with subprocess.Popen(  # noqa: S603  our own file
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**environment, "PATH": os.environ["PATH"], "PYTHONPATH": path},
    ) as process:
        assert process.stdin  # noqa: S101  we asked for both
        assert process.stdout  # noqa: S101
        yield FunctionProcess(process.stdin, process.stdout)
        process.stdin.close()
