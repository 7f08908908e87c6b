"""The vendors' clients look for an interaction's record where our connectors do.

Each test is one CRM: `find_interaction` of our file beside the client's own call for the same
thing, and the client's reading of the answer that our sample plays.
"""

from pathlib import Path

import pytest

from tests.vendors import (
    test_dynamics365,
    test_freshdesk,
    test_odoo_rpc,
    test_salesforce,
    test_servicenow,
    test_suitecrm,
    test_zendesk,
    test_zoho,
)
from tests.vendors.both_sides import OurSide, VendorClient
from tests.vendors.recorder import Answer, Sent
from tests.vendors.test_pipedrive import assert_declared, package

__all__ = ["package"]

pytestmark = pytest.mark.vendor

DYNAMICS = {"org": "https://contoso.crm.dynamics.com", "tenant": "example-tenant", "app_id": "1"}
OF_I_1 = "0d264ce8-b839-5b94-b89d-460a2e8a2b04"


def asked_for(
    ours: OurSide, *answers: Answer, key: str = "i-1", record_id: str | None = None
) -> tuple[Sent, ...]:
    """Our requests for the record; the answers begin with the token endpoint's, if there is one."""
    ours.read("find_interaction", {"id": key, "record_id": record_id}, *answers)
    return ours.sent


@pytest.mark.parametrize(("kind", "place"), [("calls", 0), ("notes", 1)])
def test_hubspot_reads_by_our_key_what_its_client_reads(
    vendor: VendorClient, kind: str, place: int
) -> None:
    ours = OurSide("hubspot", {"portal_id": "7654321"})
    answers = ours.sample_answers("the note of a chat, which is no call")
    mine = asked_for(ours, *answers)[place]

    heard = vendor.does("hubspot", "read_by_our_key", answers[place], kind=kind, keys=["i-1"])

    assert (mine.line, mine.document) == (heard.only.line, heard.only.document)
    assert len(heard.result["results"]) == place


def test_hubspots_client_takes_the_answer_for_nothing_found(vendor: VendorClient) -> None:
    ours = OurSide("hubspot", {"portal_id": "7654321"})
    (missing, _) = ours.sample_answers("no record of this interaction")

    heard = vendor.does("hubspot", "read_by_our_key", missing, kind="calls", keys=["i-9"])

    assert heard.result["results"] == []
    assert heard.result["errors"][0]["category"] == "OBJECT_NOT_FOUND"


def test_dynamics_reads_an_activity_where_its_client_does(vendor: VendorClient) -> None:
    ours = OurSide("dynamics365", DYNAMICS)
    (answer,) = ours.sample_answers("the activity of an interaction")
    _, mine = asked_for(ours, test_dynamics365.TOKEN, answer)

    heard = vendor.does(
        "dynamics365",
        "read",
        test_dynamics365.of_table("activitypointer", "activitypointers"),
        answer,
        table="activitypointer",
        record_id=OF_I_1,
        select=["activityid", "activitytypecode"],
    )

    theirs = test_dynamics365.asked(heard)
    assert (mine.line, mine.query) == (theirs.line, theirs.query)
    assert heard.result["activityid"] == OF_I_1


def test_zendesk_lists_tickets_by_our_key_as_its_client_does(vendor: VendorClient) -> None:
    ours = OurSide("zendesk", test_zendesk.SETTINGS)
    (answer,) = ours.sample_answers("the ticket of an interaction")
    _, mine = asked_for(ours, test_zendesk.TOKEN, answer)

    heard = vendor.does("zendesk", "tickets_by_external_id", answer, external_id="ecs:i-1")

    theirs = dict(heard.only.query)
    # The client always says how many it wants.
    assert theirs.pop("page[size]") == "100"
    assert (mine.line, dict(mine.query)) == (heard.only.line, theirs)
    assert [ticket["id"] for ticket in heard.result] == [901]


def test_freshdesk_reads_and_searches_tickets_as_its_client_does(vendor: VendorClient) -> None:
    ours = OurSide("freshdesk", {"base": "https://example.freshdesk.com"})
    (told,) = ours.sample_answers("the ticket of an interaction that we were told of")
    (searched,) = ours.sample_answers(
        "the ticket of an interaction that we were told nothing of is searched for"
    )
    (read,) = asked_for(ours, told, record_id="71")
    (search,) = asked_for(ours, searched)

    their_read = vendor.does("freshdesk", "read_whole_ticket", told, ticket_id=71)
    their_search = vendor.does(
        "freshdesk", "search_tickets", searched, query="cf_ecs_interaction_id:'i-1'"
    )

    assert (read.line, read.query) == (their_read.only.line, their_read.only.query)
    assert their_read.result == {"cf_ecs_interaction_id": "i-1"}
    assert search.line == their_search.only.line
    assert test_freshdesk.without_pages(search) == test_freshdesk.without_pages(their_search.only)


