"""One running Switchboard for all tests that need one; the agents here are quick."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.running import Ports, prepare, running
from tests.e2e.browser import Browser, find_chromium, opened
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


@pytest.fixture(scope="session")
def chromium() -> str:
    found = find_chromium() or installed()
    if not found:
        pytest.skip(
            "NOT TESTED, no Chromium here: the desk page, the rules' editor, the CRM's customer "
            "page and the contact centre's floor in a real browser"
        )
    return found


def installed() -> str | None:
    """Chromium from Debian's packages, where we may install it."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(command, env=environment, capture_output=True, check=False, timeout=300)
    return find_chromium()


@pytest.fixture(scope="session")
def browser(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened(chromium, tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the screenshots go; a folder of one's choice can be named to keep them."""
    chosen = os.environ.get("SWITCHBOARD_PICTURES")
    folder = Path(chosen) if chosen else tmp_path_factory.mktemp("pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured, also when tests ran in several processes."""
    reports = [r for r in terminalreporter.getreports("passed") if r.when == "call"]
    reports += terminalreporter.getreports("failed")
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            terminalreporter.write_line(f"{name}: {value}")
