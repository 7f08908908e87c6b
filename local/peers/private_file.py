"""Small files only we may read: generated passwords, keys, and where webhooks go."""

from collections.abc import Callable
from pathlib import Path


def kept(path: Path, make: Callable[[], str]) -> str:
    """The file's text; made and stored the first time."""
    if not path.exists():
        write(path, make())
    return path.read_text("utf-8")


def write(path: Path, text: str) -> None:
    """Replace the file at once, so that a reader sees the old text or the new."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(text, "utf-8")
    draft.replace(path)
