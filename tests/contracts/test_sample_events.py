"""Every file in `events/` is answered as its situation promises, by the function it is for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from switchboard import wiring
from switchboard.adapters.dynamodb_config import DynamoDbKeyStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.ports import HeaderKey
from switchboard.use_cases.authorizer import digest_of
from tests.events import EVENTS, Event, read_event, sample_files, signed
from tests.integration import other_crms, template
from tests.integration.canaries import NUMBER
from tests.integration.deployment import Deployment, deployed
from tests.local.sandbox_crm.harness import WEBHOOK_SECRET

KEY_SECRET: Final = "sample-secret-that-opens-nothing"
LIVE_CALL: Final = "int-5a3b6c7d8e9f0a1b"


@dataclass(frozen=True)
class Answered:
    """An HTTP status, and texts that the answer holds. `after` are files that come first."""

    status: int
    holds: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    is_signed_now: bool = False
    during_a_call: bool = False


@dataclass(frozen=True)
class Returns:
    """What a function returns that no HTTP answers with."""

    value: Any
    after: tuple[str, ...] = field(default=())


def refusals(job: str, **more: Answered) -> dict[str, Answered]:
    common = {
        "malformed_json": Answered(400),
        "missing_key": Answered(401),
        "wrong_method": Answered(405),
    }
    return {f"{job}/{name}": expected for name, expected in {**common, **more}.items()}


def arrivals(job: str) -> dict[str, Answered]:
    known = ('"outcome": "known"', "sandbox:C-1001")
    return {
        **refusals(
            job,
            # A caller waits: what cannot be read is said, and never refused.
            malformed_json=Answered(200, ('"outcome": "unreadable"', "not valid JSON")),
            key_for_another_route=Answered(403),
        ),
        f"{job}/nested_value": Answered(200, ('"outcome": "unreadable"', "contact must be text")),
        f"{job}/nested_value_beside_the_contact": Answered(
            200, (*known, "business_process must be text")
        ),
        f"{job}/neither_json_nor_form": Answered(200, ('"outcome": "unreadable"', "nor a form")),
        f"{job}/bad_interaction_id": Answered(
            200, (*known, '"problem": "interaction_id: ', '"screen_pop_url": ""')
        ),
        f"{job}/small_budget": Answered(200, known),
        f"{job}/internal_extension": Answered(200, ('"outcome": "internal"',)),
        f"{job}/by_account_number": Answered(200, (*known, '"matched_by": "account_number"')),
        f"{job}/choice_sent_back": Answered(
            200, ('"outcome": "known"', '"resolved_by": "choice"', "sandbox:C-1006")
        ),
        f"{job}/choice_of_a_stranger": Answered(
            200, ('"outcome": "ambiguous"', '"customer_id": ""', '"choice_1_id": "sandbox:C-100')
        ),
        f"{job}/known_caller": Answered(200, (*known, "/desk/")),
        f"{job}/by_email": Answered(200, known),
        f"{job}/by_query": Answered(200, known),
        f"{job}/form_body": Answered(200, known),
        f"{job}/without_interaction_id": Answered(200, (*known, '"screen_pop_url": ""')),
        f"{job}/unknown_caller": Answered(200, ('"outcome": "unknown"',)),
        f"{job}/several_customers": Answered(200, ('"outcome": "ambiguous"',)),
        f"{job}/withheld_number": Answered(200, ('"outcome": "withheld"',)),
        f"{job}/unreadable_number": Answered(200, ('"outcome": "unreadable"',)),
    }


ENDS: Final = "trigger_intake/interaction_ends"
ASKS: Final = "outbound_request/call_me_back"
NONE_FAILED: Final[Event] = {"batchItemFailures": []}


def one_failed(number: int) -> Event:
    identifier = f"059f36b4-87a3-44ab-83d2-66197577{number:04d}"
    return {"batchItemFailures": [{"itemIdentifier": identifier}]}


def allowed(**context: str) -> Returns:
    return Returns({"isAuthorized": True, "context": context})


EXPECTED: Final[dict[str, Answered | Returns]] = {
    **arrivals("arrival_lookup"),
    **arrivals("routing_decision"),
    "routing_decision/late_payer": Answered(200, ('"row": "late-payer"', "Collections")),
    "routing_decision/open_complaint": Answered(200, ('"row": "complaint-open"', "Urgent")),
    **refusals("trigger_intake"),
    "trigger_intake/interaction_starts": Answered(202, ('"duplicate": "false"',)),
    "trigger_intake/segment_change": Answered(202, ('"duplicate": "false"',)),
    "trigger_intake/internal_transfer": Answered(202, ('"duplicate": "false"',)),
    "trigger_intake/interaction_ends": Answered(202, ('"duplicate": "false"',)),
    "trigger_intake/interaction_ends_by_query": Answered(202, ('"duplicate": "true"',), (ENDS,)),
    "trigger_intake/form_body": Answered(202, ('"duplicate": "true"',), (ENDS,)),
    "trigger_intake/interaction_ends_without_id": Answered(202, ("composite-",)),
    "trigger_intake/email_ends": Answered(202),
    "trigger_intake/nothing_to_join_by": Answered(422),
    "trigger_intake/another_channel_of_the_same_id": Answered(409, after=(ENDS,)),
    "trigger_intake/unknown_event": Answered(404),
    "disposition_posting/one_result": Returns(NONE_FAILED, (ENDS,)),
    "disposition_posting/several_results": Returns(
        NONE_FAILED, (ENDS, "trigger_intake/email_ends")
    ),
    "disposition_posting/unknown_interaction": Returns(NONE_FAILED),
    "disposition_posting/one_bad_pointer": Returns(one_failed(2), (ENDS,)),
    "interaction_report/known_interaction": Answered(
        200, ('"standing": "waiting"', "Not yet in the CRM sandbox"), (ENDS,)
    ),
    "interaction_report/record_of_a_segment": Answered(
        200, ('"interaction_id": "int-5a3b6c7d8e9f0a1b"',), (ENDS,)
    ),
    "interaction_report/unknown_interaction": Answered(404, ("switchboard refused list",)),
    "interaction_report/history": Answered(
        200,
        ('"interaction_id": "int-5a3b6c7d8e9f0a1b"', '"next": ""'),
        ("routing_decision/known_caller",),
    ),
    "interaction_report/history_of_nobody": Answered(200, ('"interactions": []',)),
    "interaction_report/history_after_a_place_made_up": Answered(422, ("`next`",)),
    "interaction_report/history_without_a_connector": Answered(422, ("connector:id",)),
    "interaction_report/missing_key": Answered(401),
    "interaction_report/wrong_method": Answered(405),
    **refusals("outbound_request"),
    "outbound_request/call_me_back": Answered(202, ('"state": "queued"', '"repeated": false')),
    "outbound_request/country_not_listed": Answered(
        202, ('"state": "refused"', "country_not_allowed")
    ),
    "outbound_request/no_idempotency_key": Answered(422, ("idempotency-key",)),
    "outbound_request/no_telephone_number": Answered(422, ("contact",)),
    "outbound_request/misspelt_field": Answered(422, ("a field that is not ours",)),
    "outbound_request/read": Answered(200, ('"state": "queued"',), (ASKS,)),
    "outbound_request/read_unknown": Answered(404),
    "outbound_request/cancel": Answered(200, ('"state": "cancelled"',), (ASKS,)),
    "outbound_request/standard_webhook": Answered(202, ('"state": "queued"',), is_signed_now=True),
    "outbound_request/standard_webhook_of_another_status": Answered(
        202, ('"state": "forgotten"',), is_signed_now=True
    ),
    "outbound_request/standard_webhook_without_a_number": Answered(422, is_signed_now=True),
    "outbound_request/standard_webhook_too_old": Answered(401),
    "outbound_request/unsigned_webhook": Answered(401),
    "outbound_request/webhook_for_no_connector": Answered(404),
    "outbound_request/hubspot_changes": Answered(
        202, ('"repeated": 0', '"ignored": 2', '"unreadable": 0'), is_signed_now=True
    ),
    "outbound_request/hubspot_changes_too_old": Answered(401),
    "outbound_request/zendesk_event": Answered(202, ('"state": "queued"',), is_signed_now=True),
    "outbound_request/espo_batch": Answered(
        202, ('"ignored": 1', '"unreadable": 0'), is_signed_now=True
    ),
    "outbound_request/zoho_notification": Answered(
        202, ('"ignored": 1', '"unreadable": 0'), is_signed_now=True
    ),
    "outbound_request/zoho_notification_with_another_token": Answered(401),
    "outbound_request/salesforce_outbound_message": Answered(200, ("<Ack>true</Ack>",)),
    "outbound_request/salesforce_outbound_message_without_certificate": Answered(401),
    "outbound_request/salesforce_outbound_message_with_a_document_type": Answered(401),
    "outbound_dialing/one_request": Returns(NONE_FAILED, (ASKS,)),
    "outbound_dialing/unknown_request": Returns(NONE_FAILED),
    "outbound_dialing/one_bad_pointer": Returns(one_failed(2), (ASKS,)),
    **refusals("call_control"),
    "call_control/hold": Answered(200, ("On Hold",), during_a_call=True),
    "call_control/hold_without_idempotency_key": Answered(200, ("On Hold",), during_a_call=True),
    "call_control/retrieve": Answered(
        200, ("Handling",), ("call_control/hold",), during_a_call=True
    ),
    "call_control/transfer": Answered(200, during_a_call=True),
    "call_control/hang_up": Answered(200, during_a_call=True),
    "call_control/transfer_without_target": Answered(422, ("target",)),
    "call_control/unknown_call": Answered(404),
    "call_control/unknown_action": Answered(404, ("hang-up",)),
    "agent_desk/known_interaction": Answered(
        200, ("Ada Byron", "high-value"), ("routing_decision/known_caller",)
    ),
    "agent_desk/place_made_up": Answered(
        422, ("Not available",), ("routing_decision/known_caller",)
    ),
    "agent_desk/unknown_interaction": Answered(404),
    "agent_desk/expired_link": Answered(403),
    "agent_desk/forged_link": Answered(403),
    "agent_desk/wrong_method": Answered(405),
    "rules_editor/open_link": Answered(200, ("Open the editor",)),
    "rules_editor/expired_link": Answered(403, ("not valid or has expired",)),
    "rules_editor/forged_link": Answered(403, ("not valid or has expired",)),
    "rules_editor/page": Answered(200, ("Routing rules",)),
    "rules_editor/page_without_login": Answered(401, ("switchboard rules edit",)),
    "rules_editor/unknown_file": Answered(404),
    "rules_editor/leave": Answered(200, ("Logged out",)),
    "rules_editor/document": Answered(200, ('"may_publish": true', '"Grace Example"')),
    "rules_editor/document_without_login": Answered(401),
    "rules_editor/check_misspelt_queue": Answered(200, ("did you mean 'Sales'", "then.queue")),
    "rules_editor/explain": Answered(200, ('"row": "rest"', "when.tier")),
    "rules_editor/publish_with_a_problem": Answered(422, ('"problems": ["row high',)),
    "rules_editor/publish_after_somebody_else": Answered(409, ('"meanwhile": {"digest"',)),
    "rules_editor/publish_by_who_may_look": Answered(403),
    "rules_editor/another_sites_form": Answered(403, ("x-switchboard-editor",)),
    "rules_editor/malformed_json": Answered(400),
    "rules_editor/unknown_action": Answered(404),
    "rules_editor/wrong_method": Answered(405),
    "authorizer/good_key": allowed(key_id="ecs-1"),
    "authorizer/good_key_by_query": allowed(key_id="ecs-1"),
    "authorizer/missing_key": allowed(refusal="missing_key"),
    "authorizer/unknown_key": allowed(refusal="unknown_key"),
    "authorizer/wrong_secret": allowed(refusal="unknown_key"),
    "authorizer/expired_key": allowed(refusal="expired_key"),
    "authorizer/key_for_another_route": allowed(refusal="route_not_allowed"),
    "reconciliation/every_hour": Returns(None),
    "sweeper/every_minute": Returns(None),
}


def name_of(file: Path) -> str:
    return file.relative_to(EVENTS).with_suffix("").as_posix()


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with deployed(tmp_path_factory.mktemp("switchboard")) as deployment:
        other_crms.keep_secrets()
        yield deployment


@pytest.fixture
def switchboard(standing: Deployment) -> Deployment:
    standing.clean()
    keys = DynamoDbKeyStore(DynamoDbTable(standing.dynamodb, "Config"))
    long_ago = datetime(2025, 1, 1, tzinfo=UTC)
    routes = ("/v1/arrivals/", "/v1/triggers/")
    keys.put_key(HeaderKey("ecs-1", digest_of(KEY_SECRET), routes))
    keys.put_key(HeaderKey("ecs-0", digest_of(KEY_SECRET), routes, expires_at=long_ago))
    return standing


def run(switchboard: Deployment, name: str, call_id: str) -> Any:
    """What the function answers, started cold with the environment of the template."""
    job = name.partition("/")[0]
    event = read_event(EVENTS / f"{name}.json")
    expected = EXPECTED[name]
    if isinstance(expected, Answered) and expected.is_signed_now:
        event = signed(event, WEBHOOK_SECRET, now=datetime.now(UTC))
    event["rawPath"] = event.get("rawPath", "").replace(LIVE_CALL, call_id)
    if event.get("pathParameters", {}).get("connector") in other_crms.EVENTS:
        other_crms.connect(switchboard)
    wiring.forget()
    return switchboard.invoke(job, event)


def live_call(switchboard: Deployment) -> str:
    call_id = switchboard.ecs.calls(NUMBER, manual=True)
    switchboard.ecs.waits(call_id, "Handling")
    return call_id


@pytest.mark.parametrize("file", sample_files(), ids=name_of)
def test_the_event_is_answered_as_its_situation_promises(
    switchboard: Deployment, file: Path
) -> None:
    expected = EXPECTED.get(name_of(file))
    assert expected, "say in EXPECTED what this event is answered with"
    is_about_a_call = isinstance(expected, Answered) and expected.during_a_call
    call_id = live_call(switchboard) if is_about_a_call else LIVE_CALL
    for earlier in expected.after:
        run(switchboard, earlier, call_id)

    answer = run(switchboard, name_of(file), call_id)

    if isinstance(expected, Returns):
        assert answer == expected.value
        return
    assert answer["statusCode"] == expected.status, answer["body"]
    assert [text for text in expected.holds if text not in answer["body"]] == []
    if is_about_a_call:
        switchboard.ecs.post(f"/emulator/interactions/{call_id}/hang-up")
        switchboard.ecs.post(
            f"/emulator/interactions/{call_id}/finish", {"disposition": "Resolved"}
        )


def test_every_function_has_events_and_every_expectation_a_file() -> None:
    names = {name_of(file) for file in sample_files()}

    assert set(template.jobs()) == {name.partition("/")[0] for name in names}
    assert set(EXPECTED) - names == set()


@pytest.mark.parametrize("file", sample_files(), ids=name_of)
def test_the_event_goes_where_the_template_sends_it(file: Path) -> None:
    event, job = read_event(file), file.parent.name
    if "rawPath" not in event or event.get("type") == "REQUEST":
        return
    routes = [r for r in template.routes() if event["routeKey"] == f"ANY {r.path}"]

    assert [route.job for route in routes] == [job]
    assert routes[0].parameters(event["rawPath"]) == event.get("pathParameters", {})
    assert routes[0].is_guarded == ("authorizer" in event["requestContext"])
