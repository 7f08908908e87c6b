"""Everything of Switchboard on this machine, started in the right order and stopped with it."""

import json
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import requests

from cli.configuration import compiled_connectors, read_folder
from cli.deployment import RUN_FILE, Target
from cli.publishing import create_key, publish
from local import sandbox
from local.aws.deploy import Deployment, deploy
from local.aws.layer import ensure_layer
from local.aws.ministack import Ministack
from local.aws.ministack import start as start_aws
from local.opening import open_at_any_hour
from local.peers import HOST, ApplicationError, RunningCrm, roundup, tryton
from local.venvs import stack_python

Say = Callable[[str], None]
CrmName = Literal["sandbox", "tryton", "roundup"]

ROOT: Final = Path(__file__).resolve().parents[1]
HOME: Final = ROOT / ".local"
CONFIG: Final = ROOT / "config"
_STACK_NAME: Final = "switchboard"
_ROUTES: Final = ("/v1/",)
_STARTERS: Final[dict[CrmName, Callable[[Path, int, Say], RunningCrm]]] = {
    "sandbox": sandbox.start,
    "tryton": tryton.start,
    "roundup": roundup.start,
}


@dataclass(frozen=True)
class Ports:
    """Where things listen, on loopback."""

    aws: int
    ecs: int
    crm: int

    @classmethod
    def from_environment(cls) -> "Ports":
        """Raises: ApplicationError that names the variable which holds no port."""
        return cls(
            aws=_port("SWITCHBOARD_AWS_PORT", "4566"),
            ecs=_port("SWITCHBOARD_ECS_PORT", "4570"),
            crm=_port("SWITCHBOARD_CRM_PORT", "4580"),
        )


@dataclass(frozen=True)
class Running:
    """What is up, and where."""

    target: Target
    aws: Ministack
    deployment: Deployment
    crm: RunningCrm


def _port(variable: str, default: str) -> int:
    said = os.environ.get(variable, default)
    if not said.isdecimal() or not 0 < int(said) < 65_536:
        raise ApplicationError(f"{variable} must be a port between 1 and 65535, not {said!r}.")
    return int(said)


def prepare(say: Say) -> None:
    """What is slow and needed only once: MiniStack's environment and the layer."""
    stack_python(HOME, say)
    ensure_layer(HOME, say)


@contextmanager
def running(
    crm: CrmName,
    ports: Ports,
    say: Say,
    *,
    state: Path = HOME,
    config: Path = CONFIG,
    ecs_settings: tuple[str, ...] = (),
) -> Iterator[Running]:
    """Switchboard, its contact centre and its CRM, up until the block ends.

    `state` keeps what the applications remember from run to run, `config` is what is published,
    and `ecs_settings` are knobs of the emulator, `key=value` each.

    Raises: ApplicationError, StackError, Misconfigured, each saying what to do.
    """
    documents = read_folder(config)
    _refuse_taken_ports(ports)
    ecs_key = secrets.token_urlsafe(32)
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        # Started in threads, where no signal interrupts: whatever has been started is in the stack
        # when the pool has ended, and is stopped with it, even if another one could not start.
        crm_up = pool.submit(
            lambda: stack.enter_context(_STARTERS[crm](state / crm, ports.crm, say))
        )
        aws_up = pool.submit(stack.enter_context, start_aws(HOME, ports.aws, say))
        ecs_up = pool.submit(
            stack.enter_context,
            sandbox.emulator(state / "ecs", ports.ecs, ecs_key, settings=ecs_settings),
        )
        aws, ecs_url, crm_running = aws_up.result(), ecs_up.result(), crm_up.result()
        say("deploying template.yaml")
        deployment = deploy(aws, template=ROOT / "template.yaml", layer=ensure_layer(HOME, say))
        target = Target(
            tables=deployment.tables,
            region=deployment.region,
            endpoint=aws.endpoint,
            api_url=deployment.api_url,
            ecs_url=ecs_url,
            crm_url=crm_running.page_url,
            key=_configure(deployment, aws, crm_running, ecs_url, ecs_key, documents),
            queues=deployment.queues,
            aside=deployment.aside,
        )
        _introduce(target, crm_running)
        stack.callback((state / RUN_FILE.name).unlink, missing_ok=True)
        target.save(state / RUN_FILE.name)
        yield Running(target, aws, deployment, crm_running)


def _refuse_taken_ports(ports: Ports) -> None:
    """Before anything is started: whoever hears of it has nothing to clean up."""
    for variable, port in (
        ("SWITCHBOARD_AWS_PORT", ports.aws),
        ("SWITCHBOARD_ECS_PORT", ports.ecs),
        ("SWITCHBOARD_CRM_PORT", ports.crm),
    ):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                raise ApplicationError(
                    f"Port {port} is taken. Stop what runs there, or choose another: "
                    f"{variable}={port + 100}"
                )


def _configure(
    deployment: Deployment,
    aws: Ministack,
    crm: RunningCrm,
    ecs_url: str,
    ecs_key: str,
    documents: dict[str, dict[str, Any]],
) -> str:
    """What an operator does once after deploying: secrets, a key for each caller, publishing."""
    bare = Target(tables=deployment.tables, region=deployment.region, endpoint=aws.endpoint)
    manager = bare.client("secretsmanager")
    for name, values in (
        (f"connectors/{crm.connector_id}", crm.connector_secrets()),
        ("ecs", {"api_key": ecs_key}),
    ):
        manager.create_secret(Name=f"{_STACK_NAME}/{name}", SecretString=json.dumps(values))
    _fit(documents, crm, deployment.api_url, ecs_url)
    note = "fitted to this machine, open at any hour"
    publish(bare, documents, now=datetime.now(UTC), by="make run", note=note)
    return create_key(bare, "ecs-emulator", _ROUTES)


def _fit(documents: dict[str, dict[str, Any]], crm: RunningCrm, api_url: str, ecs_url: str) -> None:
    """Put this machine's addresses and the chosen CRM into the configuration.

    Calls are taken and made at any hour here: they ring in an emulator, and the story must play at
    night.
    """
    use = {"use": crm.connector_id, "settings": crm.connector_settings()}
    documents["connectors"] = compiled_connectors(
        {"format": "connectors/1", "connectors": [use]}, CONFIG
    )
    documents["lookup"].update(connectors=[crm.connector_id], desk_base_url=api_url)
    for profile in documents["posting"]["profiles"]:
        profile.update(connector=crm.connector_id)
    documents["ecs"]["profile"]["settings"]["base"] = ecs_url
    documents["routing"] = open_at_any_hour(documents["routing"])
    week = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    documents["contact_policy"].update(
        opens="00:00", closes="24:00", weekdays=week, max_attempts_per_day=100
    )


def _introduce(target: Target, crm: RunningCrm) -> None:
    """Tell the contact centre and the CRM where Switchboard is."""
    answer = requests.put(
        f"{target.ecs_url}/emulator/stack",
        json={"base_url": target.api_url, "key": target.key},
        timeout=10,
    )
    answer.raise_for_status()
    crm.point_webhook_at(f"{target.api_url}/v1/webhooks/{crm.connector_id}")
