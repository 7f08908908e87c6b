"""The rules' editing page as its user has it: cells, the form over a cell, panels."""

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.browser import Browser

Json = dict[str, Any]


def cell(row: str, column: str) -> str:
    """`column` as `when.tier`, `then.queue`, `id`, `note`."""
    return f"#grid tr[data-row={json.dumps(row)}] td[data-key={json.dumps(column)}]"


@dataclass(frozen=True)
class Editor:
    """An open page."""

    browser: Browser

    def open(self, link: str, *, dark: bool = False) -> None:
        self.browser.open(link, width=1366, height=800, dark=dark)
        self.is_checked()

    def is_checked(self) -> str:
        """What the check says of the rules as they stand, once it knows."""
        said = "document.querySelector('#summary')?.textContent"
        return str(self.browser.until(f"{said}?.includes('problem') && {said}", "it is checked"))

    def choose(self, selector: str, value: str) -> None:
        """Take an option of a drop-down."""
        self.browser.until(
            f"[...document.querySelector({json.dumps(selector)})?.options ?? []]"
            f".some(option => option.value === {json.dumps(value)})",
            f"{selector} offers {value}",
        )
        self.browser.evaluate(
            f"(chosen => {{ chosen.value = {json.dumps(value)};"
            " chosen.dispatchEvent(new Event('change', {bubbles: true})); })"
            f"(document.querySelector({json.dumps(selector)}))"
        )

    def change(self, row: str, column: str, value: str) -> None:
        """Edit a cell by its drop-down."""
        self.browser.click(cell(row, column))
        self.browser.press("Enter")
        self.choose(".editor select", value)
        self.browser.press("Enter")
        self.browser.until("!document.querySelector('.editor')", "the form over the cell is gone")

    def panel(self, name: str) -> None:
        self.browser.click(f"#panel-{name}")

    def panel_says(self, words: str) -> str:
        said = "document.querySelector('#panel').innerText"
        self.browser.until(f"{said}.includes({json.dumps(words)})", f"the panel says {words!r}")
        return str(self.browser.evaluate(said))

    def type_into(self, selector: str, text: str) -> None:
        self.browser.click(selector)
        self.browser.write(text)

    def text_of(self, row: str, column: str) -> str:
        return str(
            self.browser.evaluate(
                f"document.querySelector({json.dumps(cell(row, column))})?.textContent"
            )
        )

    def is_marked(self, row: str, column: str, mark: str) -> bool:
        found = f"document.querySelector({json.dumps(cell(row, column))})"
        return bool(self.browser.evaluate(f"{found}?.classList.contains({json.dumps(mark)})"))

    def here(self) -> list[str]:
        """Row and column of the cell that has the focus."""
        place: list[str] = self.browser.evaluate(
            "(at => [at.closest('tr')?.dataset.row, at.dataset.key])(document.activeElement)"
        )
        return place

    def ask(self, action: str, body: Json) -> Json:
        """What the page's own script would hear from the server."""
        self.browser.evaluate(
            "window.heard = null; fetch('api/' + "
            f"{json.dumps(action)}, {{method: 'POST', body: {json.dumps(json.dumps(body))},"
            " headers: {'content-type': 'application/json', 'x-switchboard-editor': 'page'}})"
            ".then(async answer => { window.heard = {status: answer.status,"
            " body: await answer.json()}; })"
        )
        heard: Json = self.browser.until("window.heard", f"{action} is answered")
        return heard
