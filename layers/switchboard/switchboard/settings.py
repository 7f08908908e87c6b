"""What the deployment tells a function: its environment, read by name when it is needed."""

import os


def required(name: str) -> str:
    """The value of an environment variable that the template sets.

    Raises: KeyError, naming it: a function without it is deployed wrongly, so it fails loudly.
    """
    return os.environ[name]


def is_somebody_waiting() -> bool:
    """Whether this function answers while a person is on the line."""
    return os.environ.get("SOMEBODY_WAITS") == "true"


def is_ecs_waiting() -> bool:
    """Whether ECS waits for this function's answer, for a time that nobody documents."""
    return os.environ.get("ECS_WAITS") == "true"


def is_being_initialised_by_lambda() -> bool:
    """Whether Lambda starts this process; on a desk and in tests nothing is built ahead.

    Source: AWS Lambda, "Defined runtime environment variables".
    """
    return "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ


def allows_loopback() -> bool:
    """Whether systems on this machine may be reached, as in the local stack. Never on AWS."""
    return os.environ.get("SWITCHBOARD_ALLOW_LOOPBACK") == "yes"


def private_networks() -> tuple[str, ...]:
    """Networks in which this deployment has CRMs of its own, written like 10.20.0.0/16."""
    return tuple(os.environ.get("SWITCHBOARD_PRIVATE_NETWORKS", "").replace(",", " ").split())
