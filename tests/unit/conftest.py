"""Unit tests reach nothing outside their process; those of the engine reach this machine only."""

import pytest
from hypothesis import settings
from pytest_socket import disable_socket, socket_allow_hosts

# Two cores shared with other work: a slow moment says nothing about the code.
settings.register_profile("unit", deadline=None)
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest) -> None:
    """Close the network for one test; pytest-socket opens it again when the test is torn down."""
    if "connector" in request.path.parts:
        socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)
    else:
        disable_socket(allow_unix_socket=True)
