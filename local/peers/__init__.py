"""Real applications that nobody here wrote, run on this machine to stand in for a CRM.

Each has a module with `start(home, port, say)`, which gives a `RunningCrm`. Switchboard meets them
as it meets any CRM: through their own API, a connector file, and the webhooks they send.
"""

from dataclasses import dataclass, field
from typing import Protocol, Self

HOST = "127.0.0.1"


class ApplicationError(Exception):
    """The application cannot be started or does not do as asked; the text says what to do."""


@dataclass(frozen=True, slots=True)
class SeededCustomer:
    """The fictional customer of the story, as the application now knows her."""

    id: str
    name: str
    e164: str = field(repr=False)
    email: str = field(repr=False)


class RunningCrm(Protocol):
    """An application that is up. Leaving the `with` block stops it; its data stay."""

    @property
    def base_url(self) -> str:
        """Where its API is, without a slash at the end."""

    @property
    def page_url(self) -> str:
        """What a person opens in a browser; empty when it brings no pages of its own."""

    @property
    def connector_id(self) -> str: ...

    def connector_settings(self) -> dict[str, str]: ...

    def connector_secrets(self) -> dict[str, str]:
        """What the connector's secret holds, `hook_secret` among it."""

    def seed(self) -> SeededCustomer:
        """Ada Byron, and others who must not be mistaken for her. Repeating it changes nothing."""

    def point_webhook_at(self, url: str) -> None:
        """From now on signed webhooks go there; before this, nowhere."""

    def ask_for_call_back(self, customer: SeededCustomer) -> None:
        """Set the status a person would set. The application itself sends the webhook, soon."""

    def activities(self, customer: SeededCustomer) -> list[str]:
        """What its own API says was noted on the customer, newest first, as lines to read."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *reason: object) -> None: ...
