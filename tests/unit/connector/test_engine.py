"""What an answer means, and what must follow from it for reads and for writes."""

from typing import Any

import pytest

from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.domain.deadline import Deadline
from switchboard.errors import (
    MaybeDone,
    Misconfigured,
    SwitchboardError,
    UpstreamError,
    UpstreamRejected,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)
from tests.unit.connector.examples import Reaction, answer, compiled, engine, methods, soon

EMAIL = {"email": "ada@example.com"}


def read(*reactions: Reaction, **overrides: Any) -> Any:
    built, _ = engine(*reactions, **overrides)
    return built.read("find_email", EMAIL, deadline=soon())


def write(*reactions: Reaction, log: dict[str, Any] | None = None, **overrides: Any) -> Any:
    definition = compiled(methods=methods(**(log or {})), **overrides)
    built, _ = engine(*reactions, methods=methods(**(log or {})), **overrides)
    method = definition["methods"]["log_interaction"]
    return built.write("log_interaction", method, {"id": "i-1"}, deadline=soon())


def error_of(call: Any, *reactions: Reaction, **overrides: Any) -> SwitchboardError:
    with pytest.raises(SwitchboardError) as caught:
        call(*reactions, **overrides)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "detail"),
    [
        (302, UpstreamUnavailable, "transient: redirect_refused"),
        (400, UpstreamRejected, "invalid"),
        (401, UpstreamRejected, "auth"),
        (403, UpstreamRejected, "forbidden"),
        (408, UpstreamUnavailable, "transient"),
        (409, UpstreamRejected, "conflict"),
        (422, UpstreamRejected, "invalid"),
        (429, UpstreamThrottled, "throttled"),
        (500, UpstreamUnavailable, "transient"),
        (503, UpstreamUnavailable, "transient"),
    ],
)
def test_a_status_decides_where_no_rule_does(
    status: int, kind: type[UpstreamError], detail: str
) -> None:
    error = error_of(read, answer(status=status))

    assert type(error) is kind or isinstance(error, kind)
    assert getattr(error, "detail") == detail  # noqa: B009


def test_not_found_is_nobody_only_where_the_file_says_so() -> None:
    assert read(answer(status=404)) == []

    built, _ = engine(answer(status=404))
    with pytest.raises(UpstreamRejected, match="not_found"):
        built.read("find_phone", {"phone": {"nsn": "4155550142"}}, deadline=soon())


def test_a_rule_of_the_file_overrides_the_status() -> None:
    rules = [
        {"when": "body.ok == `false` && body.code == 'BUSY'", "class": "transient"},
        {"when": "body.ok == `false`", "class": "throttled", "wait": "body.wait_s"},
    ]

    busy = error_of(read, answer('{"ok": false, "code": "BUSY"}'), errors=rules)
    later = error_of(read, answer('{"ok": false, "wait_s": 7}'), errors=rules)

    assert isinstance(busy, UpstreamUnavailable)
    assert isinstance(later, UpstreamThrottled)
    assert later.retry_after_s == 7


def test_a_code_of_the_crm_is_shown_and_a_text_of_it_is_not() -> None:
    rules = [{"when": "status == `422`", "class": "invalid", "detail": "body.error"}]

    code = error_of(read, answer('{"error": "NO_CUSTOMER"}', 422), errors=rules)
    text = error_of(read, answer('{"error": "Ada Byron +14155550142"}', 422), errors=rules)

    assert str(code) == "example: invalid: NO_CUSTOMER"
    assert str(text) == "example: invalid"


@pytest.mark.parametrize("content", ["<html>", "{", None, b"\xff\xfe"])
def test_a_success_that_cannot_be_read(content: Any) -> None:
    assert isinstance(error_of(read, answer(content)), UpstreamUnavailable)
    assert isinstance(error_of(write, answer(content)), UpstreamUnknown)


@pytest.mark.parametrize("content", ['{"customers": NaN}', '{"customers": [Infinity]}'])
def test_an_answer_with_numbers_that_are_none_cannot_be_read(content: str) -> None:
    assert isinstance(error_of(read, answer(content)), UpstreamUnavailable)


