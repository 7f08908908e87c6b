"""What was put aside, in one bucket: an object each, encrypted, under ``<kind>/<day>/<id>``.

An id is the moment, random letters and the words about it, so that a list needs no object opened
and is in the order of time. Nothing of what was sent stands in a key.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from switchboard.adapters.aws_errors import NothingThere, aws_call
from switchboard.errors import StateUnavailable
from switchboard.ports import Aside

_WORD: Final = re.compile(r"[A-Za-z0-9_=-]{1,64}")
_MOMENT: Final = "%Y%m%dT%H%M%S%fZ"
_MOST_PER_CALL: Final = 1000  # both of a list and of a deletion. Source: S3, "API Reference"


class S3KeptAside:
    """Keeps the promises of `KeptAside`. Raises: StateUnavailable, from every method."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(
        self, kind: str, body: bytes, *, token: str, about: Sequence[str], now: datetime
    ) -> str:
        moment = now.astimezone(UTC).strftime(_MOMENT)
        aside_id = ".".join((moment, *(_word(word) for word in (token, *about))))
        with aws_call("putting aside"):
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=_key(kind, aside_id),
                Body=body,
                ContentType="application/json",
            )
        if "ETag" not in answer:
            # ECS is told on the strength of this answer, and it came from something else.
            raise StateUnavailable("nothing says that it was put aside; try again")
        return aside_id

    def waiting(self, kind: str, *, limit: int, after: str = "") -> tuple[Aside, ...]:
        found: list[Aside] = []
        start = _key(kind, after) if after else ""
        while len(found) < limit:
            page = self._page(kind, min(limit - len(found), _MOST_PER_CALL), start)
            found += _asides(page)
            if not page.get("IsTruncated"):
                break
            start = page["Contents"][-1]["Key"]
        return tuple(found)

    def read(self, kind: str, aside_id: str) -> bytes | None:
        try:
            with aws_call("reading what was put aside"):
                answer = self._client.get_object(Bucket=self._bucket, Key=_key(kind, aside_id))
                with answer["Body"] as stream:
                    body: bytes = stream.read()
        except NothingThere:
            return None
        return body

    def drop(self, kind: str, aside_ids: Collection[str]) -> None:
        for aside_id in aside_ids:
            # One by one: of several in one call, those that were not dropped are told in a
            # successful answer.
            with aws_call("dropping what was put aside"):
                self._client.delete_object(Bucket=self._bucket, Key=_key(kind, aside_id))

    def _page(self, kind: str, limit: int, start: str) -> dict[str, Any]:
        going_on = {"StartAfter": start} if start else {}
        with aws_call("listing what was put aside"):
            page: dict[str, Any] = self._client.list_objects_v2(
                Bucket=self._bucket, Prefix=f"{kind}/", MaxKeys=limit, **going_on
            )
        return page


def _key(kind: str, aside_id: str) -> str:
    return f"{kind}/{aside_id[:4]}-{aside_id[4:6]}-{aside_id[6:8]}/{aside_id}"


def _asides(page: dict[str, Any]) -> Iterator[Aside]:
    """What in the bucket is ours; somebody may have laid something else beside it."""
    for stored in page.get("Contents", ()):
        aside_id = stored["Key"].rpartition("/")[2]
        moment, *words = aside_id.split(".")
        try:
            at = datetime.strptime(moment, _MOMENT).replace(tzinfo=UTC)
        except ValueError:
            continue
        if words and stored["Key"].endswith(f"/{aside_id}"):
            yield Aside(aside_id, words[0], at, stored["Size"], tuple(words[1:]))


def _word(text: str) -> str:
    return text if _WORD.fullmatch(text) else "other"
