"""A function may do what its own policy in the template allows, and no more."""

import json

import pytest

from tests.local.aws.conftest import Stack

pytestmark = pytest.mark.stack

LOOKUP = "/v1/arrivals/lookup"
TRIGGER = "/v1/triggers/interaction-ends"
REQUEST = "/v1/outbound-requests"
CONTROL = "/v1/calls/1/hold"
DESK = "/desk/token"
REPORT = "/v1/interactions/1"


@pytest.mark.parametrize(
    ("path", "do", "table"),
    [
        (LOOKUP, "get", "Lookups"),
        (LOOKUP, "put", "Coordination"),
        (TRIGGER, "get", "Interactions"),
        (REQUEST, "put", "Outbound"),
        (CONTROL, "put", "Coordination"),
        (DESK, "get", "Interactions"),
        (REPORT, "get", "Interactions"),
    ],
)
def test_what_a_function_needs_is_allowed(stack: Stack, path: str, do: str, table: str) -> None:
    answer = stack.call(path, do=do, on=stack.deployment.tables[table])

    assert answer.body["outcome"] == "allowed"


@pytest.mark.parametrize(
    ("path", "do", "table"),
    [
        (LOOKUP, "get", "Interactions"),
        (LOOKUP, "put", "Interactions"),
        (LOOKUP, "put", "Config"),
        (LOOKUP, "scan", "Lookups"),
        (LOOKUP, "get", "Outbound"),
        (TRIGGER, "get", "Lookups"),
        (CONTROL, "put", "Interactions"),
        (DESK, "put", "Interactions"),
        (DESK, "get", "Outbound"),
        (REPORT, "put", "Interactions"),
        (REPORT, "scan", "Interactions"),
        (REPORT, "get", "Outbound"),
    ],
)
def test_anything_else_is_denied(stack: Stack, path: str, do: str, table: str) -> None:
    answer = stack.call(path, do=do, on=stack.deployment.tables[table])

    assert answer.body["outcome"] == "AccessDeniedException"


@pytest.mark.parametrize("do", ["send", "send_many"])
def test_a_function_sends_to_its_own_queue_only(stack: Stack, do: str) -> None:
    own, other = (stack.deployment.queues[name] for name in ("PostingQueue", "DialingQueue"))

    assert stack.call(TRIGGER, do=do, on=own).body["outcome"] == "allowed"
    assert "AccessDenied" in stack.call(TRIGGER, do=do, on=other).body["outcome"]


@pytest.mark.parametrize("kind", ["spill", "refused"])
def test_intake_puts_aside_and_reads_nothing_back(stack: Stack, kind: str) -> None:
    s3, bucket = stack.client("s3"), stack.deployment.aside
    address = f"{bucket}/{kind}/2026-11-23/one"

    assert stack.call(TRIGGER, do="put-object", on=address).body["outcome"] == "allowed"
    assert s3.get_object(Bucket=bucket, Key=f"{kind}/2026-11-23/one")["Body"].read() == b"kept"
    for forbidden in ("get-object", "delete-object", "list-objects"):
        denied = stack.call(TRIGGER, do=forbidden, on=address).body["outcome"]
        assert denied.startswith("AccessDenied"), forbidden


@pytest.mark.parametrize("path", [LOOKUP, DESK, REQUEST])
def test_nobody_else_comes_near_what_was_put_aside(stack: Stack, path: str) -> None:
    address = f"{stack.deployment.aside}/spill/2026-11-23/one"

    for forbidden in ("put-object", "get-object", "list-objects"):
        denied = stack.call(path, do=forbidden, on=address).body["outcome"]
        assert denied.startswith("AccessDenied"), forbidden


def as_the_sweeper(stack: Stack, do: str, on: str) -> str:
    query = {"do": do, "on": f"{stack.deployment.aside}/{on}"}
    event = {"requestContext": {"requestId": "r-1"}, "queryStringParameters": query}
    answer = stack.client("lambda").invoke(
        FunctionName=stack.deployment.functions["sweeper"], Payload=json.dumps(event)
    )
    body = json.loads(json.load(answer["Payload"])["body"])
    return str(body["outcome"])


def test_the_sweeper_takes_back_and_moves_to_the_refused_and_reads_nothing_there(
    stack: Stack,
) -> None:
    s3, bucket = stack.client("s3"), stack.deployment.aside
    s3.put_object(Bucket=bucket, Key="spill/one", Body=b"spilled")

    for do, on in (
        ("list-objects", "spill/"),
        ("get-object", "spill/one"),
        ("put-object", "refused/one"),
        ("delete-object", "spill/one"),
    ):
        assert as_the_sweeper(stack, do, on) == "allowed", do
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix="spill/one")
    for do, on in (
        ("list-objects", "refused/"),
        ("get-object", "refused/one"),
        ("delete-object", "refused/one"),
        ("put-object", "spill/one"),
    ):
        assert as_the_sweeper(stack, do, on).startswith("AccessDenied"), (do, on)


def test_intake_puts_nothing_beside_the_two_places(stack: Stack) -> None:
    for elsewhere in (f"{stack.deployment.aside}/other/one", "switchboard-artifacts/spill/one"):
        denied = stack.call(TRIGGER, do="put-object", on=elsewhere).body["outcome"]
        assert denied.startswith("AccessDenied"), elsewhere


def test_the_desk_reads_the_link_secret_and_no_other(stack: Stack) -> None:
    secrets = stack.client("secretsmanager")
    for name in ("switchboard/ecs", "switchboard/connectors/sandbox"):
        secrets.create_secret(Name=name, SecretString="{}")
    try:
        assert (
            stack.call(DESK, do="secret", on="switchboard/desk-link").body["outcome"] == "allowed"
        )
        for forbidden in ("switchboard/ecs", "switchboard/connectors/sandbox"):
            denied = stack.call(DESK, do="secret", on=forbidden).body["outcome"]
            assert denied == "AccessDeniedException"
        allowed = stack.call(LOOKUP, do="secret", on="switchboard/connectors/sandbox")
        assert allowed.body["outcome"] == "allowed"
    finally:
        for name in ("switchboard/ecs", "switchboard/connectors/sandbox"):
            secrets.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
