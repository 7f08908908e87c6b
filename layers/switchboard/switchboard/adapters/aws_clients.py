"""Clients of AWS, from botocore itself.

boto3 adds resources, transfers and their files, none of which a client needs; its import and its
session are a tenth of a cold start: docs/decisions/0020-cold-start.md.
"""

import functools
from typing import TYPE_CHECKING, Any

import botocore.session

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.session import Session


@functools.cache
def aws_session() -> "Session":
    """The process's only one: what it has read of service descriptions serves every client."""
    return botocore.session.get_session()


def aws_client(service: str, *, config: "Config") -> Any:
    """A client of the service, as the environment says where and as whom."""
    return aws_session().create_client(service, config=config)
