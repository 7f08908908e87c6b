"""Things that may happen once, in memory."""

from datetime import datetime, timedelta

from tests.fakes.outage import InMemoryStore


class InMemoryOnceStore(InMemoryStore):
    """Keeps the promises of `OnceStore`."""

    def __init__(self) -> None:
        super().__init__()
        self._taken_until: dict[str, datetime] = {}

    def claim(self, key: str, *, now: datetime, keep_s: int) -> bool:
        with self._reached():
            taken_until = self._taken_until.get(key)
            if taken_until and now < taken_until:
                return False
            self._taken_until[key] = now + timedelta(seconds=keep_s)
            return True
