"""ECS's words for channel and direction in ours. Each page of its documents writes them its way.

Source: ECS Setup: Implementation - Interaction Type and Priority Class; ECS Analytics report types.
"""

from collections.abc import Mapping
from typing import Final

_CHANNELS: Final[Mapping[str, str]] = {
    "call": "voice",
    "phone": "voice",
    "telephony": "voice",
    "e-mail": "email",
    "mail": "email",
    "web chat": "chat",
    "webchat": "chat",
    "text": "sms",
}
_DIRECTIONS: Final[Mapping[str, str]] = {
    "inbound": "inbound",
    "incoming": "inbound",
    "in": "inbound",
    "outbound": "outbound",
    "outgoing": "outbound",
    "outgoing external": "outbound",
    "out": "outbound",
    "internal": "internal",
    "outgoing internal": "internal",
}


def channel_word(said: str) -> str:
    """voice, email, chat, sms, fax, callback; a word that we do not know stays, in lower case."""
    word = said.strip().lower()
    return _CHANNELS.get(word, word)


def direction_word(said: str) -> str:
    """inbound, outbound or internal; empty for words, like Transferred, that say neither."""
    return _DIRECTIONS.get(said.strip().lower(), "")
