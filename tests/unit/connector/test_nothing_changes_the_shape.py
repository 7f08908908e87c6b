"""Whatever a caller, an agent or a CRM wrote: every connector sends a request of the same shape.

Each sample of each connector file is played twice, with plain values and with hostile ones in the
same places. Not sending is allowed; asking another question is not.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.engine import Engine
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.settings import complete_settings, token_address
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import AccountNumber, EmailAddress, Identity, PhoneNumber
from switchboard.domain.posting import InteractionRecord
from switchboard.errors import SwitchboardError, UpstreamRejected
from tests.unit.connector import query_oracles
from tests.unit.connector.query_oracles import Skeleton, query_shape, tree

ROOT: Final = Path(__file__).parents[3]
FILES: Final = sorted(
    [
        *(ROOT / "layers/switchboard/switchboard/connectors").glob("*.yaml"),
        *(ROOT / "config/ecs").glob("*.yaml"),
    ]
)
NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
# What no person types and no CRM makes up: the engine, or the contact centre's clock, sets it.
NOT_FREE: Final = frozenset(
    {"revision", "channel", "direction", "started_at", "ended_at", "duration_s", "queue_s"}
    | {"handle_s", "kind", "url", "phone"}
)
NUMBERS: Final = (
    "+441632960999",
    "+4930123456",
    "+390612345678",
    "+5491123456789",
    "+78002000122",
    "+97221234567",
    "+80012345678",
    "+6421234567",
)
# In none of the samples, as the others: nobody is found, so all lookups are tried.
PLAIN_NUMBER: Final = "+16175550111"

# ── Hostile texts ──────────────────────────────────────────────────────────────────────────────

PIECES: Final = (
    *("'", '"', "`", "\\", "<", ">", "<script>", "&", ";", "|", "^", "~", "*", "?", "!", "#", "$"),
    *("%", "_", "%00", "%2e%2e%2f", "\x00", "\r\n", "\n", "\t", "\u2028", "\u0085", "\u202e"),
    *("(", ")", "[", "]", "{", "}", ",", ":", "=", "+", "-", "@", ".", "..", "/", "../../", "//"),
    *("😀", "\ud83d", "\udc00", "ä", "e\u0301", "\u200f", "\ufeff"),
    # Look like a digit, a prime and a quote, and some databases turn them into these.
    *("\uff11", "\u2032", "\uff07"),
    *("AND", "OR", "NOT", " or ", "and(", "null", "0", "1e999", "' or '1'='1", "') or (1 eq 1"),
    *("' OR Name LIKE '%", "} IN ALL FIELDS RETURNING User(Id) {", "^ORactive=true", "^NQ^EQ"),
    *("javascript:gs.log(1)", '" role:admin', " type:organization", "&limit=1000", "?x=y"),
    *("${secret.token}", "{{ticket.id}}", "\r\nX-Admin: yes", "]]>", "--", "/*", "\\'", "\\\\'"),
    *("x" * 3000, "'" * 500, "ada", "Byron", " "),
)
HOSTILE: Final = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=5)
    .map("".join)
    .map(lambda text: free(text))
)


def free(text: str) -> str:
    """Neither blank nor a number: a connector may turn those into another type, on purpose."""
    try:
        float(text or "0")
    except ValueError:
        return text if text.strip() else f"x{text}"
    return f"x{text}"


def plain_like(text: str) -> str:
    """Harmless, but alike in what a connector may tell apart: words, an address, a plus."""
    words = " ".join("plain" for _ in text.split())
    start = "+1" if text.startswith("+") else ""
    return start + words + ("@example.com" if "@" in text else "")


# ── One story, played ──────────────────────────────────────────────────────────────────────────


@dataclass
class Recorded:
    """Answers as the sample does, with its ids exchanged, and keeps what was sent."""

    answers: list[Mapping[str, Any]]
    token_url: str
    renamed: Mapping[str, str]
    sent: list[HttpRequest] = field(default_factory=list)
    was_refused: bool = False

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        if self.token_url and request.url == self.token_url:
            return HttpAnswer(200, {}, b'{"access_token": "token", "expires_in": 3600}')
        self.sent.append(request)
        if len(self.sent) > len(self.answers):
            raise NoAnswerError("the sample ends here", sent=False)
        answer = self.answers[len(self.sent) - 1]
        if answer.get("fault"):
            raise NoAnswerError("as the sample says", sent=answer["fault"] == "lost")
        headers = {name.lower(): str(value) for name, value in answer.get("headers", {}).items()}
        return HttpAnswer(int(answer.get("status", 200)), headers, self._content(answer))

    def close(self) -> None:
        """Nothing was opened."""

    def _content(self, answer: Mapping[str, Any]) -> bytes:
        if answer.get("text") is not None:
            return str(answer["text"]).encode()
        body = answer.get("body")
        return b"" if body is None else json.dumps(_renamed(body, self.renamed)).encode()


@dataclass(frozen=True)
class Story:
    """A sample that can be played with other values in its places."""

    definition: Mapping[str, Any] = field(repr=False)
    sample: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        return f"{self.definition['id']}: {self.sample['name']}"

    def played(self, put: Callable[[str], str], *, ids: bool, number: str) -> Recorded:
        """What is sent when `put` gives every text that somebody wrote; with `ids` every id too."""
        said = self.sample.get("input", {})
        renamed = dict(_renamings(said, put)) if ids else {}
        transport = Recorded(
            [exchange["response"] for exchange in self.sample.get("exchange", [])],
            token_address(self.definition["auth"], self._settings),
            renamed,
        )
        free = _renamed(_filled(said, put), renamed)
        identity = self._identity(put, number)
        try:
            self._play(transport, free, identity)
        except SwitchboardError as error:
            transport.was_refused = isinstance(error, UpstreamRejected)
        return transport

    @property
    def _settings(self) -> dict[str, Any]:
        return complete_settings(self.definition, self.sample.get("settings", {}))

    def _identity(self, put: Callable[[str], str], number: str) -> Identity:
        if self.sample.get("find") == "email" or self.sample.get("input", {}).get("email"):
            return EmailAddress(put("email"))
        if self.sample.get("find") == "account":
            return AccountNumber(put("account"))
        return PhoneNumber(number)

    def _play(self, transport: Recorded, said: Mapping[str, Any], identity: Identity) -> None:
        deadline = Deadline.after(60)
        secrets = {name: name for name in self.definition["secrets"]}
        given = self.sample.get("settings", {})
        if self.sample.get("operation"):
            name = self.sample["operation"]
            engine = Engine(self.definition, given, lambda: secrets, transport=transport)
            engine.write(name, self.definition["operations"][name], said, deadline=deadline)
            return
        crm = RestCrm(
            self.definition,
            given,
            lambda: secrets,
            default_region="US",
            transport=transport,
            wall_clock=lambda: NOW,
        )
        if self.sample.get("find"):
            crm.find(identity, deadline=deadline)
            return
        match self.sample["method"]:
            case "log_interaction":
                crm.log_interaction(_record(said), deadline=deadline)
            case "log_interactions":
                crm.log_interactions([_record(one) for one in said["records"]], deadline=deadline)
            case "create_contact":
                crm.create_contact(identity, reference=str(said["reference"]), deadline=deadline)
            case "find_interaction":
                told = str(said.get("record_id") or "")
                crm.find_record(str(said["id"]), record_id=told, deadline=deadline)
            case "list_interactions":
                list(crm.list_records(NOW, NOW, deadline=deadline))
            case method:
                crm.read_record(method, said, deadline=deadline)


def _record(said: Mapping[str, Any]) -> InteractionRecord:
    fields = dict(said)
    customer = fields.pop("customer", None)
    record_id = str(fields.pop("record_id", None) or "")
    return InteractionRecord(
        id=str(fields.pop("id", "")),
        revision=int(fields.pop("revision", 1)),
        fields={name: str(value) for name, value in fields.items() if value is not None},
        customer=Customer(
            connector="any",
            id=str(customer["id"]),
            kind=str(customer.get("kind", "customer")),
            name=str(customer.get("name", "")),
        )
        if customer
        else None,
        record_id=record_id,
    )


def _is_id(name: str) -> bool:
    return name in {"id", "reference", "customer_id", "call_id", "record_id"}


def _whole(text: str) -> str:
    """Without halves of characters: an id that the CRM sends back comes without them."""
    return text.encode("utf-8", errors="replace").decode()


def _filled(said: Any, put: Callable[[str], str], name: str = "") -> Any:
    """The input with another text in every place where people write."""
    match said:
        case dict():
            return {key: _filled(value, put, key) for key, value in said.items()}
        case list():
            return [_filled(value, put, name) for value in said]
        case str() if said and name not in NOT_FREE and not _is_id(name):
            return put(name)
    return said


def _renamings(said: Any, put: Callable[[str], str], name: str = "") -> Iterator[tuple[str, str]]:
    """Every id of the input, and what stands for it here; different ids stay different."""
    match said:
        case dict():
            for key, value in said.items():
                yield from _renamings(value, put, key)
        case list():
            for value in said:
                yield from _renamings(value, put, name)
        case str() if said and _is_id(name):
            yield said, free(f"{_whole(put(name))}{said}")


def _renamed(value: Any, renamed: Mapping[str, str]) -> Any:
    """The ids exchanged wherever they stand alone, in what we say and in what the CRM answers."""
    match value:
        case dict():
            return {name: _renamed(below, renamed) for name, below in value.items()}
        case list():
            return [_renamed(below, renamed) for below in value]
        case str():
            return renamed.get(value, value)
    return value


# ── Shape ──────────────────────────────────────────────────────────────────────────────────────


def language_of(connector: str, name: str, value: str) -> Skeleton:
    """How this server reads this parameter."""
    if connector.startswith("salesforce") and name == "q":
        return query_oracles.sosl if value.startswith("FIND") else query_oracles.soql
    by_place: dict[tuple[str, str], Skeleton] = {
        ("dynamics365", "$filter"): query_oracles.odata,
        ("servicenow", "sysparm_query"): query_oracles.servicenow,
        ("zendesk", "query"): query_oracles.zendesk,
        ("freshdesk", "query"): query_oracles.freshdesk,
        ("zoho", "criteria"): query_oracles.zoho,
        ("tryton", "d"): query_oracles.packed_json,
        ("tryton", "o"): query_oracles.packed_json,
    }
    return by_place.get((connector, name), query_oracles.whole_value)


def shape(connector: str, request: HttpRequest) -> object:
    """Everything of a request that must not depend on what somebody wrote."""
    address = urlsplit(request.url)
    assert re.fullmatch(r"[!-~]+", request.url), "an address is printable ASCII"
    segments = address.path.split("/")
    assert not {unquote(segment) for segment in segments} & {".", ".."}, "it climbs"
    return {
        "method": request.method,
        "origin": (address.scheme, address.netloc, address.fragment),
        "segments": len(segments),
        "empty segments": [not segment for segment in segments],
        "query": query_shape(request.url, lambda name, value: language_of(connector, name, value)),
        "headers": _header_shape(request.headers),
        "body": _body_shape(request),
    }


def _header_shape(headers: Mapping[str, str]) -> list[str]:
    for value in headers.values():
        value.encode("latin-1")
        assert not re.search(r"[\x00-\x1f\x7f]", value), "a header holds a line break"
    return sorted(name.lower() for name in headers)


def _body_shape(request: HttpRequest) -> object:
    if request.body is None:
        return None
    if request.headers["Content-Type"] == "application/x-www-form-urlencoded":
        pairs = parse_qsl(request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True)
        return [name for name, _ in pairs]
    return tree(json.loads(request.body))


def same_shape(story: Story, text: str, number: str, *, ids: bool) -> None:
    """Raises: AssertionError that names the story and the place."""
    connector = str(story.definition["id"])
    hostile = story.played(lambda _: text, ids=ids, number=number)
    plain = _plain_shapes(story, plain_like(text), ids)
    assert len(hostile.sent) <= len(plain), f"{story.name}: more requests than with plain values"
    assert len(hostile.sent) == len(plain) or hostile.was_refused, (
        f"{story.name}: a step is missing"
    )
    for position, request in enumerate(hostile.sent):
        assert shape(connector, request) == plain[position], f"{story.name}: request {position}"


_PLAIN: Final[dict[tuple[str, str, bool], list[object]]] = {}


def _plain_shapes(story: Story, text: str, ids: bool) -> list[object]:
    key = (story.name, text, ids)
    if key not in _PLAIN:
        connector = str(story.definition["id"])
        sent = story.played(lambda _: text, ids=ids, number=PLAIN_NUMBER).sent
        _PLAIN[key] = [shape(connector, request) for request in sent]
    return _PLAIN[key]


@cache
def stories(file: Path) -> tuple[Story, ...]:
    """The samples that end well: in them every step of a method is reached."""
    document = yaml.safe_load(file.read_text("utf-8"))
    definition = compile_connector(document)
    return tuple(
        Story(definition, sample)
        for sample in document.get("samples", [])
        if "fails" not in sample and "event" not in sample
    )


def principal_stories(file: Path) -> Iterator[Story]:
    """One for each thing that can be asked; a number holds nothing but digits."""
    asked: set[object] = {"phone"}
    for story in stories(file):
        what = next(
            story.sample[key] for key in ("find", "method", "operation") if key in story.sample
        )
        if what not in asked:
            asked.add(what)
            yield story


# ── Tests ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@given(text=HOSTILE, ids=st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
def test_no_value_changes_the_shape_of_a_request(file: Path, text: str, ids: bool) -> None:
    for story in stories(file):
        if story.sample.get("find") != "phone":
            same_shape(story, text, PLAIN_NUMBER, ids=ids)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_way_of_writing_numbers_changes_the_shape_of_a_request(file: Path) -> None:
    """Spaces, brackets and dashes: a country's own way of writing is part of a question, too."""
    for story in stories(file):
        for number in NUMBERS:
            same_shape(story, "plain", number, ids=False)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_known_trick_alone_changes_nothing(file: Path) -> None:
    for story in principal_stories(file):
        for trick in PIECES:
            same_shape(story, free(trick), PLAIN_NUMBER, ids=True)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_plain_values_are_really_sent(file: Path) -> None:
    """Otherwise the tests above compare nothing with nothing."""
    for story in stories(file):
        exchanges = len(story.sample.get("exchange", []))
        sent = story.played(lambda _: "plain", ids=False, number=PLAIN_NUMBER).sent
        assert bool(sent) == bool(exchanges), story.name


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@given(text=HOSTILE)
@settings(max_examples=20)
def test_no_id_changes_where_a_link_leads(file: Path, text: str) -> None:
    for story in stories(file)[:1]:
        given_settings = story.sample.get("settings", {})
        engine = Engine(story.definition, given_settings, dict, transport=Recorded([], "", {}))
        hostile, plain = (
            urlsplit(engine.link({"id": id_, "kind": "contact"})) for id_ in (text, "plain")
        )
        assert hostile[:2] == plain[:2]
        assert len(hostile.path.split("/")) == len(plain.path.split("/")) or not hostile.netloc
        assert bool(hostile.query) == bool(plain.query)


