"""`switchboard lookup check` and `publish` refuse what ECS could never be given."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cli.configuration import checked_lookup, read_folder
from cli.lookup_check import failing_stories
from cli.main import app
from switchboard.contracts.attributes import AttributesSpec
from switchboard.contracts.configuration import read_configuration
from switchboard.errors import Misconfigured

HERE = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "config"
    shutil.copytree(HERE, copy)
    return copy


def change(folder: Path, **keys: Any) -> None:
    """New attributes, tables or stories in place of all that ship."""
    file = folder / "lookup.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    fresh: dict[str, Any] = {
        "attributes": {}, "tables": {}, "tests": [], "choices": {}, "identify_by": ["contact"]
    }  # fmt: skip
    file.write_text(yaml.safe_dump({**document, **fresh, **keys}), encoding="utf-8")


def use(folder: Path, attributes: str) -> None:
    """A connector of one's own that maps these attributes, beside the sandbox's."""
    ada = {"id": "1", "phone": "+14155550142", "tier": "high", "products": ["a", "b"]}
    own = {
        "connector": 1,
        "id": "mine",
        "title": "Mine",
        "docs": "https://docs.example.com",
        "checked": {"how": "documentation"},
        "server": "https://crm.example.com",
        "auth": {"scheme": "none"},
        "lookups": {"by_phone": ["find"], "by_email": []},
        "methods": {
            "find": {
                "request": {"path": "/people", "query": {"phone": "${input.phone.e164}"}},
                "map": f"body.people[].{{id: id, phones: [phone], attributes: {attributes}}}",
            }
        },
        "samples": [
            {
                "name": "somebody",
                "find": "phone",
                "value": "+14155550142",
                "exchange": [
                    {
                        "request": {"url": "https://crm.example.com/people?phone=%2B14155550142"},
                        "response": {"body": {"people": [ada]}},
                    }
                ],
                "result": [{"id": "1"}],
            }
        ],
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(own), encoding="utf-8")
    (folder / "connectors.yaml").write_text(
        "format: connectors/1\nconnectors: [{use: sandbox}, {use: mine.yaml}]", encoding="utf-8"
    )
    document = yaml.safe_load((folder / "lookup.yaml").read_text(encoding="utf-8"))
    document["connectors"] = ["mine"]
    (folder / "lookup.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def problem(folder: Path) -> str:
    """What `lookup check` says, which is what `publish` says."""
    with pytest.raises(Misconfigured) as checked:
        checked_lookup(folder / "lookup.yaml")
    with pytest.raises(Misconfigured) as published:
        read_folder(folder)
    assert str(checked.value) == str(published.value)
    return str(checked.value)


def test_what_ships_keeps_its_promises() -> None:
    checked = CliRunner().invoke(app, ["lookup", "check", str(HERE / "lookup.yaml")])

    assert checked.exit_code == 0, checked.output
    assert "attributes from sandbox, 3 stories kept" in checked.output


def test_an_attribute_that_no_connector_maps_is_refused_with_the_one_that_was_meant(
    folder: Path,
) -> None:
    change(folder, attributes={"teir": {}, "late": {"from": "crm.days_pastdue"}})

    said = problem(folder)

    assert "attributes.teir: sandbox maps no 'crm.teir'; did you mean 'crm.tier'?" in said
    assert "attributes.late: sandbox maps no 'crm.days_pastdue'; did you mean" in said


def test_history_and_the_customer_need_no_map(folder: Path) -> None:
    change(folder, attributes={"a": {"from": "history.last_agent"}, "b": {"from": "customer.id"}})

    assert set(checked_lookup(folder / "lookup.yaml").attributes) == {"a", "b"}


def test_a_list_is_refused_with_what_makes_one_value_of_it(folder: Path) -> None:
    use(folder, "{goods: products, tier: tier}")
    change(folder, attributes={"goods": {"default": "none"}, "tier": {}})

    said = problem(folder)

    assert "attributes.goods: mine makes crm.goods a list, as its sample 'somebody' shows" in said
    assert "`length(@)` counts it, `join(', ', @)` writes it out" in said
    assert "attributes.tier" not in said


def test_an_object_is_refused_too(folder: Path) -> None:
    use(folder, "{owner: {name: owner}}")
    change(folder, attributes={"owner": {}})

    said = problem(folder)

    assert "mine makes crm.owner an object, as its sample 'somebody' shows" in said
    assert "such as owner.name" in said


def test_a_list_that_nobody_asks_for_may_stay(folder: Path) -> None:
    use(folder, "{goods: products, tier: tier}")
    change(folder, attributes={"tier": {}})

    assert set(checked_lookup(folder / "lookup.yaml").attributes) == {"tier"}


def test_what_one_of_several_connectors_maps_can_be_had(folder: Path) -> None:
    use(folder, "{loyalty: tier}")
    change(folder, attributes={"loyalty": {}, "tier": {}}, connectors=["sandbox", "mine"])

    assert checked_lookup(folder / "lookup.yaml").connectors == ("sandbox", "mine")


def test_a_crm_that_names_its_attributes_itself_may_send_any(folder: Path) -> None:
    use(folder, "@")
    change(folder, attributes={"whatever": {}})

    assert set(checked_lookup(folder / "lookup.yaml").attributes) == {"whatever"}


def test_a_default_that_is_a_word_of_its_table_misspelt_is_refused(folder: Path) -> None:
    table = {"words": {"gold": "premium"}, "otherwise": "standard"}
    tier = {"table": "tiers", "default": "standrad"}
    change(folder, attributes={"tier": tier}, tables={"tiers": table})

    assert "'standrad' is not in the table tiers; did you mean 'standard'?" in problem(folder)

    change(folder, attributes={"tier": {**tier, "default": "none"}}, tables={"tiers": table})

    assert checked_lookup(folder / "lookup.yaml").attributes["tier"].default == "none"


def test_a_story_that_does_not_come_true_is_refused(folder: Path) -> None:
    change(
        folder,
        attributes={
            "tier": {"default": "standard"},
            "late": {"from": "crm.days_past_due", "yes_if": ">= 15", "default": False},
            "who": {"from": "customer.name"},
            "days": {"from": "history.last_contact_at", "as": "days_since", "default": -1},
        },
        tests=[
            {
                "name": "a late payer",
                "given": {
                    "crm": {"days_past_due": "15"},
                    "customer": {"name": "Ada"},
                    "history": {"last_contact_at": "2026-01-01T12:00:00Z"},
                },
                "today": "2026-01-03",
                "expect": {"late": True, "who": "Ada", "days": 2, "tier": "standard"},
            },
            {"name": "wrong", "given": {"crm": {"tier": ["a"]}}, "expect": {"tier": "a"}},
            {"name": "nobody", "expect": {"late": True, "days": -1}},
        ],
    )

    assert problem(folder).splitlines() == [
        f"{folder / 'lookup.yaml'}: tests, wrong: tier is 'standard', expected 'a'",
        f"{folder / 'lookup.yaml'}: tests, nobody: late is 'false', expected 'true'",
    ]


def test_a_story_of_what_no_crm_sends_is_refused(folder: Path) -> None:
    story = {"name": "vip", "given": {"crm": {"teir": "high"}}, "expect": {"tier": ""}}
    change(folder, attributes={"tier": {}}, tests=[story])

    said = problem(folder)

    assert "tests, vip: given.crm: sandbox maps no 'crm.teir'; did you mean 'crm.tier'?" in said


def test_an_account_number_wants_a_crm_that_can_be_asked_by_it(folder: Path) -> None:
    use(folder, "{tier: tier}")
    change(folder, identify_by=["account_number", "contact"])

    assert problem(folder) == (
        f"{folder / 'lookup.yaml'}: identify_by: account_number: mine has no "
        "`lookups.by_account`; add it to a connector or remove account_number"
    )

    change(folder, connectors=["mine", "sandbox"], identify_by=["account_number", "contact"])

    assert checked_lookup(folder / "lookup.yaml").connectors == ("mine", "sandbox")


def test_a_file_with_a_key_twice_is_refused_before_the_second_wins(folder: Path) -> None:
    file = folder / "lookup.yaml"
    text = file.read_text(encoding="utf-8")
    line = text[: text.index("shared_numbers:")].count("\n") + 1
    second = 'shared_numbers: ["+14155550100"]\n'
    file.write_text(text.replace("shared_numbers:", f"{second}shared_numbers:"), encoding="utf-8")

    said = problem(folder)

    assert said == f"{file}: shared_numbers stands twice, lines {line} and {line + 1}"


def test_a_word_for_a_list_is_told_how_a_list_is_written(folder: Path) -> None:
    change(folder, connectors="sandbox")

    assert problem(folder).endswith("connectors: write a list: [sandbox]")


def test_the_examples_in_the_documentation_are_true() -> None:
    page = (HERE.parent / "docs/attributes.md").read_text(encoding="utf-8")
    examples = "\n".join(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))

    written = read_configuration(AttributesSpec, yaml.safe_load(examples), kind="attributes.md")

    assert len(written.tests) == 2
    assert list(failing_stories(written)) == []


def test_a_connector_that_is_not_there_is_named(folder: Path) -> None:
    change(folder, connectors=["tryton"])

    assert problem(folder) == (
        "lookup.yaml: connector 'tryton' is not in connectors.yaml, which has sandbox"
    )


def test_the_command_says_every_problem_and_fails(folder: Path) -> None:
    change(folder, attributes={"teir": {}, "langauge": {}})

    for command in (["lookup", "check", str(folder / "lookup.yaml")], ["publish", str(folder)]):
        said = CliRunner().invoke(app, command)

        assert said.exit_code == 1
        assert "crm.tier" in said.output
        assert "crm.language" in said.output
