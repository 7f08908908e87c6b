"""Deploy the unchanged template into the local AWS.

Safe to repeat: a second time updates the stack and its routes.
"""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws import routes
from local.aws.clients import client
from local.aws.ministack import ACCOUNT, REGION, Ministack, StackError
from local.aws.package import BUCKET, package, read_template

STACK_TIMEOUT_S = 60.0
TABLES = ("Interactions", "Lookups", "Outbound", "Config", "Coordination")
ASIDE = "Aside"
QUEUES = ("PostingQueue", "PostingDeadLetters", "DialingQueue", "DialingDeadLetters")


@dataclass(frozen=True)
class Deployment:
    """Where everything of one deployed stack is."""

    stack_name: str
    api_url: str
    tables: dict[str, str]
    queues: dict[str, str]
    functions: dict[str, str]
    aside: str
    region: str
    account: str


def deploy(
    aws: Ministack, *, template: Path, layer: Path, stack_name: str = "switchboard"
) -> Deployment:
    """Create or update the stack and its routes, and say where it is.

    Raises: StackError with the resources that failed.
    """
    key = package(
        read_template(template),
        root=template.parent,
        layer=layer,
        s3=client(aws.endpoint, "s3"),
    )
    formation = client(aws.endpoint, "cloudformation")
    create_or_update(formation, stack_name, f"{aws.endpoint}/{BUCKET}/{key}")
    wait_until_settled(formation, stack_name)
    make_concurrency_a_number(client(aws.endpoint, "lambda"))
    allow_plain_http(client(aws.endpoint, "sqs"))
    allow_batches(client(aws.endpoint, "iam"))
    physical = physical_ids(formation, stack_name)
    client(aws.endpoint, "s3").delete_bucket_policy(Bucket=physical[ASIDE])  # for the same reason
    create_routes(aws, formation, stack_name)
    return describe(aws, stack_name)


def create_or_update(formation: Any, stack_name: str, template_url: str) -> None:
    """Ask CloudFormation for the stack as the template describes it."""
    asked = {
        "StackName": stack_name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": "Stage", "ParameterValue": "local"},
            {"ParameterKey": "AllowLoopback", "ParameterValue": "yes"},
        ],
    }
    try:
        formation.create_stack(**asked)
    except formation.exceptions.AlreadyExistsException:
        update(formation, asked)


def update(formation: Any, asked: dict[str, Any]) -> None:
    """Update the stack; nothing to change is no failure."""
    try:
        formation.update_stack(**asked)
    except formation.exceptions.ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def wait_until_settled(formation: Any, stack_name: str) -> None:
    """Return when CloudFormation is done; raise StackError when it failed."""
    give_up_at = time.monotonic() + STACK_TIMEOUT_S
    while True:
        stack = formation.describe_stacks(StackName=stack_name)["Stacks"][0]
        status = stack["StackStatus"]
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if not status.endswith("_IN_PROGRESS") or time.monotonic() > give_up_at:
            raise StackError(f"{status}\n{failures(formation, stack_name)}")
        time.sleep(0.05)


def failures(formation: Any, stack_name: str) -> str:
    """Return what CloudFormation says about the resources that failed."""
    events = formation.describe_stack_events(StackName=stack_name)["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
        for event in events
        if event["ResourceStatus"].endswith("_FAILED")
    )


def make_concurrency_a_number(functions: Any) -> None:
    """Write each mapping's MaximumConcurrency again, as the number it is.

    A `Number` parameter reaches MiniStack 1.5's mappings as text, and its poller, which serves
    all queues, then stops at comparing the two.
    """
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        scaling = mapping.get("ScalingConfig", {})
        if "MaximumConcurrency" in scaling:
            functions.update_event_source_mapping(
                UUID=mapping["UUID"],
                ScalingConfig={"MaximumConcurrency": int(scaling["MaximumConcurrency"])},
            )


def allow_plain_http(queues: Any) -> None:
    """Take the queues' policies away again: they refuse plain HTTP, which is what loopback speaks.

    MiniStack obeys them as AWS would, so without this no function could send, and not even the
    owner may lift them: we come as a proxy that ended TLS would.
    """
    queues.meta.events.register("before-sign.sqs", say_tls_ended_before_us)
    for url in queues.list_queues().get("QueueUrls", []):
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def allow_batches(iam: Any) -> None:
    """Let whoever may send one message send several at once, as on AWS, where it is one right.

    MiniStack 1.5 asks for a right called `sqs:SendMessageBatch`, which AWS does not have.
    """
    for role in (each["RoleName"] for each in iam.list_roles()["Roles"]):
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            if with_batches(policy):
                iam.put_role_policy(
                    RoleName=role, PolicyName=name, PolicyDocument=json.dumps(policy)
                )


def with_batches(policy: dict[str, Any]) -> bool:
    """Add the right to the statements that allow sending; say whether there was one."""
    told = policy["Statement"]
    statements = told if isinstance(told, list) else [told]
    found = False
    for statement in statements:
        actions = statement.get("Action", [])
        actions = actions if isinstance(actions, list) else [actions]
        if "sqs:SendMessage" in actions:
            statement["Action"] = sorted({*actions, "sqs:SendMessageBatch"})
            found = True
    return found


def say_tls_ended_before_us(request: Any, **_event: object) -> None:
    """Mark one request as having come over TLS."""
    request.headers["X-Forwarded-Proto"] = "https"


def create_routes(aws: Ministack, formation: Any, stack_name: str) -> None:
    """Give the stack's HTTP API the routes its template describes."""
    processed = formation.get_template(StackName=stack_name, TemplateStage="Processed")
    template = processed["TemplateBody"]
    resources = (json.loads(template) if isinstance(template, str) else template)["Resources"]
    physical = physical_ids(formation, stack_name)
    arns = {
        logical: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{physical[logical]}"
        for logical, resource in resources.items()
        if resource["Type"] == "AWS::Lambda::Function"
    }
    gateway = client(aws.endpoint, "apigatewayv2")
    for logical, resource in resources.items():
        if resource["Type"] == "AWS::ApiGatewayV2::Api":
            routes.apply(gateway, physical[logical], resource["Properties"]["Body"], arns)


def physical_ids(formation: Any, stack_name: str) -> dict[str, str]:
    """Return what the template's resources are called in this stack."""
    found = formation.describe_stack_resources(StackName=stack_name)["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in found}


def describe(aws: Ministack, stack_name: str = "switchboard") -> Deployment:
    """Say where everything of a deployed stack is."""
    physical = physical_ids(client(aws.endpoint, "cloudformation"), stack_name)
    return Deployment(
        stack_name=stack_name,
        # Not the `<id>.execute-api.…` name of AWS: it does not resolve on this machine.
        api_url=f"{aws.endpoint}/_aws/execute-api/{physical['HttpApi']}/$default",
        tables={name: physical[name] for name in TABLES},
        queues={name: physical[name] for name in QUEUES},
        functions={
            job_of(logical): name
            for logical, name in physical.items()
            if re.fullmatch(r"(?!.*Role$)\w+Function", logical)
        },
        aside=physical[ASIDE],
        region=REGION,
        account=ACCOUNT,
    )


def job_of(logical_id: str) -> str:
    """Return the job behind a logical id: `ArrivalLookupFunction` is `arrival_lookup`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", logical_id.removesuffix("Function")).lower()
