"""What stands around a number or an address: display names, brackets, URI schemes, parameters.

Sources: RFC 3261 (SIP URIs, name-addr), RFC 3966 (tel URIs), RFC 6068 (mailto URIs), RFC 5322.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

LONGEST_TEXT: Final = 512  # RFC 5321 allows 320 for an address; the rest is for display names
_SCHEME: Final = re.compile(r"(tel|sips?|mailto):", re.IGNORECASE)
# A quoted local part stands before an @; any other quoted text is a name.
_QUOTED_NAME: Final = re.compile(r'"(?:[^"\\]|\\.)*"(?!@)')
_IN_BRACKETS: Final = re.compile(r"<([^<>]*)>")
_PHONE_CONTEXT: Final = re.compile(r";phone-context=(\+[\d().-]+)", re.IGNORECASE)
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


@dataclass(frozen=True, slots=True)
class ContactText:
    """A contact without what stands around it.

    `user` is what stands before the last @, or everything; `context` is the beginning that a tel
    URI's ``phone-context`` says a local number lacks.
    """

    scheme: str
    user: str = field(repr=False)
    host: str = field(default="", repr=False)
    context: str = field(default="", repr=False)

    @property
    def is_call(self) -> bool:
        """Whether the scheme says so."""
        return self.scheme in {"tel", "sip", "sips"}


def cleaned(raw: str) -> str:
    """The text with ASCII digits and marks, and without what nobody sees."""
    return "".join(_plain(character) for character in raw.translate(_FULL_WIDTH)).strip()


def unwrapped(text: str) -> Iterator[str]:
    """What may be the contact in a header-like text, the likeliest first."""
    bare = _QUOTED_NAME.sub(" ", text)
    bracketed = _IN_BRACKETS.search(bare)
    if bracketed is None:
        yield text.strip()
        return
    before = bare[: bracketed.start()]
    if "@" in before:  # the first of several addresses stands without brackets
        yield before.strip()
    yield bracketed[1].strip()


def parts_of(text: str) -> ContactText:
    """The scheme, the user and the host of a contact that is unwrapped."""
    scheme_found = _SCHEME.match(text)
    scheme = scheme_found[1].lower() if scheme_found else ""
    rest = text[scheme_found.end() :].lstrip("/ ") if scheme_found else text
    if scheme:
        rest = unquote(rest)
    if scheme == "mailto":
        rest = rest.partition("?")[0]
    context = _PHONE_CONTEXT.search(rest) if scheme else None
    user, _, host = rest.rpartition("@") if "@" in rest else (rest, "", "")
    return ContactText(scheme, user, _host_name(host), context[1] if context else "")


def _host_name(host: str) -> str:
    """Without port, parameters and headers."""
    return re.split(r"[:;?>\s]", host, maxsplit=1)[0].rstrip(".").lower()


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Zs":
        return " "
    # Copied text brings marks of direction and joiners along.
    return "" if category == "Cf" else character
