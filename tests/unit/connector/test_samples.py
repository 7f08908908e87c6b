"""Samples say what differs, in words that lead to the place."""

from typing import Any

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.samples import run_samples
from tests.unit.connector.examples import document, methods

URL = "https://crm.example.com/customers?phone=4155550142"
ADA = {"id": "1", "name": "Ada", "phone": "(415) 555-0142", "tier": "high"}


def differences(**changes: Any) -> tuple[str, ...]:
    sample = {
        "name": "found",
        "find": "phone",
        "value": "+14155550142",
        "exchange": [
            {"request": {"method": "GET", "url": URL}, "response": {"body": {"customers": [ADA]}}}
        ],
        "result": [{"id": "1", "attributes": {"tier": "high"}}],
        **changes,
    }
    (report,) = run_samples(compile_connector(document()), [sample])
    return report.differences


def test_a_sample_that_fits_has_no_differences() -> None:
    assert differences() == ()


def test_a_wrong_result_is_shown_with_its_place() -> None:
    assert differences(result=[{"id": "1", "attributes": {"tier": "low"}}]) == (
        "result[0].attributes.tier: expected 'low', got 'high'",
    )


def test_a_wrong_request_is_shown_with_its_place() -> None:
    exchange = [
        {
            "request": {"method": "POST", "headers": {"X-A": "b"}},
            "response": {"body": {"customers": []}},
        }
    ]

    assert differences(exchange=exchange, result=[]) == (
        "exchange[0].request.method: expected 'POST', got 'GET'",
        "exchange[0].request.headers.X-A: expected 'b', got None",
    )


def test_a_request_too_few_or_too_many_is_shown() -> None:
    one = {"response": {"body": {"customers": [ADA]}}}

    assert differences(exchange=[one, one]) == ("exchange[1]: this request was never sent",)
    assert differences(exchange=[])[0].startswith("one more request was sent: GET")


def test_an_account_number_is_looked_for_as_a_caller_gave_it() -> None:
    find = {
        "request": {"path": "/customers/${input.account}"},
        "map": "body.customers[].{id: id, accounts: [id]}",
    }
    changed = document(
        lookups={"by_account": ["find_account"]}, methods={**methods(), "find_account": find}
    )
    sample = {
        "name": "found",
        "find": "account",
        "value": "c-7 #",
        "exchange": [
            {
                "request": {"url": "https://crm.example.com/customers/C7"},
                "response": {"body": {"customers": [{"id": "c7"}, {"id": "C-8"}]}},
            }
        ],
        "result": [{"id": "c7", "accounts": ["c7"]}],
    }

    (found,) = run_samples(compile_connector(changed), [sample])
    (unusable,) = run_samples(compile_connector(changed), [{**sample, "value": "#"}])

    assert found.differences == ()
    assert "the value of the sample is no account number" in unusable.differences


def test_a_failure_is_compared_by_its_class_and_wait() -> None:
    throttled = [{"response": {"status": 429, "headers": {"Retry-After": "3"}}}]

    assert differences(exchange=throttled, fails={"class": "throttled", "wait": 3}) == ()
    assert differences(exchange=throttled, fails={"class": "auth", "wait": 4}) == (
        "fails.class: expected 'auth', got 'throttled'",
        "fails.wait: expected 4.0, got 3.0",
    )
    assert differences(exchange=throttled)[0] == "it failed: example: throttled"
    assert differences(fails={"class": "auth"}) == ("it should have failed as auth",)


def test_a_number_and_its_text_differ() -> None:
    exchange = [{"response": {"body": {"customers": [{**ADA, "tier": 1}]}}}]

    assert differences(exchange=exchange, result=[{"attributes": {"tier": "1"}}]) == (
        "result[0].attributes.tier: expected '1', got 1",
    )
    assert differences(exchange=exchange, result=[{"attributes": {"tier": True}}]) == (
        "result[0].attributes.tier: expected True, got 1",
    )


def test_a_sample_for_something_the_file_does_not_have_says_so() -> None:
    assert differences(find=None, value=None, event="callback") == (
        "exchange[0]: this request was never sent",
        "there is no event callback in this file",
    )
