"""The interpreter that has the vendors' clients is set up once, from its lock."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.venvs import environment_python
from tests.vendors.both_sides import REPOSITORY, VendorClient


@pytest.fixture(scope="session")
def vendor() -> Iterator[VendorClient]:
    """Vendors' clients. Whoever writes a new one may name an interpreter that has its package."""
    given = os.environ.get("SWITCHBOARD_VENDORS_PYTHON")
    python = Path(given) if given else environment_python(REPOSITORY / ".local", "vendors", print)
    client = VendorClient(python)
    yield client
    client.close()
