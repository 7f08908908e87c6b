"""`connector docs`: the page says what the file says, and is current or fails."""

from pathlib import Path

from typer.testing import CliRunner, Result

from cli.connector import app

ROOT = Path(__file__).parents[3]
CONNECTORS = sorted((ROOT / "layers/switchboard/switchboard/connectors").glob("*.yaml"))
INHOUSE = ROOT / "layers/switchboard/switchboard/connectors/inhouse.yaml"
SANDBOX = ROOT / "layers/switchboard/switchboard/connectors/sandbox.yaml"


def docs(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["docs", *map(str, arguments)])


def test_a_page_tells_settings_secrets_lookups_idempotency_and_how_far_it_was_checked() -> None:
    page = docs(SANDBOX).output

    for told in (
        "# Sandbox CRM",
        "| `base` | string | `http://127.0.0.1:4580` | Address of the sandbox CRM |",
        "aws secretsmanager create-secret --name STACK/connectors/sandbox",
        '{"client_id": "…", "client_secret": "…", "hook_secret": "…"}',
        "OAuth2 client credentials, from `${settings.base}/oauth/token`.",
        "1. `find_phone`: The CRM looks for these digits anywhere",
        "`GET /api/customers?phone=${input.phone.nsn}&limit=50`",
        "The CRM keeps one record per id of ours",
        "| `` status == `422` `` | **invalid** |",
        "proved by: Standard Webhooks",
        "| `voice` | `call` |",
        "## How far it was checked",
        "### a caller in national format; the longer number that contains hers is dropped",
    ):
        assert told in page


def test_every_connector_has_a_page_and_stands_in_the_index(tmp_path: Path) -> None:
    assert docs(*CONNECTORS, "--out", tmp_path).exit_code == 0

    index = (tmp_path / "README.md").read_text()
    for file in CONNECTORS:
        page = (tmp_path / f"{file.stem}.md").read_text()
        assert page.startswith(f"<!-- Written by `switchboard connector docs` from {file.name}")
        assert f"({file.stem}.md)" in index
        assert "None" not in page.replace("NoneType", "") or "None" in file.read_text()


def test_a_page_that_is_not_current_is_named(tmp_path: Path) -> None:
    docs(INHOUSE, SANDBOX, "--out", tmp_path)
    assert docs(INHOUSE, SANDBOX, "--out", tmp_path, "--check").exit_code == 0
    (tmp_path / "sandbox.md").write_text("old")
    (tmp_path / "gone.md").write_text("of a connector that was removed")

    checked = docs(INHOUSE, SANDBOX, "--out", tmp_path, "--check")

    assert checked.exit_code == 1
    assert "sandbox.md is not current" in checked.output
    assert "gone.md (no such connector)" in checked.output
    assert "inhouse.md" not in checked.output
    assert (tmp_path / "sandbox.md").read_text() == "old"


def test_a_page_says_what_the_file_says_and_no_more(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    lines = INHOUSE.read_text().splitlines()
    kept = [line for line in lines if not line.startswith("checked:")]
    file.write_text("\n".join(kept))

    page = docs(file).output

    assert "checked by nobody but its author." in page
    assert "The facts are from: The order desk's own API sheet" in page, "no address, no brackets"
    assert "| `inbound` | `true` |" in page
    assert "An agent's link leads to `${settings.base}" in page
    assert "region: GB" in page


def test_a_contact_that_is_searched_for_first_is_not_said_to_be_found_by_our_id() -> None:
    page = docs(INHOUSE.with_name("hubspot.yaml")).output

    contact = page.partition("### A new contact")[2].partition("###")[0]
    assert "made only when the lookups found nobody" in contact
    assert "searched for our id" not in contact
