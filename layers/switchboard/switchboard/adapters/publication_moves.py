"""How the item that says what is active becomes another one: in one write, or not at all."""

from dataclasses import dataclass
from typing import Final

from switchboard.adapters.dynamodb_table import Update
from switchboard.adapters.items import Item, utc_text
from switchboard.adapters.publication_items import (
    history_text,
    previous_text,
    read_history,
    read_previous,
    read_published,
)
from switchboard.ports import PublishedVersion

# Stands for an item into which somebody wrote what we never write.
NOT_OURS: Final[Item] = {"body_encoding": "unknown"}


@dataclass(frozen=True, slots=True)
class Move:
    """What becomes active: a version's body, or nothing. `goes_back` to one that was before."""

    version: PublishedVersion
    body: Item
    goes_back: bool = False

    @property
    def digest(self) -> str:
        return self.version.digest

    def is_made(self, kind: str, item: Item) -> bool:
        """Whether the item says so already. One that cannot be read says nothing."""
        if item is NOT_OURS or item.get("digest", "") != self.digest:
            return False
        return not (self.digest and read_published(kind, item).mistake)

    def change_of(self, item: Item) -> Update:
        """The whole item becomes another, unless somebody was faster since it was read."""
        revision = item.get("revision")
        change = Update().set(
            {
                **self.body,
                "published_at": utc_text(self.version.published_at),
                "previous": previous_text(self._previous(item)),
                "history": history_text([self.version, *read_history(item)]),
                "revision": revision + 1 if isinstance(revision, int) else 1,
            }
        )
        if "body" not in self.body:
            change.remove("body", "body_encoding")
        if item is NOT_OURS:
            return change
        if revision is None:
            return change.only_if_absent("revision")
        return change.only_if("revision = :seen", seen=revision)

    def _previous(self, item: Item) -> tuple[str, ...]:
        """Who goes back does not come past what was left because it was bad."""
        before = read_previous(item)
        if self.goes_back and self.digest in before:
            return before[before.index(self.digest) + 1 :]
        stack = dict.fromkeys((str(item.get("digest", "")), *before))
        return tuple(digest for digest in stack if digest not in ("", self.digest))
