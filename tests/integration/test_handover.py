"""The hand-over sheet beside the Switchboard that it describes: what it says comes true."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from typer.testing import CliRunner

from cli.deployment import Target
from cli.handover import world as worlds
from cli.handover.markdown import markdown
from cli.handover.methods import Method
from cli.handover.page import page
from cli.handover.returned import outcome_words
from cli.handover.samples import Sample
from cli.handover.sheet import Sheet, sheet
from cli.handover.situations import Situation, State
from cli.handover.stage import Stage, of_folder, of_target
from cli.handover.state import empty
from cli.main import app
from switchboard.edges.flat import LONGEST_VALUE
from tests.integration import template
from tests.integration.deployment import Answer, Deployment, deployed
from tools.openapi import document as openapi

CONFIG: Final = template.ROOT / "config"
EXAMPLE: Final = template.ROOT / "docs" / "handover"
ADDRESS: Final = "https://switchboard.example.com"
VARIES: Final = ("elapsed_ms", "request_id", "screen_pop_url")
FICTIONAL_NUMBER: Final = re.compile(r"1?\d{3}55501\d\d|441632960\d{3}")
SAMPLE: Final = re.compile(
    r'<a id="sample-(?P<anchor>[a-z0-9-]+)"></a>\n\n#+ (?P<title>[^\n]+)\n\n'
    r"Request:\n\n```text\n(?P<request>.*?)\n```\n\nAnswer:\n\n```text\n(?P<answer>.*?)\n```",
    re.DOTALL,
)
CUT: Final = re.compile(r"x{20}… \((\d+) characters\)")


@dataclass(frozen=True)
class Made:
    """A sheet, and every key that there was while it was made."""

    sheet: Sheet
    keys: tuple[str, ...]

    @property
    def samples(self) -> list[Sample]:
        return [sample for each in self.sheet.content.samples.values() for sample in each]


@pytest.fixture(scope="module")
def made() -> Made:
    """Made before anything stands: it needs an AWS of its own."""
    keys: list[str] = []

    def create_key(*arguments: Any) -> str:
        keys.append(real(*arguments))
        return keys[-1]

    real = worlds.create_key
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "create_key", create_key)
        return Made(sheet(of_folder(CONFIG, name="local", base_url=ADDRESS)), tuple(keys))


@pytest.fixture(scope="module")
def standing(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    assert made.keys
    with deployed(tmp_path_factory.mktemp("switchboard")) as deployment:
        yield deployment


# ── What the sheet says comes true ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Shown:
    """A sample as somebody reads it in the sheet."""

    request_line: str
    headers: Mapping[str, str]
    body: str
    status: int
    answer: dict[str, Any]


def shown_in(text: str) -> dict[str, Shown]:
    """Every sample of the Markdown, by its anchor."""
    return {
        found["anchor"]: _read(found["request"], found["answer"]) for found in SAMPLE.finditer(text)
    }


def _read(request: str, answer: str) -> Shown:
    head, _, body = request.partition("\n\n")
    line, *headers = head.splitlines()
    told, _, answered = answer.partition("\n\n")
    return Shown(
        line,
        dict(header.split(": ", 1) for header in headers),
        CUT.sub(lambda found: "x" * int(found[1]), body),
        int(told.split()[1]),
        json.loads(answered),
    )


def anchor_of(sample: Sample) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", sample.situation.name.lower()).strip("-")
    return f"{sample.method.key}-{words}"


def test_every_sample_of_the_sheet_is_answered_as_it_says(
    made: Made, switchboard: Deployment
) -> None:
    shown = shown_in(markdown(made.sheet.document))
    by_anchor = {anchor_of(sample): sample for sample in made.samples}
    keys = {
        "good": switchboard.new_key("ecs-1", "/v1/arrivals/", "/v1/triggers/"),
        "elsewhere": switchboard.new_key("application-2", "/v1/outbound-requests"),
        "wrong": "ecs-1.not-the-secret",
        "none": "",
    }

    assert len(shown) > 40
    for anchor, one in shown.items():
        sample = by_anchor[anchor]
        switchboard.clean()
        answer = replayed(one, sample.method, sample.situation, switchboard, keys)
        assert (anchor, answer.status, settled(answer.json)) == (
            anchor, one.status, settled(one.answer),
        )  # fmt: skip


def replayed(
    shown: Shown, method: Method, situation: Situation, on: Deployment, keys: Mapping[str, str]
) -> Answer:
    """The request that the sheet shows, sent by hand."""
    for earlier in situation.before:
        on.http("POST", method.path, json_body=dict(earlier), key=keys["good"])
    verb, _, target = shown.request_line.partition(" ")
    url = urlsplit(target)
    with state_of(situation.state, on):
        return on.http(
            verb,
            url.path,
            body=shown.body or None,
            key=keys[situation.key],
            headers={k: v for k, v in shown.headers.items() if k == "content-type"},
            query=dict(parse_qsl(url.query)) or None,
        )


def state_of(state: State, on: Deployment) -> AbstractContextManager[None]:
    match state:
        case "as usual":
            return nullcontext()
        case "CRM down":
            return crm_down(on)
        case "CRM down, asked before":
            return crm_down(on, for_s=1000)
        case "no ruleset":
            return without_rules(on)
        case "tables down":
            return on.without_aws("dynamodb")


@contextmanager
def crm_down(on: Deployment, *, for_s: float = 0) -> Iterator[None]:
    on.fault("error_503")
    with on.later(seconds=for_s):
        yield


@contextmanager
def without_rules(on: Deployment) -> Iterator[None]:
    empty(on.dynamodb, "Config", lambda item: "routing" in json.dumps(item))
    with on.changed("NOTHING", ""):  # functions start cold
        yield
    on.publish(routing=on.documents["routing"])


def settled(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what differs at every call, but with whether it was there."""
    return {key: bool(value) if key in VARIES else value for key, value in answer.items()}


