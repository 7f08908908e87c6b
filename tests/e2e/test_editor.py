"""A supervisor edits the routing rules in a real browser, and callers are routed by it."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cli.publishing import publish
from cli.rules.edit import editor_address
from switchboard.domain.cells import Attribute, read_cell
from switchboard.domain.operator_link import OperatorLink
from tests.e2e.browser import Browser
from tests.e2e.editor import Editor, cell
from tests.e2e.terminal import SWITCHBOARD
from tests.e2e.world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.xdist_group("world")]

STRANGER = "+1 415 555 0199"
CELLS = {
    "flag": ["true", "false"],
    "choice": ["x", "y y", "x, y y", "not x", "not y y, z-1"],
    "number": [">= 5", "> 5", "<= 5.5", "< -5", "7", "-0.5", "15..59", "-3..3"],
    "set": ["has x", "has any x, y y", "has all x, y y", "has none x", "has none x, y y"],
    "instant": ["within 14d", "within 30s", "older than 90d", "older than 4h", "within 15m"],
}
EVERYWHERE = ["missing", "present"]
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
# The copies that functions keep of published rules are ten seconds old at most.
WITHIN_S = 15


@pytest.fixture
def rules(world: World) -> Iterator[dict[str, object]]:
    """The published rules, as they are again after the test."""
    before = world.published("routing")
    yield before
    publish(world.running.target, {"routing": before}, now=datetime.now(UTC))


@pytest.fixture
def editor(world: World, browser: Browser, rules: dict[str, object]) -> Editor:
    page = Editor(browser)
    page.open(link(world))
    return page


def link(world: World, *options: str) -> str:
    """What the operator's command prints."""
    done = subprocess.run(
        [SWITCHBOARD, "rules", "edit", "--as", "Grace", *options],
        cwd=world.desk.folder,
        env=world.desk.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def routed(world: World, contact: str = STRANGER) -> dict[str, str]:
    answer = world.ask("POST", "/v1/arrivals/route", {"contact": contact, "channel": "voice"})
    said: dict[str, str] = answer.json()
    return said


def shows_no_markup(browser: Browser) -> bool:
    made = "document.querySelectorAll('img, iframe, object, script:not([src])').length"
    return browser.evaluate(made) == 0 and browser.problems() == []


def test_the_link_logs_in_and_leaves_the_address_bar(editor: Editor, world: World) -> None:
    browser = editor.browser

    assert urlsplit(browser.evaluate("location.href")).path.endswith("/editor/page")
    assert "link=" not in browser.evaluate("location.href + document.referrer")
    assert browser.evaluate("document.cookie") == "", "no script reads the login"
    assert "Grace" in browser.text()
    assert browser.problems() == []


def test_a_change_is_refused_mended_explained_published_and_decides(
    editor: Editor, world: World, pictures: Path
) -> None:
    browser = editor.browser
    before = routed(world)

    editor.change("high-value", "when.tier", "is low")
    said = editor.panel_says("can never be reached")
    browser.screenshot(pictures / "editor-refused.png")
    assert "high-value covers it" in said
    assert editor.is_marked("low-value-voice", "id", "problem")
    editor.panel("Publish")
    assert browser.evaluate("document.querySelector('#publish').disabled")
    browser.press("z", ctrl=True)
    assert "0 problems" in editor.is_checked()
    assert editor.text_of("high-value", "when.tier") == "high"

    editor.change("everyone-else", "then.priority", "Urgent")
    editor.panel("Explain")
    editor.choose("#panel select[aria-label=known]", "false")
    editor.choose("#panel select[aria-label=open_now]", "true")
    browser.click("#explain")
    assert "class Urgent" in editor.panel_says("no other rule applied")
    assert browser.evaluate("document.querySelector('#grid tr.decides').dataset.row") == (
        "everyone-else"
    )
    browser.screenshot(pictures / "editor-explained.png")
    editor.is_checked()
    editor.panel("Publish")
    editor.type_into("#note", "strangers wait less")
    browser.click("#publish")
    editor.panel_says("Published as")

    assert before["priority_class"] != "Urgent"
    eventually(lambda: routed(world)["priority_class"] == "Urgent", "it decides", within_s=WITHIN_S)
    assert browser.evaluate("document.querySelector('#unsaved').hidden")
    editor.panel("Versions")
    assert "Grace: strangers wait less" in editor.panel_says("is active")
    assert browser.problems() == []


def test_a_version_is_taken_back_by_two_clicks(editor: Editor, world: World) -> None:
    before = world.published("routing")
    digest = editor.browser.evaluate("document.querySelector('#version').textContent")
    editor.change("everyone-else", "then.priority", "Urgent")
    editor.is_checked()
    editor.panel("Publish")
    editor.browser.click("#publish")
    editor.panel_says("Published as")

    editor.panel("Versions")
    back = "#panel li:nth-child(2) button:last-child"
    editor.browser.click(back)
    assert world.published("routing") != before
    editor.browser.click(back)

    editor.panel_says(f"back to {digest}")
    assert editor.text_of("everyone-else", "then.priority") != "Urgent"
    assert json.dumps(world.published("routing"), sort_keys=True) == json.dumps(
        before, sort_keys=True
    )


def test_going_back_behind_a_colleague_keeps_what_is_edited(
    world: World, editor: Editor, rules: dict[str, object]
) -> None:
    digest = editor.browser.evaluate("document.querySelector('#version').textContent")
    editor.change("everyone-else", "then.priority", "Urgent")
    theirs = json.loads(json.dumps(rules))
    theirs["tables"][0]["rows"][0]["note"] = "theirs"
    publish(world.running.target, {"routing": theirs}, now=datetime.now(UTC))

    editor.panel("Versions")
    editor.panel_says("is active")
    for _ in range(2):
        editor.browser.click("#panel li:nth-child(2) button:last-child")

    editor.panel_says("Your changes are still here")
    assert world.published("routing") == rules
    assert editor.browser.evaluate("document.querySelector('#version').textContent") == digest
    assert editor.text_of("everyone-else", "then.priority") == "Urgent"
    editor.browser.click("#undo")
    assert editor.browser.evaluate("document.querySelector('#unsaved').hidden")


def test_a_choice_of_nothing_does_not_become_a_cell_for_everybody(editor: Editor) -> None:
    browser = editor.browser
    before = editor.text_of("high-value", "when.tier")
    browser.click(cell("high-value", "when.tier"))
    browser.press("Enter")
    editor.choose(".editor select", "is")
    browser.evaluate("document.querySelectorAll('.editor input:checked').forEach(it => it.click())")
    said = "document.querySelector('.editor [role=alert]').textContent"

    browser.press("Enter")
    assert "Nothing is chosen here yet" in browser.evaluate(said)
    browser.evaluate(f"{said} = ''")
    browser.click(cell("spanish", "id"))
    assert "Nothing is chosen here yet" in browser.evaluate(said)

    browser.press("Escape")
    assert browser.evaluate("document.querySelector('.editor')") is None
    assert editor.here() == ["high-value", "when.tier"]
    assert editor.text_of("high-value", "when.tier") == before
    assert browser.evaluate("document.querySelector('#unsaved').hidden")


def test_a_number_that_is_not_there_keeps_the_form_open(editor: Editor) -> None:
    browser = editor.browser
    editor.choose("#more-columns", "when.last_contact")
    forms = [(">=", "when.days_past_due"), ("..", "when.days_past_due")]
    forms += [("within", "when.last_contact"), ("points", "then.priority")]

    for form, column in forms:
        before = editor.text_of("spanish", column)
        browser.click(cell("spanish", column))
        browser.press("Enter")
        editor.choose(".editor select", form)
        unit = browser.evaluate("document.querySelector('.editor .unit')?.textContent")
        assert unit == ("days" if column == "when.days_past_due" else None)
        browser.press("Enter")
        said = browser.evaluate("document.querySelector('.editor [role=alert]').textContent")
        assert "A number is missing here" in said
        browser.press("Escape")
        assert editor.text_of("spanish", column) == before


def test_one_emptied_cell_is_one_problem_and_stories_lead_to_themselves(editor: Editor) -> None:
    browser = editor.browser
    browser.click(cell("high-value", "when.tier"))
    browser.press("Delete")

    editor.panel_says("row high-value matches everybody")
    assert "1 problem " in editor.is_checked()
    assert editor.is_marked("high-value", "id", "problem")
    assert not editor.is_marked("spanish", "id", "problem")
    browser.click("#panel details summary")
    browser.click("#panel details li:last-child button")

    name = browser.evaluate("document.activeElement.textContent")
    assert browser.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert name.startswith("✗ ")
    assert "got high-value" in editor.panel_says("expected row")
    assert browser.problems() == []


def test_a_page_says_when_its_browser_belongs_to_somebody_else(
    world: World, editor: Editor
) -> None:
    browser = editor.browser
    entered = json.dumps(link(world, "--as", "Zoë"))
    browser.evaluate(f"void fetch({entered}).then(() => {{ window.entered = true; }})")
    browser.until("window.entered", "Zoë is logged in")

    editor.change("everyone-else", "then.priority", "Urgent")

    browser.until(
        "document.querySelector('#summary').textContent"
        '.includes("Zoë has logged in here since; this page is Grace\'s")'
    )


def test_everything_can_be_done_with_the_keyboard(editor: Editor) -> None:
    browser = editor.browser
    browser.click(cell("high-value", "id"))

    browser.press("ArrowDown")
    browser.press("ArrowRight")
    browser.press("ArrowLeft")
    assert editor.here() == ["high-lifetime-value", "id"]
    browser.press("End")
    browser.press("Enter")
    browser.write("seen by Grace")
    browser.press("Enter")
    assert editor.here() == ["high-lifetime-value", "note"]
    assert editor.text_of("high-lifetime-value", "note") == "seen by Grace"
    browser.press("ArrowUp", alt=True)
    rows = "[...document.querySelectorAll('#grid tbody tr')].map(row => row.dataset.row)"
    moved = browser.evaluate(rows)
    assert moved.index("high-lifetime-value") + 1 == moved.index("high-value")
    assert editor.here() == ["high-lifetime-value", "note"]
    browser.press("Delete")
    assert editor.text_of("high-lifetime-value", "note") == ""
    for _ in range(3):
        browser.press("z", ctrl=True)
    assert browser.evaluate("document.querySelector('#unsaved').hidden")
    browser.press("Home")
    browser.press("Enter")
    browser.write("never kept")
    browser.press("Escape")
    assert browser.evaluate(rows)[0] == "closed-by-switch"
    assert browser.evaluate("document.querySelector('#unsaved').hidden")
    assert browser.problems() == []


def test_rows_are_added_copied_moved_searched_and_taken_out(editor: Editor) -> None:
    browser = editor.browser
    browser.click(cell("spanish", "id"))
    browser.click("#duplicate")
    browser.click("#up")
    browser.click("#add")
    editor.change("new-row", "when.tier", "missing")
    editor.change("new-row", "then.queue", "support")

    shown = editor.panel_says("row spanish can never be reached: spanish-copy covers it")
    assert "got new-row" in shown
    editor.type_into("#filter", "spanish")
    rows = "[...document.querySelectorAll('#grid tbody tr')].map(row => row.dataset.row)"
    assert browser.evaluate(rows) == ["spanish-copy", "spanish"]
    browser.evaluate("document.querySelector('#filter').value = ''")
    browser.evaluate("document.querySelector('#filter').dispatchEvent(new Event('input'))")
    for row in ("spanish-copy", "new-row"):
        browser.click(cell(row, "id"))
        browser.click("#delete")
    assert "0 problems" in editor.is_checked()
    assert browser.evaluate("document.querySelector('#unsaved').hidden")


def test_what_stands_in_the_rules_is_text(
    world: World, browser: Browser, rules: dict[str, object]
) -> None:
    hostile = json.loads(json.dumps(rules))
    hostile["tables"][0]["rows"][0]["note"] = HOSTILE
    hostile["tests"][0]["name"] = HOSTILE
    publish(world.running.target, {"routing": hostile}, now=datetime.now(UTC))
    editor = Editor(browser)

    editor.open(link(world))
    assert editor.text_of("closed-by-switch", "note") == HOSTILE
    editor.panel("Stories")
    editor.panel_says(HOSTILE)
    browser.click(cell("closed-by-switch", "id"))
    browser.press("Enter")
    browser.evaluate("document.querySelector('.editor input').select()")
    browser.write(HOSTILE)
    browser.press("Enter")
    editor.panel("Check")
    editor.panel_says(HOSTILE)

    assert shows_no_markup(browser)


def test_who_may_look_may_not_publish(world: World, browser: Browser, editor: Editor) -> None:
    editor.open(link(world, "--read-only"))

    editor.change("everyone-else", "then.priority", "Urgent")
    editor.is_checked()
    editor.panel("Publish")
    assert "not publish" in editor.panel_says("Your link")
    assert browser.evaluate("document.querySelector('#publish').disabled")
    heard = editor.ask("publish", {"document": {}, "expected": "0"})

    assert heard["status"] == 403
    assert routed(world)["priority_class"] != "Urgent"


def test_an_expired_link_and_no_link_at_all_open_nothing(
    world: World, browser: Browser, editor: Editor
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    target = world.running.target
    expired = editor_address(target, "switchboard", OperatorLink("Grace", True, past))

    browser.open(expired)
    assert "has expired" in browser.text()

    browser.open(f"{target.api_url}/editor/leave")
    browser.open(f"{target.api_url}/editor/page")
    assert "everyone-else" not in browser.text()
    assert "Not available" in browser.text()


def test_somebody_was_faster(world: World, editor: Editor, rules: dict[str, object]) -> None:
    theirs = json.loads(json.dumps(rules))
    theirs["tables"][0]["rows"][0]["note"] = "theirs"
    publish(world.running.target, {"routing": theirs}, now=datetime.now(UTC))
    editor.change("everyone-else", "then.priority", "Urgent")
    editor.is_checked()
    editor.panel("Publish")
    editor.type_into("#note", "agreed with Sales")

    editor.browser.click("#publish")
    editor.panel_says("published meanwhile")
    assert editor.browser.evaluate("document.querySelector('#note').value") == "agreed with Sales"
    editor.browser.click("#said button:nth-of-type(1)")
    editor.panel_says("to these rules")
    assert "Take theirs, drop mine" in editor.panel_says("Keep mine, publish over theirs")
    assert editor.text_of("everyone-else", "then.priority") == "Urgent"
    editor.browser.click("#said button:nth-of-type(2)")

    editor.browser.until(
        f"document.querySelector({json.dumps(cell('closed-by-switch', 'note'))})"
        ".textContent === 'theirs'"
    )
    assert editor.text_of("everyone-else", "then.priority") != "Urgent"


def test_recorded_contacts_are_decided_again(world: World, editor: Editor, pictures: Path) -> None:
    world.ended(world.contact("voice", "+14155550199", talk_s=0))
    editor.change("everyone-else", "then.queue", "support")
    editor.is_checked()
    editor.panel("Replay")

    editor.browser.click("#panel button.main")

    said = editor.panel_says("would be decided differently")
    assert "Examples" in said
    editor.browser.screenshot(pictures / "editor-replayed.png")


def test_a_switch_closes_and_opens_within_seconds(world: World, editor: Editor) -> None:
    banner = "document.querySelector('#switches-on')"
    editor.panel("Switches")
    editor.browser.click("#panel button.main")
    editor.panel_says("Say why, in one line")
    assert editor.browser.evaluate(f"{banner}.hidden")
    editor.type_into("#panel input[placeholder=why]", "burst pipe")
    editor.browser.click("#panel button.main")
    editor.panel_says("on until")
    assert "Grace: burst pipe" in editor.browser.evaluate(f"{banner}.innerText")
    eventually(lambda: routed(world)["row"] == "closed-by-switch", "it closes", within_s=WITHIN_S)

    editor.open(link(world))
    editor.browser.until(f"!{banner}.hidden", "the banner is there again")
    editor.panel("Switches")
    editor.panel_says("on until")
    editor.browser.click("#panel button.main")
    editor.panel_says("no reason given")
    assert editor.browser.evaluate(f"{banner}.hidden")

    eventually(lambda: routed(world)["row"] != "closed-by-switch", "it opens", within_s=WITHIN_S)


def test_a_spreadsheets_table_comes_back(editor: Editor) -> None:
    browser = editor.browser
    document = editor.ask("document", {})["body"]["document"]
    asked = {"document": document, "as": "csv", "table": "route"}
    text = editor.ask("export", asked)["body"]["text"].replace("everyone-else", "all-others")
    editor.panel("Files")
    browser.evaluate(
        "(files => { files.items.add(new File([" + json.dumps(text) + "], 'route.csv'));"
        " document.querySelector('#csv-file').files = files.files; })(new DataTransfer())"
    )

    browser.click("#csv-file + button")
    editor.panel_says("Taken in")

    assert editor.text_of("all-others", "id") == "all-others"
    browser.click("#undo")
    assert editor.text_of("everyone-else", "id") == "everyone-else"


def test_the_form_over_a_cell_writes_what_the_server_reads(editor: Editor) -> None:
    attributes = {
        "flag": Attribute("a", "flag", "crm.a"),
        "choice": Attribute("a", "choice", "crm.a", ("x", "y y", "z-1")),
        "number": Attribute("a", "number", "crm.a"),
        "set": Attribute("a", "set", "crm.a", ("x", "y y")),
        "instant": Attribute("a", "instant", "crm.a"),
    }
    texts = [(kind, text) for kind, listed in CELLS.items() for text in (*listed, *EVERYWHERE)]
    asked = [
        ({"type": kind, "values": list(attributes[kind].values)}, text) for kind, text in texts
    ]

    editor.browser.evaluate(
        "import('./cells.js').then(({readCell, writeCell}) => { window.cells = "
        f"{json.dumps(asked)}.map(([attribute, text]) => {{"
        " const shown = readCell(attribute, text);"
        " return [shown.form, writeCell(shown)]; }); })"
    )
    forms = editor.browser.until("window.cells")

    for (kind, text), (form, written) in zip(texts, forms, strict=True):
        assert read_cell(attributes[kind], text).text == text, "it is how the server writes it"
        assert (form != "text", written) == (True, text)


def test_leaving_with_something_unpublished_asks_first(world: World, editor: Editor) -> None:
    browser = editor.browser
    browser.asked.clear()
    editor.change("everyone-else", "then.priority", "Urgent")

    browser.open(f"{world.running.target.api_url}/editor/page")

    assert browser.asked == ["beforeunload"]


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_laptop_by_day_and_by_night(
    world: World, editor: Editor, pictures: Path, dark: bool
) -> None:
    editor.open(link(world), dark=dark)

    assert not editor.browser.is_wider_than_its_window()
    assert editor.browser.evaluate(
        "document.querySelector('[role=grid]').getAttribute('aria-label')"
    )
    editor.browser.screenshot(pictures / f"editor-{'dark' if dark else 'light'}.png")
