"""What each function may do in AWS, as its policy in template.yaml says: moto lets everybody do
everything, so a right that is missing would only be missed on AWS."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from tests.contracts.template_rules import as_list, statements
from tests.integration import template

# Operations that are called otherwise in policies.
_ACTIONS: Final = {
    "ListObjectsV2": "ListBucket",
    "SendMessageBatch": "SendMessage",
}
_ANY_SUFFIX: Final = "-??????"
_JOB: Final = "_switchboard_job"


class Rights:
    """Refuses, as AWS would, what the policy of the function that runs does not allow.

    `denied` tells of it: a function may well survive a refusal, and be the worse for it. Work that
    a function left behind goes on beside the next one; its clients are known by their first use.
    """

    def __init__(self) -> None:
        self.denied: list[str] = []

    @contextmanager
    def of(self, job: str) -> Iterator[None]:
        call = BaseClient._make_api_call  # type: ignore[attr-defined]

        def within_rights(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
            # The authorizer uses the clients of the function that it stands before.
            whose = job
            if job != "authorizer":
                whose = client.__dict__.setdefault(_JOB, job)
            service = client.meta.service_model.service_name
            action = f"{service}:{_ACTIONS.get(operation, operation)}"
            for resource in filter(_is_there, _resources(service, arguments)):
                if not _is_allowed(whose, action, resource, arguments):
                    self.denied.append(f"{whose}: {action} of {resource}")
                    raise ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)
            return call(client, operation, arguments)

        with patch.object(BaseClient, "_make_api_call", within_rights):
            yield


def _resources(service: str, arguments: Mapping[str, Any]) -> Iterator[str]:
    match service:
        case "dynamodb" if "RequestItems" in arguments:
            yield from arguments["RequestItems"]
        case "dynamodb":
            index = arguments.get("IndexName")
            yield f"{arguments['TableName']}/index/{index}" if index else arguments["TableName"]
        case "s3":
            key = arguments.get("Key")
            yield f"{arguments['Bucket']}/{key}" if key else arguments["Bucket"]
        case "sqs":
            yield arguments["QueueUrl"].rpartition("/")[2]
        case "secretsmanager":
            yield f"{arguments['SecretId']}{_ANY_SUFFIX}"
        case _:
            yield service


def _is_there(resource: str) -> bool:
    """Of what is not there, as tests have it, AWS says so before anything else."""
    return resource.partition("/")[0] in _names()


@cache
def _names() -> frozenset[str]:
    resources = template.template()["Resources"]
    return frozenset({*resources, *template.BUCKETS.values(), template.STACK_NAME})


def _is_allowed(job: str, action: str, resource: str, arguments: Mapping[str, Any]) -> bool:
    return any(
        action in actions
        and any(fnmatchcase(resource, name) for name in names)
        and _holds(condition, arguments)
        for actions, names, condition in _policy(job)
    )


@cache
def _policy(job: str) -> list[tuple[list[str], list[str], dict[str, Any]]]:
    """Of each statement: actions, resources as they are called here, conditions."""
    return [
        (
            as_list(one["Action"]),
            [_named(resource) for resource in as_list(one["Resource"])],
            one.get("Condition", {}),
        )
        for one in statements(template.jobs()[job])
    ]


def _holds(condition: Mapping[str, Any], arguments: Mapping[str, Any]) -> bool:
    """Whether what is asked for begins as the policy says; of a key, its first part."""
    asked = arguments.get("Prefix", "")
    for name in ("Key", "Item"):
        if isinstance(item := arguments.get(name), dict):
            asked = item["id"]["S"]
    allowed = [one for values in condition.values() for v in values.values() for one in as_list(v)]
    return not condition or any(fnmatchcase(asked, one) for one in allowed)


def _named(resource: Any) -> str:
    """A resource of the template as it is called here."""
    (written,) = resource.values() if isinstance(resource, dict) else (resource,)
    text = str(as_list(written)[0])
    text = re.sub(r"\$\{(\w+)\.Arn\}", r"\1", text).rpartition(":secret:")[2]
    text = text.replace("${AWS::StackName}", template.STACK_NAME)
    logical, slash, rest = text.partition("/")
    return f"{template.BUCKETS.get(logical, logical)}{slash}{rest}"
