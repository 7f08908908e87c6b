"""A CRM whose national numbers are another country's."""

import pytest

from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.deployment import Deployment

NATIONAL, WHOLE = "01632 960987", "+441632960987"


@pytest.fixture(autouse=True, scope="module")
def _a_british_customer(standing: Deployment) -> None:
    made = standing.crm.post("/api/customers", {"name": "Edith Clarke", "phone": NATIONAL})
    assert made.status_code == 201, made.text


def outcome(switchboard: Deployment, contact: str) -> str:
    answer = switchboard.http("POST", "/v1/arrivals/lookup", json_body={"contact": contact})
    return str(flat_body(answer)["outcome"])


def in_region(switchboard: Deployment, region: str) -> None:
    document = switchboard.documents["connectors"]
    sandbox = {**document["connectors"]["sandbox"], "region": region}
    switchboard.publish(connectors={**document, "connectors": {"sandbox": sandbox}})


def test_national_numbers_are_the_default_region_s(switchboard: Deployment) -> None:
    assert outcome(switchboard, WHOLE) == "unknown"


def test_national_numbers_are_the_connector_s_region_s(switchboard: Deployment) -> None:
    in_region(switchboard, "GB")

    assert outcome(switchboard, WHOLE) == "known"


def test_what_a_caller_dialled_stays_in_the_default_region(switchboard: Deployment) -> None:
    """The region is the CRM's: our own national numbers are where they were."""
    in_region(switchboard, "GB")

    assert outcome(switchboard, NATIONAL) != "known"


@pytest.mark.parametrize(("dialed", "customer"), [("+44 1632 960000", True), ("", False)])
def test_a_result_is_posted_to_whom_the_dialled_number_makes_of_a_national_one(
    switchboard: Deployment, dialed: str, customer: bool
) -> None:
    lookup = {**switchboard.documents["lookup"], "regions_by_dialed_number": {"+44": "GB"}}
    in_region(switchboard, "GB")
    switchboard.publish(lookup=lookup)
    interaction = new_interaction()
    ends = the_end_of(interaction, contact=NATIONAL, dialed_number=dialed)

    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)
    switchboard.deliver("disposition_posting")

    found = switchboard.crm.get("/api/activities", params={"external_id": interaction}).json()
    (record,) = found["activities"]
    assert bool(record["customer_id"]) is customer
