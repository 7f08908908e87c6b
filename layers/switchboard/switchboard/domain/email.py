"""E-mail addresses, read the way people and mail programs write them.

Sources: RFC 5321, RFC 5322 (quoting, comments, several addresses), RFC 6531 and UTS 46 (domains in
other alphabets).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal

from switchboard.domain.contact_text import LONGEST_TEXT, cleaned, parts_of, unwrapped

_COMMENT: Final = re.compile(r"\([^()]*\)")
_BETWEEN_ADDRESSES: Final = re.compile(r"[,;]")
_LOCAL: Final = r'(?:"(?:[^"\\]|\\.)+"|[^\s@<>()\[\]\\,;:"\x00-\x1f\x7f]+)'
_ADDRESS: Final = re.compile(rf"({_LOCAL})@([^\s@<>()\[\]\\,;:\"]+|\[[0-9A-Fa-f:.]+\])")
_PLAIN_LOCAL: Final = re.compile(_LOCAL)
_ESCAPED: Final = re.compile(r"\\(.)")
_LABEL: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NO_TOP: Final = re.compile(r"\d+|invalid")  # RFC 2606: nobody is ever at .invalid
_LONGEST_DOMAIN: Final = 253
_LONGEST_LOCAL: Final = 64


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An e-mail address, lower case, its domain in ASCII. Build it with `read_email`."""

    kind: ClassVar[Literal["email"]] = "email"

    address: str = field(repr=False)

    @property
    def canonical(self) -> str:
        return self.address

    def __str__(self) -> str:
        """Masked, like a number."""
        return "…@…"


def read_email(raw: str) -> EmailAddress | None:
    """The address in a field that should hold one; None when it does not. Of several the first.

    Case does not count, in the local part neither: providers do not tell Ada@ from ada@. What
    stands behind a plus counts: ada+shop@ is not ada@. A domain is kept as the DNS knows it.
    """
    if len(raw) > LONGEST_TEXT:
        return None
    addresses = (address_in(text) for text in unwrapped(cleaned(raw)))
    return next((address for address in addresses if address), None)


def address_in(text: str) -> EmailAddress | None:
    """The first address of a text that is unwrapped."""
    contact = parts_of(text)
    if contact.is_call or contact.scheme == "mailto":
        text = f"{contact.user.partition(';')[0]}@{contact.host}"
    bare = _COMMENT.sub("", text)
    whole = _ADDRESS.fullmatch(bare.strip())
    pieces = [bare] if whole else _BETWEEN_ADDRESSES.split(bare)
    found = (_ADDRESS.fullmatch(piece.strip()) for piece in pieces)
    first = next((address for address in found if address), None)
    if first is None:
        return None
    local, domain = _local(first[1]), _domain(first[2])
    return EmailAddress(f"{local}@{domain}") if local and domain else None


def _local(text: str) -> str:
    """Lower case, quoted only where it must be."""
    if text.startswith('"'):
        plain = _ESCAPED.sub(r"\1", text[1:-1])
        text = plain if _PLAIN_LOCAL.fullmatch(plain) and '"' not in plain else text
    text = unicodedata.normalize("NFC", text).lower()
    return text if len(text) <= _LONGEST_LOCAL and text.isprintable() else ""


def _domain(text: str) -> str:
    """Lower case and ASCII; empty when there can be no such domain."""
    name = text.rstrip(".").lower()
    if name.startswith("["):
        return name
    if not name.isascii():
        name = _ascii_domain(name)
    labels = name.split(".")
    is_name = len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)
    if not is_name or _NO_TOP.fullmatch(labels[-1]) or len(name) > _LONGEST_DOMAIN:
        return ""
    return name


def _ascii_domain(name: str) -> str:
    import idna  # few addresses need its tables, and loading them takes a while

    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return ""
