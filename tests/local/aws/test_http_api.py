"""What a request meets on its way to a function, as on AWS."""

import base64

import pytest

from tests.local.aws.conftest import Stack

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_every_method_reaches_our_code_so_that_it_can_word_the_refusal(
    stack: Stack, method: str
) -> None:
    answer = stack.call("/v1/arrivals/lookup", method=method)

    assert answer.status == 200
    event = answer.body["event"]
    assert event["version"] == "2.0"
    assert event["routeKey"] == "ANY /v1/arrivals/lookup"
    assert event["requestContext"]["http"]["method"] == method


def test_path_parameters_arrive_decoded(stack: Stack) -> None:
    event = stack.call("/v1/calls/call%201/hold", method="POST").body["event"]

    assert event["pathParameters"] == {"id": "call 1", "action": "hold"}


def test_a_form_arrives_base64_encoded_and_json_does_not(stack: Stack) -> None:
    form, text = b"phone=%2B14155550142", b'{"phone":"+14155550142"}'

    as_form = stack.call(
        "/v1/triggers/interaction-ends",
        method="POST",
        body=form,
        headers={"content-type": "application/x-www-form-urlencoded"},
    ).body["event"]
    as_json = stack.call(
        "/v1/triggers/interaction-ends",
        method="POST",
        body=text,
        headers={"content-type": "application/json"},
    ).body["event"]

    assert as_form["isBase64Encoded"]
    assert base64.b64decode(as_form["body"]) == form
    assert not as_json["isBase64Encoded"]
    assert as_json["body"] == text.decode()


def test_query_and_path_parameters_arrive_beside_each_other(stack: Stack) -> None:
    event = stack.call("/desk/a-token", a="1").body["event"]

    assert event["pathParameters"] == {"token": "a-token"}
    assert event["queryStringParameters"] == {"a": "1"}
    assert event["rawQueryString"] == "a=1"


def test_the_authorizer_tells_the_function_who_is_asking(stack: Stack) -> None:
    event = stack.call("/v1/arrivals/lookup", headers={"x-switchboard-key": "ecs.s3cret"}).body[
        "event"
    ]

    assert event["requestContext"]["authorizer"]["lambda"] == {"key_id": "ecs"}


def test_a_missing_key_reaches_the_function_with_its_reason(stack: Stack) -> None:
    event = stack.call("/v1/arrivals/lookup").body["event"]

    assert event["requestContext"]["authorizer"]["lambda"] == {"refusal": "missing_key"}


def test_two_callers_are_never_taken_for_each_other(stack: Stack) -> None:
    callers = [
        stack.call("/v1/arrivals/route", headers={"x-switchboard-key": f"{name}.s"}).body["event"]
        for name in ("first", "second", "first")
    ]

    keys = [c["requestContext"]["authorizer"]["lambda"]["key_id"] for c in callers]
    assert keys == ["first", "second", "first"]


@pytest.mark.parametrize("path", ["/v1/webhooks/sandbox", "/desk/a-token"])
def test_webhooks_and_the_desk_do_without_the_authorizer(stack: Stack, path: str) -> None:
    answer = stack.call(path)

    assert answer.status == 200
    assert "authorizer" not in answer.body["event"]["requestContext"]


def test_a_path_nobody_declared_is_not_found(stack: Stack) -> None:
    assert stack.call("/v1/nothing").status == 404


def test_functions_run_on_the_layer_and_not_on_this_working_tree(stack: Stack) -> None:
    where = stack.call("/v1/arrivals/lookup").body["layer"]

    assert where.startswith(str(stack.layer.parent))
