"""Lookup and routing as ECS meets them."""

import json
from typing import Any

import pytest

from switchboard.contracts.answers import LookupAnswer, RouteAnswer
from tests.integration.answers import flat_body, new_interaction, the_end_of
from tests.integration.canaries import ADDRESS, NAME, NUMBER, STRANGER
from tests.integration.deployment import Deployment

LOOKUP, ROUTE = "/v1/arrivals/lookup", "/v1/arrivals/route"
BOTH = pytest.mark.parametrize("path", [LOOKUP, ROUTE])
SHARED_NUMBER = "+14155550160"
ITS_CUSTOMERS = ("sandbox:C-1006", "sandbox:C-1007")
LATE_PAYER = "+12125550134"
IN_BRITAIN = "01632 960123"


def ask(switchboard: Deployment, path: str, **asked: str) -> dict[str, str]:
    return flat_body(switchboard.http("POST", path, json_body=asked))


def configured(switchboard: Deployment, **changes: Any) -> None:
    switchboard.publish(lookup={**switchboard.documents["lookup"], **changes})


def printed(switchboard: Deployment) -> list[dict[str, Any]]:
    """Log lines and metrics, as CloudWatch would read them."""
    return [json.loads(line) for line in switchboard.output.getvalue().splitlines()]


@BOTH
@pytest.mark.parametrize("contact", [NUMBER, "(415) 555-0142", "tel:+1-415-555-0142", ADDRESS])
def test_a_customer_is_recognised(switchboard: Deployment, path: str, contact: str) -> None:
    answer = switchboard.http("POST", path, json_body={"contact": contact})

    body = flat_body(answer)
    assert (body["outcome"], body["source"], body["match_count"]) == ("known", "live", "1")
    assert (body["customer_id"], body["customer_name"]) == ("sandbox:C-1001", NAME)
    assert body["tier"] == "high"


@BOTH
def test_the_three_ways_to_send_parameters_are_one(switchboard: Deployment, path: str) -> None:
    asked = {"contact": NUMBER, "interaction_id": "int-1"}
    form = "contact=%2B14155550142&interaction_id=int-1"
    by = {
        "json": switchboard.http("POST", path, json_body=asked),
        "form": switchboard.http("POST", path, body=form, in_base64=True),
        "query": switchboard.http("GET", path, query=asked),
    }

    assert {way: flat_body(answer)["customer_id"] for way, answer in by.items()} == dict.fromkeys(
        by, "sandbox:C-1001"
    )


@BOTH
@pytest.mark.parametrize(
    ("contact", "outcome", "source", "count"),
    [
        (STRANGER, "unknown", "live", "0"),
        (SHARED_NUMBER, "ambiguous", "live", "2"),
        ("anonymous", "withheld", "default", "0"),
        ("", "withheld", "default", "0"),
        ("N/A", "withheld", "default", "0"),
        ("!?", "unreadable", "default", "0"),
        ("2001", "internal", "default", "0"),
        ("911", "internal", "default", "0"),
    ],
)
def test_who_is_not_recognised_is_said_to_be_what_they_are(
    switchboard: Deployment, path: str, contact: str, outcome: str, source: str, count: str
) -> None:
    body = flat_body(switchboard.http("POST", path, json_body={"contact": contact}))

    assert (body["outcome"], body["source"], body["match_count"]) == (outcome, source, count)
    assert body["customer_id"] == body["customer_name"] == ""


@BOTH
def test_every_answer_has_the_same_keys(switchboard: Deployment, path: str) -> None:
    contacts = [NUMBER, STRANGER, SHARED_NUMBER, "anonymous", "!?", "2001"]

    answers = [switchboard.http("POST", path, json_body={"contact": c}) for c in contacts]
    switchboard.fault("error_500")
    answers.append(switchboard.http("POST", path, json_body={"contact": LATE_PAYER}))

    assert len({tuple(answer.json) for answer in answers}) == 1
    assert set(switchboard.documents["lookup"]["attributes"]) < set(answers[0].json)
    assert len({flat_body(answer)["outcome"] for answer in answers}) == 7


@BOTH
def test_who_is_not_known_has_every_attribute_with_its_default(
    switchboard: Deployment, path: str
) -> None:
    body = ask(switchboard, path, contact=STRANGER)

    assert switchboard.documents["lookup"]["attributes"].keys() <= body.keys()
    assert (
        body.items()
        >= {
            "tier": "standard",
            "days_past_due": "0",
            "balance_due": "0",
            "language": "en",
            "open_complaint": "false",
        }.items()
    )


