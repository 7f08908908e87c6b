"""The hand-over sheet: how it is written, and what it takes from contracts and configuration."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import Field
from typer.testing import CliRunner

from cli.handover import command
from cli.handover.advice import ACTIONS, OUTCOMES, STATUSES, request_timeout_s
from cli.handover.blocks import (
    Bullets,
    Document,
    Heading,
    Listing,
    Note,
    Paragraph,
    Table,
    as_code,
    plain,
)
from cli.handover.chapters_arrivals import decisions
from cli.handover.markdown import markdown
from cli.handover.methods import Method, methods
from cli.handover.page import page
from cli.handover.parts import Content, parameter_table, value_row
from cli.handover.people import crms_of
from cli.handover.questions import QUESTIONS, to_confirm
from cli.handover.returned import outcome_words, return_values, words_in_words
from cli.handover.sent import is_described, parameters
from cli.handover.sheet import Sheet
from cli.handover.situations import situations
from cli.handover.stage import NO_ADDRESS, Stage, of_folder
from cli.main import app
from switchboard.contracts.answers import LookupAnswer
from switchboard.contracts.ecs import Arrival
from switchboard.domain.ruleset import ACTIONS as EVERY_ACTION
from switchboard.errors import Misconfigured

CONFIG = Path(__file__).resolve().parents[3] / "config"
ADDRESS = "https://switchboard.example.com"
ONLY_CONTACT = {"identify_by": ["contact"]}
NASTY = "<script>alert(1)</script> | *x* _y_ [z] `c` & \\"
LITTLE = Document(
    "A sheet",
    "Stage test",
    (
        Heading(1, "First", "first"),
        Paragraph("Plain, `code_a`, **strong** and [a link](#second)."),
        Note("Look here.", "Important"),
        Bullets(("one", "two"), numbered=True),
        Table("A table", ("Key", "Value"), ((as_code("a|b"), NASTY), ("c", "d")), (30, 70)),
        Heading(1, "Second", "second"),
        Listing("Request", "POST /v1/x\n\n{}"),
        Listing("Answer", "HTTP 200"),
    ),
)


@pytest.fixture(scope="module")
def stage() -> Stage:
    return of_folder(CONFIG, name="test", base_url=ADDRESS)


def method(key: str) -> Method:
    (found,) = [one for one in methods() if one.key == key]
    return found


def test_ecs_calls_two_arrivals_and_four_triggers() -> None:
    assert [(one.key, one.path) for one in methods()] == [
        ("lookup", "/v1/arrivals/lookup"),
        ("route", "/v1/arrivals/route"),
        ("interaction-starts", "/v1/triggers/interaction-starts"),
        ("interaction-ends", "/v1/triggers/interaction-ends"),
        ("internal-transfer", "/v1/triggers/internal-transfer"),
        ("segment-change", "/v1/triggers/segment-change"),
    ]


def test_every_parameter_says_where_ecs_takes_it_from() -> None:
    assert [one.key for one in methods() if not is_described(one)] == []


def test_a_new_field_of_the_contract_is_in_the_sheet_and_waits_for_its_source(stage: Stage) -> None:
    class Tomorrow(Arrival):
        mood: str = Field("", description="How the caller sounds.")

    changed = replace(method("lookup"), asks=Tomorrow)

    assert [one.name for one in parameters(changed, stage)] == [*Arrival.model_fields, "mood"]
    assert not is_described(changed)


def test_a_new_key_of_the_answer_is_a_return_value(stage: Stage) -> None:
    class Tomorrow(LookupAnswer):
        mood: str = Field("", description="How the customer was last time.")

    changed = return_values(replace(method("lookup"), answers=Tomorrow), stage)

    assert ("mood", "How the customer was last time.") in [(v.name, v.meaning) for v in changed]


def test_an_attribute_of_the_configuration_is_a_return_value_of_its_kind(stage: Stage) -> None:
    attributes = {
        "since": {"type": "date"},
        "age": {"from": "since", "type": "date", "as": "days_since", "default": 0},
        "vip": {"type": "flag", "default": False},
        "band": {"from": "score", "table": "bands", "default": "none"},
        "note": {"longest": 40},
    }
    tables = {"bands": {"bands": [{"from": 0, "is": "low"}, {"from": 50, "is": "high"}]}}
    body = {**stage.lookup_body, "attributes": attributes, "tables": tables, "tests": []}

    values = return_values(method("lookup"), replace(stage, lookup_body=body))

    told = {v.name: (v.kind, v.longest, v.words) for v in values if v.is_attribute}
    assert told == {
        "since": ("day or time", 32, ()),
        "age": ("whole number", 10, ()),
        "vip": ("yes or no", 5, ("true", "false")),
        "band": ("word", 4, ("low", "high", "none")),
        "note": ("text", 40, ()),
    }


def test_words_are_those_of_the_published_rules(stage: Stage) -> None:
    values = {value.name: value for value in return_values(method("route"), stage)}

    assert values["business_process"].words == ("", "Customer Care", "Collections")
    assert "Retention" in values["demand"].words
    assert values["flag_skip_menu"].words == ("true", "false")
    assert set(values["row"].words) == {row.id for row in stage.ruleset.route.rows}
    assert values["outcome"].words == outcome_words()


def test_words_that_contain_each_other_are_pointed_out(stage: Stage) -> None:
    values = return_values(method("lookup"), stage)

    assert ("outcome", "known", "unknown") in words_in_words(values)


def test_a_prompt_that_no_rule_names_today_has_room_for_one_of_tomorrow(stage: Stage) -> None:
    only_the_route = [stage.routing_body["tables"][0]]
    stage = replace(stage, routing_body={**stage.routing_body, "tables": only_the_route})
    values = {value.name: value for value in return_values(method("route"), stage)}

    assert values["prompt_2"].longest == 64
    assert values["prompt_1"].longest == 64
    assert value_row(values["prompt_2"])[2:4] == ("64", "empty under today's rules")
    assert "`menu_full`" in value_row(values["prompt_1"])[3]


def only_by_contact(stage: Stage) -> Iterator[tuple[str, Stage]]:
    """The stage, where nobody is found by an account number: for one reason, then for another."""
    yield "identify_by", replace(stage, lookup_body={**stage.lookup_body, **ONLY_CONTACT})
    connectors = deepcopy(dict(stage.connectors_body))
    connectors["connectors"]["sandbox"]["definition"]["lookups"]["by_account"] = []
    yield "by_account", replace(stage, connectors_body=connectors)


def test_an_account_number_is_asked_for_only_where_it_leads_to_somebody(stage: Stage) -> None:
    assert "account_number" in [one.name for one in parameters(method("lookup"), stage)]
    assert [one.kind for one in situations(method("lookup"), stage)].count("account") == 1

    for reason, other in only_by_contact(stage):
        named = [one.name for one in parameters(method("lookup"), other)]
        sent = [one.sends for key in ("lookup", "route") for one in situations(method(key), other)]
        matched_by = {v.name: v for v in return_values(method("lookup"), other)}["matched_by"]
        assert "account_number" not in named, reason
        assert not any("account_number" in values for values in sent), reason
        assert matched_by.words == ("", "contact"), reason


def test_an_account_number_of_another_form_is_asked_for_and_has_no_sample(stage: Stage) -> None:
    body = {**stage.lookup_body, "account_number_pattern": r"K\d{8}"}
    other = replace(stage, lookup_body=body)

    assert "account_number" in [one.name for one in parameters(method("lookup"), other)]
    assert "account" not in [one.kind for one in situations(method("lookup"), other)]


def looking_at(stage: Stage, attributes: dict[str, object]) -> Stage:
    """The stage, whose rules could look at these as well."""
    more = {**stage.routing_body["attributes"], **attributes}
    return replace(stage, routing_body={**stage.routing_body, "attributes": more})


def without_attempts(stage: Stage) -> Stage:
    """The stage, whose rules decide the same however often self-service did not help."""
    body = deepcopy(dict(stage.routing_body))
    del body["attributes"]["attempt"]
    for row in body["tables"][0]["rows"]:
        row["when"].pop("attempt", None)
        row["then"].pop("on_fail", None)
    return replace(stage, routing_body={**body, "tests": []})


def told_of_self_service(stage: Stage) -> str:
    """What the sheet's flow does with the action."""
    of = Content(stage, methods(), {}, {})
    tables = (one for one in decisions(of, method("route")) if isinstance(one, Table))
    return {row[0]: row[1] for row in next(tables).rows}["`self_service`"]


