"""kill -9 in the middle of the work: nothing acknowledged is lost, nothing is doubled."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.events import Event, pointer, sqs_event
from tests.integration import template
from tests.integration.answers import new_interaction, the_end_of
from tests.integration.aws_over_http import aws_over_http
from tests.integration.canaries import ECS_KEY, NUMBER, REMARK
from tests.integration.deployment import Deployment

PATIENCE_S = 10


@contextmanager
def running(switchboard: Deployment, job: str, event: Event) -> Iterator[subprocess.Popen[str]]:
    """The function at work in a process of its own."""
    with aws_over_http() as endpoint:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.function_process", job],
            cwd=template.ROOT,
            env={
                **os.environ,
                **template.environment(job, switchboard.queue_urls),
                "AWS_ENDPOINT_URL": endpoint,
                "PYTHONPATH": os.pathsep.join(sys.path),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        with process:
            assert process.stdin
            process.stdin.write(json.dumps(event))
            process.stdin.close()
            try:
                yield process
            finally:
                process.kill()
                assert process.stdout
                switchboard.output.write(process.stdout.read())


def kill_in_mid_call(switchboard: Deployment, process: subprocess.Popen[str]) -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while not switchboard.crm.get("/faults").json()["faults"][0]["struck"]:
        assert time.monotonic() < ends_at, "the function never called the CRM"
        assert process.poll() is None, process.stdout.read() if process.stdout else ""
        time.sleep(0.02)
    process.kill()
    process.wait(PATIENCE_S)


def records(switchboard: Deployment, interaction: str) -> int:
    found = switchboard.crm.get("/api/activities", params={"external_id": interaction})
    return len(found.json()["activities"])


def is_written(switchboard: Deployment, interaction: str) -> bool:
    record = switchboard.activity(interaction) or {}
    whole = (record.get("customer_id"), record.get("disposition"), record.get("remarks"))
    return whole == ("C-1001", "Resolved", REMARK) and records(switchboard, interaction) == 1


def test_a_function_in_its_own_process_does_the_same_work(switchboard: Deployment) -> None:
    interaction = new_interaction()
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=the_end_of(interaction))

    work = sqs_event([pointer(interaction)])
    with running(switchboard, "disposition_posting", work) as process:
        assert process.stdout
        last_line = process.stdout.read().splitlines()[-1]

    assert json.loads(last_line) == {"batchItemFailures": []}
    assert is_written(switchboard, interaction)


@pytest.mark.parametrize(
    ("path", "was_written"),
    [("/oauth/", False), ("/api/customers", False), ("/api/activities", True)],
)
def test_a_posting_that_was_killed_is_finished_by_the_next(
    switchboard: Deployment, path: str, was_written: bool
) -> None:
    interaction = new_interaction()
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=the_end_of(interaction))
    switchboard.fault("hang", path=path, delay_s=0.4, times=1)
    work = sqs_event([pointer(interaction)])
    with running(switchboard, "disposition_posting", work) as process:
        kill_in_mid_call(switchboard, process)
    time.sleep(0.5)  # the CRM goes on with what it was asked
    assert records(switchboard, interaction) == int(was_written)

    # This CRM ignores older revisions by itself, so nobody waits for the dead worker's lease.
    with switchboard.later(seconds=61):
        switchboard.invoke("sweeper", {})
        switchboard.deliver("disposition_posting")

    assert is_written(switchboard, interaction)


def test_a_dialling_that_was_killed_is_never_repeated(switchboard: Deployment) -> None:
    taken = switchboard.http(
        "POST",
        "/v1/outbound-requests",
        json_body={"contact": NUMBER},
        headers={"idempotency-key": "killed"},
    ).json
    work = sqs_event([pointer(taken["id"])])
    path = f"/v1/outbound-requests/{taken['id']}"
    with running(switchboard, "outbound_dialing", work) as process:
        ends_at = time.monotonic() + PATIENCE_S
        while switchboard.http("GET", path).json["state"] == "queued":
            assert time.monotonic() < ends_at
            time.sleep(0.05)  # moto takes one call at a time: let the function have its turn
        process.kill()
        process.wait(PATIENCE_S)

    for seconds in (30, 61, 600):
        with switchboard.later(seconds=seconds):
            switchboard.invoke("sweeper", {})
            switchboard.invoke("outbound_dialing", work)

    placed = switchboard.ecs.get(
        f"/ecs-api/calls?reference={taken['id']}", **{"X-Api-Key": ECS_KEY}
    ).json()["calls"]
    assert len(placed) <= 1
    assert switchboard.http("GET", path).json["state"] in {"placed", "unknown"}
