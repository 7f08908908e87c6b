"""An attribute that decides between customers must be one that a CRM gives."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.configuration import checked_lookup
from switchboard.errors import Misconfigured

HERE = Path(__file__).resolve().parents[3] / "config"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    shutil.copytree(HERE, tmp_path / "config")
    return tmp_path / "config" / "lookup.yaml"


def change(file: Path, **keys: Any) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    file.write_text(yaml.safe_dump({**document, **keys}), encoding="utf-8")


def problem(file: Path) -> str:
    with pytest.raises(Misconfigured) as refused:
        checked_lookup(file)
    return str(refused.value)


@pytest.mark.parametrize("label", ["kind", "name", "company"])
def test_a_label_that_the_crm_can_give_is_taken(file: Path, label: str) -> None:
    change(file, choices={"label": label})

    assert checked_lookup(file).choices.label == label


def test_a_label_that_no_crm_gives_is_refused(file: Path) -> None:
    change(file, choices={"label": "compny"})

    said = problem(file)

    assert "choices.label: sandbox maps no 'compny'; did you mean 'company'?" in said


@pytest.mark.parametrize("key", ["owner_attribute", "latest_attribute"])
def test_an_attribute_that_would_never_decide_is_refused(file: Path, key: str) -> None:
    change(file, ambiguity={"policy": "ask", key: "owner_extnsion"})

    said = problem(file)

    assert f"ambiguity.{key}: sandbox maps no 'owner_extnsion'" in said
    assert "did you mean 'owner_extension'?" in said


def test_a_marked_number_is_read_as_people_write_it(file: Path) -> None:
    change(file, shared_numbers=["+1 (415) 555-0100"])

    assert checked_lookup(file).settings.rules.ambiguity.shared_numbers == {"+14155550100"}


def test_a_marked_number_without_quotes_is_refused_with_a_way_out(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("shared_numbers: []", "shared_numbers: [+14155550100]"))

    said = problem(file)

    assert "quotes" in said
    assert "5550100" not in said
