"""What a document is made of, however it is written down.

Texts know three marks only: `code`, **strong** and [a link](#to-an-anchor) of the same document.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Mark = Literal["plain", "code", "strong", "link"]
_MARKED: Final = re.compile(r"`([^`]*)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(#([a-z0-9-]+)\)")


@dataclass(frozen=True, slots=True)
class Heading:
    """`anchor` names the place; the same in every format."""

    level: Literal[1, 2, 3]
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """Short points; `numbered` when their order matters."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What must not be read over. It says so by a word, not by a colour."""

    text: str
    kind: Literal["Confirm", "Important"] = "Confirm"


@dataclass(frozen=True, slots=True)
class Table:
    """`widths` are the columns' shares of the line; the first column names its row."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """Text as it travels: a request, an answer."""

    label: str
    text: str


Block = Heading | Paragraph | Bullets | Note | Table | Listing


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document; its first heading is `title`, and chapters are headings of level 1."""

    title: str
    subtitle: str
    blocks: tuple[Block, ...]

    @property
    def chapters(self) -> tuple[Heading, ...]:
        return tuple(b for b in self.blocks if isinstance(b, Heading) and b.level == 1)


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of text that is written in one way; `target` is a link's anchor."""

    mark: Mark
    text: str
    target: str = ""


def runs(text: str) -> Iterator[Run]:
    """The text in its pieces."""
    at = 0
    for found in _MARKED.finditer(text):
        if found.start() > at:
            yield Run("plain", text[at : found.start()])
        code, strong, link, target = found.groups()
        if link is not None:
            yield Run("link", link, target)
        else:
            yield Run("code", code) if strong is None else Run("strong", strong)
        at = found.end()
    if at < len(text):
        yield Run("plain", text[at:])


def plain(text: str) -> str:
    """The text without its marks."""
    return "".join(run.text for run in runs(text))


def as_code(word: str) -> str:
    """A word of somebody else's choice, marked as it is."""
    without_marks = word.replace("`", "'")
    return f"`{without_marks}`" if word else "(empty)"


def words_as_code(words: Iterable[str]) -> str:
    """`a`, `b`, `c`; an empty word by its name."""
    return ", ".join(as_code(word) for word in words)
