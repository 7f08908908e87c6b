"""The editing page as it is sent: its files, its headers, and what others see."""

import re
from html import escape
from pathlib import Path
from typing import Final

from switchboard.errors import NotFound

SECURITY_HEADERS: Final = {
    # The page builds what it shows from text nodes; with trusted types, markup made of text is
    # refused by the browser itself.
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

HTML: Final = "text/html; charset=utf-8"
PAGE: Final = "page"
_KINDS: Final = {
    "html": HTML,
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
}
_NAME: Final = re.compile(r"[a-z][a-z_]*\.(html|js|css)", re.ASCII)


def page_file(name: str, *, folder: Path) -> tuple[str, str]:
    """A file of the page and its content type.

    Raises: NotFound when the page has no such file.
    """
    file_name = f"{name}.html" if name == PAGE else name
    found = _NAME.fullmatch(file_name)
    if not found or not (folder / file_name).is_file():
        raise NotFound("The editing page has no such file.")
    return (folder / file_name).read_text(encoding="utf-8"), _KINDS[found[1]]


def entered_page() -> str:
    """Leads on to the editor.

    Not a 303: a browser that came from another site would follow that without the cookie, which
    is for our own site only. This page is our own site, and leaves no trace in the history.
    """
    return _document(
        "Opening the editor",
        '<p><a href="page">Open the editor</a></p>',
        head='<meta http-equiv="refresh" content="0;url=page">',
    )


def left_page() -> str:
    return _document("Logged out", "<h1>Logged out</h1><p>Your link opens the editor again.</p>")


def refused_page(message: str) -> str:
    """What a person sees who may not see more."""
    return _document("Not available", f"<h1>Not available</h1><p>{escape(message)}</p>")


def _document(title: str, body: str, *, head: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{head}'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>{title} · Switchboard</title></head>'
        f"<body><main>{body}</main></body></html>"
    )
