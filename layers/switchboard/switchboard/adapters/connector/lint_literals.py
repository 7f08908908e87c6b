"""Secrets that somebody wrote into a file. A connector file holds names, never values."""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

_PRIVATE_KEY: Final = "a private key"
_SHAPES: Final = {
    _PRIVATE_KEY: re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    "an access key of AWS": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of a known service": re.compile(
        r"\b(?:gh[pousr]_\w{20,}|xox[abprs]-[\w-]{10,}|sk_(?:live|test)_\w{10,}|"
        r"pat-[a-z]{2}\d-[\w-]{20,}|glpat-[\w-]{16,}|1000\.[0-9a-f]{32}\.[0-9a-f]{32}|"
        r"00D\w{12,15}![\w.]{20,})"
    ),
    "a signing secret": re.compile(r"\bwhsec_[A-Za-z0-9+/=]{16,}"),
    "a bearer token": re.compile(r"\b[Bb]earer\s+(?!\$\{)[\w.~+/=-]{16,}"),
    "a user name and password": re.compile(r"\b[Bb]asic\s+(?!\$\{)[A-Za-z0-9+/]{16,}={0,2}"),
    "a password in an address": re.compile(r"https?://[^/\s:@${}]+:[^/\s@${}]+@"),
}
_TELLING_NAME: Final = re.compile(
    r"(?i)(^|[_.-])(password|passwd|pwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|"
    r"auth[_-]?token|client[_-]?secret|private[_-]?key|authorization|x-api-key|subscription-key)$"
)
_FICTION: Final = re.compile(r"(?i)(sample|example|secret|token|test|fiction|dummy|key|password)")
_RANDOM: Final = re.compile(r"(?=\S*[a-z])(?=\S*[A-Z])(?=\S*\d)[A-Za-z0-9+/=_-]{24,}")
_HEX: Final = re.compile(r"(?=\S*[a-f])(?=\S*\d)[0-9a-f]{32,}")
_LEAST_BITS: Final = 3.8
_LEAST_BITS_OF_HEX: Final = 3.2
_PLAIN_BYTES: Final = re.compile(rb"[\x20-\x7e]+")


def secrets_written(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Places where a secret seems to be written out, and what it looks like."""
    for key, value in document.items():
        if key == "samples":
            for position, sample in enumerate(value or []):
                yield from _in_sample(f"samples[{position}]", sample)
        else:
            yield from _in_file(str(key), str(key), value)


def _in_file(place: str, name: str, tree: Any) -> Iterator[tuple[str, str]]:
    for where, leaf_name, text in _texts(place, name, tree):
        if _is_prose(where):
            continue
        what = _shape_of(text)
        if what is None and _TELLING_NAME.search(leaf_name) and _is_value(text):
            what = "the value of a secret"
        if what is None and _looks_random(text):
            what = "a key"
        if what:
            yield where, what


def _in_sample(place: str, sample: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(sample, Mapping):
        return
    for where, _, text in _texts(place, "", sample):
        is_own_secret = where.startswith(f"{place}.secrets")
        what = _shape_of(text)
        if what is None and is_own_secret and _looks_random(text):
            what = "a real secret"
        if what and (what == _PRIVATE_KEY or not _is_fiction(text)):
            yield where, what


def _texts(place: str, name: str, tree: Any) -> Iterator[tuple[str, str, str]]:
    match tree:
        case str():
            yield place, name, tree
        case Mapping():
            for key, value in tree.items():
                yield from _texts(f"{place}.{key}", str(key), value)
        case list():
            for position, value in enumerate(tree):
                yield from _texts(f"{place}[{position}]", name, value)


def _is_prose(place: str) -> bool:
    return place.endswith((".description", "docs", "title")) or place.startswith(
        ("unconfirmed", "checked", "secrets", "lookups")
    )


def _shape_of(text: str) -> str | None:
    return next((what for what, shape in _SHAPES.items() if shape.search(text)), None)


def _is_value(text: str) -> bool:
    """Something written out, where a template should name a secret."""
    return "${" not in text and len(text) >= 4 and text not in {"basic", "body"}


def _looks_random(text: str) -> bool:
    if "${" in text or _is_readable_base64(text):
        return False
    is_shaped = _RANDOM.fullmatch(text) or _HEX.fullmatch(text)
    return bool(is_shaped) and _entropy_bits(text) >= (
        _LEAST_BITS_OF_HEX if _HEX.fullmatch(text) else _LEAST_BITS
    )


def _is_fiction(text: str) -> bool:
    """`whsec_` and the base64 of plain words, or a text that says itself what it is."""
    bare = re.sub(r"^(whsec_|[Bb]earer\s+|[Bb]asic\s+)", "", text)
    return bool(_FICTION.search(bare)) or _is_readable_base64(bare)


def _is_readable_base64(text: str) -> bool:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return bool(_PLAIN_BYTES.fullmatch(raw))


def _entropy_bits(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