def test_what_the_published_rules_read_of_ecs_is_a_parameter_of_route_alone(stage: Stage) -> None:
    every = [one.name for one in parameters(method("route"), stage)]

    assert every == [*Arrival.model_fields, "intent", "self_service_attempts"]
    assert [one.name for one in parameters(method("lookup"), stage)] == [*Arrival.model_fields]
    assert not {*every[-2:]} & {one.name for one in parameters(method("interaction-ends"), stage)}


def test_a_parameter_of_the_rules_is_optional_and_says_what_it_can_be(stage: Stage) -> None:
    shown = parameter_table(Content(stage, methods(), {}, {}), method("route"), "")
    assert isinstance(shown, Table)
    rows = {row[0]: row for row in shown.rows}

    assert rows["`intent`"][2] == rows["`self_service_attempts`"][2] == "optional"
    assert rows["`dialed_number`"][2] == "if there is"
    assert "Flow Variable `sb_sent_intent`" in rows["`intent`"][3]
    assert "one of `balance`, `order_status`, `technical`" in rows["`intent`"][3]
    assert "a number. **Confirm.**" in rows["`self_service_attempts`"][3]


@pytest.mark.parametrize(
    ("spec", "form"),
    [
        ({"type": "flag"}, "`true` or `false`"),
        ({"type": "number", "unit": "days"}, "a number, in days"),
        ({"type": "choice", "values": ["red", "blue"]}, "one of `red`, `blue`"),
        ({"type": "set", "values": ["red", "blue"]}, "any of `red`, `blue`, with commas between"),
        ({"type": "instant"}, "a date and time"),
    ],
)
def test_a_parameter_of_the_rules_has_the_form_of_its_type(
    stage: Stage, spec: dict[str, object], form: str
) -> None:
    other = looking_at(stage, {"mood": {**spec, "from": "ecs.caller.mood"}})

    asked = parameters(method("route"), other)[-1]

    assert asked.name == "caller.mood"
    assert form in asked.value.description


