"""What a function loads when it starts; a caller waits for every module."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.integration import template

# Loaded by whom else, and why not by a function that starts, stands in docs/performance.md.
NEVER: Final = (
    "aws_lambda_powertools.event_handler.middlewares.openapi_validation",
    "aws_lambda_powertools.utilities.parser",
    "aws_xray_sdk",
    "boto3",
    "cli",
    "jsonschema",
    "local",
    "moto",
    "mypy_boto3_dynamodb",
    "phonenumbers.carrier",
    "phonenumbers.geocoder",
    "phonenumbers.timezone",
    "rich",
    "s3transfer",
    "switchboard.adapters.connector.compile",
    "switchboard.adapters.connector.format",
    "switchboard.adapters.connector.lint",
    "switchboard.adapters.connector.sample_format",
    "typer",
    "unittest",
    "yaml",
)
NOT_FOR_A_LOOKUP: Final = (
    "asyncio",
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.data_classes",
    "pydantic",
    "pydantic_core",
    "switchboard.adapters.dynamodb_once",
    "switchboard.adapters.dynamodb_outbound",
    "switchboard.adapters.ecs_client",
    "switchboard.adapters.sqs_queue",
    "switchboard.contracts.answers",
    "switchboard.contracts.configuration",
    "switchboard.contracts.ecs",
    "switchboard.contracts.lookup",
    "switchboard.contracts.outbound_message",
    "switchboard.domain.posting_profile",
    "switchboard.domain.reconciliation",
    "switchboard.domain.retry_budget",
    "switchboard.edges.desk_page",
    "switchboard.edges.webhooks",
    "switchboard.use_cases.backfill",
    "switchboard.use_cases.disposition_posting",
    "switchboard.use_cases.outbound_dialing",
)
# Not before a CRM is connected, which Lambda has done ahead of the first call.
NOT_ON_A_DESK: Final = ("requests", "switchboard.adapters.rest_crm")
NOWHERE: Final = "http://127.0.0.1:9"
_AWS: Final = {
    "AWS_DEFAULT_REGION": "eu-west-2",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_ENDPOINT_URL": NOWHERE,
}
_TELL_OF_GARBAGE: Final = (
    "import app, gc, json; print(json.dumps([gc.isenabled(), gc.get_freeze_count() > 0]))"
)
_TELL: Final = "import app, json, sys; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize("job", sorted(template.jobs()))
def test_no_function_loads_what_only_people_and_tools_need(job: str) -> None:
    loaded = _loaded(job)
    assert [name for name in NEVER if name in loaded] == []


@pytest.mark.parametrize("job", ["arrival_lookup", "routing_decision"])
def test_a_function_that_a_caller_waits_for_loads_nothing_that_it_does_not_use(job: str) -> None:
    loaded = _loaded(job)
    assert [name for name in (*NOT_FOR_A_LOOKUP, *NOT_ON_A_DESK) if name in loaded] == []


@pytest.mark.parametrize("job", ["arrival_lookup", "routing_decision"])
def test_a_function_starts_although_what_it_prepares_cannot_be_had(job: str) -> None:
    loaded = _loaded(job, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"})
    assert "switchboard.adapters.rest_crm" in loaded, "it did try"
    assert [name for name in (*NEVER, *NOT_FOR_A_LOOKUP) if name in loaded] == []


@pytest.mark.parametrize("job", ["arrival_lookup", "routing_decision"])
def test_garbage_is_looked_for_again_once_a_function_has_started(job: str) -> None:
    assert _told(job, _TELL_OF_GARBAGE) == [True, True]


def _loaded(job: str, more: Mapping[str, str] | None = None) -> set[str]:
    return set(_told(job, _TELL, more))


def _told(job: str, program: str, more: Mapping[str, str] | None = None) -> list[Any]:
    """What the program says in a process that has what the function has, and nothing else."""
    path = [str(template.ROOT / "functions" / job), str(template.ROOT / "layers" / "switchboard")]
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(os.sep),
        env={
            **template.environment(job, {}),
            **_AWS,
            **(more or {}),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path),
        },
    )
    assert done.returncode == 0, done.stderr
    told: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return told
