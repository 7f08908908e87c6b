"""The hand-over sheet says everything that ECS needs, nothing else, and nothing old."""

import re
from dataclasses import replace
from typing import Any, Final

import pytest
from typer.testing import CliRunner

from cli.configuration import compiled_connectors
from cli.handover.blocks import Table
from cli.handover.markdown import markdown
from cli.handover.page import page
from cli.handover.returned import outcome_words
from cli.handover.sheet import sheet
from cli.handover.stage import NO_ADDRESS
from cli.main import app
from switchboard.edges.flat import LONGEST_VALUE
from tests.integration import template
from tests.integration.handover_sheet import ADDRESS, CONFIG, Made, make
from tools.openapi import document as openapi

EXAMPLE: Final = template.ROOT / "docs" / "handover"
# It is answered before any function is asked, so no sample can show it.
OF_THE_GATEWAY: Final = 429
FICTIONAL_NUMBER: Final = re.compile(r"1?\d{3}55501\d\d|441632960\d{3}")


@pytest.fixture(scope="module")
def made() -> Made:
    return make()


def test_every_return_value_is_a_key_of_the_answer_and_every_key_is_one(made: Made) -> None:
    content = made.sheet.content
    for method in content.methods:
        told = [value.name for value in content.values[method.key]]
        for sample in content.samples[method.key]:
            if sample.status < 300:
                assert sorted(sample.answer) == sorted(told), sample.situation.name


def test_no_answer_holds_what_its_return_value_rules_out(made: Made) -> None:
    content = made.sheet.content
    for method in content.methods:
        values = {value.name: value for value in content.values[method.key]}
        answers = [s.answer for s in content.samples[method.key] if s.status < 300]
        for name, said in ((n, v) for answer in answers for n, v in answer.items()):
            assert len(said) <= values[name].longest <= LONGEST_VALUE, name
            assert not values[name].words or said in values[name].words, name


def test_every_outcome_has_a_sample_with_both_methods_that_have_one(made: Made) -> None:
    for method in made.sheet.content.arrivals:
        samples = made.sheet.content.samples[method.key]
        assert {s.answer["outcome"] for s in samples if s.status == 200} == set(outcome_words())


def test_every_status_of_the_api_description_is_in_the_sheet(made: Made) -> None:
    paths = openapi()["paths"]
    for method in made.sheet.content.methods:
        path = "/v1/triggers/{event}" if method.is_trigger else method.path
        described = {int(status) for status in paths[path]["post"]["responses"]}
        seen = {s.status for s in made.sheet.content.samples[method.key]}
        assert described - {OF_THE_GATEWAY} == seen, method.key
    assert f" {OF_THE_GATEWAY} " in markdown(made.sheet.document)


def test_a_good_key_is_answered_with_200_on_arrival_whatever_is_sent(made: Made) -> None:
    for method in made.sheet.content.arrivals:
        for sample in made.sheet.content.samples[method.key]:
            asked = sample.situation
            is_ours = asked.key == "good" and asked.verb != "PUT"
            if is_ours and asked.state not in {"tables down", "nothing published"}:
                assert sample.status == 200, asked.name


def test_nobody_in_it_is_real(made: Made) -> None:
    text = markdown(made.sheet.document)
    numbers = {re.sub(r"\D", "", found) for found in re.findall(r"\+?\d[\d ()-]{8,}\d", text)}
    dates = {number for number in numbers if number.startswith("2026")}
    addresses = set(re.findall(r"[\w.+-]+@[\w.-]+", text))

    assert {n for n in numbers - dates if not FICTIONAL_NUMBER.fullmatch(n)} == set()
    assert {one for one in addresses if not one.rstrip(".").endswith("example.com")} == set()


def test_no_key_is_in_it(made: Made) -> None:
    written = markdown(made.sheet.document) + page(made.sheet.document)

    assert len(made.keys) == 2
    for key in made.keys:
        assert key.partition(".")[2] not in written


def test_what_to_do_on_fault_is_said_for_each_method_that_a_flow_waits_for(made: Made) -> None:
    text = markdown(made.sheet.document)

    for method in made.sheet.content.arrivals:
        assert f"On FAULT of {method.key}" in text
    assert "When a trigger is refused or not answered" in text


def tables_of(made: Made, caption: str) -> list[Table]:
    blocks = made.sheet.document.blocks
    return [one for one in blocks if isinstance(one, Table) and one.caption.startswith(caption)]


def test_a_branch_says_what_to_do_with_a_word_that_it_does_not_know(made: Made) -> None:
    last = [table.rows[-1] for table in tables_of(made, "Branch: Flow Variable sb_outcome")]
    assert last == [("anything else, or empty", "No answer of ours arrived.", "As on FAULT.")] * 2

    (actions,) = tables_of(made, "Branch: Flow Variable sb_action")
    assert actions.rows[-1] == ("anything else", "As `queue`.")


