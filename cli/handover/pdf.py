"""The document as PDF, for whoever wants one file with pages.

Rule: the library is asked for here only, and only when a PDF is wanted. Its output has no dates
and no random ids, so the same document is the same file on the same machine; `mark_of` tells
anywhere whether a file is of a document.
"""

import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import reportlab  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    BaseDocTemplate,
    CondPageBreak,
    Frame,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageBreak,
    PageTemplate,
    Preformatted,
    Spacer,
)
from reportlab.platypus import Paragraph as Line
from reportlab.platypus import Table as Grid

from cli.handover import pdf_text
from cli.handover.blocks import (
    Block,
    Bullets,
    Document,
    Heading,
    Listing,
    Note,
    Paragraph,
    Table,
    plain,
)
from cli.handover.pdf_text import (
    ACCENT,
    LEADING_PT,
    LINE,
    LISTING_PT,
    MONO,
    SANS,
    SOFT,
    TINT,
    markup,
    register_fonts,
    shown_in,
    style,
)

_MARGIN: Final = 16 * mm
_WIDTH: Final = A4[0] - 2 * _MARGIN
_HEIGHT: Final = A4[1] - 2 * _MARGIN - 6 * mm
_GAP: Final = 3 * mm
_ROOM_FOR_A_CHAPTER: Final = 80 * mm
# Courier is 0.6 of its size wide.
_IN_HALF: Final = int(((_WIDTH - _GAP) / 2 - 4 * mm) / (0.6 * LISTING_PT))
_IN_FULL: Final = int((_WIDTH - 4 * mm) / (0.6 * LISTING_PT))
_MOST_LINES: Final = int((_HEIGHT - 40 * mm) / LEADING_PT)
_MARK: Final = re.compile(rb"switchboard-handover:([0-9a-f]{64})")


def pdf(document: Document, *, made_from: str) -> bytes:
    """The document as a PDF; `made_from` is what `mark_of` gives back the digest of."""
    register_fonts()
    file = io.BytesIO()
    template = _Template(file, document, mark=f"switchboard-handover:{digest_of(made_from)}")
    template.multiBuild(list(_story(document)))
    return file.getvalue()


def digest_of(made_from: str) -> str:
    """Another one, too, when the way it is laid out has changed."""
    files = (Path(__file__), Path(pdf_text.__file__))
    layout = "".join(file.read_text(encoding="utf-8") for file in files) + reportlab.Version
    return hashlib.sha256((made_from + layout).encode()).hexdigest()


def mark_of(file: bytes) -> str:
    """The digest of what a PDF was made from; empty when it is none of ours."""
    found = _MARK.search(file)
    return found[1].decode() if found else ""


