"""A replay as one HTML page: nothing is loaded from anywhere, nothing in it runs, and it prints."""

from collections.abc import Iterator
from html import escape
from importlib import resources

from cli.rules.bar_chart import Bars, chart
from cli.rules.replay_sheets import Sheet, contacts_by, share, sheets
from cli.rules.replay_told import caveats, differences, headline, moment, reasons
from switchboard.domain.replayed import Example, Explained, Group, Replayed


def report(replayed: Replayed, *, old: str, new: str) -> str:
    """A complete page; equal replays are equal pages. `old` and `new` name the rules."""
    style = (resources.files("cli.rules") / "replay_report.css").read_text("utf-8")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            "<title>Replay of routing rules</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            "<header><h1>What other rules would have done</h1>",
            f'<p class="rules">Old: {escape(old)}. New: {escape(new)}.</p></header>',
            "<main>",
            *_main(replayed),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _main(replayed: Replayed) -> Iterator[str]:
    yield f'<p class="headline">{escape(headline(replayed))}</p>'
    for caveat in caveats(replayed):
        yield f'<p class="note">{escape(caveat)}</p>'
    charts = {"Queues": _queues(replayed), f"By {replayed.by}": _groups(replayed)}
    for sheet in sheets(replayed):
        yield f"<h2>{escape(sheet.title)}</h2>"
        yield charts.get(sheet.title, "")
        yield from _table(sheet)
    if replayed.examples:
        yield "<h2>Examples</h2>"
        yield "<p>The first contacts of each pair of rows, in the order in which they came.</p>"
    for example in replayed.examples:
        yield from _example(example)


def _queues(replayed: Replayed) -> str:
    bars = [
        Bars(queue, (("old", old, f"{old:,}"), ("new", new, f"{new:,}")))
        for queue, (old, new) in contacts_by(replayed.queues).items()
    ]
    key = '<span class="key old"></span>old <span class="key new"></span>new'
    return _figure(f"Contacts by queue:{key}", chart("Contacts by queue, old and new", bars))


def _groups(replayed: Replayed) -> str:
    bars = [
        Bars(
            group.value,
            (
                (
                    "new",
                    group.differently / group.contacts,
                    share(group.differently, group.contacts),
                ),
            ),
        )
        for group in replayed.groups
    ]
    title = f"Share of contacts decided differently, by {replayed.by}"
    return _figure(escape(title), chart(title, bars))


def _share(group: Group) -> str:
    return share(group.differently, group.contacts)


def _figure(caption: str, drawing: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{drawing}</figure>" if drawing else ""


def _table(sheet: Sheet) -> Iterator[str]:
    def cells(line: tuple[str, ...], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=name' if number < sheet.names else ''}>{escape(words)}</{tag}>"
            for number, words in enumerate(line)
        )

    # Whoever has no mouse can scroll it with the keyboard.
    name = escape(sheet.title)
    yield f'<div class="table" role="region" aria-label="{name}" tabindex="0"><table>'
    yield f"<thead><tr>{cells(sheet.heads, 'th')}</tr></thead><tbody>"
    yield from (f"<tr>{cells(line, 'td')}</tr>" for line in sheet.lines)
    yield "</tbody></table></div>"


def _example(example: Example) -> Iterator[str]:
    yield f"<article><h3>{escape(moment(example))}</h3><ul>"
    yield from (f"<li>{escape(line)}</li>" for line in differences(example))
    yield "</ul>"
    yield from (f'<p class="why">{escape(line)}</p>' for line in reasons(example))
    yield from _passed("old", example.old)
    yield from _passed("new", example.new)
    yield "</article>"


def _passed(name: str, explained: Explained) -> Iterator[str]:
    if explained.passed:
        yield f"<details><summary>Why no earlier row of the {name} rules</summary><ul>"
        yield from (
            f"<li>{escape(passed.row)}: {escape(passed.why)}</li>" for passed in explained.passed
        )
        yield "</ul></details>"
