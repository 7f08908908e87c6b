"""Switches and the do-not-pair list: one item of the table Config.

routing-controls  all of it as JSON, packed because every worker reads it again and again, and a
                  revision that each change counts up
"""

import base64
import gzip
import math
import time
from collections.abc import Callable
from typing import Final

from switchboard.adapters.documents import controls_text, read_controls
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item
from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.domain.routing_controls import ControlsRefused, RoutingControls
from switchboard.errors import StateBusy

_ID: Final = "routing-controls"
# Several times what a full list of ordinary pairs takes. An item may have 400 KB: the rest leaves
# room, so that a switch can be flipped whatever the list holds.
_ROOM_FOR_PAIRS_BYTES: Final = 150_000
_MOST_TRIES: Final = 10


class DynamoDbRoutingControls:
    """Keeps the promises of `RoutingControlsStore`; a change is seen within `max_age_s`.

    While DynamoDB fails, the last good copy goes on being served, and its switches still expire.
    """

    def __init__(
        self,
        table: DynamoDbTable,
        *,
        max_age_s: float = 10,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        lifetime = Lifetime(fresh_s=max_age_s, usable_s=math.inf)
        self._copies: LastGoodCopies[RoutingControls] = LastGoodCopies(
            lambda _: lifetime, clock=clock
        )

    def current(self) -> RoutingControls:
        # Half the price for what is a moment older: every worker reads it again and again.
        return self._copies.get(_ID, lambda: _read(self._table.get(_ID, consistent=False)))

    def change(self, change: Callable[[RoutingControls], RoutingControls]) -> RoutingControls:
        """Raises: ControlsRefused when there is no room for more pairs, StateBusy."""
        item = self._table.get(_ID) or {}
        for _ in range(_MOST_TRIES):
            before = _read(item)
            changed = change(before)
            packed = _packed(changed)
            _require_room(before, changed, packed)
            wanted: Item = {"controls": packed, "revision": int(item.get("revision", 0)) + 1}
            is_written, item = self._table.try_update(_ID, _replacing(item, wanted))
            # After a lost answer the SDK writes again and meets what it wrote itself.
            if is_written or item.items() >= wanted.items():
                self._copies.forget(_ID)
                return changed
        raise StateBusy("others change switches or the do-not-pair list; try again")


def _read(item: Item | None) -> RoutingControls:
    if not item:
        return RoutingControls()
    return read_controls(gzip.decompress(base64.b64decode(str(item["controls"]))).decode())


def _packed(controls: RoutingControls) -> str:
    return base64.b64encode(gzip.compress(controls_text(controls).encode(), mtime=0)).decode()


def _require_room(before: RoutingControls, changed: RoutingControls, packed: str) -> None:
    is_about_pairs = changed.do_not_pair != before.do_not_pair
    removes = len(changed.do_not_pair) < len(before.do_not_pair)
    if is_about_pairs and not removes and len(packed) > _ROOM_FOR_PAIRS_BYTES:
        raise ControlsRefused("The do-not-pair list is full; remove a pair first.")


def _replacing(item: Item, wanted: Item) -> Update:
    change = Update().set(wanted)
    if not item:
        return change.only_if_absent("revision")
    return change.only_if("revision = :seen", seen=int(item["revision"]))
