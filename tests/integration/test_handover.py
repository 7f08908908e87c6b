"""The hand-over sheet beside the Switchboard that it describes: what it says comes true."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from cli.configuration import complete
from cli.deployment import Target
from cli.handover.markdown import markdown
from cli.handover.methods import Method
from cli.handover.samples import Sample
from cli.handover.situations import Situation, State
from cli.handover.stage import Stage, of_target
from cli.handover.state import empty
from tests.integration.deployment import Answer, Deployment, deployed
from tests.integration.handover_sheet import ADDRESS, Made, make

VARIES: Final = ("elapsed_ms", "request_id", "screen_pop_url")
SAMPLE: Final = re.compile(
    r'<a id="sample-(?P<anchor>[a-z0-9-]+)"></a>\n\n#+ (?P<title>[^\n]+)\n\n'
    r"Request:\n\n```text\n(?P<request>.*?)\n```\n\nAnswer:\n\n```text\n(?P<answer>.*?)\n```",
    re.DOTALL,
)
CUT: Final = re.compile(r"x{20}… \((\d+) characters\)")


@pytest.fixture(scope="module")
def made() -> Made:
    """Made before anything stands: it needs an AWS of its own."""
    return make()


@pytest.fixture(scope="module")
def standing(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    assert made.keys
    with deployed(tmp_path_factory.mktemp("switchboard")) as deployment:
        yield deployment


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
        case "nothing published":
            return with_nothing_published(on)
        case "tables down":
            return on.without_aws("dynamodb")


@contextmanager
def crm_down(on: Deployment, *, for_s: float = 0) -> Iterator[None]:
    on.fault("error_503")
    with on.later(seconds=for_s):
        yield


@contextmanager
def with_nothing_published(on: Deployment) -> Iterator[None]:
    empty(
        on.dynamodb, "Config", lambda item: item["id"]["S"] in {"active#lookup", "active#routing"}
    )
    with on.changed("NOTHING", ""):  # functions start cold
        yield
    on.publish(lookup=on.documents["lookup"], routing=on.documents["routing"])


def settled(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what differs at every call, but with whether it was there."""
    return {key: bool(value) if key in VARIES else value for key, value in answer.items()}


def test_a_deployed_stage_is_described_by_what_it_published(switchboard: Deployment) -> None:
    there = Target(tables={"Config": "Config"}, region="eu-west-2", api_url=f"{ADDRESS}/")

    stage = of_target(there, name="switchboard-prod", base_url="")

    documents = switchboard.documents
    lookup = complete("lookup", documents["lookup"])
    assert stage == Stage(
        "switchboard-prod", ADDRESS, lookup, documents["routing"], documents["connectors"]
    )
    assert of_target(there, name="x", base_url="https://own.example.com").base_url == (
        "https://own.example.com"
    )
