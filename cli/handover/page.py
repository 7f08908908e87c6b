"""The document as one HTML page: nothing is loaded from anywhere, and it prints."""

from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from itertools import pairwise

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
    runs,
)


def page(document: Document) -> str:
    """A complete page; what it may load is said to be nothing."""
    style = (resources.files("cli.handover") / "page.css").read_text("utf-8")
    title = escape(f"{document.title}, {document.subtitle}")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{title}</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            '<a class="skip" href="#content">Skip to the content</a>',
            f"<header><h1>{escape(document.title)}</h1>"
            f'<p class="subtitle">{escape(document.subtitle)}</p></header>',
            *_contents(document),
            '<main id="content">',
            *_main(document.blocks),
            "</main>",
            "<footer><p>Written by <code>switchboard handover</code>.</p></footer>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _contents(document: Document) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ol>'
    for chapter in document.chapters:
        yield f'<li><a href="#{chapter.anchor}">{_inline(chapter.text)}</a></li>'
    yield "</ol></nav>"


def _main(blocks: Sequence[Block]) -> Iterator[str]:
    """The blocks in order; a request and its answer stand beside each other."""
    is_second = False
    for block, after in pairwise((*blocks, Paragraph(""))):
        is_pair = isinstance(block, Listing) and isinstance(after, Listing) and not is_second
        if is_pair:
            yield '<div class="pair">'
        yield from _html(block)
        if is_second:
            yield "</div>"
        is_second = is_pair


def _html(block: Block) -> Iterator[str]:
    match block:
        case Heading(level, text, anchor):
            # The page's own title is h1.
            yield f'<h{level + 1} id="{anchor}">{_inline(text)}</h{level + 1}>'
        case Paragraph(text):
            yield f"<p>{_inline(text)}</p>"
        case Note(text, kind):
            yield f'<p class="note"><strong>{kind}.</strong> {_inline(text)}</p>'
        case Bullets(items, numbered):
            tag = "ol" if numbered else "ul"
            yield f"<{tag}>"
            yield from (f"<li>{_inline(item)}</li>" for item in items)
            yield f"</{tag}>"
        case Table():
            yield from _table(block)
        case Listing(label, text):
            yield f"<figure><figcaption>{_inline(label)}</figcaption>"
            yield f"<pre><code>{escape(text)}</code></pre></figure>"


def _table(table: Table) -> Iterator[str]:
    # Whoever has no mouse can scroll it with the keyboard.
    name = escape(plain(table.caption), quote=True)
    yield f'<div class="table" role="region" aria-label="{name}" tabindex="0"><table>'
    yield f"<caption>{_inline(table.caption)}</caption>"
    widths = "".join(f'<col style="width:{width}%">' for width in table.widths)
    yield f"<colgroup>{widths}</colgroup>"
    head = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in table.head)
    yield f"<thead><tr>{head}</tr></thead>"
    yield "<tbody>"
    for first, *others in table.rows:
        cells = "".join(f"<td>{_inline(cell)}</td>" for cell in others)
        yield f'<tr><th scope="row">{_inline(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _inline(text: str) -> str:
    return "".join(_run(run.mark, escape(run.text), run.target) for run in runs(text))


def _run(mark: str, text: str, target: str) -> str:
    match mark:
        case "code":
            return f"<code>{_breakable(text)}</code>"
        case "strong":
            return f"<strong>{text}</strong>"
        case "link":
            return f'<a href="#{target}">{text}</a>'
    return text


def _breakable(code: str) -> str:
    """A long name may be broken after an underscore or a slash."""
    return code.replace("_", "_<wbr>").replace("/", "/<wbr>")
