"""How a published document, and who published it when, stand in an item.

Somebody may write into the table by hand: what cannot be read is told as a mistake, not raised.
"""

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from switchboard.adapters.documents import to_text
from switchboard.adapters.items import Item, utc_text
from switchboard.errors import Misconfigured
from switchboard.ports import Published, PublishedVersion

MOST_VERSIONS: Final = 200
MOST_PREVIOUS: Final = 10
_LONGEST_NOTE: Final = 300
_LONGEST_NAME: Final = 100
_DIGEST_LENGTH: Final = 16
_PLAIN_UP_TO_BYTES: Final = 100_000
# An item holds 400 KB, its names, its key, and who published what with it.
_LARGEST_BODY_BYTES: Final = 340_000
_LARGEST_HISTORY_BYTES: Final = 60_000
_NONSENSE: Final = (ValueError, TypeError, LookupError, OSError, EOFError, zlib.error)


def digest_of(document: object) -> str:
    """What names a document as a version: a hash of its content, whatever its order."""
    return _hash(to_text(document))


def body_item(kind: str, document: object) -> Item:
    """The attributes of a version.

    Raises: Misconfigured when no item holds it.
    """
    digest, text = digest_of(document), _in_its_order(document)
    if len(text.encode()) <= _PLAIN_UP_TO_BYTES:
        return {"digest": digest, "body": text, "body_encoding": "json"}
    packed = _packed(text)
    if len(packed) > _LARGEST_BODY_BYTES:
        raise Misconfigured(f"this {kind} is too large to publish; split it")
    return {"digest": digest, "body": packed, "body_encoding": "json+gzip+base64"}


def read_published(kind: str, item: Item) -> Published:
    digest, previous = str(item.get("digest", "")), read_previous(item)
    try:
        return Published(kind, digest, _body(item), previous)
    except _NONSENSE as error:
        mistake = f"what stands in the table as the {kind} {digest} cannot be read: {error}"
        return Published(kind, digest, {}, previous, mistake)


def previous_text(digests: Sequence[str]) -> str:
    return to_text(list(digests[:MOST_PREVIOUS]))


def read_previous(item: Item) -> tuple[str, ...]:
    """The digests to go back to, the nearest first."""
    try:
        return tuple(str(digest) for digest in json.loads(str(item.get("previous", "[]"))))
    except _NONSENSE:
        return ()


def version_of(digest: str, now: datetime, *, by: str, note: str) -> PublishedVersion:
    """Who and why in one line each, so that a list of them is one."""
    person, reason = " ".join(by.split()), " ".join(note.split())
    return PublishedVersion(digest, now, person[:_LONGEST_NAME], reason[:_LONGEST_NOTE])


def history_text(versions: Sequence[PublishedVersion]) -> str:
    """The newest of them, as many as there is room for beside the body."""
    newest = versions[:MOST_VERSIONS]
    text = _packed(to_text([[v.digest, utc_text(v.published_at), v.by, v.note] for v in newest]))
    return text if len(text) <= _LARGEST_HISTORY_BYTES else history_text(newest[: len(newest) // 2])


def read_history(item: Item) -> tuple[PublishedVersion, ...]:
    """Newest first. An earlier release wrote no history, only the moment of the active version."""
    try:
        return tuple(
            PublishedVersion(str(digest), datetime.fromisoformat(at), str(by), str(note))
            for digest, at, by, note in _changes(item)
        )
    except _NONSENSE:
        return ()


def _changes(item: Item) -> Any:
    if "history" in item:
        return json.loads(_unpacked(str(item["history"])))
    return [[item["digest"], item["published_at"], "", ""]] if item.get("digest") else []


def _body(item: Item) -> dict[str, Any]:
    body = str(item["body"])
    text = body if item["body_encoding"] == "json" else _unpacked(body)
    document = json.loads(text)
    if not isinstance(document, dict):
        raise ValueError("it is no document")  # noqa: TRY004  written by hand, not passed
    if digest_of(document) != item["digest"]:
        raise ValueError("it is not what was published under this digest")
    return document


def _in_its_order(document: object) -> str:
    """As it was written: people read rules, and reasons, in the order that they gave them."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _unpacked(packed: str) -> str:
    return gzip.decompress(base64.b64decode(packed)).decode()
