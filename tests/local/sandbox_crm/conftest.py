from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.sandbox_crm.harness import (
    Client,
    Receiver,
    TurnableClock,
    receiving,
    running_crm,
)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "sandbox.sqlite"


@pytest.fixture
def crm(database: Path, clock: TurnableClock) -> Iterator[Client]:
    with running_crm(database, clock) as client:
        yield client


@pytest.fixture(scope="module")
def steady_crm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """One CRM for all tests of a module that leave it as they found it."""
    with running_crm(tmp_path_factory.mktemp("crm") / "crm.sqlite", TurnableClock()) as client:
        yield client


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
