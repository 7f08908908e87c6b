"""Fonts, colours and styles of the PDF, and texts in characters that the fonts have."""

import unicodedata
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]

from cli.handover.blocks import runs

SANS, BOLD, MONO = "Vera", "VeraBd", "Courier"
INK, SOFT, LINE = (
    colors.HexColor("#1b1f24"),
    colors.HexColor("#4a5561"),
    colors.HexColor("#b9c2cc"),
)
TINT, ACCENT = colors.HexColor("#f3f6f9"), colors.HexColor("#0b4f8a")
LISTING_PT: Final = 6.6
LEADING_PT: Final = 8.2
_HEADING: Final = {"fontName": BOLD, "keepWithNext": 1, "spaceAfter": 4, "textColor": ACCENT}


def markup(text: str) -> str:
    return "".join(_run(run.mark, run.text, run.target) for run in runs(text))


def _run(mark: str, text: str, target: str) -> str:
    if mark == "code":
        return f'<font name="{MONO}">{escape(shown_in(text, MONO))}</font>'
    shown = escape(shown_in(text, SANS))
    match mark:
        case "strong":
            return f"<b>{shown}</b>"
        case "link":
            return f'<a href="#{target}" color="#0b4f8a">{shown}</a>'
    return shown


def shown_in(text: str, font: str) -> str:
    """The text in characters that the font has: without an accent rather than not at all."""
    has = _has(font)
    return "".join(c if has(c) else _plainer(c, has) for c in text)


def _plainer(character: str, has: Callable[[str], bool]) -> str:
    base = unicodedata.normalize("NFKD", character)[0]
    return base if has(base) else "?"


def _has(font: str) -> Callable[[str], bool]:
    if font == MONO:
        return lambda c: bool(c.encode("cp1252", errors="ignore"))
    known = pdfmetrics.getFont(font).face.charToGlyph
    return lambda c: ord(c) in known or c == "\n"


@cache
def style(name: str) -> Any:
    base: dict[str, Any] = {"fontName": SANS, "fontSize": 9, "leading": 12.5, "textColor": INK}
    more: dict[str, dict[str, Any]] = {
        "title": {"fontName": BOLD, "fontSize": 20, "leading": 25, "spaceAfter": 2},
        "subtitle": {"fontSize": 11, "leading": 14, "textColor": SOFT, "spaceAfter": 14},
        "contents": {"fontSize": 9.5, "leading": 17},
        "heading1": {**_HEADING, "fontSize": 15, "leading": 19, "spaceBefore": 12},
        "heading2": {**_HEADING, "fontSize": 10.5, "leading": 14, "spaceBefore": 6},
        "heading3": {**_HEADING, "fontSize": 9, "leading": 12, "spaceBefore": 4},
        "text": {"spaceAfter": 6},
        "item": {"spaceAfter": 3},
        "boxed": {"fontSize": 8.5, "leading": 11.5},
        "caption": {"fontSize": 8.5, "leading": 11, "spaceBefore": 2, "spaceAfter": 3},
        "head": {"fontSize": 7.2, "leading": 9.4, "textColor": colors.white},
        "cell": {"fontSize": 7.2, "leading": 9.6, "splitLongWords": 1},
        "label": {"fontName": BOLD, "fontSize": 7.5, "leading": 10, "spaceAfter": 2},
        "listing": {"fontName": MONO, "fontSize": LISTING_PT, "leading": LEADING_PT},
    }  # fmt: skip
    return ParagraphStyle(name, **{**base, **more[name]})


@cache
def register_fonts() -> None:
    fonts = resources.files("reportlab") / "fonts"
    for name in (SANS, BOLD, "VeraIt", "VeraBI"):
        pdfmetrics.registerFont(TTFont(name, str(fonts / f"{name}.ttf")))
    pdfmetrics.registerFontFamily(
        SANS, normal=SANS, bold=BOLD, italic="VeraIt", boldItalic="VeraBI"
    )
