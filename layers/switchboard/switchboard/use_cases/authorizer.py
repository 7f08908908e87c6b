"""May the holder of this key use this route? The answer is a word, and never the key."""

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass
from datetime import datetime

from switchboard.errors import StateUnavailable
from switchboard.ports import HeaderKey, KeyStore


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whose key it is."""

    key_id: str


@dataclass(frozen=True, slots=True)
class Denied:
    """Why not, in one word that the function turns into advice."""

    refusal: str


def authorize(
    presented: str, *, path: str, source: str, keys: KeyStore, now: datetime
) -> Allowed | Denied:
    """Judge a presented key ``<key id>.<secret>`` for a request path and a source address.

    An unknown id and a wrong secret are the same answer, after the same comparison.
    """
    if not presented:
        return Denied("missing_key")
    key_id, _, secret = presented.partition(".")
    try:
        key = keys.find(key_id)
    except StateUnavailable:
        return Denied("keys_unavailable")
    digest = key.digest if key else ""
    if not hmac.compare_digest(digest_of(secret), digest) or key is None:
        return Denied("unknown_key")
    return _within_bounds(key, path, source, now)


def digest_of(secret: str) -> str:
    """How a secret is kept. It has 256 random bits, so a plain hash cannot be guessed back."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _within_bounds(key: HeaderKey, path: str, source: str, now: datetime) -> Allowed | Denied:
    if key.expires_at and now >= key.expires_at:
        return Denied("expired_key")
    if not any(_is_below(path, route) for route in key.routes):
        return Denied("route_not_allowed")
    if key.sources and not _comes_from(source, key.sources):
        return Denied("source_not_allowed")
    return Allowed(key.id)


def _is_below(path: str, route: str) -> bool:
    return path == route or path.startswith(route.rstrip("/") + "/")


def _comes_from(source: str, allowed: tuple[str, ...]) -> bool:
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in allowed)
