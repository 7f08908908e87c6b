"""Starting, deploying again, and leaving nothing behind."""

import os
import socket
from pathlib import Path

import pytest

from local.aws.ministack import StackError, running, start
from local.aws.workers import processes_of_group
from tests.local.aws.conftest import Stack, free_port

pytestmark = pytest.mark.stack


def test_a_taken_port_is_said_plainly(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(StackError, match=f"Port {port} is taken"), start(home, port):
            pass


def test_nothing_is_left_when_it_stops(home: Path) -> None:
    port = free_port()
    with start(home, port) as aws:
        assert running(home, port) == aws
        assert aws.folder.exists()

    assert not aws.folder.exists()
    assert list(processes_of_group(aws.pid)) == []
    assert running(home, port) is None


def test_it_listens_on_loopback_only(stack: Stack) -> None:
    port = int(stack.aws.endpoint.rpartition(":")[2])
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]

    listening = [address for _number, address, _peer, state, *_rest in rows if state == "0A"]

    mine = [address for address in listening if address.endswith(f":{port:04X}")]
    assert mine == [f"0100007F:{port:04X}"]


def test_functions_see_nothing_of_this_shell(stack: Stack) -> None:
    environment = Path(f"/proc/{stack.aws.pid}/environ").read_text()

    names = {entry.partition("=")[0] for entry in environment.split("\0")}
    assert "AWS_PROFILE" not in names
    assert names & set(os.environ) <= {"PATH", "HOME", "LANG", "TMPDIR", "TZ", "DOCKER_HOST"}


def test_deploying_again_follows_the_template_and_keeps_what_is_stored(
    stack: Stack, tmp_path: Path
) -> None:
    table = stack.deployment.tables["Interactions"]
    dynamodb = stack.client("dynamodb")
    dynamodb.put_item(TableName=table, Item={"id": {"S": "kept"}})
    moved = stack.template.with_name("moved.yaml")
    text = stack.template.read_text()
    moved.write_text(text.replace("Path: /v1/arrivals/route", "Path: /v1/arrivals/moved"))
    try:
        again = stack.deploy(moved)

        assert again == stack.deployment
        assert stack.call("/v1/arrivals/moved").status == 200
        assert stack.call("/v1/arrivals/route").status == 404
        assert "Item" in dynamodb.get_item(TableName=table, Key={"id": {"S": "kept"}})
    finally:
        moved.unlink()
        stack.deploy(stack.template)
    assert stack.call("/v1/arrivals/route").status == 200
    assert stack.call("/v1/arrivals/moved").status == 404