def test_an_answer_nested_too_deep_cannot_be_read() -> None:
    assert isinstance(error_of(read, answer("[" * 200_000)), UpstreamUnavailable)


@pytest.mark.parametrize(
    ("idempotency", "kind"),
    [
        ("upsert", MaybeDone),
        ("client_id", MaybeDone),
        ("header", MaybeDone),
        ("search_first", UpstreamUnknown),
        ("none", UpstreamUnknown),
    ],
)
def test_a_5xx_on_a_write_is_an_outage_only_where_repeating_is_safe(
    idempotency: str, kind: type[UpstreamError]
) -> None:
    assert type(error_of(write, answer(status=500), log={"idempotency": idempotency})) is kind


def test_a_5xx_that_promises_that_nothing_was_done_is_believed_when_the_file_says_so() -> None:
    rules = [{"when": "status == `503`", "class": "transient", "nothing_done": True}]

    error = error_of(write, answer(status=503), log={"idempotency": "none"}, errors=rules)

    assert type(error) is UpstreamUnavailable


@pytest.mark.parametrize("idempotency", ["upsert", "none"])
def test_a_write_whose_answer_was_lost_is_unknown(idempotency: str) -> None:
    lost = NoAnswerError("no answer in time", sent=True)

    assert type(error_of(write, lost, log={"idempotency": idempotency})) is UpstreamUnknown


def test_a_write_that_never_left_was_not_done() -> None:
    refused = NoAnswerError("no connection", sent=False)

    assert type(error_of(write, refused, log={"idempotency": "none"})) is UpstreamUnavailable


def test_a_duplicate_is_the_record_that_is_there() -> None:
    rules = [{"when": "status == `409`", "class": "duplicate", "record_id": "body.existing"}]

    named = write(answer('{"existing": 7}', 409), errors=rules)
    unnamed = write(answer("", 409), errors=rules)

    assert named == {"id": "7", "created": False}
    assert unnamed == {"id": "i-1", "created": False}


SEARCH_THEN_CREATE: dict[str, Any] = {
    "idempotency": "search_first",
    "request": None,
    "map": None,
    "steps": [
        {
            "id": "seen",
            "request": {"path": "/notes", "query": {"key": "${input.id}"}},
            "map": "{id: body[0].id, created: `false`}",
            "stop_when": "steps.seen.id",
        },
        {
            "id": "made",
            "request": {"path": "/notes", "body": {"key": "${input.id}"}},
            "map": "{id: body.id, created: `true`}",
        },
        {
            "id": "tied",
            "when": "input.customer.id",
            "request": {"method": "PUT", "path": "/notes/${steps.made.id}/customer"},
            "map": "steps.made",
        },
    ],
}


def run_steps(
    *reactions: Reaction, customer: str | None = None, **log: Any
) -> tuple[Any, list[str]]:
    all_methods = methods(**{**SEARCH_THEN_CREATE, **log})
    built, transport = engine(*reactions, methods=all_methods)
    method = compiled(methods=all_methods)["methods"]["log_interaction"]
    data = {"id": "i-1", "customer": {"id": customer} if customer else None}
    try:
        result: Any = built.write("log_interaction", method, data, deadline=soon())
    except UpstreamError as error:
        result = type(error)
    return result, [f"{request.method} {request.url[23:]}" for request in transport.requests]


def test_a_search_that_finds_the_record_ends_the_method() -> None:
    result, sent = run_steps(answer('[{"id": "n-1"}]'))

    assert result == {"id": "n-1", "created": False}
    assert sent == ["GET /notes?key=i-1"]


def test_steps_see_what_earlier_ones_found_and_conditions_leave_steps_out() -> None:
    created = answer('{"id": "n-2"}', 201)

    assert run_steps(answer("[]"), created)[1] == ["GET /notes?key=i-1", "POST /notes"]
    result, sent = run_steps(answer("[]"), created, answer(), customer="c-1")
    assert result == {"id": "n-2", "created": True}
    assert sent[-1] == "PUT /notes/n-2/customer"


