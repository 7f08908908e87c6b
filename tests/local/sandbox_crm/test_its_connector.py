"""The sandbox CRM itself, asked by nothing but its connector file for what was written into it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.posting import InteractionRecord, Logged
from tests.local.sandbox_crm.harness import CREDENTIALS, Client

FILE = Path(__file__).parents[3] / "layers/switchboard/switchboard/connectors/sandbox.yaml"
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def ours(crm: Client) -> Iterator[RestCrm]:
    secrets = {
        "client_id": CREDENTIALS.client_id,
        "client_secret": CREDENTIALS.client_secret,
        "hook_secret": "unused",
    }
    connected = RestCrm(
        compile_connector(yaml.safe_load(FILE.read_text(encoding="utf-8"))),
        {"base": crm.base},
        lambda: secrets,
        default_region="US",
        transport=HttpTransport(allow_loopback=True),
    )
    yield connected
    connected.close()


def begun(minutes: int, id_: str, revision: int = 1) -> InteractionRecord:
    at = (MIDNIGHT + timedelta(minutes=minutes)).isoformat()
    return InteractionRecord(id_, revision, {"channel": "voice", "started_at": at})


def soon() -> Deadline:
    return Deadline.after(20)


def test_a_day_of_many_pages_is_listed_whole_and_each_record_once(ours: RestCrm) -> None:
    day = [begun(minute * 3, f"i-{minute}") for minute in range(450)]
    for first in range(0, 450, 90):
        told = ours.log_interactions(day[first : first + 90], deadline=soon())
        assert all(isinstance(each, Logged) for each in told)
    ours.log_interaction(begun(-1, "i-before"), deadline=soon())
    ours.log_interaction(begun(24 * 60, "i-after"), deadline=soon())

    listed = list(ours.list_records(MIDNIGHT, MIDNIGHT + timedelta(days=1), deadline=soon()))

    assert sorted(each.key for each in listed) == sorted(each.id for each in day)
    assert len({each.record_id for each in listed}) == 450


def test_a_record_is_found_and_an_older_revision_is_really_ignored(ours: RestCrm) -> None:
    written = ours.log_interaction(begun(0, "i-1", revision=3), deadline=soon())
    ours.log_interaction(begun(5, "i-1", revision=2), deadline=soon())

    found = ours.find_record("i-1", record_id="", deadline=soon())

    assert ours.ignores_older
    assert found == FoundRecord(written.record_id, "i-1", revision=3)
    assert ours.find_record("i-2", record_id=written.record_id, deadline=soon()) is None


@pytest.mark.parametrize("id_", ["a/b", "../x", "a b?c#d&external_id=i-1", "ä:1"])
def test_a_record_of_any_id_is_found_as_itself(ours: RestCrm, id_: str) -> None:
    ours.log_interaction(begun(0, "i-1"), deadline=soon())
    assert ours.find_record(id_, record_id="", deadline=soon()) is None

    written = ours.log_interaction(begun(0, id_), deadline=soon())

    assert ours.find_record(id_, record_id="", deadline=soon()) == FoundRecord(
        written.record_id, id_, revision=1
    )
