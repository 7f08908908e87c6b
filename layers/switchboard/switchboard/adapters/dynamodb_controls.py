"""Switches and the do-not-pair list: one item of the table Config.

routing-controls  all of it as JSON, packed because every worker reads it again and again, and a
                  revision that each change counts up

Somebody may write into the table by hand, and another release what this one does not know: what
cannot be read is `StateUnreadable`, and until it is mended the last good copy serves.
"""

import base64
import gzip
import math
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from switchboard.adapters.documents import controls_text, read_controls
from switchboard.adapters.dynamodb_table import DynamoDbTable, Update
from switchboard.adapters.items import Item
from switchboard.adapters.last_good import LastGoodCopies, Lifetime
from switchboard.domain.routing_controls import ControlsRefused, RoutingControls
from switchboard.errors import StateBusy, StateUnreadable

_ID: Final = "routing-controls"
# Several times what a full list of ordinary pairs takes. An item may have 400 KB: the rest leaves
# room, so that a switch can be flipped whatever the list holds.
_ROOM_FOR_PAIRS_BYTES: Final = 150_000
_MOST_TRIES: Final = 10
_NONSENSE: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RecursionError,
    OSError,
    EOFError,
    zlib.error,
)


class DynamoDbRoutingControls:
    """Keeps the promises of `RoutingControlsStore`; a change is seen within `max_age_s`.

    While DynamoDB fails, the last good copy goes on being served, and its switches still expire.
    `report` hears once of what cannot be read, until it can be read again.
    """

    def __init__(
        self,
        table: DynamoDbTable,
        *,
        max_age_s: float = 10,
        clock: Callable[[], float] = time.time,
        report: Callable[[StateUnreadable], None] = lambda _: None,
    ) -> None:
        self._table = table
        self._report = report
        self._is_reported = False
        lifetime = Lifetime(fresh_s=max_age_s, usable_s=math.inf)
        self._copies: LastGoodCopies[RoutingControls] = LastGoodCopies(
            lambda _: lifetime, clock=clock
        )

    def current(self) -> RoutingControls:
        return self._copies.get(_ID, self._load)

    def change(self, change: Callable[[RoutingControls], RoutingControls]) -> RoutingControls:
        """Raises: ControlsRefused when there is no room for more pairs, StateBusy, and
        StateUnreadable, because a change would lose what stands there.
        """
        item = self._item()
        for _ in range(_MOST_TRIES):
            before, revision = _read(item)
            changed = change(before)
            packed = _packed(changed)
            _require_room(before, changed, packed)
            wanted: Item = {"controls": packed, "revision": revision + 1}
            with _as_unreadable():
                is_written, item = self._table.try_update(_ID, _replacing(item, wanted))
            # After a lost answer the SDK writes again and meets what it wrote itself.
            if is_written or item.items() >= wanted.items():
                self._copies.forget(_ID)
                return changed
        raise StateBusy("others change switches or the do-not-pair list; try again")

    def begin_anew(self, change: Callable[[RoutingControls], RoutingControls]) -> RoutingControls:
        """Put a change of nothing in the place of what cannot be read, which is gone then.

        Raises: ControlsRefused when it can be read.
        """
        try:
            _read(self._item())
        except StateUnreadable:
            change(RoutingControls())  # may refuse, while nothing is gone yet
            self._table.delete(_ID)
            return self.change(change)
        raise ControlsRefused("What stands there can be read, and nothing was changed.")

    def _load(self) -> RoutingControls:
        try:
            # Half the price for what is a moment older: every worker reads it again and again.
            controls, _ = _read(self._item(consistent=False))
        except StateUnreadable as error:
            if not self._is_reported:
                self._report(error)
            self._is_reported = True
            raise
        self._is_reported = False
        return controls

    def _item(self, *, consistent: bool = True) -> Item:
        with _as_unreadable():
            return self._table.get(_ID, consistent=consistent) or {}


def _read(item: Item) -> tuple[RoutingControls, int]:
    """With its revision. Raises: StateUnreadable."""
    if not item:
        return RoutingControls(), 0
    with _as_unreadable():
        text = gzip.decompress(base64.b64decode(str(item["controls"]))).decode()
        return read_controls(text), int(item.get("revision", 0))


@contextmanager
def _as_unreadable() -> Iterator[None]:
    try:
        yield
    except _NONSENSE as error:
        # Not chained: its text may quote what stands there.
        raise StateUnreadable(
            "the switches and the do-not-pair list in the table Config cannot be read "
            f"({type(error).__name__}); mend the item {_ID}, or begin anew with "
            "`switchboard switch reset`"
        ) from None


def _packed(controls: RoutingControls) -> str:
    return base64.b64encode(gzip.compress(controls_text(controls).encode(), mtime=0)).decode()


def _require_room(before: RoutingControls, changed: RoutingControls, packed: str) -> None:
    is_about_pairs = changed.do_not_pair != before.do_not_pair
    removes = len(changed.do_not_pair) < len(before.do_not_pair)
    if is_about_pairs and not removes and len(packed) > _ROOM_FOR_PAIRS_BYTES:
        raise ControlsRefused("The do-not-pair list is full; remove a pair first.")


def _replacing(item: Item, wanted: Item) -> Update:
    change = Update().set(wanted)
    if "revision" not in item:
        return change.only_if_absent("revision")
    return change.only_if("revision = :seen", seen=item["revision"])
