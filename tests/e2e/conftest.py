"""One running Switchboard for all tests that need one; the agents here are quick."""

from collections.abc import Iterator

import pytest

from local.running import Ports, prepare, running
from tests.e2e.terminal import new_desk
from tests.e2e.world import World

QUICK = tuple(
    f"agents.{number}.{what}"
    for number in range(3)
    for what in ("ring_s=0.2", "talk_s=0.3", "wrap_up_s=0.2")
)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    desk = new_desk(tmp_path_factory.mktemp("world"))
    prepare(lambda _: None)
    aws, ecs, crm = desk.ports
    with running(
        "sandbox",
        Ports(aws=aws, ecs=ecs, crm=crm),
        lambda _: None,
        state=desk.state,
        ecs_settings=QUICK,
    ) as up:
        yield World(up, desk)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, also when tests ran in several processes."""
    reports = [r for r in terminalreporter.getreports("passed") if r.when == "call"]
    reports += terminalreporter.getreports("failed")
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            terminalreporter.write_line(f"{name}: {value}")