def test_answers_are_what_their_contracts_say(switchboard: Deployment) -> None:
    asked = {"contact": NUMBER, "interaction_id": new_interaction()}
    looked_up = switchboard.http("POST", LOOKUP, json_body=asked).json
    routed = switchboard.http("POST", ROUTE, json_body=asked).json

    assert LookupAnswer.model_validate(looked_up).screen_pop_url
    assert RouteAnswer.model_validate(routed).row == "high-value"
    assert set(LookupAnswer.model_fields) < set(looked_up)
    assert set(RouteAnswer.model_fields) < set(routed)


def test_asking_again_is_answered_from_memory(switchboard: Deployment) -> None:
    first = switchboard.http("POST", LOOKUP, json_body={"contact": NUMBER}).json
    switchboard.fault("error_500")
    again = switchboard.http("POST", LOOKUP, json_body={"contact": NUMBER}).json

    assert (first["source"], again["source"]) == ("live", "cache")
    assert again["customer_id"] == first["customer_id"]


def test_a_late_payer_goes_to_collections_with_the_reason(switchboard: Deployment) -> None:
    body = flat_body(switchboard.http("POST", ROUTE, json_body={"contact": LATE_PAYER}))

    assert (body["action"], body["business_process"]) == ("queue", "Collections")
    assert (body["row"], body["priority_class"], body["priority_seconds"]) == (
        "late-payer", "Urgent", "120",
    )  # fmt: skip
    assert "late-payer" in body["reason"]
    assert body["prompt_1"] == body["prompt_2"] == body["prompt_3"] == ""


def test_a_customer_goes_to_the_agent_of_last_time(switchboard: Deployment) -> None:
    earlier = new_interaction()
    switchboard.http("POST", ROUTE, json_body={"contact": NUMBER, "interaction_id": earlier})
    ends = the_end_of(earlier, started_at="", ended_at="")
    switchboard.http("POST", "/v1/triggers/interaction-ends", json_body=ends)

    body = flat_body(switchboard.http("POST", ROUTE, json_body={"contact": NUMBER}))

    assert (body["row"], body["preferred_agent"]) == ("high-value", "2001")


def test_unknown_parameters_disturb_nobody(switchboard: Deployment) -> None:
    asked = {"contact": NUMBER, "a new parameter": "of tomorrow", "language": None}

    assert flat_body(switchboard.http("POST", LOOKUP, json_body=asked))["outcome"] == "known"


@BOTH
@pytest.mark.parametrize("account", ["1001", "C-1001", "1001#"])
def test_a_customer_is_recognised_by_what_the_flow_collected(
    switchboard: Deployment, path: str, account: str
) -> None:
    body = ask(switchboard, path, contact=STRANGER, account_number=account)

    assert (body["outcome"], body["matched_by"]) == ("known", "account_number")
    assert body["customer_id"] == "sandbox:C-1001"


@BOTH
def test_an_account_that_nobody_has_leaves_the_number(switchboard: Deployment, path: str) -> None:
    body = ask(switchboard, path, contact=NUMBER, account_number="9999")

    assert (body["outcome"], body["matched_by"]) == ("known", "contact")
    assert body["customer_id"] == "sandbox:C-1001"


@BOTH
@pytest.mark.parametrize(
    ("order", "customer", "matched_by"),
    [
        (["account_number", "contact"], "sandbox:C-1001", "account_number"),
        (["contact", "account_number"], "sandbox:C-1002", "contact"),
        (["contact"], "sandbox:C-1002", "contact"),
    ],
)
def test_of_several_identities_the_configured_first_is_believed(
    switchboard: Deployment, path: str, order: list[str], customer: str, matched_by: str
) -> None:
    configured(switchboard, identify_by=order)

    body = ask(switchboard, path, contact=LATE_PAYER, account_number="1001")

    assert (body["customer_id"], body["matched_by"]) == (customer, matched_by)


@BOTH
def test_an_account_number_of_another_pattern_is_not_asked_about(
    switchboard: Deployment, path: str
) -> None:
    configured(switchboard, account_number_pattern=r"K\d{6}")

    body = ask(switchboard, path, contact=NUMBER, account_number="1002")

    assert (body["customer_id"], body["matched_by"]) == ("sandbox:C-1001", "contact")


