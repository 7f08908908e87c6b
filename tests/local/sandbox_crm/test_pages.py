import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
import requests

from tests.local.sandbox_crm.harness import ADA, TIMEOUT_S, WEBHOOK_SECRET, Client, Receiver

HOSTILE = "<script>alert('x')</script>\"&"


class FormReader(HTMLParser):
    """Which fields a page has, and which of them are labelled."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: set[str | None] = set()
        self.labelled: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in {"input", "select", "textarea"}:
            self.fields.add(values.get("id"))
        if tag == "label":
            self.labelled.add(values.get("for"))


def page(crm: Client, path: str) -> str:
    answer = requests.get(crm.base + path, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    return answer.text


def submit(crm: Client, **form: str) -> requests.Response:
    return requests.post(
        f"{crm.base}/customers/{ADA}/status",
        data=form,
        timeout=TIMEOUT_S,
        allow_redirects=False,
    )


def test_a_hostile_name_is_shown_as_text_everywhere(crm: Client) -> None:
    crm.patch(f"/api/customers/{ADA}", {"name": HOSTILE, "company": HOSTILE, "products": [HOSTILE]})
    fields = ("subject", "agent", "disposition", "remarks", "contact", "type")
    crm.put(
        "/api/activities/%3Cscript%3Ealert",
        {**dict.fromkeys(fields, HOSTILE), "customer_id": ADA},
    )

    for path in ("/", f"/customers/{ADA}", "/activities", f"/customers/{ADA}/activities"):
        text = page(crm, path)
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text
    assert "<script>" not in page(crm, "/?q=%3Cscript%3E")


def test_a_new_activity_appears_on_the_page_newest_first(crm: Client) -> None:
    rows = f"/customers/{ADA}/activities"
    assert "Nothing has happened yet" in page(crm, rows)
    for subject, started_at in (
        ("Earlier", "2026-11-20T08:00:00Z"),
        ("Later", "2026-11-21T08:00:00Z"),
    ):
        body = {"customer_id": ADA, "type": "call", "subject": subject, "started_at": started_at}
        crm.put(f"/api/activities/{subject}", body)

    for path in (rows, f"/customers/{ADA}", "/activities"):
        text = page(crm, path)
        assert 0 < text.index("<strong>Later") < text.index("<strong>Earlier")
    assert "21 Nov 2026, 00:00 PST" in page(crm, rows)


def test_an_activity_without_a_customer_is_seen_among_all(crm: Client) -> None:
    crm.put("/api/activities/i-1", {"type": "call", "subject": "Stranger"})

    assert "Stranger" in page(crm, "/activities")
    assert "no customer" in page(crm, "/activities/rows")


@pytest.mark.parametrize("external_id", ["i-1", "i/1", "i 1?é#"])
def test_the_button_beside_an_activity_deletes_that_one(crm: Client, external_id: str) -> None:
    for each in ("i-0", external_id):
        written = crm.put(f"/api/activities/{quote(each)}", {"type": "call", "subject": each})
        assert written.status_code == 201
    (action,) = re.findall(r'action="(/activities/(?!i-0/)[^"]*/delete)"', page(crm, "/activities"))

    done = requests.post(crm.base + action, timeout=TIMEOUT_S, allow_redirects=False)

    assert (done.status_code, done.headers["Location"]) == (303, "/activities")
    left = crm.get("/api/activities").json()["activities"]
    assert [each["external_id"] for each in left] == ["i-0"]
    assert requests.post(crm.base + action, timeout=TIMEOUT_S).status_code == 404


def test_a_page_of_another_site_deletes_nothing(crm: Client) -> None:
    crm.put("/api/activities/i-1", {"type": "call"})

    answer = requests.post(
        f"{crm.base}/activities/i-1/delete",
        headers={"Origin": "https://elsewhere.example.com"},
        timeout=TIMEOUT_S,
    )

    assert answer.status_code == 403
    assert crm.get("/api/activities/i-1").status_code == 200


@pytest.mark.parametrize("words", ["byron", "ANALYTICAL", "ada@", "555-0142", "C-1001"])
def test_the_search_finds_by_name_company_address_number_and_id(
    steady_crm: Client, words: str
) -> None:
    assert "Ada Byron" in page(steady_crm, f"/?q={words}")
    assert "Tom Okafor" not in page(steady_crm, f"/?q={words}")


def test_the_form_sets_the_status_and_the_webhook_hears_of_it(
    crm: Client, receiver: Receiver
) -> None:
    crm.put("/api/webhook", {"url": receiver.url, "secret": WEBHOOK_SECRET})

    answer = submit(crm, status="call_me_back", call_after="2026-12-01T09:00")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/customers/{ADA}")
    changed = crm.get(f"/api/customers/{ADA}").json()
    assert (changed["status"], changed["call_after"]) == (
        "call_me_back",
        "2026-12-01T17:00:00.000Z",
    )
    assert b'"call_me_back"' in receiver.wait_for(1)[0].body
    assert 'value="2026-12-01T09:00"' in page(crm, f"/customers/{ADA}")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"status": "asleep"},
        {"status": "active", "call_after": "soon"},
        {"status": "call_me_back", "call_after": "0001-01-01T00:00"},
    ],
)
def test_a_form_that_cannot_be_is_explained(steady_crm: Client, form: dict[str, str]) -> None:
    answer = submit(steady_crm, **form)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert steady_crm.get(f"/api/customers/{ADA}").json()["status"] == "active"


@pytest.mark.parametrize("origin", ["https://elsewhere.example.com", "null"])
def test_a_form_on_another_site_changes_nothing(crm: Client, origin: str) -> None:
    url, form = f"{crm.base}/customers/{ADA}/status", {"status": "closed"}

    answer = requests.post(url, data=form, headers={"Origin": origin}, timeout=TIMEOUT_S)

    assert answer.status_code == 403
    assert crm.get(f"/api/customers/{ADA}").json()["status"] == "active"
    own = requests.post(url, data=form, headers={"Origin": crm.base}, timeout=TIMEOUT_S)
    assert own.status_code == 200


def test_a_foreign_host_name_is_shown_nothing(steady_crm: Client) -> None:
    answer = requests.get(
        steady_crm.base,
        headers={"Host": "rebound.example.com"},
        timeout=TIMEOUT_S,
        allow_redirects=False,
    )

    assert answer.status_code == 400
    assert "Ada" not in answer.text


@pytest.mark.parametrize("path", ["/", f"/customers/{ADA}", "/activities"])
def test_pages_load_nothing_from_elsewhere_and_run_no_inline_code(
    steady_crm: Client, path: str
) -> None:
    answer = requests.get(steady_crm.base + path, timeout=TIMEOUT_S)

    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert re.findall(r"""(?:src|href|action)=["'](?!/)[^"']*""", answer.text) == ['href="#main']
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)", answer.text) is None
    for asset in re.findall(r'(?:src|href)="(/static/[^"]+)"', answer.text):
        assert requests.get(steady_crm.base + asset, timeout=TIMEOUT_S).status_code == 200


@pytest.mark.parametrize("path", ["/", f"/customers/{ADA}"])
def test_every_field_has_a_label(steady_crm: Client, path: str) -> None:
    reader = FormReader()
    reader.feed(page(steady_crm, path))

    assert reader.fields
    assert reader.fields <= reader.labelled


def test_a_customer_nobody_knows_is_a_page_not_a_crash(steady_crm: Client) -> None:
    answer = requests.get(f"{steady_crm.base}/customers/C-9", timeout=TIMEOUT_S)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")
