"""Whose ids a log line carries, also when it is written late and by another thread."""

import importlib
import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from switchboard import observability
from switchboard.beside import run_beside
from switchboard.errors import StateUnavailable
from switchboard.observability import Mistake, join, logger, mistakes_without_words
from tests.events import LambdaContext
from tests.integration import template

_of_a_use_case = logging.getLogger("switchboard.use_cases.anything")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the functions' loggers write while a test runs."""
    ours = [h for h in observability.logger.handlers if isinstance(h, logging.StreamHandler)]
    stream = io.StringIO()
    before = [handler.setStream(stream) for handler in ours]
    yield stream
    for handler, was in zip(ours, before, strict=True):
        if was is not None:
            handler.setStream(was)
    logger.thread_safe_clear_keys()


def lines(written: io.StringIO) -> dict[str, dict[str, Any]]:
    """Each line by its message."""
    read = [json.loads(line) for line in written.getvalue().splitlines()]
    return {line["message"]: line for line in read}


@logger.inject_lambda_context(clear_state=True)
def invoke(event: dict[str, str], _: object) -> None:
    """An invocation that says something before it knows its ids, and when it does."""
    logger.info("begun %s", event["request_id"])
    join(**event)
    logger.info("joined %s", event["request_id"])


def test_a_thread_left_behind_logs_under_the_ids_of_its_own_caller(written: io.StringIO) -> None:
    thawed = threading.Event()

    def work() -> None:
        assert thawed.wait(5)
        _of_a_use_case.warning("late")

    @logger.inject_lambda_context(clear_state=True)
    def answer_and_leave_work_behind(_: object, __: object) -> None:
        join(request_id="a", interaction_id="int-a")
        left_behind.append(run_beside(work, name="left behind"))

    left_behind: list[Any] = []
    answer_and_leave_work_behind({}, LambdaContext("job", "invocation-a"))
    invoke({"request_id": "b", "interaction_id": "int-b"}, LambdaContext("job", "invocation-b"))
    thawed.set()
    left_behind[0].result(5)

    late, next_one = lines(written)["late"], lines(written)["joined b"]
    ids = ("request_id", "interaction_id", "function_request_id")
    assert [late[name] for name in ids] == ["a", "int-a", "invocation-a"]
    assert [next_one[name] for name in ids] == ["b", "int-b", "invocation-b"]


def test_an_invocation_begins_without_the_ids_of_the_last_one(written: io.StringIO) -> None:
    invoke({"request_id": "a", "interaction_id": "int-a"}, LambdaContext("job", "invocation-a"))
    invoke({"request_id": "b"}, LambdaContext("job", "invocation-b"))

    begun, joined = lines(written)["begun b"], lines(written)["joined b"]
    assert "request_id" not in begun
    assert begun["function_request_id"] == "invocation-b"
    assert "interaction_id" not in joined


def test_ids_add_up_and_an_empty_one_takes_the_last_one_off(written: io.StringIO) -> None:
    join(request_id="a", interaction_id="int-a")
    join(request_id="b")
    logger.info("added")
    join(interaction_id="")
    logger.info("taken off")

    assert lines(written)["added"]["interaction_id"] == "int-a"
    assert "interaction_id" not in lines(written)["taken off"]
    assert lines(written)["taken off"]["request_id"] == "b"


def fail(event: dict[str, Any], context: object) -> None:
    raise ValueError("invalid literal: '+14155550142'")


def test_of_a_mistake_of_ours_lambda_is_told_where_it_happened_and_not_its_text() -> None:
    with pytest.raises(Mistake) as told:
        mistakes_without_words(fail)({}, None)

    assert (str(told.value), told.value.__suppress_context__) == ("ValueError", True)
    assert told.traceback[-1].name == "fail"


def test_what_is_no_mistake_of_ours_keeps_its_text() -> None:
    def be_out(event: dict[str, Any], context: object) -> None:
        raise StateUnavailable("reading Config failed; try again")

    with pytest.raises(StateUnavailable, match="reading Config"):
        mistakes_without_words(be_out)({}, None)


@pytest.mark.parametrize("job", template.jobs())
def test_no_function_lets_lambda_log_the_text_of_a_mistake(job: str) -> None:
    app = importlib.import_module(f"functions.{job}.app")

    assert app.handler.__code__ is mistakes_without_words(fail).__code__
