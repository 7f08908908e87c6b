from collections.abc import Iterator

import pytest

from tests.integration.canaries import leaks
from tests.integration.deployment import Deployment, deployed


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("switchboard")) as deployment:
        yield deployment


@pytest.fixture
def switchboard(standing: Deployment) -> Iterator[Deployment]:
    """Switchboard, freshly published. After each test, no log line, metric or message may hold
    anything of the people in it, and no function may have wanted what its policy denies it."""
    standing.clean()
    yield standing
    assert leaks(standing.output.getvalue()) == [], "in log lines or metrics"
    assert leaks("\n".join(standing.ever_sent)) == [], "in a queue"
    assert standing.rights.denied == []
