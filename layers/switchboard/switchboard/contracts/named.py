"""Contracts by name. A function that starts while a caller waits says which contracts it keeps
without loading them, because pydantic takes longer to start than the rest of the function."""

from importlib import import_module
from typing import Any


def contract_named(said: Any) -> Any:
    """The contract of a name such as `ecs.Arrival`; anything but text is what it stands for."""
    if not isinstance(said, str):
        return said
    module, _, name = said.rpartition(".")
    return getattr(import_module(f"switchboard.contracts.{module}"), name)
