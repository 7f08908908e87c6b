"""What a person sees of a method while it runs: which steps ran, and what expressions made.

Nobody watches in production; `switchboard connector call` does.
"""

from typing import Any, Protocol


class Watcher(Protocol):
    """Hears of decisions and mappings, in their order."""

    def decided(self, step: str, condition: str, expression: str, *, held: bool) -> None:
        """A step's `when`, `expects` or `stop_when` was asked."""

    def mapped(self, method: str, expression: str, value: Any) -> None:
        """A `map` made a value."""


class Nobody:
    """Watches nothing."""

    def decided(self, step: str, condition: str, expression: str, *, held: bool) -> None:
        pass

    def mapped(self, method: str, expression: str, value: Any) -> None:
        pass