@BOTH
@pytest.mark.parametrize(
    ("dialed", "outcome"),
    [("+441632960999", "known"), ("+14155550100", "unreadable"), ("", "unreadable")],
)
def test_a_national_number_is_one_of_the_country_that_was_dialled(
    switchboard: Deployment, path: str, dialed: str, outcome: str
) -> None:
    configured(switchboard, regions_by_dialed_number={"+44": "GB"})

    body = ask(switchboard, path, contact=IN_BRITAIN, dialed_number=dialed)

    assert body["outcome"] == outcome
    assert body["customer_id"] == ("sandbox:C-1005" if outcome == "known" else "")


@BOTH
def test_a_choice_that_is_sent_back_is_who_it_is(switchboard: Deployment, path: str) -> None:
    offered = ask(switchboard, path, contact=SHARED_NUMBER)
    ids = [offered[f"choice_{number}_id"] for number in (1, 2, 3)]
    assert sorted(ids) == ["", *ITS_CUSTOMERS]
    assert [bool(offered[f"choice_{number}_label"]) for number in (1, 2, 3)] == [True, True, False]

    chosen = ask(switchboard, path, contact=SHARED_NUMBER, customer_id=ids[1])

    assert (chosen["outcome"], chosen["resolved_by"]) == ("known", "choice")
    assert (chosen["customer_id"], chosen["match_count"]) == (ids[1], "2")
    assert chosen["choice_1_id"] == ""


@BOTH
@pytest.mark.parametrize(
    ("contact", "outcome"),
    [(SHARED_NUMBER, "ambiguous"), (STRANGER, "unknown"), ("anonymous", "withheld")],
)
def test_nobody_becomes_a_customer_by_naming_one(
    switchboard: Deployment, path: str, contact: str, outcome: str
) -> None:
    body = ask(switchboard, path, contact=contact, customer_id="sandbox:C-1001")

    assert (body["outcome"], body["customer_id"], body["customer_name"]) == (outcome, "", "")


def test_a_lookup_is_one_log_line_that_joins_with_everything(switchboard: Deployment) -> None:
    interaction = new_interaction()
    body = ask(switchboard, LOOKUP, contact=NUMBER, interaction_id=interaction)

    (line,) = [one for one in printed(switchboard) if one.get("message") == "contact looked up"]

    assert (line["request_id"], line["interaction_id"]) == (body["request_id"], interaction)
    assert (line["outcome"], line["source"], line["matched_by"]) == ("known", "live", "contact")
    assert line["match_count"] == 1
    (crm,) = line["crms"]
    assert (crm["connector"], crm["answer"]) == ("sandbox", "live")
    assert 0 <= crm["ms"] <= line["ms"] <= int(body["elapsed_ms"])


def test_a_route_is_the_same_line_with_the_decision(switchboard: Deployment) -> None:
    body = ask(switchboard, ROUTE, contact=LATE_PAYER)

    (line,) = [one for one in printed(switchboard) if one.get("message") == "interaction routed"]

    assert (line["outcome"], line["source"], line["matched_by"]) == ("known", "live", "contact")
    assert line["row"] == "late-payer"
    decided = ("row", "action", "queue", "ruleset", "arm")
    assert [line[name] for name in decided] == [body[name] for name in decided]


def test_lookups_are_counted_by_outcome_source_and_connector(switchboard: Deployment) -> None:
    for contact in (NUMBER, NUMBER, STRANGER, "anonymous"):
        ask(switchboard, LOOKUP, contact=contact)
    switchboard.fault("error_500")
    ask(switchboard, LOOKUP, contact=LATE_PAYER)

    lookups = [one for one in printed(switchboard) if "Lookup" in one and "outcome" in one]
    answers = [one for one in printed(switchboard) if "CrmAnswer" in one]

    assert [(one["outcome"], one["source"]) for one in lookups] == [
        ("known", "live"),
        ("known", "cache"),
        ("unknown", "live"),
        ("withheld", "default"),
        ("degraded", "default"),
    ]
    assert [(one["connector"], one["answer"]) for one in answers] == [
        ("sandbox", "live"),
        ("sandbox", "cache"),
        ("sandbox", "live"),
        ("sandbox", "upstream_unavailable"),
    ]
