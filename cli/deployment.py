"""Which Switchboard a command talks to: a stack in AWS, or the one that runs on this machine."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError

# Relative: the commands speak with the Switchboard that runs from the folder they are typed in.
RUN_FILE: Final = Path(".local/run.json")


@dataclass(frozen=True)
class Target:
    """Where one Switchboard is. `endpoint` is empty in AWS; the addresses are local only.

    `queues` are the addresses of its queues by their names, `PostingDeadLetters` among them;
    `aside` is the bucket of what was spilled and refused.
    """

    tables: dict[str, str]
    region: str = "us-east-1"
    endpoint: str = ""
    api_url: str = ""
    ecs_url: str = ""
    crm_url: str = ""
    key: str = field(default="", repr=False)
    queues: dict[str, str] = field(default_factory=dict)
    aside: str = ""

    def client(self, service: str) -> Any:
        """A client of an AWS service; on this machine with the emulator's made-up credentials."""
        if not self.endpoint:
            return boto3.client(service, region_name=self.region)  # type: ignore[call-overload]
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106  the local emulator's, not a secret
        )

    def save(self, file: Path = RUN_FILE) -> None:
        """Let other commands find this running Switchboard; readable by its owner only."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def local_target(file: Path = RUN_FILE) -> Target:
    """The Switchboard that `make run` keeps up on this machine."""
    try:
        return Target(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        typer.secho("No Switchboard runs here. Start one with `make run`.", fg="red", err=True)
        raise typer.Exit(2) from None


def target(stack: str | None) -> Target:
    """A deployed stack by name, or without a name the local one."""
    if not stack:
        return local_target()
    session = boto3.Session()
    try:
        found = session.client("cloudformation").describe_stacks(StackName=stack)
    except (BotoCoreError, ClientError) as error:
        typer.secho(f"Cannot find the stack {stack}: {error}", fg="red", err=True)
        typer.secho("Set AWS_REGION and credentials as for `make deploy`.", fg="red", err=True)
        raise typer.Exit(2) from None
    described = found["Stacks"][0]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}
    return Target(
        tables={
            name.removesuffix("Table"): value
            for name, value in outputs.items()
            if name.endswith("Table")
        },
        region=str(session.region_name),
        api_url=outputs.get("ApiUrl", ""),
        queues={
            name.removesuffix("Url"): value
            for name, value in outputs.items()
            if name.endswith(("QueueUrl", "LettersUrl"))
        },
        aside=outputs.get("AsideBucket", ""),
    )
