"""What is built of a published document, and rebuilt when another version becomes active.

Whatever somebody publishes or writes into the table: who could serve before goes on serving.
"""

import time
from collections.abc import Callable, Hashable, Iterator
from typing import Final, Generic, TypeVar

from switchboard.errors import Misconfigured, NotFound, StateUnavailable
from switchboard.observability import count, logger
from switchboard.ports import Publications, Published

T = TypeVar("T")

_MOST_STEPS_BACK: Final = 3
_LONGEST_DETAIL: Final = 1000
_PAUSE_AFTER_FAILURE_S: Final = 5.0


class Current(Generic[T]):
    """A value that functions cannot do without.

    A version that cannot be built is reported, and the one before it goes on serving. A worker
    that starts with such a version goes back by up to three to a good one. `also` tells what else
    it is built of, where that is another document's.
    """

    def __init__(
        self,
        kind: str,
        build: Callable[[Published], T],
        *,
        publications: Callable[[], Publications],
        also: Callable[[], Hashable] = lambda: None,
    ) -> None:
        self._kind = kind
        self._build = build
        self._publications = publications
        self._also = also
        self._built_of: Hashable = None
        self._value: T | None = None
        self._serving = ""

    def get(self) -> T:
        """Raises: Misconfigured when nothing usable was ever published."""
        published = self._publications().find(self._kind)
        if published is None and self._value is None:
            raise Misconfigured(f"no {self._kind} was ever published; run `switchboard publish`")
        if published is not None:
            self._keep_up_with(published)
        elif self._built_of is not None:
            logger.error("published document is gone", kind=self._kind, serving=self._serving)
            self._built_of = None
        if self._value is None:
            raise Misconfigured(f"The published {self._kind} cannot be used; publish a good one.")
        return self._value

    def at_hand(self) -> T | None:
        """What served last, without asking anybody; None before anything did."""
        return self._value

    def _keep_up_with(self, published: Published) -> None:
        made_of = (published.digest, published.mistake, self._also())
        if made_of != self._built_of:
            self._rebuild(published)
            self._built_of = made_of

    def _rebuild(self, published: Published) -> None:
        try:
            self._value, self._serving = _built(self._build, published), published.digest
        except Misconfigured as error:
            if self._value is None:
                self._go_back(published)
            _report(published, error, serving=self._serving)

    def _go_back(self, published: Published) -> None:
        for earlier in self._earlier(published):
            try:
                self._value, self._serving = _built(self._build, earlier), earlier.digest
            except Misconfigured:
                continue
            return

    def _earlier(self, published: Published) -> Iterator[Published]:
        """The version itself, where only the active copy of it was spoilt; then those before it."""
        itself = (published.digest,) if published.mistake else ()
        for digest in (*itself, *published.previous[:_MOST_STEPS_BACK]):
            try:
                yield self._publications().version(self._kind, digest)
            except (NotFound, Misconfigured):
                continue


class GoodToHave(Generic[T]):
    """A value that functions do without while it cannot be read: then it is as it last was, or
    `nothing`. Nobody waits again soon for what just failed. `clock` as that of `LastGoodCopies`.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], T],
        *,
        nothing: T,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._read = read
        self._clock = clock
        self._last = nothing
        self._ask_again_at = 0.0

    def get(self) -> T:
        if self._clock() >= self._ask_again_at:
            try:
                self._last = self._read()
            except StateUnavailable as error:
                logger.warning(f"{self._name} not read", error=error.code)
                self._ask_again_at = self._clock() + _PAUSE_AFTER_FAILURE_S
        return self._last

    def at_hand(self) -> T:
        """As it last was, or `nothing`, without asking anybody."""
        return self._last


class CurrentIfAny(Generic[T]):
    """A value that is good to have: without one, or with one that cannot be had, there is none."""

    def __init__(
        self,
        kind: str,
        build: Callable[[Published], T],
        *,
        publications: Callable[[], Publications],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._build = build
        self._published: GoodToHave[Published | None] = GoodToHave(
            kind, lambda: publications().find(kind), nothing=None, clock=clock
        )
        self._built_of: Hashable = None
        self._value: T | None = None

    def get(self) -> T | None:
        published = self._published.get()
        made_of = published and (published.digest, published.mistake)
        if made_of != self._built_of:
            self._value = self._rebuilt(published)
            self._built_of = made_of
        return self._value

    def at_hand(self) -> T | None:
        """What was last made of it, without asking anybody."""
        return self._value

    def _rebuilt(self, published: Published | None) -> T | None:
        if published is None:
            return None
        try:
            return _built(self._build, published)
        except Misconfigured as error:
            _report(published, error, serving="")
            return None


def _built(build: Callable[[Published], T], published: Published) -> T:
    if published.mistake:
        raise Misconfigured(published.mistake)
    return build(published)


def _report(published: Published, error: Misconfigured, *, serving: str) -> None:
    count("PublishedDocumentUnusable")
    logger.error(
        "published document cannot be used",
        kind=published.kind,
        digest=published.digest,
        serving=serving,
        detail=str(error)[:_LONGEST_DETAIL],
    )
