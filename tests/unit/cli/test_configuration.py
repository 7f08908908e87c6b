"""What stands in `config/` can be published; a slip of the pen in it is named."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.configuration import connector_file, read_folder, refuse_this_machine
from cli.main import app
from cli.rules.ruleset_file import checked_ruleset
from switchboard.errors import Misconfigured
from switchboard.use_cases.routing_decision import lookup_facts

HERE = Path(__file__).resolve().parents[3] / "config"
FILES = ("lookup", "posting", "contact_policy", "connectors", "ecs", "routing")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "config"
    shutil.copytree(HERE, copy)
    return copy


def change(file: Path, **keys: Any) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**document, **keys}), encoding="utf-8")


def problem(folder: Path) -> str:
    with pytest.raises(Misconfigured) as refused:
        read_folder(folder)
    return str(refused.value)


def test_the_folder_that_ships_can_be_published() -> None:
    documents = read_folder(HERE)

    assert set(documents) == set(FILES)
    assert json.loads(json.dumps(documents)) == documents, "what is published is JSON"
    assert "sandbox" in documents["connectors"]["connectors"]


@pytest.mark.parametrize("name", FILES)
def test_a_misspelt_key_is_refused_by_file_and_name(folder: Path, name: str) -> None:
    change(folder / f"{name}.yaml", setings={"a": 1})

    said = problem(folder)

    assert f"{name}.yaml" in said
    assert "setings" in said


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", ["", "- a\n- b\n", "a: ["])
def test_a_file_that_is_no_mapping_is_refused_by_name(
    folder: Path, name: str, content: str
) -> None:
    (folder / f"{name}.yaml").write_text(content, encoding="utf-8")

    assert f"{name}.yaml" in problem(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / f"{name}.yaml").unlink()

    assert f"{name}.yaml" in problem(folder)


@pytest.mark.parametrize(
    "connectors",
    [
        [{"use": "sandbox", "setings": {}}],
        [{"uses": "sandbox"}],
        ["sandbox"],
        {"use": "sandbox"},
        7,
        [{"use": "sandbox", "settings": ["base"]}],
    ],
)
def test_an_entry_of_the_wrong_shape_is_refused(folder: Path, connectors: object) -> None:
    change(folder / "connectors.yaml", connectors=connectors)

    assert "connectors.yaml: connectors" in problem(folder)


def test_a_connector_that_is_not_there_is_named(folder: Path) -> None:
    change(folder / "connectors.yaml", connectors=[{"use": "sandbax"}])

    assert "use: no 'sandbax'; did you mean 'sandbox'?" in problem(folder)


def test_a_connector_of_ones_own_is_found_beside_the_file(folder: Path) -> None:
    own = (HERE.parent / "layers/switchboard/switchboard/connectors/sandbox.yaml").read_text(
        encoding="utf-8"
    )
    (folder / "mine.yaml").write_text(own.replace("id: sandbox", "id: mine", 1), encoding="utf-8")
    change(
        folder / "connectors.yaml",
        connectors=[
            {"use": "sandbox"},
            {"use": "mine.yaml", "settings": {"base": "https://x.example"}},
        ],
    )

    assert set(read_folder(folder)["connectors"]["connectors"]) == {"sandbox", "mine"}


def test_a_connector_that_nobody_connected_is_not_asked(folder: Path) -> None:
    change(folder / "lookup.yaml", connectors=["sandbox", "tryton"])

    assert problem(folder) == (
        "lookup.yaml: connector 'tryton' is not in connectors.yaml, which has sandbox"
    )


def test_a_connector_that_nobody_connected_gets_no_postings(folder: Path) -> None:
    change(folder / "posting.yaml", profiles=[{"connector": "tryton"}])

    assert problem(folder).endswith(
        "posting.yaml: profiles.0.connector: connector 'tryton' is not in connectors.yaml "
        "(which has sandbox)"
    )


def test_a_ruleset_that_breaks_its_own_story_is_refused(folder: Path) -> None:
    story = {"name": "wrong", "given": {}, "expect": {"row": "crm-down"}}
    change(folder / "routing.yaml", tests=[story])

    with pytest.raises(Misconfigured, match="test 'wrong': expected"):
        checked_ruleset(folder / "routing.yaml")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("lookup.knwon", "attributes.known.from: lookup: no 'knwon'; did you mean 'known'?"),
        ("lookup.unreadable", "use one of: known, ambiguous, withheld, internal, ok"),
        ("history.contacts_7", "from: history: no 'contacts_7'; did you mean 'contacts_7d'?"),
    ],
)
def test_a_rule_cannot_look_at_what_is_never_told(folder: Path, source: str, said: str) -> None:
    text = (folder / "routing.yaml").read_text(encoding="utf-8")
    (folder / "routing.yaml").write_text(text.replace("lookup.known", source), encoding="utf-8")

    assert said in problem(folder)
    checked = CliRunner().invoke(app, ["rules", "check", str(folder / "routing.yaml")])
    assert (checked.exit_code, said in checked.output) == (1, True)


def test_a_rule_cannot_look_at_what_no_crm_sends(folder: Path) -> None:
    text = (folder / "routing.yaml").read_text(encoding="utf-8")
    (folder / "routing.yaml").write_text(text.replace("crm.tier", "crm.teir"), encoding="utf-8")

    said = problem(folder)

    assert "routing.yaml: attributes.tier.from: sandbox maps no 'crm.teir'; did you mean" in said


def test_an_agent_is_not_looked_for_in_a_value_that_no_crm_sends(folder: Path) -> None:
    file = folder / "routing.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("crm.owner_extension", "crm.owner_extention"), encoding="utf-8")
    advice = "last_agent.owner.from: sandbox maps no 'crm.owner_extention'; did you mean"

    checked = CliRunner().invoke(app, ["rules", "check", str(file)])

    assert f"routing.yaml: {advice}" in problem(folder)
    assert (checked.exit_code, f"warning: {advice}" in checked.output) == (0, True)


def test_every_word_that_rules_may_ask_of_a_lookup_is_documented() -> None:
    page = (HERE.parent / "docs/routing.md").read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if line.startswith("| `lookup.…`"))

    assert all(f"`{word}`" in line for word in lookup_facts("known"))


def test_a_policy_for_a_business_process_that_the_rules_do_not_name_is_refused(
    folder: Path,
) -> None:
    change(folder / "lookup.yaml", ambiguity={"by_business_process": {"Colections": "latest"}})

    said = problem(folder)

    assert "ambiguity.by_business_process: no 'Colections'; did you mean 'Collections'?" in said

    change(folder / "lookup.yaml", ambiguity={"by_business_process": {" collections": "latest"}})

    assert read_folder(folder)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"bse": "https://crm.example.com"}, "bse"), ({"base": "http://crm.example.com"}, "https")],
)
def test_settings_that_lead_nowhere_are_refused_before_anybody_calls(
    folder: Path, settings: dict[str, str], named: str
) -> None:
    change(folder / "connectors.yaml", connectors=[{"use": "sandbox", "settings": settings}])

    assert named in problem(folder)


def test_a_deployed_stack_is_not_sent_to_this_machine(folder: Path) -> None:
    with pytest.raises(Misconfigured, match="points at this machine"):
        refuse_this_machine(read_folder(folder))
    away = {"base": "https://crm.example.com"}
    change(folder / "connectors.yaml", connectors=[{"use": "sandbox", "settings": away}])
    change(folder / "ecs.yaml", settings={"base": "https://ecs.example.com"})

    refuse_this_machine(read_folder(folder))


def test_one_connector_can_serve_two_systems_under_two_names(folder: Path) -> None:
    entry = {"use": "sandbox", "settings": {"base": "https://crm.example.com"}}
    change(folder / "connectors.yaml", connectors=[entry, {**entry, "name": "sandbox_emea"}])

    connected = read_folder(folder)["connectors"]["connectors"]

    assert {name: each["definition"]["id"] for name, each in connected.items()} == {
        "sandbox": "sandbox",
        "sandbox_emea": "sandbox_emea",
    }


def test_the_same_name_twice_is_refused(folder: Path) -> None:
    entry = {"use": "sandbox", "settings": {"base": "https://crm.example.com"}}
    change(folder / "connectors.yaml", connectors=[entry, entry])

    assert "give one of them another `name`" in problem(folder)


def test_an_organisations_own_codes_join_those_of_the_file(folder: Path) -> None:
    entry = {"use": "sandbox", "tables": {"channel": {"voice": "phone", "fax": "paper"}}}
    change(folder / "connectors.yaml", connectors=[entry])

    connected = read_folder(folder)["connectors"]["connectors"]["sandbox"]

    codes = connected["definition"]["tables"]["channel"]
    assert (codes["voice"], codes["fax"], codes["email"]) == ("phone", "paper", "email")


def test_a_code_table_that_the_connector_does_not_have_is_named(folder: Path) -> None:
    entry = {"use": "sandbox", "tables": {"chanel": {"voice": "phone"}}}
    change(folder / "connectors.yaml", connectors=[entry])

    assert "has no table chanel" in problem(folder)


def test_a_crm_that_cannot_make_contacts_is_not_asked_to(folder: Path) -> None:
    own = yaml.safe_load(connector_file("sandbox", folder).read_text(encoding="utf-8"))
    own["methods"].pop("create_contact", None)
    own["samples"] = []
    (folder / "own.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    change(folder / "connectors.yaml", connectors=[{"use": "own.yaml"}])
    change(folder / "posting.yaml", profiles=[{"connector": "sandbox", "create_contact": True}])

    assert "cannot create contacts" in problem(folder)


@pytest.mark.parametrize("name", FILES[:5])
def test_a_file_without_its_format_is_told_what_to_write(folder: Path, name: str) -> None:
    document = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    said = document.pop("format")
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")

    assert f"write `format: {said}`" in problem(folder)


def test_a_check_says_what_could_be_published_and_publishes_nothing(folder: Path) -> None:
    checked = CliRunner().invoke(app, ["publish", str(folder), "--check"])

    assert checked.exit_code == 0
    assert "connectors, contact_policy, ecs, lookup, posting, routing can be published" in (
        checked.output
    )


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        ({"titel": "Mine"}, "mine.yaml: titel: unknown key; did you mean `title`?"),
        ({"errors": [{"when": "stauts == `422`", "class": "invalid"}]}, "there is no `stauts`"),
        ({"methods": {}}, "mine.yaml: lookups.by_phone: there is no method"),
        ({"link": "https://elsewhere.example/${record.id}"}, "test` shows why"),
    ],
)
def test_ones_own_connector_is_published_only_if_check_and_test_would_pass_it(
    folder: Path, slip: dict[str, Any], said: str
) -> None:
    own = yaml.safe_load(connector_file("sandbox", folder).read_text(encoding="utf-8"))
    (folder / "mine.yaml").write_text(yaml.safe_dump({**own, **slip}), encoding="utf-8")
    change(folder / "connectors.yaml", connectors=[{"use": "mine.yaml"}])

    assert said in problem(folder)


def test_a_crm_that_keeps_no_interactions_gets_no_postings(folder: Path) -> None:
    own = yaml.safe_load(connector_file("sandbox", folder).read_text(encoding="utf-8"))
    for method in ("log_interaction", "log_interactions"):
        own["methods"].pop(method, None)
    own["samples"] = []
    (folder / "own.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    change(folder / "connectors.yaml", connectors=[{"use": "own.yaml"}])
    change(folder / "posting.yaml", profiles=[{"connector": "sandbox"}])

    said = problem(folder)

    assert "posting.yaml: profiles.0.connector: sandbox cannot keep interactions" in said
    assert "log_interaction" in said


def test_the_numbers_of_a_crm_may_be_another_country_s(folder: Path) -> None:
    change(folder / "connectors.yaml", connectors=[{"use": "sandbox", "region": "GB"}])

    assert read_folder(folder)["connectors"]["connectors"]["sandbox"]["region"] == "GB"


@pytest.mark.parametrize("region", ["UK", "gb", "Britain", "44"])
def test_a_region_that_does_not_exist_is_refused_by_name(folder: Path, region: str) -> None:
    """Every national number of that CRM would be nobody's."""
    change(folder / "connectors.yaml", connectors=[{"use": "sandbox", "region": region}])

    assert f"connectors.0.region: no region {region!r}" in problem(folder)
