"""The hand-over sheet of what `config/` says, made once for a module of tests."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest

from cli.handover.samples import Sample
from cli.handover.sheet import Sheet, sheet
from cli.handover.stage import of_folder
from cli.publishing import create_key
from cli.rules.ruleset_file import read_document
from local.opening import open_at_any_hour
from tests.integration import template

CONFIG: Final = template.ROOT / "config"
ADDRESS: Final = "https://switchboard.example.com"


@dataclass(frozen=True)
class Made:
    """A sheet, and every key that there was while it was made."""

    sheet: Sheet
    keys: tuple[str, ...]

    @property
    def samples(self) -> list[Sample]:
        return [sample for each in self.sheet.content.samples.values() for sample in each]


def make() -> Made:
    """Needs an AWS of its own: call it while no other stands in this process."""
    keys: list[str] = []

    def noted(*arguments: Any) -> str:
        keys.append(create_key(*arguments))
        return keys[-1]

    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        patch.setattr("cli.handover.world.create_key", noted)
        config = open_config(Path(folder))
        return Made(sheet(of_folder(config, name="local", base_url=ADDRESS)), tuple(keys))


def open_config(folder: Path) -> Path:
    """What `config/` says, open at any hour as the deployment of the tests is."""
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    rules = config / "routing.yaml"
    # JSON is YAML too.
    rules.write_text(json.dumps(open_at_any_hour(read_document(rules))), encoding="utf-8")
    return config
