"""Bars as SVG that needs nothing from anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 900
_LABEL: Final = 230
_VALUE: Final = 90
_BAR: Final = 14
_GAP: Final = 12
_LONGEST: Final = 30


@dataclass(frozen=True, slots=True)
class Bars:
    """One name, and a bar for each kind, as (kind, how long, what it says)."""

    name: str
    bars: tuple[tuple[str, float, str], ...]


def chart(title: str, every: Sequence[Bars]) -> str:
    """Bars below each other, the longest as wide as there is room. Empty without any."""
    longest = max((length for each in every for _, length, _ in each.bars), default=0)
    if not longest:
        return ""
    height = sum(_height(each) for each in every)
    return "\n".join(
        [
            f'<svg viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(title)}">',
            *_drawn(every, longest),
            "</svg>",
        ]
    )


def _drawn(every: Sequence[Bars], longest: float) -> Iterator[str]:
    room = _WIDTH - _LABEL - _VALUE
    top = 0
    for each in every:
        yield (
            f'<text x="{_LABEL - 8}" y="{top + _BAR - 2}" text-anchor="end">'
            f"{escape(_short(each.name))}<title>{escape(each.name)}</title></text>"
        )
        for number, (kind, length, said) in enumerate(each.bars):
            width, y = length / longest * room, top + number * _BAR
            yield (
                f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{width:.1f}" '
                f'height="{_BAR - 2}"/>'
                f'<text x="{_LABEL + width + 6:.1f}" y="{y + _BAR - 3}">{escape(said)}</text>'
            )
        top += _height(each)


def _height(bars: Bars) -> int:
    return len(bars.bars) * _BAR + _GAP


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
