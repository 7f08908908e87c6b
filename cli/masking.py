"""What a person may see of a live exchange: no secret ever, and of people only a hint."""

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from cli.personal import EMAIL, PHONE, PLAIN, Kind, kind_of, looks_like_phone, words

_TELLING_HEADERS: Final = words(
    "authorization proxy-authorization cookie set-cookie x-api-key api-key apikey x-auth-token "
    "x-access-token x-switchboard-key"
)
_SHOWN_HEADERS: Final = words(
    "accept accept-encoding cache-control connection content-encoding content-language "
    "content-length content-type date etag expires keep-alive last-modified retry-after server "
    "strict-transport-security transfer-encoding user-agent vary"
)
_TOKEN_KEYS: Final = words(
    "access_token refresh_token id_token token client_secret password assertion api_key apikey "
    "secret session_id sessionid signature"
)
_SHORTEST_INSIDE_A_TEXT: Final = 4
_SHOWN_START_DIGITS: Final = 4
_SHOWN_END_DIGITS: Final = 2
_SAID: Final = re.compile(r"[^\W_]+", re.UNICODE)


class Mask:
    """Hides secrets by their value, wherever they turn up, and people by what a field is called.

    `show_people` is for a person at a terminal who asked for it; secrets stay hidden.
    """

    def __init__(self, secrets: Mapping[str, str], *, show_people: bool = False) -> None:
        self._hidden: dict[str, str] = {}
        self._show_people = show_people
        for name, value in secrets.items():
            self.learn(name, value)
        self._learn_basic(list(secrets.values()))

    def learn(self, name: str, value: str) -> None:
        """Hide this value too, for example a token that was just given."""
        if value:
            for written in (value, quote(value, safe=""), _base64(value)):
                self._hidden.setdefault(written, f"<{name}>")

    def headers(self, headers: Mapping[str, str], telling: Iterable[str] = ()) -> dict[str, str]:
        """Header values; those that prove who asks are never shown, `telling` ones included."""
        never = _TELLING_HEADERS | {name.lower() for name in telling}
        return {name: self._header(name, value, never) for name, value in headers.items()}

    def address(self, url: str) -> str:
        """An address with its people and secrets hidden, in readable form."""
        parts = urlsplit(self.text_without_secrets(url))
        path = "/".join(self._segment(segment) for segment in parts.path.split("/"))
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = "&".join(f"{name}={self._query_value(name, value)}" for name, value in pairs)
        return f"{parts.scheme}://{parts.netloc}{path}{f'?{query}' if query else ''}"

    def value(self, value: Any, name: str = "") -> Any:
        """The same tree with what is secret or personal hidden."""
        match value:
            case str():
                return self.text(value, name)
            case Mapping():
                return {key: self.value(inner, str(key)) for key, inner in value.items()}
            case list() | tuple():
                return [self.value(item, name) for item in value]
            case bool() | None:
                return value
            case int() if not self._show_people and kind_of(name, str(value)) is Kind.PHONE:
                return masked_phone(str(value))
        return value

    def text(self, text: str, name: str = "") -> str:
        if name.lower() in _TOKEN_KEYS:
            return "<hidden>"
        safe = self.text_without_secrets(text)
        if self._show_people or safe != text:
            return safe
        return masked(name, text)

    def text_without_secrets(self, text: str) -> str:
        """The text with every known secret replaced by its name."""
        if text in self._hidden:
            return self._hidden[text]
        for secret, name in sorted(self._hidden.items(), key=lambda one: -len(one[0])):
            if len(secret) >= _SHORTEST_INSIDE_A_TEXT:
                text = text.replace(secret, name)
        return text

    def _header(self, name: str, value: str, never: Iterable[str]) -> str:
        lower = name.lower()
        if lower in never:
            scheme, _, rest = value.partition(" ")
            return f"{scheme} <hidden>" if rest and lower == "authorization" else "<hidden>"
        safe = self.text_without_secrets(value)
        return safe if lower in _SHOWN_HEADERS or self._show_people else masked(name, safe)

    def _segment(self, segment: str) -> str:
        said = unquote(segment)
        if self._show_people or not (EMAIL.search(said) or looks_like_phone(said)):
            return said
        return masked_email(said) if "@" in said else masked_phone(said)

    def _query_value(self, name: str, value: str) -> str:
        if name.lower() in _TOKEN_KEYS:
            return "<hidden>"
        return value if self._show_people else _people_hidden(name, value)

    def _learn_basic(self, values: list[str]) -> None:
        """User name and password travel as one base64 text."""
        for first in values:
            for second in values:
                self.learn("credentials", f"{first}:{second}")


def masked(name: str, text: str) -> str:
    """One value, as far as it may be shown."""
    kind = kind_of(name, text)
    match kind:
        case Kind.PHONE:
            return masked_phone(text)
        case Kind.EMAIL:
            return masked_email(text)
        case Kind.REMARK:
            return f"*** ({len(text)} characters)" if text else ""
        case Kind.BIRTH:
            return "****-**-**"
        case Kind.ADDRESS if "://" in text:
            return Mask({}).address(text)
        case Kind.ADDRESS:
            return _people_hidden(name, text)
        case _ if kind in PLAIN:
            return text
    return masked_words(text)


def masked_phone(text: str) -> str:
    """`+1 415 555 0142` as `+1 415 *** **42`: enough to recognise, too little to ring."""
    count = sum(character.isdigit() for character in text)
    position, result = 0, ""
    for character in text:
        if character.isdigit():
            is_start = position < min(_SHOWN_START_DIGITS, count - _SHOWN_END_DIGITS - 4)
            is_end = position >= count - _SHOWN_END_DIGITS
            character = character if is_start or is_end else "*"
            position += 1
        result += character
    return result


def masked_email(text: str) -> str:
    """`ada@example.com` as `a***@***.com`."""
    return EMAIL.sub(lambda found: f"{found[0][0]}***@***.{found[0].rsplit('.', 1)[-1]}", text)


def masked_words(text: str) -> str:
    """`Ada Byron` as `A*** B***`."""
    return _SAID.sub(lambda word: f"{word[0][0]}***", text)


def _people_hidden(name: str, text: str) -> str:
    """A text of a query: its syntax stays readable, its numbers and addresses do not."""
    if kind_of(name, text) is Kind.PHONE:
        return masked_phone(text)
    text = PHONE.sub(lambda found: masked_phone(found[0]), masked_email(text))
    return masked_words(text) if kind_of(name, text) in {Kind.NAME, Kind.LAST_NAME} else text


def _base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode("ascii")
