"""boto3 clients for the local AWS, as the account's owner."""

from typing import Any

import boto3
from botocore.config import Config

from local.aws.ministack import REGION


def client(endpoint: str, service: str) -> Any:
    """Return a client of one service behind `endpoint`, whatever this shell's AWS profile is.

    Any: the development environment carries type stubs for the three services the package uses,
    not for the seven this folder deploys with.
    """
    return boto3.client(
        service,  # type: ignore[call-overload]  # a name that is only known at run time
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106  # MiniStack's fixed owner, no secret
        config=Config(
            s3={"addressing_style": "path"},
            retries={"max_attempts": 1},
            connect_timeout=5,
            read_timeout=60,
        ),
    )
