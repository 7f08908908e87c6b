"""What ECS asks is read by plain code in Lambda, exactly as its contract says."""

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from switchboard.contracts.ecs import Arrival
from switchboard.edges.arrival_request import NAMES, read_arrival_request

ODD = ("", " ", "i-1\n", "i" * 128, "i" * 129, "é", "~!", "Web Chat", " PHONE ", "\u2028", "0")
parameters = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=12), st.sampled_from(ODD) | st.text(max_size=140)
)


@given(parameters)
@example({})
@example({"interaction_id": "i-1\n"})
@example({"values": "a", "model_config": "b", "__class__": "c", "channel": ""})
def test_any_request_is_read_as_the_contract_describes_it(sent: dict[str, str]) -> None:
    asked, problem = read_arrival_request(sent)

    contract, refused = by_the_contract(sent)
    assert asked.values == contract.model_dump()
    assert {name: getattr(asked, name) for name in NAMES} == {
        name: getattr(contract, name) for name in Arrival.model_fields
    }
    assert {told.partition(":")[0] for told in problem.split("; ") if told} == refused


def test_a_request_shows_no_personal_data() -> None:
    asked, problem = read_arrival_request({"contact": "+14155550142", "interaction_id": "zq7 é"})

    assert "4155550142" not in repr(asked)
    assert "zq7" not in problem


def by_the_contract(sent: dict[str, str]) -> tuple[Arrival, set[str]]:
    """What is left when the contract's wrong fields are left out, and their names."""
    try:
        return Arrival.model_validate(sent), set()
    except ValidationError as error:
        wrong = {str(one["loc"][0]) for one in error.errors()}
        left = {name: text for name, text in sent.items() if name not in wrong}
        return Arrival.model_validate(left), wrong