# ── The sheet says everything, and nothing else ─────────────────────────────────────────────────


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
        assert described == seen, method.key


def test_a_good_key_is_answered_with_200_on_arrival_whatever_is_sent(made: Made) -> None:
    for method in made.sheet.content.arrivals:
        for sample in made.sheet.content.samples[method.key]:
            asked = sample.situation
            is_ours = asked.key == "good" and asked.verb != "PUT"
            if is_ours and asked.state not in {"tables down", "no ruleset"}:
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


# ── Other stages ────────────────────────────────────────────────────────────────────────────────


def test_a_stage_of_other_crms_and_attributes_has_a_sheet_of_its_own(made: Made) -> None:
    local = made.sheet.content.stage
    body: dict[str, Any] = {
        **local.lookup_body,
        "connectors": ["salesforce", "zendesk"],
        "identify_by": ["contact"],
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

    other = sheet(replace(local, name="prod", lookup_body=body)).content

    lookups = {s.situation.name: s.answer for s in other.samples["lookup"]}
    ada = lookups["One customer has the number"]
    assert ada["customer_id"] == "salesforce:C-1001"
    assert (ada["segment"], ada["vip"], ada["age"]) == ("gold", "true", "3")
    assert "The number is withheld, and the flow asked for an account number" not in lookups
    assert lookups["Several customers have the number"]["outcome"] == "unknown"


def test_a_deployed_stage_is_described_by_what_it_published(switchboard: Deployment) -> None:
    there = Target(tables={"Config": "Config"}, region="eu-west-2", api_url=f"{ADDRESS}/")

    stage = of_target(there, name="switchboard-prod", base_url="")

    documents = switchboard.documents
    assert stage == Stage("switchboard-prod", ADDRESS, documents["lookup"], documents["routing"])
    assert of_target(there, name="x", base_url="https://own.example.com").base_url == (
        "https://own.example.com"
    )


@pytest.mark.parametrize("with_pdf", [True, False])
def test_the_committed_example_is_current(with_pdf: bool) -> None:
    options = ["--config", str(CONFIG), "--base-url", ADDRESS, "--out", str(EXAMPLE), "--check"]

    result = CliRunner().invoke(app, ["handover", *options, *([] if with_pdf else ["--no-pdf"])])

    assert result.exit_code == 0, result.output
