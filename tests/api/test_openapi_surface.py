"""docs/openapi.json, proved over HTTP by a tester that knows nothing else.

    SWITCHBOARD_API_EXAMPLES=400 pytest tests/api       # longer
    SWITCHBOARD_API_SEED=5 pytest tests/api             # other requests

The seed decides what is sent; a finding's text names it, and curl commands to repeat it.
"""

import pytest

from tests.api.gateway import Gateway
from tests.api.tester import PROMISED, ApiTester, examples, seed

pytestmark = pytest.mark.api


def test_the_api_keeps_every_promise_of_its_document(gateway: Gateway, tester: ApiTester) -> None:
    verdict = tester.run(seed=seed(), examples=examples())

    assert gateway.raised == []
    assert verdict.is_good, verdict.text
    assert verdict.cases > 12 * examples()


def test_whatever_is_sent_the_answer_is_one_that_is_described(
    gateway: Gateway, tester: ApiTester
) -> None:
    verdict = tester.run(
        seed=seed(),
        examples=2 * examples(),
        hooks="hostile.py",
        phases=["fuzzing"],
        checks=PROMISED,
    )

    assert gateway.raised == []
    assert verdict.is_good, verdict.text


def test_without_our_tables_the_answers_are_those_that_are_described(
    gateway: Gateway, tester: ApiTester
) -> None:
    described = [check for check in PROMISED if check != "not_a_server_error"]

    with gateway.deployment.without_aws("dynamodb"):
        verdict = tester.run(seed=seed(), examples=2, phases=["fuzzing"], checks=described)

    assert gateway.raised == []
    assert verdict.is_good, verdict.text
    assert {status for *_, status in gateway.answered} >= {503}