def test_a_failing_search_before_anything_was_written_is_an_outage() -> None:
    assert run_steps(answer(status=500))[0] is UpstreamUnavailable
    assert run_steps(NoAnswerError("lost", sent=True))[0] is UpstreamUnavailable


@pytest.mark.parametrize(
    "failure",
    [answer(status=500), answer(status=429), NoAnswerError("refused", sent=False)],
)
def test_a_method_that_ends_half_way_is_unknown_where_repeating_could_double(
    failure: HttpAnswer | NoAnswerError,
) -> None:
    created = answer('{"id": "n-2"}', 201)

    assert run_steps(answer("[]"), created, failure, customer="c-1")[0] is UpstreamUnknown


def test_a_method_that_ends_half_way_is_simply_repeated_where_that_is_safe() -> None:
    created = answer('{"id": "n-2"}', 201)
    failure = answer(status=500)

    result, _ = run_steps(answer("[]"), created, failure, customer="c-1", idempotency="upsert")

    assert result in {UpstreamUnavailable, MaybeDone}


def test_a_value_that_cannot_be_sent_is_refused_and_nothing_is_sent() -> None:
    built, transport = engine()

    with pytest.raises(UpstreamRejected) as caught:
        built.read("find_email", {"email": ".."}, deadline=soon())

    assert transport.requests == []
    assert "path" in str(caught.value)


def test_nothing_is_sent_after_the_deadline() -> None:
    built, transport = engine()

    with pytest.raises(UpstreamUnavailable, match="no time left"):
        built.read("find_email", EMAIL, deadline=Deadline.after(0))

    assert transport.requests == []


def test_a_secret_that_is_missing_is_named() -> None:
    auth = {"scheme": "bearer", "token": "${secret.token}"}

    error = error_of(read, auth=auth, secrets={}, secrets_declared=["token"])

    assert isinstance(error, Misconfigured)
    assert "token" in str(error)


def test_nothing_is_read_when_an_engine_is_built() -> None:
    built, transport = engine()

    assert built.id == "example"
    assert transport.requests == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bse": "https://crm.example.com"}, "no setting bse"),
        ({"base": 7}, "must be of type string"),
        ({"base": "http://crm.example.com"}, "use https"),
        ({"base": "ftp://crm.example.com"}, "http"),
        ({"base": "https://user:pw@crm.example.com"}, "http"),
        ({"base": "https://crm.example.com/?a=b"}, "plain path"),
        ({"base": ""}, "http"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], message: str) -> None:
    error = error_of(read, settings=settings)

    assert isinstance(error, Misconfigured)
    assert message in str(error)


def test_a_setting_without_default_must_be_given() -> None:
    error = error_of(read, settings_declared={"base": {}})

    assert str(error) == "example needs the setting base"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("integer", "12", 12), ("number", "1.5", 1.5), ("boolean", "true", True)],
)
def test_a_setting_that_comes_as_text_is_read_in_its_type(
    kind: str, text: str, value: object
) -> None:
    declared = {"base": {"default": "https://crm.example.com"}, "extra": {"type": kind}}
    built, _ = engine(settings={"extra": text}, settings_declared=declared)

    assert built.settings["extra"] == value


SEARCHED = [
    {
        "id": "seen",
        "request": {"path": "/search", "body": {"id": "${input.id}"}},
        "map": "body",
    },
    {"id": "made", "request": {"path": "/activities", "body": {}}, "map": "{id: body.id}"},
]


@pytest.mark.parametrize(("reads", "kind"), [(True, UpstreamUnavailable), (False, UpstreamUnknown)])
def test_a_search_by_post_that_gets_no_answer_wrote_nothing(
    reads: bool, kind: type[UpstreamError]
) -> None:
    search, made = SEARCHED
    log: dict[str, Any] = {"request": None, "map": None, "idempotency": "none"}
    log["steps"] = [{**search, "reads": reads}, made]

    error = error_of(write, NoAnswerError("reset", sent=True), log=log)

    assert type(error) is kind
