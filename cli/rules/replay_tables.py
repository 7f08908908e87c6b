"""A replay on the terminal."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cli.rules.printable import printable
from cli.rules.replay_sheets import Sheet, sheets
from cli.rules.replay_told import caveats, differences, headline, moment, reasons
from switchboard.domain.replayed import Example, Replayed

_MOST_LINES: Final = 25
_MOST_EXAMPLES: Final = 10


def show(replayed: Replayed, console: Console) -> None:
    _say(console, headline(replayed), style="bold")
    for caveat in caveats(replayed):
        _say(console, f"Note: {caveat}", style="yellow")
    for sheet in sheets(replayed):
        console.print(_table(sheet))
    shown = _one_of_each_pair(replayed)[:_MOST_EXAMPLES]
    for example in shown:
        _say(console, f"\n{moment(example)}", style="bold")
        for line in (*differences(example), *reasons(example)):
            _say(console, f"  {line}")
    if more := len(replayed.examples) - len(shown):
        _say(console, f"\n{more} more examples are in the report; write it with --html.")


def _one_of_each_pair(replayed: Replayed) -> list[Example]:
    """The first example of each pair of rows; the pairs of most contacts first."""
    first: dict[tuple[str, str], Example] = {}
    for example in replayed.examples:
        first.setdefault((example.old.row, example.new.row), example)
    return list(first.values())


def _table(sheet: Sheet) -> Table:
    table = Table(title=printable(sheet.title), title_justify="left")
    for number, head in enumerate(sheet.heads):
        justify = "left" if number < sheet.names else "right"
        table.add_column(_text(head), justify=justify)  # type: ignore[arg-type]
    for line in sheet.lines[:_MOST_LINES]:
        table.add_row(*map(_text, line))
    more = len(sheet.lines) - _MOST_LINES
    if more > 0:
        table.caption = f"and {more} lines more; --html has all"
    return table


def _say(console: Console, line: str, *, style: str = "") -> None:
    console.print(_text(line), style=style, soft_wrap=True)


def _text(words: str) -> Text:
    return Text(printable(words))
