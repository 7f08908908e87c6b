"""Switches and the do-not-pair list in memory."""

from collections.abc import Callable

from switchboard.domain.routing_controls import RoutingControls
from tests.fakes.outage import InMemoryStore


class InMemoryRoutingControls(InMemoryStore):
    """Keeps the promises of `RoutingControlsStore`, always with the latest."""

    def __init__(self) -> None:
        super().__init__()
        self._controls = RoutingControls()

    def current(self) -> RoutingControls:
        with self._reached():
            return self._controls

    def change(self, change: Callable[[RoutingControls], RoutingControls]) -> RoutingControls:
        with self._reached():
            self._controls = change(self._controls)
            return self._controls
