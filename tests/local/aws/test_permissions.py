"""A function may do what its own policy in the template allows, and no more."""

import pytest

from tests.local.aws.conftest import Stack

pytestmark = pytest.mark.stack

LOOKUP = "/v1/arrivals/lookup"
TRIGGER = "/v1/triggers/interaction-ends"
REQUEST = "/v1/outbound-requests"
CONTROL = "/v1/calls/1/hold"
DESK = "/desk/token"


@pytest.mark.parametrize(
    ("path", "do", "table"),
    [
        (LOOKUP, "get", "Lookups"),
        (LOOKUP, "put", "Coordination"),
        (TRIGGER, "get", "Interactions"),
        (REQUEST, "put", "Outbound"),
        (CONTROL, "put", "Coordination"),
        (DESK, "get", "Interactions"),
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
    ],
)
def test_anything_else_is_denied(stack: Stack, path: str, do: str, table: str) -> None:
    answer = stack.call(path, do=do, on=stack.deployment.tables[table])

    assert answer.body["outcome"] == "AccessDeniedException"


def test_a_function_sends_to_its_own_queue_only(stack: Stack) -> None:
    own, other = (stack.deployment.queues[name] for name in ("PostingQueue", "DialingQueue"))

    assert stack.call(TRIGGER, do="send", on=own).body["outcome"] == "allowed"
    assert "AccessDenied" in stack.call(TRIGGER, do="send", on=other).body["outcome"]


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
