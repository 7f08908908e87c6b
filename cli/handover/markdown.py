"""The document as Markdown, for reading in a repository and for comparing two of them."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from cli.handover.blocks import (
    Block,
    Bullets,
    Document,
    Heading,
    Listing,
    Note,
    Paragraph,
    Table,
    runs,
)

_SPECIAL: Final = re.compile(r"([\\*_\[\]<>|`#])")


def markdown(document: Document) -> str:
    """The whole document; every table and every sample in it, and links that work."""
    lines = [f"# {_text(document.title)}", "", f"**{_text(document.subtitle)}**", ""]
    lines += [f"- [{_text(c.text)}](#{c.anchor})" for c in document.chapters]
    for block in document.blocks:
        lines += ["", *_lines(block)]
    return "\n".join(lines) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text, anchor):
            yield f'<a id="{anchor}"></a>'
            yield ""
            yield f"{'#' * (level + 1)} {_text(text)}"
        case Paragraph(text):
            yield _text(text)
        case Note(text, kind):
            yield f"> **{kind}.** {_text(text)}"
        case Bullets(items, numbered):
            for number, item in enumerate(items, start=1):
                yield f"{f'{number}.' if numbered else '-'} {_text(item)}"
        case Table(caption, head, rows, _):
            yield f"**{_text(caption)}**"
            yield ""
            yield _row(head)
            yield _row("---" for _ in head)
            yield from (_row(row) for row in rows)
        case Listing(label, text):
            yield f"{_text(label)}:"
            yield ""
            yield "```text"
            yield text
            yield "```"


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell if cell == "---" else _text(cell) for cell in cells) + " |"


def _text(text: str) -> str:
    return "".join(_run(run.mark, run.text, run.target) for run in runs(text))


def _run(mark: str, text: str, target: str) -> str:
    match mark:
        case "code":
            # Inside a table a bar ends the cell, even in code.
            return f"`{text.replace('|', chr(92) + '|')}`"
        case "strong":
            return f"**{_escaped(text)}**"
        case "link":
            return f"[{_escaped(text)}](#{target})"
    return _escaped(text)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
