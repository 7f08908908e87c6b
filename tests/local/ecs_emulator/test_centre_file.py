from pathlib import Path

import pytest
import yaml

from local.ecs_emulator.centre_file import CentreFileError, load
from local.ecs_emulator.knobs import Knobs
from tests.local.ecs_emulator.conftest import CENTRE


def test_the_centre_file_lists_every_knob_with_its_default() -> None:
    written = yaml.safe_load(CENTRE.read_text())["knobs"]

    assert written == Knobs().model_dump()


def test_every_knob_can_be_set_from_the_command_line() -> None:
    centre = load(CENTRE, ["knobs.duplicate_probability=0", "agents.1.ring_s=4"])

    assert centre.knobs.duplicate_probability == 0
    assert centre.agents[1].ring_s == 4


def test_a_key_of_digits_stays_text() -> None:
    centre = load(CENTRE, ["stack.base_url=http://127.0.0.1:4566/", "stack.key=1.50"])

    assert centre.stack is not None
    assert (centre.stack.base_url, centre.stack.key) == ("http://127.0.0.1:4566", "1.50")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("knobs.no_such_knob=1", "knobs.no_such_knob"),
        ("knobs.shuffle=perhaps", "knobs.shuffle"),
        ("knobs.loss_probability=2", "knobs.loss_probability"),
        ("time_zone=Europe/Nowhere", "no such time zone"),
        ("channels.voice.flow=back_door", "flow back_door"),
        ("agents.0.business_processes=[Sales]", "business process Sales"),
        ("triggers.interaction_starts=[nobody]", "container nobody"),
        ("triggers.interaction_pauses=[starts]", "triggers.interaction_pauses"),
        ("business_processes.Collections.default_disposition=Resolved", "code Resolved"),
        ("business_processes.Collections.priority_class=royal", "priority class royal"),
        ("flows.front_door.nodes.wait.kind=dance", "wait"),
        ("flows.front_door.start=nowhere", "no node called nowhere"),
        ("flows.front_door.nodes.tell_the_agent.value=interaction.mood", "no such value"),
        ("flows.front_door.nodes.tell_the_agent.text=both", "either text or value"),
        ("containers.route.verb=GET", "use type URL"),
        ("containers.route.content_type=XML", "content_type"),
        ("stack={base_url: 'ftp://x', key: k}", "http://"),
        ("agents.9.ring_s=1", "no such place"),
        ("knobs.shuffle.deeper=1", "no such place"),
        ("nonsense", "KEY=VALUE"),
    ],
)
def test_a_mistake_is_found_when_the_file_is_read(setting: str, told: str) -> None:
    with pytest.raises(CentreFileError, match=told):
        load(CENTRE, [setting])


@pytest.mark.parametrize("text", [None, "", "[", "a: b", "- 1"])
def test_a_file_that_is_no_centre_is_refused_in_one_line(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "centre.yaml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(CentreFileError, match=r"centre\.yaml"):
        load(path)


def test_a_refusal_never_repeats_the_key() -> None:
    with pytest.raises(CentreFileError) as refused:
        load(CENTRE, ["stack.key=k1.very-secret", "stack.base_url=nonsense"])

    assert "very-secret" not in str(refused.value)