def test_who_asks_where_to_go_follows_the_action_and_looks_at_no_outcome(made: Made) -> None:
    of_lookup, of_route = tables_of(made, "Branch: Flow Variable sb_outcome")
    told = {filtered: do for filtered, _, do in of_route.rows}

    assert told["`internal`"] == told["`unreadable`"] == told["`known`"]
    assert told["`internal`"].startswith("Follow `action`")
    assert told["`ambiguous`"].endswith("Else follow `action`.")
    assert {f: do for f, _, do in of_lookup.rows}["`ambiguous`"].endswith("as with `unknown`.")


def test_a_caller_is_asked_once_which_customer_it_is(made: Made) -> None:
    text = markdown(made.sheet.document)

    for method in made.sheet.content.arrivals:
        steps = text.split(f'<a id="{method.key}-several">')[1].split("<a id=")[0]
        assert "Offer `0` for none of these" in steps
        assert "Put the chosen id into `sb_choice`" in steps
        assert "again, once" in steps
        assert "If it is still `ambiguous`" in steps
        assert "question 18" in steps
        assert "question 19" in steps


def test_refusals_are_shown_behind_the_methods(made: Made) -> None:
    text = markdown(made.sheet.document)
    anchors = [chapter.anchor for chapter in made.sheet.document.chapters]

    assert anchors[-2:] == ["samples-refusals", "made-from"]
    assert text.index('<a id="sample-lookup-no-key-is-sent">') > text.index("# Samples: refusals")
    assert "nothing usable is published, or keys cannot be checked" in text


def test_what_is_said_of_503_is_all_of_503_on_arrival(made: Made) -> None:
    for method in made.sheet.content.arrivals:
        samples = made.sheet.content.samples[method.key]
        unavailable = {s.situation.state for s in samples if s.status == 503}
        assert unavailable == {"nothing published", "tables down"}, method.key


def test_every_link_of_the_sheet_leads_somewhere(made: Made) -> None:
    text = markdown(made.sheet.document)

    assert set(re.findall(r"\(#([a-z0-9-]+)\)", text)) <= set(re.findall(r'<a id="([^"]+)">', text))


# ── Other stages ────────────────────────────────────────────────────────────────────────────────


def test_a_stage_of_other_crms_and_attributes_has_a_sheet_of_its_own(made: Made) -> None:
    local = made.sheet.content.stage
    body: dict[str, Any] = {
        **local.lookup_body,
        "connectors": ["salesforce", "zendesk"],
        "default_region": "GB",
        "ambiguity": {"policy": "unknown"},
        "tests": [],
        "attributes": {
            "segment": {"table": "segments", "default": "other"},
            "renewal": {"type": "date"},
            "age": {"from": "renewal", "type": "date", "as": "days_since", "default": 0},
            "vip": {"type": "flag", "default": False},
        },
        "tables": {"segments": {"words": {"A": "gold", "B": "silver"}}},
    }
    body.pop("choices", None)

    uses = [
        {"use": "salesforce", "settings": {"instance_url": "https://acme.my.salesforce.com"}},
        {"use": "zendesk", "settings": {"subdomain": "acme"}},
    ]
    connectors = compiled_connectors({"format": "connectors/1", "connectors": uses}, CONFIG)
    stage = replace(
        local, name="prod", base_url=NO_ADDRESS, lookup_body=body, connectors_body=connectors
    )

    made_of_it = sheet(stage)
    other = made_of_it.content

    lookups = {s.situation.name: s.answer for s in other.samples["lookup"]}
    ada = lookups["One customer has the number"]
    assert ada["customer_id"] == "salesforce:C-1001"
    assert (ada["segment"], ada["vip"], ada["age"]) == ("gold", "true", "3")
    assert "The number is withheld, and the flow asked for an account number" not in lookups
    assert lookups["Several customers have the number"]["outcome"] == "unknown"
    ends = [s.situation.sends for s in other.samples["interaction-ends"] if s.status == 202]
    assert {sent["customer_id"] for sent in ends} == {"salesforce:C-1001"}
    text = markdown(made_of_it.document)
    assert "Not to be sent: no address is known" in text
    assert "`account_number`" not in text
    assert '"account_number"' not in text


def test_the_committed_example_is_current() -> None:
    options = ["--config", str(CONFIG), "--base-url", ADDRESS, "--out", str(EXAMPLE), "--check"]

    result = CliRunner().invoke(app, ["handover", *options])

    assert result.exit_code == 0, result.output
