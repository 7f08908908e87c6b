"""A new version answers from what an earlier one published, until somebody publishes again."""

from tests.integration.answers import flat_body
from tests.integration.canaries import NUMBER
from tests.integration.deployment import Deployment

# As issue 2's version published it: what was written, and nothing filled in.
LOOKUP = {
    "format": "lookup/1",
    "connectors": ["sandbox"],
    "default_region": "US",
    "budget_ms": 1200,
    "attributes": {"tier": {"default": "standard"}},
}


def test_documents_of_an_earlier_version_are_used(switchboard: Deployment) -> None:
    sandbox = dict(switchboard.documents["connectors"]["connectors"]["sandbox"])
    del sandbox["region"]
    switchboard.publish(
        lookup=LOOKUP, connectors={"format": "connectors/1", "connectors": {"sandbox": sandbox}}
    )

    for path in ("/v1/arrivals/lookup", "/v1/arrivals/route"):
        body = flat_body(switchboard.http("POST", path, json_body={"contact": NUMBER}))
        assert (body["outcome"], body["tier"]) == ("known", "high")
