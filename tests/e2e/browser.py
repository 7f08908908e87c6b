"""Chromium without a screen, driven over its own debugging pipe: nothing needs to be installed."""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
PATIENCE_S = 20
# Windows' virtual key codes, by which a browser knows what such a key does.
_CODES = {"Enter": 13, "Tab": 9, "Escape": 27, "Delete": 46, "ArrowLeft": 37, "ArrowUp": 38,
          "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35}  # fmt: skip


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Seen:
    """What the browser noticed of a page by itself."""

    problems: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)


class Browser:
    """One tab. A dialog of the browser itself is agreed to and kept in `asked`."""

    def __init__(self, reads: int, writes: int) -> None:
        self.asked: list[str] = []
        self._reads, self._writes = reads, writes
        self._buffer = b""
        self._numbers = itertools.count(1)
        self._session = ""
        self._events: list[Json] = []
        tab = self._send("Target.createTarget", url="about:blank")["targetId"]
        attached = self._send("Target.attachToTarget", targetId=tab, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._send(f"{domain}.enable")

    def open(self, url: str, *, width: int = 1200, height: int = 900, dark: bool = False) -> Seen:
        """Load a page, let it settle for a second, and say what the browser noticed."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._send("Emulation.setEmulatedMedia", features=[scheme])
        self._send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self._events.clear()
        self._send("Page.navigate", url=url)
        self._wait_for("Page.loadEventFired")
        time.sleep(0.5)
        self.evaluate("1")  # takes in what has happened meanwhile
        return _noticed(self._events)

    def evaluate(self, expression: str) -> Any:
        answer = self._send("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def until(self, expression: str, what: str = "") -> Any:
        """The expression's value, as soon as it is one that counts as true."""
        give_up_at = time.monotonic() + PATIENCE_S
        while not (value := self.evaluate(expression)):
            shown = self.text()[:4000]
            assert time.monotonic() < give_up_at, f"never: {what or expression}\n{shown}"
            time.sleep(0.05)
        return value

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of the element, which is scrolled to."""
        find = f"document.querySelector({json.dumps(selector)})"
        self.until(f"!!{find}", f"there is {selector}")
        self.evaluate(f"{find}.scrollIntoView({{block: 'nearest', inline: 'nearest'}})")
        x, y, width, height = self.evaluate(
            f"(box => [box.x, box.y, box.width, box.height])({find}.getBoundingClientRect())"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._send(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x + width / 2,
                y=y + height / 2,
                button="left",
                clickCount=1,
            )

    def press(self, key: str, *, alt: bool = False, ctrl: bool = False) -> None:
        """One key, by its DOM name, as `ArrowDown` or `x`."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 and not ctrl else "")
        keys = {"key": key, "modifiers": alt + 2 * ctrl}
        codes = {"windowsVirtualKeyCode": _CODES[key]} if key in _CODES else {}
        self._send("Input.dispatchKeyEvent", type="keyDown", text=text, **keys, **codes)
        self._send("Input.dispatchKeyEvent", type="keyUp", **keys, **codes)

    def write(self, text: str) -> None:
        """Into what has the focus, as if it were typed or pasted."""
        self._send("Input.insertText", text=text)

    def problems(self) -> list[str]:
        """What the browser complained of since the page was opened."""
        self.evaluate("1")  # takes in what has happened meanwhile
        return _noticed(self._events).problems

    def text(self) -> str:
        return str(self.evaluate("document.body.innerText"))

    def is_wider_than_its_window(self) -> bool:
        return bool(self.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def screenshot(self, file: Path) -> None:
        image = self._send("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        file.write_bytes(base64.b64decode(image))

    def _send(self, method: str, **parameters: Any) -> Json:
        number = next(self._numbers)
        self._write(number, method, parameters)
        while True:
            heard = self._hear()
            if heard.get("id") == number:
                assert "error" not in heard, heard
                result: Json = heard["result"]
                return result
            self._events.append(heard)

    def _write(self, number: int, method: str, parameters: Json) -> None:
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._writes, json.dumps(message).encode() + b"\0")

    def _wait_for(self, event: str) -> None:
        while not any(heard.get("method") == event for heard in self._events):
            self._events.append(self._hear())

    def _hear(self) -> Json:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._reads], [], [], PATIENCE_S)
            assert ready, "the browser says nothing"
            self._buffer += os.read(self._reads, 1 << 20)
        message, _, self._buffer = self._buffer.partition(b"\0")
        heard: Json = json.loads(message)
        if heard.get("method") == "Page.javascriptDialogOpening":
            self.asked.append(heard["params"]["type"])
            self._write(next(self._numbers), "Page.handleJavaScriptDialog", {"accept": True})
        return heard


@contextmanager
def opened(chromium: str, profile: Path) -> Iterator[Browser]:
    with ExitStack() as stack:
        (to_us, from_it), (to_it, from_us) = _pipe(stack), _pipe(stack)
        # It reads from descriptor 3 and writes to descriptor 4.
        shell = f'exec "$@" 3<&{to_it} 4>&{from_it}'
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command],
            pass_fds=(to_it, from_it),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        try:
            yield Browser(to_us, from_us)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_S)


def _pipe(stack: ExitStack) -> tuple[int, int]:
    """A pipe whose ends have numbers above those that the browser expects."""
    ends = []
    for low in os.pipe():
        high = fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 10)
        os.close(low)
        stack.callback(os.close, high)
        ends.append(high)
    return ends[0], ends[1]


def _noticed(events: list[Json]) -> Seen:
    seen = Seen()
    for event in events:
        told = event.get("params", {})
        match event.get("method"):
            case "Network.requestWillBeSent":
                seen.requested.append(told["request"]["url"])
            case "Runtime.exceptionThrown":
                seen.problems.append(told["exceptionDetails"]["text"])
            case "Runtime.consoleAPICalled" if told["type"] in {"error", "warning", "assert"}:
                seen.problems.append(json.dumps(told["args"]))
            case "Log.entryAdded" if told["entry"]["level"] in {"error", "warning"}:
                seen.problems.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
    return seen