def test_two_attributes_of_one_source_are_one_parameter(stage: Stage) -> None:
    tried = {"type": "flag", "from": "ecs.self_service_attempts"}

    asked = parameters(method("route"), looking_at(stage, {"tried": tried}))

    assert [one.name for one in asked].count("self_service_attempts") == 1
    assert asked[-1].value.description.endswith("a number; or `true` or `false`")


def test_an_account_number_that_only_the_rules_read_is_asked_for(stage: Stage) -> None:
    account = {"type": "choice", "values": ["C-1001"], "from": "ecs.account_number"}
    (_, by_contact), *_ = only_by_contact(stage)
    by_rules = looking_at(by_contact, {"account": account})

    assert "account_number" not in [one.name for one in parameters(method("route"), by_contact)]
    assert [one.name for one in parameters(method("route"), by_rules)] == [
        one.name for one in parameters(method("route"), stage)
    ]


def test_no_variable_that_the_flow_sets_is_one_of_an_answer(stage: Stage) -> None:
    tier = {"type": "choice", "values": ["high"], "from": "ecs.tier"}
    other = looking_at(stage, {"said_tier": tier})
    filled = {one.variable for one in return_values(method("route"), other)}

    asked = parameters(method("route"), other)[-1]

    assert "sb_tier" in filled
    assert "`sb_sent_tier`" in asked.value.description
    assert "sb_sent_tier" not in filled


def test_who_self_service_did_not_help_is_asked_for_again(stage: Stage) -> None:
    told = told_of_self_service(stage)

    assert "`sb_sent_self_service_attempts` one higher" in told
    assert "send it as `self_service_attempts`, call `route` again" in told
    assert to_confirm("Variables") in told


def test_rules_that_count_no_attempts_are_not_asked_twice(stage: Stage) -> None:
    assert told_of_self_service(without_attempts(stage)) == ACTIONS["self_service"]


def test_each_crm_is_searched_by_what_its_connector_can_be_searched_by(stage: Stage) -> None:
    sandbox = stage.connectors_body["connectors"]["sandbox"]
    mail = deepcopy(sandbox)
    mail["definition"]["lookups"].update(by_phone=[], by_account=[])
    other = replace(
        stage,
        lookup_body={**stage.lookup_body, "connectors": ["mail", "sandbox"]},
        connectors_body={"connectors": {"mail": mail, "sandbox": sandbox}},
    )

    found = crms_of(other)

    assert (other.finder("email"), other.finder("phone")) == ("mail", "sandbox")
    assert {name: crm.finds for name, crm in found.items()} == {
        "mail": {"email"},
        "sandbox": {"phone", "email", "account"},
    }
    assert found["sandbox"].knows_by == {"phone", "account"}


