"""The layer as it is really built, with the locked dependencies."""

import subprocess
from pathlib import Path

import pytest

from local.aws.layer import RECIPE, ensure_layer, with_installer
from local.venvs import stack_python

pytestmark = pytest.mark.stack


def test_every_service_we_use_loads_from_the_trimmed_layer(home: Path) -> None:
    folder = ensure_layer(home).parent / "python"
    script = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "import boto3, pydantic, requests, jmespath, phonenumbers, switchboard\n"
        "from aws_lambda_powertools import Logger, Metrics\n"
        "for name in ('dynamodb', 'kms', 's3', 'secretsmanager', 'sqs'):\n"
        "    boto3.client(name, region_name='eu-central-1')\n"
        "for module in (boto3, pydantic, requests, switchboard):\n"
        f"    assert module.__file__.startswith({str(folder)!r}), module\n"
    )

    done = subprocess.run(
        [stack_python(home), "-c", script], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""


def test_the_layer_for_lambda_holds_arm64_code_and_is_small_enough(
    home: Path, tmp_path: Path
) -> None:
    command = [str(stack_python(home)), str(RECIPE), "--platform", "arm64"]

    done = subprocess.run(
        [*command, "--out", str(tmp_path), "--cache", str(home / "layers" / "cache")],
        capture_output=True,
        text=True,
        check=False,
        env=with_installer(),
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("layer: ")
    compiled = [file.name for file in tmp_path.rglob("*.so")]
    assert compiled
    assert all("aarch64" in name for name in compiled)
