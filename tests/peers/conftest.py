"""Each application is started once for all tests, with data of its own and the shared programs."""

from collections.abc import Iterator

import pytest

from local.peers import RunningCrm, SeededCustomer, roundup, tryton
from local.peers.roundup import Roundup
from local.peers.tryton import Tryton
from switchboard.adapters.rest_crm import RestCrm
from tests.peers.our_side import HOME, connected, free_port
from tests.peers.receiver import Receiver


@pytest.fixture(scope="session")
def running_tryton(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tryton]:
    state = tmp_path_factory.mktemp("tryton")
    with tryton.start(HOME, free_port(), print, state=state) as running:
        running.seed()
        yield running


@pytest.fixture(scope="session")
def running_roundup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roundup]:
    state = tmp_path_factory.mktemp("roundup")
    with roundup.start(HOME, free_port(), print, state=state) as running:
        running.seed()
        yield running


@pytest.fixture(params=["tryton", "roundup"])
def crm(request: pytest.FixtureRequest) -> RunningCrm:
    running: RunningCrm = request.getfixturevalue(f"running_{request.param}")
    return running


@pytest.fixture
def ada(crm: RunningCrm) -> SeededCustomer:
    return crm.seed()


@pytest.fixture
def switchboard(crm: RunningCrm) -> Iterator[RestCrm]:
    with connected(crm) as ours:
        yield ours


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.fixture
def switchboard_on_roundup(running_roundup: Roundup) -> Iterator[RestCrm]:
    with connected(running_roundup) as ours:
        yield ours
