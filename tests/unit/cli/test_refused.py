"""Looking through what was refused, and taking it in after all, as an operator types it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli import refused
from cli.configuration import read_folder
from cli.deployment import Target
from cli.main import app
from cli.publishing import publish
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.adapters.s3_aside import S3KeptAside
from switchboard.contracts.kept_trigger import LARGEST_KEPT, KeptTrigger
from switchboard.domain.interaction import TriggerKind
from tests.integration.canaries import ADDRESS, NAME, NUMBER, REMARK, leaks
from tests.tables import create_tables

ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUCKET = "aside"
GOOD = {"interaction_id": "int-1", "channel": "voice", "contact": NUMBER, "agent_name": NAME}


@pytest.fixture(scope="module")
def standing() -> Iterator[Target]:
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        bare = Target({"Config": "Config", "Interactions": "Interactions"}, aside=BUCKET)
        create_tables(bare.client("dynamodb"))
        bare.client("s3").create_bucket(Bucket=BUCKET)
        url = bare.client("sqs").create_queue(QueueName="posting")["QueueUrl"]
        documents = read_folder(ROOT / "config")
        publish(bare, {k: documents[k] for k in ("lookup", "posting")}, now=NOON)
        yield Target(bare.tables, aside=BUCKET, queues={"PostingQueue": url})


@pytest.fixture
def here(standing: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.setattr(refused, "target", lambda _: standing)
    s3 = standing.client("s3")
    for stored in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        s3.delete_object(Bucket=BUCKET, Key=stored["Key"])
    dynamodb = standing.client("dynamodb")
    for item in dynamodb.scan(TableName="Interactions")["Items"]:
        dynamodb.delete_item(TableName="Interactions", Key={"id": item["id"]})
    return standing


def place(where: Target) -> S3KeptAside:
    return S3KeptAside(where.client("s3"), BUCKET)


def refuse(
    where: Target,
    body: object,
    token: str = "0a1b2c3d4e5f",
    *,
    code: str = "invalid_request",
    kind: str = "refused",
    event: TriggerKind = TriggerKind.INTERACTION_ENDS,
    **later: float,
) -> None:
    now = NOON + timedelta(**later)
    sent = KeptTrigger.of(
        event,
        received_at=now,
        request_id="req-1",
        content_type="application/json",
        query={"site": "west"},
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
    )
    place(where).put(kind, sent.put_aside_for(code), token=token, about=sent.about(code), now=now)


def run(*arguments: str, exit_code: int = 0, answer: str = "") -> str:
    result = CliRunner().invoke(app, ["refused", *arguments], input=answer)
    assert result.exit_code == exit_code, result.output
    return result.output


def document(where: Target, interaction_id: str = "int-1") -> dict[str, str]:
    table = DynamoDbTable(where.client("dynamodb"), "Interactions")
    row = DynamoDbInteractionLedger(table).read(interaction_id)
    return row.interaction.fields if row else {}


def left(where: Target) -> list[str]:
    return [one.token for one in place(where).waiting("refused", limit=10)]


def test_nothing_refused_is_said(here: Target) -> None:
    assert run("list") == "Nothing was refused.\n"
    assert run("list", "--spilled") == "Nothing waits for the ledger.\n"
    assert run("list", "--json") == ""


def test_a_filter_that_means_nothing_does_not_say_that_nothing_was_refused(here: Target) -> None:
    refuse(here, {})

    assert "without filters" in run("list", "--code", "conflct")


def test_showing_one_says_what_can_be_done_next(here: Target) -> None:
    refuse(here, {})

    assert "switchboard refused retry 0a1b2c3d4e5f" in run("show", "0a1b2c3d4e5f")


def test_a_list_says_what_when_and_why_and_nothing_of_what_was_sent(here: Target) -> None:
    refuse(here, {**GOOD, "remarks": [REMARK]})

    said = run("list", exit_code=1)

    assert said.startswith(
        "0a1b2c3d4e5f  2026-11-23 12:00 UTC  interaction-ends    invalid_request "
    )
    assert said.rstrip().endswith("req-1")
    assert leaks(said) == []


def test_a_list_is_filtered_and_cut(here: Target) -> None:
    for number, code in enumerate(["conflict", "conflict", "malformed_request"]):
        refuse(here, {}, f"aaaa{number}", code=code, days=number)
    refuse(here, {}, "bbbb", event=TriggerKind.SEGMENT_CHANGE)
    refuse(here, {}, "cccc", kind="spill")

    def names(*arguments: str, exit_code: int = 1) -> list[str]:
        said = run("list", "--json", *arguments, exit_code=exit_code)
        return [json.loads(line)["token"] for line in said.splitlines()]

    assert names() == ["aaaa0", "bbbb", "aaaa1", "aaaa2"]
    assert names("--code", "conflict") == ["aaaa0", "aaaa1"]
    assert names("--event", "segment-change") == ["bbbb"]
    assert names("--since", "2026-11-24") == ["aaaa1", "aaaa2"]
    assert names("--spilled", exit_code=0) == ["cccc"]
    assert "There are 3 more; see --limit." in run("list", "--limit", "1", exit_code=1)


def test_what_is_shown_is_masked(here: Target) -> None:
    refuse(here, {**GOOD, "email": ADDRESS, "remarks": REMARK, NUMBER: "x"}, code="conflict")

    said = run("show", "0a1b")

    assert "interaction_id: int-1" in said
    assert "contact: " in said
    assert leaks(said) == []


def test_what_cannot_be_read_says_why(here: Target) -> None:
    refuse(here, b'{"contact": "+14155550142"')

    said = run("show", "0a1b2c3d4e5f")

    assert "The body is not valid JSON" in said
    assert leaks(said) == []


def test_personal_data_are_shown_to_who_says_so_twice(here: Target) -> None:
    refuse(here, f'{{"contact": "{NUMBER}", "remarks": "\x1b[2J'.encode())

    assert NUMBER not in run("show", "0a1b", "--personal", answer="n\n", exit_code=1)
    for said in (
        run("show", "0a1b", "--personal", answer="y\n"),
        run("show", "0a1b", "--personal", "--yes"),
    ):
        assert NUMBER in said
        assert "query site: west" in said
        assert "\x1b" not in said


def test_a_refused_event_is_taken_in_once_it_can_be(here: Target) -> None:
    refuse(here, {"channel": "voice", "remarks": "late"})

    said = run("retry", "0a1b", exit_code=1)
    assert "still refused, invalid_request: Send interaction_id" in said
    assert left(here) == ["0a1b2c3d4e5f"]

    said = run("retry", "0a1b", "--set", "interaction_id=int-1", "--set", "remarks=")
    assert said == "0a1b2c3d4e5f  kept, interaction int-1\n"
    assert left(here) == []
    assert document(here) == {"channel": "voice", "site": "west"}


def test_a_dry_run_says_what_would_become_of_each_and_changes_nothing(here: Target) -> None:
    refuse(here, GOOD, "aaaa", code="conflict")
    refuse(here, {**GOOD, "channel": "email"}, "bbbb", code="conflict")
    refuse(here, b"<x/>", "cccc", code="malformed_request")

    said = run("retry", "--all", "--dry-run", exit_code=1)
    assert "aaaa  would be kept, interaction int-1" in said
    assert "cccc  still refused, malformed_request" in said
    assert left(here) == ["aaaa", "bbbb", "cccc"]
    assert document(here) == {}

    run("retry", "aaaa")
    said = run("retry", "--code", "conflict", "--dry-run", exit_code=1)
    assert "bbbb  still refused, conflict: an earlier event of this interaction" in said


def test_what_the_ledger_knows_already_is_forgotten(here: Target) -> None:
    refuse(here, {**GOOD, "occurred_at": "2026-11-23T11:59:00Z"}, "aaaa")
    refuse(here, {**GOOD, "occurred_at": "2026-11-23T11:59:00Z"}, "bbbb", seconds=1)

    assert run("retry", "--all", "--dry-run").count("would be kept") == 2
    assert "bbbb  known already" in run("retry", "--all")
    assert left(here) == []


def test_a_better_body_replaces_one_that_nobody_can_read(here: Target, tmp_path: Path) -> None:
    refuse(here, b"x" * (LARGEST_KEPT + 1), code="request_too_large")
    better = tmp_path / "better.json"
    better.write_text(json.dumps(GOOD), encoding="utf-8")

    assert "give it a --body" in run("retry", "0a1b", exit_code=1)
    run("retry", "0a1b", "--body", str(better))

    assert document(here)["contact"] == NUMBER


def test_what_is_taken_in_wakes_the_posting(here: Target) -> None:
    refuse(here, GOOD)
    sqs, url = here.client("sqs"), here.queues["PostingQueue"]
    sqs.purge_queue(QueueUrl=url)

    run("retry", "--event", "interaction-ends")

    waiting: dict[str, Any] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    delayed = waiting["Attributes"]["ApproximateNumberOfMessagesDelayed"]
    assert int(delayed) == 1


def test_what_nobody_of_us_wrote_is_left_alone(here: Target) -> None:
    place(here).put("refused", b"no format of ours", token="aaaa", about=["x", "y"], now=NOON)

    assert "cannot be read" in run("retry", "--all", exit_code=1)
    assert "cannot be read" in run("show", "aaaa", exit_code=1)
    assert left(here) == ["aaaa"]


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["retry"], "say --all", 2),
        (["retry", "aaaa", "--set", "x"], "name=value", 2),
        (["retry", "aaaa", "--set", "=x"], "name=value", 2),
        (["retry", "aaaa"], "Several are called aaaa", 1),
        (["retry", "zzzz"], "Nothing refused is called zzzz", 1),
        (["show", "a"], "Nothing refused is called a", 1),
        (["retry", "--all", "--body", __file__], "name it", 2),
    ],
)
def test_what_is_not_clear_is_refused(
    here: Target, arguments: list[str], said: str, code: int
) -> None:
    refuse(here, GOOD, "aaaa1")
    refuse(here, GOOD, "aaaa2")

    assert said in run(*arguments, exit_code=code)
    assert left(here) == ["aaaa1", "aaaa2"]


def test_a_switchboard_from_before_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refused, "target", lambda _: Target({}))

    assert "deployed before" in run("list", exit_code=2)