INJECTIONS: Final = {
    "soql": (query_oracles.soql, "Email = 'plain'", "Email = 'x' OR Name LIKE '%'"),
    "soql wildcard": (query_oracles.soql, "Name LIKE 'a%'", "Name LIKE 'a%%'"),
    "sosl": (query_oracles.sosl, "FIND {plain} IN PHONE FIELDS", "FIND {a* OR b} IN PHONE FIELDS"),
    "sosl brace": (query_oracles.sosl, "FIND {plain} IN X", "FIND {a} IN ALL FIELDS {b} IN X"),
    "odata": (query_oracles.odata, "a eq 'plain'", "a eq '' or '1' eq '1'"),
    "servicenow": (query_oracles.servicenow, "email=plain", "email=x^ORactive=true"),
    "zendesk": (query_oracles.zendesk, 'email:"plain"', 'email:"x" role:"admin"'),
    "freshdesk": (query_oracles.freshdesk, "\"a:'plain'\"", "\"a:'x' OR b:'y'\""),
    "zoho": (query_oracles.zoho, "(Phone:equals:plain)", "(Phone:equals:x)or(Email:equals:y)"),
    "json": (query_oracles.packed_json, "WyJhIl0=", "WyJhIiwiYiJd"),
}


@pytest.mark.parametrize("injection", INJECTIONS.values(), ids=INJECTIONS)
def test_an_injection_would_be_seen(injection: tuple[Skeleton, str, str]) -> None:
    skeleton, plain, injected = injection

    assert skeleton(plain) != skeleton(injected)
