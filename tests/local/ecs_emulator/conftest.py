from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from local.ecs_emulator.centre_file import load
from local.ecs_emulator.server import serving
from tests.local.ecs_emulator.fake_switchboard import FakeSwitchboard, serving_switchboard
from tests.local.ecs_emulator.person import API_KEY, Person

CENTRE = Path(__file__).parents[3] / "local" / "ecs_emulator" / "centre.yaml"
QUICK = [
    *(f"agents.{n}.{key}=0.02" for n in range(3) for key in ("ring_s", "talk_s", "wrap_up_s")),
    "timeouts.dialing_s=0.05",
    "knobs.shuffle=false",
    "knobs.duplicate_probability=0",
    "knobs.delay_max_s=0",
    "knobs.seed=7",
]

OpenCentre = Callable[..., Person]


@pytest.fixture
def switchboard() -> Iterator[FakeSwitchboard]:
    with serving_switchboard() as fake:
        yield fake


@pytest.fixture
def open_centre(switchboard: FakeSwitchboard) -> Iterator[OpenCentre]:
    with ExitStack() as doors:

        def open_one(*settings: str) -> Person:
            stack = [f"stack.base_url={switchboard.url}", "stack.key=k1.secret"]
            centre = load(CENTRE, [*QUICK, *stack, *settings])
            opened = serving(centre, port=0, api_key=API_KEY, stop_within_s=0.01)
            served = doors.enter_context(opened)
            return Person(served.url, served.contact_centre)

        yield open_one
