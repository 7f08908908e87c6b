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
