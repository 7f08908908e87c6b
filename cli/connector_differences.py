"""How a sample's failure is shown: each place once, what was expected over what came."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import yaml
from rich.markup import escape

from cli.connector_files import plain_console
from switchboard.adapters.connector.samples import Difference, SampleReport


def print_report(report: SampleReport) -> None:
    """One line for a sample that passed; for another every place where it differs."""
    console = plain_console()
    mark = "[red]FAIL[/]" if report.differences else "[green]ok[/]"
    console.print(f"{mark} {escape(report.name)}")
    for difference in report.differences:
        for line in shown(difference):
            console.print(line)


def shown(difference: str) -> Iterator[str]:
    """A difference as lines with markup: the place, then `-` expected and `+` what came."""
    if not isinstance(difference, Difference):
        yield f"     {escape(difference)}"
        return
    expected, actual = difference.expected, difference.actual
    yield f"     {escape(difference.place)}"
    is_address = difference.place.endswith(".url") and isinstance(expected, str)
    if is_address and isinstance(actual, str):
        yield from _address_lines(expected, actual)
    else:
        yield from _lines("-", "red", expected)
        yield from _lines("+", "green", actual)


def _address_lines(expected: str, actual: str) -> Iterator[str]:
    """Two addresses part by part: what is the same is said once."""
    pairs = list(_address_parts(expected, actual))
    for part, one, other in pairs:
        if one == other:
            continue
        for sign, colour, value in (("-", "red", one), ("+", "green", other)):
            if value is not None:
                yield f"       [{colour}]{sign} {escape(f'{part}: {value}')}[/]"
    if all(one == other for _, one, other in pairs):
        yield from (*_lines("-", "red", expected), *_lines("+", "green", actual))


def _address_parts(expected: str, actual: str) -> Iterator[tuple[str, str | None, str | None]]:
    one, other = urlsplit(expected), urlsplit(actual)
    yield "server", f"{one.scheme}://{one.netloc}", f"{other.scheme}://{other.netloc}"
    first, second = one.path.split("/")[1:], other.path.split("/")[1:]
    for position in range(max(len(first), len(second))):
        yield f"path segment {position + 1}", _at(first, position), _at(second, position)
    asked, sent = _query(one.query), _query(other.query)
    for name in dict.fromkeys([*asked, *sent]):
        yield f"query {name}", asked.get(name), sent.get(name)


def _at(segments: list[str], position: int) -> str | None:
    return unquote(segments[position]) if position < len(segments) else None


def _query(query: str) -> dict[str, str]:
    """Each key once; the values of a repeated one side by side."""
    result: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        result[name] = f"{result[name]}, {value}" if name in result else value
    return result


def _lines(sign: str, colour: str, value: Any) -> Iterator[str]:
    for line in _as_text(value).splitlines() or [""]:
        yield f"       [{colour}]{sign} {escape(line)}[/]"


def _as_text(value: Any) -> str:
    match value:
        case None:
            return "(nothing)"
        case str():
            return value if value else '""'
        case dict() | list() if value:
            return str(yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=90)).strip()
    return repr(value) if not isinstance(value, bool) else str(value).lower()