def test_every_return_value_says_what_it_means(stage: Stage) -> None:
    for one in methods():
        assert [v.name for v in return_values(one, stage) if not v.meaning] == []


def test_every_outcome_and_every_action_has_advice() -> None:
    assert set(OUTCOMES) == set(outcome_words())
    assert set(ACTIONS) == set(EVERY_ACTION)


def test_every_refusal_that_a_method_can_answer_has_advice() -> None:
    assert {200, 202, 400, 401, 403, 404, 405, 409, 413, 422, 503} == set(STATUSES)


@pytest.mark.parametrize(("budget_ms", "seconds"), [(1200, 3), (1000, 2), (2001, 4), (100, 2)])
def test_ecs_waits_at_least_a_second_longer_than_we_take(
    stage: Stage, budget_ms: int, seconds: int
) -> None:
    patient = replace(stage, lookup_body={**stage.lookup_body, "budget_ms": budget_ms})

    assert request_timeout_s(method("route"), patient) == seconds


def test_a_trigger_is_given_as_long_as_its_function_may_run(stage: Stage) -> None:
    assert request_timeout_s(method("interaction-ends"), stage) == 15


def test_the_questions_have_the_numbers_that_they_are_known_by() -> None:
    numbered = {one.about: number for number, one in enumerate(QUESTIONS, start=1)}

    assert numbered["Spoken text"] == 18
    assert numbered["Variables"] == 19
    assert numbered["Prompts and remarks"] == 20
    assert to_confirm("Variables") == "**Confirm**, [question 19](#questions)"


def test_every_question_says_what_is_taken_for_granted() -> None:
    assert len({one.about for one in QUESTIONS}) == len(QUESTIONS)
    assert all(one.asks.endswith("?") or "?" in one.asks for one in QUESTIONS)
    assert all(one.taken for one in QUESTIONS)


def test_a_folder_that_cannot_be_published_makes_no_sheet(tmp_path: Path) -> None:
    (tmp_path / "lookup.yaml").write_text("format: lookup/1\nconnectors: [x]\n", encoding="utf-8")

    with pytest.raises(Misconfigured, match="default_region"):
        of_folder(tmp_path, name="test", base_url=ADDRESS)


def test_another_configuration_is_another_version(stage: Stage) -> None:
    other = replace(stage, lookup_body={**stage.lookup_body, "budget_ms": 900})

    assert stage.versions["routing ruleset"] == other.versions["routing ruleset"]
    assert stage.versions["lookup configuration"] != other.versions["lookup configuration"]


# ── Three ways to write a document down ─────────────────────────────────────────────────────────


def test_markdown_keeps_its_tables_whatever_is_in_them() -> None:
    rows = [line for line in markdown(LITTLE).splitlines() if line.startswith("|")]

    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows}) == 1
    assert "\\<script\\>" in markdown(LITTLE)


def test_markdown_has_every_link_that_it_points_to() -> None:
    text = markdown(LITTLE)

    assert set(re.findall(r"\(#([a-z-]+)\)", text)) <= set(re.findall(r'<a id="([a-z-]+)">', text))


