"""The agent's browser, as far as a screen pop needs one."""

from html.parser import HTMLParser

from local.ecs_emulator import http_call
from local.ecs_emulator.http_call import NoReply, Request
from local.ecs_emulator.interaction import ScreenPop

_TIMEOUT_S = 10
_MOST_BYTES = 1_000_000


def open_page(url: str) -> ScreenPop:
    """Fetch the page an agent would see; the title is what the page calls itself."""
    request = Request("GET", url, {"Accept": "text/html"})
    answer = http_call.send(request, timeout_s=_TIMEOUT_S, max_bytes=_MOST_BYTES)
    if isinstance(answer, NoReply):
        return ScreenPop(url, None, "", answer.elapsed_ms)
    return ScreenPop(url, answer.status, _title(answer.body), answer.elapsed_ms)


class _TitleReader(HTMLParser):
    """Collects the text of the first title."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = False
        self.title: str | None = None

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._inside = tag == "title" and self.title is None

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.title = (self.title or "") + data


def _title(page: bytes) -> str:
    reader = _TitleReader()
    reader.feed(page.decode(errors="replace"))
    return " ".join((reader.title or "").split())
