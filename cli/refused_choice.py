"""What lies in the second place, and which of it a command means."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from cli.deployment import Target
from switchboard.adapters.s3_aside import S3KeptAside
from switchboard.domain.interaction import TriggerKind
from switchboard.errors import Misconfigured, NotFound
from switchboard.ports import Aside, KeptAside

# More than this is no mistake of single requests, and is mended in ECS.
MOST: Final = 100_000
_SHORTEST_NAME: Final = 4

Event = Annotated[TriggerKind | None, typer.Option(help="Only of this trigger.")]
Code = Annotated[str | None, typer.Option(help="Only refused so: conflict, malformed_request …")]
Since = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], help="Only what came at this moment, UTC, or later."
    ),
]


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody asked for; what is left open is anything."""

    event: str | None = None
    code: str | None = None
    since: datetime | None = None

    @property
    def is_open(self) -> bool:
        return not (self.event or self.code or self.since)

    def means(self, one: Aside) -> bool:
        event, code, _ = words_about(one)
        return (
            self.event in {None, event}
            and self.code in {None, code}
            and (self.since is None or one.at >= self.since.replace(tzinfo=UTC))
        )


def words_about(one: Aside) -> tuple[str, str, str]:
    """The event, why it lies there, and the id of its request."""
    event, code, request_id, *_ = (*one.about, "", "", "")
    return event, code, request_id


def place_of(where: Target) -> KeptAside:
    """Raises: Misconfigured."""
    if not where.aside:
        raise Misconfigured("This Switchboard was deployed before there was a place for them.")
    return S3KeptAside(where.client("s3"), where.aside)


def named(found: Sequence[Aside], name: str) -> Aside:
    """The one of this name, or of the only name that begins so. Raises: NotFound."""
    meant = [one for one in found if one.token == name]
    if not meant and len(name) >= _SHORTEST_NAME:
        meant = [one for one in found if one.token.startswith(name)]
    if len(meant) != 1:
        raise NotFound(f"{'Several are' if meant else 'Nothing refused is'} called {name}.")
    return meant[0]
