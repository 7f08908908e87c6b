"""The pages people look at, in a real browser: wide and narrow, light and dark."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.browser import Browser, Seen
from tests.e2e.world import World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.xdist_group("world")]

LOOKS = [(1200, False), (1200, True), (360, False), (360, True)]
# Whether some word of the history stands on more than one line.
BREAKS_A_WORD = """
[...document.querySelectorAll('#history td')].some(cell => {
  const text = cell.firstChild;
  return [...(text?.data ?? '').matchAll(/\\S+/g)].some(word => {
    const range = document.createRange();
    range.setStart(text, word.index);
    range.setEnd(text, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
  });
})
"""
REMARKS = "Asked about the <b>last</b> invoice"


@pytest.fixture(scope="session")
def handled(world: World) -> str:
    """An interaction of Ada's that is over and noted."""
    interaction_id = world.contact("voice", "+14155550142", remarks=REMARKS)
    world.ended(interaction_id)
    eventually(lambda: world.noted(interaction_id), "it is noted")
    return interaction_id


def assert_is_sound(browser: Browser, seen: Seen) -> None:
    assert seen.problems == []
    hosts = {urlsplit(url).hostname for url in seen.requested if url.startswith("http")}
    assert hosts == {"127.0.0.1"}
    assert not browser.is_wider_than_its_window()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_desk_page_shows_who_why_and_what_was_before(
    world: World, browser: Browser, handled: str, pictures: Path, width: int, dark: bool
) -> None:
    ringing = world.contact("voice", "+14155550142", talk_s=0)
    url = world.ended(ringing)["screen_pop"]["url"]

    seen = browser.open(url, width=width, dark=dark)

    browser.screenshot(pictures / f"desk-{width}-{'dark' if dark else 'light'}.png")
    shown = browser.text()
    assert "Ada Byron" in shown
    assert "high-value: tier is high" in shown
    assert "Analytical Engines Ltd" in shown
    history = str(browser.evaluate("document.querySelector('#history').innerText"))
    assert REMARKS in history  # as text: what an agent typed never becomes markup
    assert "Resolved" in history
    assert not browser.evaluate(BREAKS_A_WORD)
    assert_is_sound(browser, seen)
    assert seen.requested == [url]  # nothing is loaded beside the page


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_crm_shows_the_new_activity_on_the_customers_page(
    world: World, browser: Browser, handled: str, pictures: Path, width: int, dark: bool
) -> None:
    seen = browser.open(f"{world.crm}/customers/C-1001", width=width, dark=dark)

    browser.screenshot(pictures / f"crm-{width}-{'dark' if dark else 'light'}.png")
    shown = browser.text()
    assert "Ada Byron" in shown
    assert REMARKS in shown
    assert handled in shown
    assert_is_sound(browser, seen)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_contact_centres_floor_and_interaction_can_be_looked_at(
    world: World, browser: Browser, handled: str, pictures: Path, width: int, dark: bool
) -> None:
    look = f"{width}-{'dark' if dark else 'light'}"

    seen = browser.open(f"{world.ecs}/", width=width, dark=dark)
    browser.screenshot(pictures / f"floor-{look}.png")
    assert "Maya Lindqvist" in browser.text()
    assert handled in browser.text()
    assert_is_sound(browser, seen)

    seen = browser.open(f"{world.ecs}/interactions/{handled}", width=width, dark=dark)
    browser.screenshot(pictures / f"interaction-{look}.png")
    assert "Analytical" not in browser.text()  # the flow gets what config/lookup.yaml names
    assert "high-value: tier is high" in browser.text()
    assert "<built-in" not in browser.text()
    assert_is_sound(browser, seen)
