"""What the deployment tells a function: its environment, read by name when it is needed."""

import os
from typing import Final

# Longest answers ECS waits for are its own setting; ours only has to be shorter.
DEFAULT_STAGE: Final = "dev"


def required(name: str) -> str:
    """The value of an environment variable that the template sets.

    Raises: KeyError, naming it: a function without it is deployed wrongly, so it fails loudly.
    """
    return os.environ[name]


def stage() -> str:
    return os.environ.get("STAGE", DEFAULT_STAGE)
