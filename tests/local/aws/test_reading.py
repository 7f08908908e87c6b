"""Reading logs, routes and names, without a running stack."""

from pathlib import Path

import pytest

from local.aws.deploy import job_of
from local.aws.logs import LogReader, readable, said
from local.aws.package import read_template, zip_of
from local.aws.routes import Route, routes_of


class RecordedLogs:
    """CloudWatch Logs with what some calls wrote."""

    def __init__(self, groups: dict[str, list[tuple[str, int, str]]]) -> None:
        self.groups = groups

    def get_paginator(self, _operation: str) -> "RecordedLogs":
        return self

    def paginate(self, logGroupName: str, startTime: int) -> list[dict[str, object]]:  # noqa: N803
        events = [
            {"logStreamName": stream, "timestamp": at, "message": text}
            for stream, at, text in self.groups.get(logGroupName, [])
            if at >= startTime
        ]
        return [{"events": events[:1]}, {"events": events[1:]}]


@pytest.fixture
def reader() -> LogReader:
    recorded = {
        "/aws/lambda/s-intake": [
            ("call-1", 10, "START RequestId: 1"),
            ("call-1", 10, '{"level":"INFO","message":"accepted","request_id":"r-1"}'),
            ("call-1", 10, '{"_aws":{},"accepted":1}'),
            ("call-2", 30, '{"level":"INFO","message":"accepted","request_id":"r-2"}'),
        ],
        "/aws/lambda/s-posting": [
            ("call-3", 20, '{"level":"INFO","message":"posting","request_id":"r-1"}'),
            ("call-3", 20, "Worker process died"),
        ],
    }
    return LogReader(RecordedLogs(recorded), {"intake": "s-intake", "posting": "s-posting"})


def test_lines_of_all_functions_come_in_order_and_once(reader: LogReader) -> None:
    assert [line.at_ms for line in reader.new_lines()] == [10, 20, 20, 30]
    assert reader.new_lines() == []


def test_a_request_id_joins_the_lines_of_every_call_that_mentions_it(reader: LogReader) -> None:
    lines = [readable(line) for line in reader.new_lines("r-1")]

    assert lines == [
        "intake               INFO    accepted  request_id=r-1",
        "posting              INFO    posting  request_id=r-1",
        "posting              Worker process died",
    ]


@pytest.mark.parametrize("text", ["plain words", '["no", "record"]', '{"no": "message"}', "{cut"])
def test_what_is_no_record_stays_as_it_is(text: str) -> None:
    assert said(text) == text


def test_routes_are_read_as_sam_writes_them() -> None:
    def operation(function: str, guard: str) -> dict[str, object]:
        uri = {"Fn::Sub": f"arn:…/functions/${{{function}.Arn}}/invocations"}
        return {"security": [{guard: []}], "x-amazon-apigateway-integration": {"uri": uri}}

    body = {
        "paths": {
            "/a": {"x-amazon-apigateway-any-method": operation("AFunction", "Key")},
            "/b/{id}": {"get": operation("BFunction", "NONE")},
        }
    }

    assert list(routes_of(body)) == [
        Route("ANY /a", "AFunction", "Key"),
        Route("GET /b/{id}", "BFunction", None),
    ]


def test_a_logical_id_gives_its_job() -> None:
    assert job_of("ArrivalLookupFunction") == "arrival_lookup"
    assert job_of("SweeperFunction") == "sweeper"


def test_short_forms_are_read_as_cloudformation_means_them(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text("a: !Ref A\nb: !GetAtt B.Arn\nc: !Sub ${C}\nd: !If [X, [!Ref D], []]\n")

    assert read_template(file) == {
        "a": {"Ref": "A"},
        "b": {"Fn::GetAtt": ["B", "Arn"]},
        "c": {"Fn::Sub": "${C}"},
        "d": {"Fn::If": ["X", [{"Ref": "D"}], []]},
    }


def test_the_same_code_is_the_same_zip_and_caches_stay_out(tmp_path: Path) -> None:
    tmp_path.joinpath("app.py").write_text("x = 1\n")
    before = zip_of(tmp_path)
    tmp_path.joinpath("__pycache__").mkdir()
    tmp_path.joinpath("__pycache__", "app.pyc").write_bytes(b"\0")

    assert zip_of(tmp_path) == before
    tmp_path.joinpath("app.py").write_text("x = 2\n")
    assert zip_of(tmp_path) != before