class _Template(BaseDocTemplate):  # type: ignore[misc]
    """Pages with a footer; headings become bookmarks and the contents' lines."""

    def __init__(self, file: io.BytesIO, document: Document, *, mark: str) -> None:
        super().__init__(
            file,
            pagesize=A4,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN + 6 * mm,
            title=f"{document.title}, {document.subtitle}",
            author="Switchboard",
            subject="What to set in ECS for each method",
            keywords=mark,
            lang="en",
            invariant=1,
        )
        self._footer = shown_in(f"{document.title} · {document.subtitle}", SANS)
        frame = Frame(_MARGIN, _MARGIN + 6 * mm, _WIDTH, _HEIGHT, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate("page", [frame], onPage=self._finish)])

    def afterFlowable(self, flowable: Any) -> None:  # noqa: N802 - the library's name
        heading = getattr(flowable, "heading", None)
        if isinstance(heading, Heading):
            self.canv.bookmarkPage(heading.anchor)
            text = plain(heading.text)
            self.canv.addOutlineEntry(text, heading.anchor, heading.level - 1, closed=True)
            if heading.level == 1:
                self.notify("TOCEntry", (0, markup(heading.text), self.page, heading.anchor))

    def _finish(self, canvas: Any, _document: Any) -> None:
        canvas.saveState()
        canvas.setFont(SANS, 7)
        canvas.setFillColor(SOFT)
        canvas.drawString(_MARGIN, _MARGIN, self._footer)
        canvas.drawRightString(A4[0] - _MARGIN, _MARGIN, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()


def _story(document: Document) -> Iterator[Any]:
    yield Line(markup(document.title), style("title"))
    yield Line(markup(document.subtitle), style("subtitle"))
    yield _contents()
    yield PageBreak()
    blocks = list(document.blocks)
    while blocks:
        block = blocks.pop(0)
        if isinstance(block, Listing) and blocks and isinstance(blocks[0], Listing):
            answer = blocks.pop(0)
            assert isinstance(answer, Listing)  # noqa: S101 - for the type checker
            yield from _pair(block, answer)
        else:
            yield from _flowables(block)


def _contents() -> Any:
    # Imported late: it brings pages of machinery that nothing else here needs.
    from reportlab.platypus.tableofcontents import TableOfContents  # type: ignore[import-untyped]

    return TableOfContents(levelStyles=[style("contents")], dotsMinLevel=0)


def _flowables(block: Block) -> Iterator[Any]:
    match block:
        case Heading(1):
            yield CondPageBreak(_ROOM_FOR_A_CHAPTER)
            yield _heading(block)
        case Heading():
            yield CondPageBreak(45 * mm)
            yield _heading(block)
        case Paragraph(text):
            yield Line(markup(text), style("text"))
        case Note(text, kind):
            yield _boxed([Line(f"<b>{kind}.</b> {markup(text)}", style("boxed"))], _WIDTH)
            yield Spacer(0, 2 * mm)
        case Bullets(items, numbered):
            yield _list(items, is_numbered=numbered)
        case Table():
            yield CondPageBreak(35 * mm)
            yield from _grid(block)
        case Listing(label, text):
            yield KeepTogether([*_listing(label, text, _WIDTH, _IN_FULL), Spacer(0, 3 * mm)])


def _heading(heading: Heading) -> Any:
    line = Line(markup(heading.text), style(f"heading{heading.level}"))
    line.heading = heading
    return line


def _list(items: Sequence[str], *, is_numbered: bool) -> Any:
    return ListFlowable(
        [ListItem(Line(markup(item), style("item")), leftIndent=14) for item in items],
        bulletType="1" if is_numbered else "bullet",
        bulletFontName=SANS,
        bulletFontSize=8.5,
        bulletFormat="%s." if is_numbered else None,
        start=1 if is_numbered else "•",
        leftIndent=14,
    )


def _grid(table: Table) -> Iterator[Any]:
    yield Line(f"<b>{markup(table.caption)}</b>", style("caption"))
    widths = [_WIDTH * width / sum(table.widths) for width in table.widths]
    head = [Line(f"<b>{markup(cell)}</b>", style("head")) for cell in table.head]
    rows = [[Line(markup(cell), style("cell")) for cell in row] for row in table.rows]
    grid = Grid([head, *rows], colWidths=widths, repeatRows=1)
    grid.setStyle(
        [
            ("GRID", (0, 0), (-1, -1), 0.4, LINE),
            ("BACKGROUND", (0, 0), (-1, 0), ACCENT),
            ("BACKGROUND", (0, 1), (0, -1), TINT),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 3.5),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3.5),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ]
    )
    yield grid
    yield Spacer(0, 4 * mm)


def _pair(request: Listing, answer: Listing) -> Iterator[Any]:
    """Beside each other where a page has room for that; else one below the other."""
    half = (_WIDTH - _GAP) / 2
    cells = [_listing(one.label, one.text, half, _IN_HALF) for one in (request, answer)]
    if max(len(_wrapped(one.text, _IN_HALF)) for one in (request, answer)) > _MOST_LINES:
        for one in (request, answer):
            yield from _flowables(one)
        return
    beside = Grid([[cells[0], "", cells[1]]], colWidths=[half, _GAP, half])
    flush = [
        (side, (0, 0), (-1, -1), 0)
        for side in ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
    ]
    beside.setStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *flush])
    yield beside
    yield Spacer(0, 4 * mm)


def _listing(label: str, text: str, width: float, most_characters: int) -> list[Any]:
    shown = "\n".join(shown_in(line, MONO) for line in _wrapped(text, most_characters))
    return [
        Line(markup(label), style("label")),
        _boxed([Preformatted(shown, style("listing"))], width),
    ]


def _wrapped(text: str, most: int) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        lines += [line[at : at + most] for at in range(0, len(line), most)] or [""]
    return lines


def _boxed(content: list[Any], width: float) -> Any:
    box = Grid([[content]], colWidths=[width])
    box.setStyle(
        [
            ("BOX", (0, 0), (-1, -1), 0.4, LINE),
            ("BACKGROUND", (0, 0), (-1, -1), TINT),
            ("LEFTPADDING", (0, 0), (-1, -1), 2 * mm),
            ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
        ]
    )
    return box
