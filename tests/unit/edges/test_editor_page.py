"""The editing page sends its own files and no others, and its browser loads nothing else."""

import re
from pathlib import Path

import pytest

from switchboard.edges.editor_page import (
    SECURITY_HEADERS,
    entered_page,
    left_page,
    page_file,
    refused_page,
)
from switchboard.errors import NotFound

STATIC = Path("functions/rules_editor/static")
FILES = sorted(file.name for file in STATIC.iterdir())


def test_every_file_of_the_page_is_sent_with_its_kind() -> None:
    kinds = {"html": "text/html", "js": "text/javascript", "css": "text/css"}

    for name in FILES:
        text, kind = page_file(name, folder=STATIC)
        assert text == (STATIC / name).read_text(encoding="utf-8")
        assert kind == f"{kinds[name.rpartition('.')[2]]}; charset=utf-8"
    assert page_file("page", folder=STATIC) == page_file("page.html", folder=STATIC)


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "app.py", "../app.py", "..%2Fapp.py", "page.js.map", "PAGE.JS", "nothing.js",
     "page.js\n", "page\x00.js", "/etc/passwd", "étoile.js", "page.html/"],
)  # fmt: skip
def test_no_other_file_is_sent(name: str) -> None:
    with pytest.raises(NotFound):
        page_file(name, folder=STATIC)


def test_the_browser_runs_our_files_and_nothing_that_stands_in_the_rules() -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in SECURITY_HEADERS["content-security-policy"].split(";")
    )

    assert policy["default-src"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in SECURITY_HEADERS["content-security-policy"]
    assert SECURITY_HEADERS["cache-control"] == "no-store"
    assert SECURITY_HEADERS["referrer-policy"] == "no-referrer"


def test_the_page_has_no_script_or_style_of_its_own_and_loads_only_its_files() -> None:
    markup = (STATIC / "page.html").read_text(encoding="utf-8")

    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", markup)
    for name in re.findall(r'(?:src|href)="([^"]*)"', markup):
        assert name in (*FILES, "data:,")


@pytest.mark.parametrize("name", [name for name in FILES if name.endswith(".js")])
def test_no_script_makes_markup_or_code_of_text(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8")

    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                "new Function", "setAttribute(\"on", "http:", "https:"):  # fmt: skip
        assert way not in text
    for module in re.findall(r'from "\./([^"]*)"', text):
        assert module in FILES


def test_what_is_refused_is_said_as_text() -> None:
    assert "<b>" not in refused_page("<b>no</b>")
    assert "<script" not in entered_page() + left_page()
