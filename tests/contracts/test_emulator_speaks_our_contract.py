"""What the emulated ECS sends is what our contracts name, so that no value is lost on the way."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from switchboard.contracts.answers import RouteAnswer
from switchboard.contracts.ecs import Arrival, Trigger

ROOT = Path(__file__).resolve().parents[2]
CENTRE = ROOT / "local" / "ecs_emulator" / "centre.yaml"


def containers() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(CENTRE.read_text("utf-8"))["containers"]
    return found


def read_by_rules() -> set[str]:
    """What the published rules read of ECS, whether a contract has it or not."""
    attributes = yaml.safe_load((ROOT / "config" / "routing.yaml").read_text("utf-8"))["attributes"]
    sources = (spec["from"].partition(".") for spec in attributes.values())
    return {name for origin, _, name in sources if origin == "ecs"}


@pytest.mark.parametrize("name", containers())
def test_every_parameter_has_a_field_and_every_return_value_a_key(name: str) -> None:
    container = containers()[name]
    is_trigger = "/triggers/" in container["url"]
    known = set(Trigger.model_fields) if is_trigger else {*Arrival.model_fields, *read_by_rules()}

    sent = {parameter["name"] for parameter in container["parameters"]}
    assert sent <= known
    returned = {value["parameter"] for value in container.get("return_values", ())}
    assert returned <= set(RouteAnswer.model_fields)


def test_what_the_published_rules_read_of_ecs_is_sent_on_arrival() -> None:
    assert read_by_rules() <= {one["name"] for one in containers()["route"]["parameters"]}
