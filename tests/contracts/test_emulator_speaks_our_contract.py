"""What the emulated ECS sends is what our contracts name, so that no value is lost on the way."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.contracts.answers import RouteAnswer
from switchboard.contracts.ecs import Arrival, Trigger

CENTRE = Path(__file__).resolve().parents[2] / "local" / "ecs_emulator" / "centre.yaml"


def containers() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(CENTRE.read_text("utf-8"))["containers"]
    return found


@pytest.mark.parametrize("name", containers())
def test_every_parameter_has_a_field_and_every_return_value_a_key(name: str) -> None:
    container = containers()[name]
    contract = Trigger if "/triggers/" in container["url"] else Arrival

    sent = {parameter["name"] for parameter in container["parameters"]}
    assert sent <= set(contract.model_fields)
    returned = {value["parameter"] for value in container.get("return_values", ())}
    assert returned <= set(RouteAnswer.model_fields)