class Page(HTMLParser):
    """What an HTML page is made of."""

    VOID = frozenset({"meta", "col", "wbr", "link", "img", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, attribute: str) -> Iterator[str]:
        return (found[attribute] for _, found in self.tags if attribute in found)


def test_a_page_is_well_formed_and_loads_nothing() -> None:
    read = Page(page(LITTLE))

    assert read.open == []
    assert {tag for tag, _ in read.tags} & {"script", "link", "img", "iframe"} == set()
    assert list(read.all("src")) == []
    assert all(target.startswith("#") for target in read.all("href"))
    assert "url(" not in page(LITTLE)
    assert "default-src 'none'" in page(LITTLE)


def test_a_page_can_be_used_without_seeing_or_pointing() -> None:
    read = Page(page(LITTLE))
    tags = [tag for tag, _ in read.tags]

    assert dict(read.tags)["html"]["lang"] == "en"
    assert {target[1:] for target in read.all("href")} <= set(read.all("id"))
    assert tags.count("caption") == tags.count("table")
    assert all("scope" in attributes for tag, attributes in read.tags if tag == "th")
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_what_the_configuration_calls_things_cannot_become_markup() -> None:
    document = Document("T", "S", (Paragraph(as_code("`<b>` [x](#y) **z**")),))

    assert "<b>" not in page(document)
    assert "<strong>" not in page(document)
    assert plain(as_code("a`b")) == "a'b"


def test_a_pdf_is_the_same_each_time_and_knows_what_it_was_made_from() -> None:
    pdf = pytest.importorskip("cli.handover.pdf", exc_type=ImportError)

    first, again = (pdf.pdf(LITTLE, made_from="this") for _ in range(2))

    assert first.startswith(b"%PDF-")
    assert first == again
    assert pdf.mark_of(first) == pdf.digest_of("this") != pdf.digest_of("that")
    assert pdf.mark_of(b"%PDF-1.4 of somebody else") == ""


def test_a_pdf_shows_a_letter_that_its_font_lacks_without_its_accent() -> None:
    text = pytest.importorskip("cli.handover.pdf_text", exc_type=ImportError)
    text.register_fonts()

    assert text.shown_in("Zażółć ąę 漢", text.SANS) == "Zazółć ae ?"


# ── The command ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> list[Stage]:
    """The command writes a little sheet; the stages that it was asked for."""
    asked: list[Stage] = []

    def sheet(stage: Stage) -> Sheet:
        asked.append(stage)
        return Sheet(LITTLE, None)  # type: ignore[arg-type]

    monkeypatch.setattr(command, "sheet", sheet)
    return asked


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["handover", *arguments])
    return result.exit_code, result.output


def test_a_sheet_is_written_once_and_then_current(little: list[Stage], tmp_path: Path) -> None:
    options = ["--out", str(tmp_path / "new"), "--config", str(CONFIG), "--no-pdf"]

    assert run(*options, "--check")[0] == 1
    assert run(*options)[0] == 0
    assert run(*options, "--check")[0] == 0
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"handover.md", "handover.html"}
    assert little[0].name == "local"
    assert little[0].base_url == NO_ADDRESS


def test_an_old_sheet_is_named(little: list[Stage], tmp_path: Path) -> None:
    options = ["--out", str(tmp_path), "--config", str(CONFIG), "--no-pdf"]
    run(*options)
    (tmp_path / "handover.html").write_text("old", encoding="utf-8")

    code, said = run(*options, "--check")

    assert code == 1
    assert "handover.html" in said
    assert "handover.md" not in said


def test_the_address_that_ecs_uses_may_be_another(little: list[Stage], tmp_path: Path) -> None:
    run("--out", str(tmp_path), "--config", str(CONFIG), "--no-pdf", "--base-url", f"{ADDRESS}/")

    assert little[0].base_url == ADDRESS


def test_a_stage_may_have_a_name_of_its_own(little: list[Stage], tmp_path: Path) -> None:
    options = ["--out", str(tmp_path), "--config", str(CONFIG), "--no-pdf"]

    assert run(*options, "--stage", "production")[0] == 0
    assert run(*options, "--stack", "switchboard-prod")[0] == 0

    assert [stage.name for stage in little] == ["production", "switchboard-prod"]


@pytest.mark.parametrize(
    "address",
    [
        "http://switchboard.example.com",
        "switchboard.example.com",
        "https://",
        "https:///v1",
        "https://[::1",
        "https://switchboard.example.com:port",
        "https://switchboard.example.com?stage=prod",
        "https://user:word@switchboard.example.com",
        "https://switchboard .example.com",
    ],
)
def test_an_address_that_no_key_may_travel_to_is_refused(
    little: list[Stage], tmp_path: Path, address: str
) -> None:
    out = tmp_path / "out"
    code, said = run("--out", str(out), "--config", str(CONFIG), "--base-url", address)

    assert code == 2
    assert "https://host" in said
    assert not little
    assert not out.exists()


def test_the_address_of_this_machine_is_none_for_ecs(stage: Stage) -> None:
    assert stage.has_address
    assert not replace(stage, base_url="http://127.0.0.1:4566/api").has_address
    assert not replace(stage, base_url=NO_ADDRESS).has_address


def test_bad_configuration_is_said_and_nothing_written(tmp_path: Path) -> None:
    code, said = run("--out", str(tmp_path / "out"), "--config", str(tmp_path))

    assert code == 1
    assert "lookup.yaml" in said
    assert not (tmp_path / "out").exists()
