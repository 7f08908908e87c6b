"""Applications are held to the letter, and a refusal repeats nothing of theirs."""

import pytest

from switchboard.contracts.applications import CallRequest, OutboundAnswer, read_contract
from switchboard.errors import InvalidRequest
from tests.unit.use_cases.calls import REQUEST

SENT = "zq7canary"


def problems(**sent: object) -> str:
    with pytest.raises(InvalidRequest) as refused:
        read_contract(CallRequest, {"contact": "+14155550142", **sent})
    assert SENT not in str(refused.value)
    return str(refused.value)


def test_a_request_needs_only_somebody_to_call() -> None:
    asked = read_contract(CallRequest, {"contact": " +14155550142 "})

    assert asked.contact == "+14155550142"
    with pytest.raises(InvalidRequest, match=r"^contact: Field required$"):
        read_contract(CallRequest, {})


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ({"contact": 14155550142}, "contact: "),
        ({"contact": SENT * 50}, "contact: "),
        ({"remarks": SENT * 500}, "remarks: "),
        ({"not_after": SENT}, "not_after: "),
        ({"not_after": "2026-03-04T12:00:00"}, "not_after: "),
        ({SENT: "x"}, "a field that is not ours: "),
    ],
)
def test_a_wrong_field_is_named(sent: dict[str, object], problem: str) -> None:
    assert problems(**sent).startswith(problem)


def test_every_wrong_field_is_named() -> None:
    assert problems(contact=7, remarks=7).count("; ") == 1


def test_an_answer_says_what_became_of_it_and_not_of_whom() -> None:
    shown = OutboundAnswer.of(REQUEST, repeated=False, request_id="r-2").model_dump_json()

    assert '"state":"queued"' in shown
    assert "0142" not in shown