@pytest.mark.parametrize(
    ("connector", "template", "value"),
    [
        (
            "salesforce",
            "SELECT Id, CallObject FROM Task WHERE CallObject = {} ORDER BY CreatedDate LIMIT 5",
            "ecs:i'1/..",
        ),
        (
            "salesforce-upsert",
            "SELECT Id, ECS_Interaction_Id__c FROM Task WHERE ECS_Interaction_Id__c = {}"
            " ORDER BY CreatedDate LIMIT 5",
            "i'1/..",
        ),
    ],
)
def test_salesforce_is_queried_as_its_client_queries(
    vendor: VendorClient, connector: str, template: str, value: str
) -> None:
    ours = OurSide(connector, test_salesforce.SETTINGS)
    _, mine = asked_for(ours, test_salesforce.TOKEN, test_salesforce.NO_ROWS, key="i'1/..")

    theirs = vendor.does(
        "salesforce", "query", test_salesforce.NO_ROWS, template=template, values=[value]
    ).only

    assert (mine.path, mine.query) == (theirs.path, theirs.query)


def test_servicenow_is_asked_for_the_row_as_its_client_asks(vendor: VendorClient) -> None:
    ours = OurSide("servicenow", {"instance": "https://example.service-now.com"})
    (answer,) = ours.sample_answers("the record of an interaction, and its revision")
    _, mine = asked_for(ours, test_servicenow.TOKEN, answer)

    heard = vendor.does(
        "servicenow",
        "find",
        answer,
        table="interaction",
        conditions=[["u_ecs_interaction_id", "i-1"]],
        fields=test_servicenow.fields_of(mine),
        active_only=False,
    )

    assert mine.line == heard.only.line
    assert dict(mine.query)["sysparm_query"] == dict(heard.only.query)["sysparm_query"]
    assert heard.result[0]["u_ecs_revision"] == "2"


@pytest.mark.parametrize(("place", "module"), [(1, "Calls"), (2, "Notes")])
def test_suitecrm_lists_by_id_as_its_client_lists(
    vendor: VendorClient, place: int, module: str
) -> None:
    ours = OurSide("suitecrm", {"base": "https://crm.example.com"})
    nothing = test_suitecrm.NOBODY
    mine = asked_for(ours, test_suitecrm.TOKEN, nothing, nothing)[place]

    _, theirs = vendor.does(
        "suitecrm", "find", test_suitecrm.TOKEN, nothing, module=module, fields=["name"], id=OF_I_1
    ).sent

    query = dict(mine.query)
    assert mine.line == theirs.line
    assert query.pop("page[size]") == "2"
    assert query == dict(theirs.query)


def test_odoo_is_asked_for_the_external_id_as_its_client_asks(vendor: VendorClient) -> None:
    ours = OurSide("odoo", {"base": "https://acme.odoo.com", "database": "acme"})
    (answer,) = ours.sample_answers("the meeting of an interaction")
    (mine,) = asked_for(ours, answer)

    heard = vendor.does("odoo", "search_read", answer, model="ir.model.data", **mine.document)

    assert mine.line == heard.only.line
    assert {"offset": 0, **mine.document} == heard.only.document
    assert heard.result[0]["res_id"] == 101


def test_odoo_by_rpc_is_asked_for_the_external_id_as_its_client_asks(vendor: VendorClient) -> None:
    settings = {"base": "https://odoo.example.com", "database": "acme", "user_id": 6}
    ours = OurSide("odoo_rpc", settings)
    (answer,) = ours.sample_answers("the meeting of an interaction")
    (mine,) = asked_for(ours, answer)
    *_, model, method, args, kwargs = mine.document["params"]["args"]

    heard = vendor.does(
        "odoo_rpc",
        "execute_kw",
        *test_odoo_rpc.LOGGED_IN,
        answer,
        model=model,
        method=method,
        args=args,
        kwargs=kwargs,
    )

    without = test_odoo_rpc.without_its_number
    assert (model, method) == ("ir.model.data", "search_read")
    assert without(mine.document) == without(heard.sent[-1].document)
    assert heard.result[0]["res_id"] == 101


def test_zoho_reads_and_searches_calls_as_its_client_does(vendor: VendorClient) -> None:
    ours = OurSide("zoho", {"org": "7001"})
    (told,) = ours.sample_answers("the call of an interaction that we were told of")
    (searched,) = ours.sample_answers(
        "the call of an interaction that we were told nothing of is searched for"
    )
    number = "554023000000103001"
    _, read = asked_for(ours, test_zoho.TOKEN, told, record_id=number)
    _, search = asked_for(ours, test_zoho.TOKEN, searched)

    their_read = test_zoho.theirs(
        vendor, "read", told, module="Calls", record_id=number, fields="ECS_Interaction_ID"
    )
    parameters = {**test_zoho.parameters(search), "per_page": 5}
    their_search = test_zoho.theirs(
        vendor, "search", searched, module="Calls", parameters=parameters
    )

    assert (read.line, read.query) == (their_read.sent[-1].line, their_read.sent[-1].query)
    assert (search.line, search.query) == (their_search.sent[-1].line, their_search.sent[-1].query)
    assert their_read.result["ECS_Interaction_ID"] == "i-1"
    assert their_search.result[0]["id"] == number


def test_pipedrive_reads_an_activity_as_its_client_does(
    vendor: VendorClient, package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWITCHBOARD_VENDORS_NODE", str(package.parent))
    ours = OurSide("pipedrive", {"company": "example"})
    (answer,) = ours.sample_answers("the activity of an interaction")
    (mine,) = asked_for(ours, answer, record_id="901")

    heard = vendor.does("pipedrive", "get_activity", answer, id=901)

    assert (mine.line, mine.query) == (heard.only.line, heard.only.query)
    assert_declared(package, "activity-item", heard.result["data"])
