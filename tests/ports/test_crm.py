"""Crm: what keeps the promise in memory, and the adapter that keeps it over HTTP."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import pytest
import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.transport import HttpTransport
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import AccountNumber, EmailAddress, Identity, PhoneNumber
from switchboard.domain.posting import Idempotency, InteractionRecord, Logged
from switchboard.errors import UpstreamUnavailable, UpstreamUnknown
from switchboard.ports import Crm
from tests.fakes.crm import InMemoryCrm

ADA = PhoneNumber("+14155550142")
SANDBOX = Path(__file__).parents[2] / "layers/switchboard/switchboard/connectors/sandbox.yaml"


class World(Protocol):
    """A CRM, and the hand of somebody who works in it."""

    crm: Crm

    def has(self, id_: str, *, phone: str = "", email: str = "") -> None: ...
    def remarks(self) -> Mapping[str, str]: ...
    def goes_down(self) -> None: ...
    def loses_the_next_answer(self) -> None: ...


class InMemoryWorld:
    def __init__(self) -> None:
        self.fake = InMemoryCrm()
        self.crm: Crm = self.fake

    def has(self, id_: str, *, phone: str = "", email: str = "") -> None:
        self.fake.customers.append(
            Customer("sandbox", id_, "customer", "Ada Byron", (phone,), (email,), accounts=(id_,))
        )

    def remarks(self) -> Mapping[str, str]:
        return {id_: str(record.fields["remarks"]) for id_, record in self.fake.records.items()}

    def goes_down(self) -> None:
        self.fake.failing_with = UpstreamUnavailable("sandbox", "transient")

    def loses_the_next_answer(self) -> None:
        self.fake.lost_answers = 1


class Application(BaseHTTPRequestHandler):
    """Just enough of the sandbox CRM's API, with its traps."""

    protocol_version = "HTTP/1.1"
    world: "HttpWorld"

    def do_POST(self) -> None:
        body = self._body()
        match self.path:
            case "/oauth/token":
                self._send(200, {"access_token": "t", "expires_in": 3600})
            case "/api/activities":
                kept = [self._keep(a.pop("external_id"), a) for a in body["activities"]]
                self._answer_unless_lost({"results": kept})
            case "/api/customers":
                row = {"id": "C-9", "phone": "", "email": "", **body}
                self.world.customers.append(row)
                self._send(201, row)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if urlsplit(self.path).path == "/api/activities":
            self._list_activities(asked)
            return
        found = [row for row in self.world.customers if self._fits(row, asked)]
        self._send(200, {"customers": found, "next": None})

    def do_PUT(self) -> None:
        self._answer_unless_lost(self._keep(unquote(self.path.rsplit("/", 1)[1]), self._body()))

    def _list_activities(self, asked: Mapping[str, list[str]]) -> None:
        """Two on a page; a page begins where `after` says."""
        rows = [
            {"id": f"A-{key}", "external_id": key, "revision": activity["revision"]}
            for key, activity in self.world.activities.items()
            if _is_asked_for(key, activity, asked)
        ]
        begin = int(asked.get("after", ["0"])[0])
        arguments = {name: value for name, (value,) in asked.items() if name != "after"}
        following = f"{urlsplit(self.path).path}?{urlencode({**arguments, 'after': begin + 2})}"
        is_more = len(rows) > begin + 2
        page = {"activities": rows[begin : begin + 2], "next": following if is_more else None}
        self._send(200, page)

    def _keep(self, key: str, activity: dict[str, Any]) -> dict[str, object]:
        earlier = self.world.activities.get(key)
        is_newer = earlier is None or activity["revision"] >= earlier["revision"]
        if is_newer and not self.world.is_down:
            self.world.activities[key] = activity
        return {"id": f"A-{key}", "external_id": key, "created": earlier is None}

    def _answer_unless_lost(self, document: object) -> None:
        if self.world.loses_answer:
            self.world.loses_answer = False
            self.close_connection = True
            return
        self._send(200, document)

    def _fits(self, row: Mapping[str, str], asked: Mapping[str, list[str]]) -> bool:
        if "email" in asked:
            return row["email"].lower() == asked["email"][0]
        if "id" in asked:
            return row["id"] == asked["id"][0]
        return asked["phone"][0] in "".join(filter(str.isdigit, row["phone"]))

    def _body(self) -> Any:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return json.loads(raw) if raw.startswith(b"{") else raw

    def _send(self, status: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(500 if self.world.is_down else status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def _is_asked_for(key: str, activity: Mapping[str, str], asked: Mapping[str, list[str]]) -> bool:
    if "external_id" in asked:
        return key in asked["external_id"]
    return asked["from"][0] <= activity["started_at"] < asked["to"][0]


class HttpWorld:
    def __init__(self) -> None:
        self.customers: list[dict[str, str]] = []
        self.activities: dict[str, Any] = {}
        self.is_down = self.loses_answer = False
        self.crm: Crm

    def has(self, id_: str, *, phone: str = "", email: str = "") -> None:
        row = {"id": id_, "name": "Ada Byron", "phone": phone, "email": email}
        self.customers.append(row)

    def remarks(self) -> Mapping[str, str]:
        return {key: activity["remarks"] for key, activity in self.activities.items()}

    def goes_down(self) -> None:
        self.is_down = True

    def loses_the_next_answer(self) -> None:
        self.loses_answer = True

    @contextmanager
    def served(self) -> Iterator["HttpWorld"]:
        handler = type("ThisApplication", (Application,), {"world": self})
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            client = RestCrm(
                compile_connector(yaml.safe_load(SANDBOX.read_text(encoding="utf-8"))),
                {"base": f"http://127.0.0.1:{server.server_port}"},
                lambda: {"client_id": "a", "client_secret": "b"},
                default_region="US",
                transport=HttpTransport(allow_loopback=True),
            )
            self.crm = client
            yield self
            client.close()
            server.shutdown()
            thread.join()


@pytest.fixture(params=["in_memory", "http"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "in_memory":
        yield InMemoryWorld()
        return
    with HttpWorld().served() as served:
        yield served


def soon() -> Deadline:
    return Deadline.after(5)


def found(world: World, identity: Identity) -> list[str]:
    return [customer.id for customer in world.crm.find(identity, deadline=soon())]


def record(revision: int = 1, remarks: str = "first", id_: str = "i-1") -> InteractionRecord:
    return InteractionRecord(id_, revision, {"channel": "voice", "remarks": remarks})


@pytest.mark.parametrize(
    "stored", ["(415) 555-0142", "+1 415-555-0142", "415.555.0142 ext. 12", "4155550142"]
)
def test_a_customer_is_found_however_the_number_was_typed(world: World, stored: str) -> None:
    world.has("C-1", phone=stored)

    assert found(world, ADA) == ["C-1"]


def test_a_customer_is_found_by_address(world: World) -> None:
    world.has("C-1", email="Ada@Example.com")

    assert found(world, EmailAddress("ada@example.com")) == ["C-1"]


def test_a_customer_is_found_by_account_number(world: World) -> None:
    world.has("C-1", phone="(415) 555-0142")

    assert found(world, AccountNumber("C1")) == ["C-1"]
    assert found(world, AccountNumber("C11")) == []
    assert found(world, AccountNumber("X1")) == []


def test_a_number_that_only_contains_the_one_asked_for_is_nobody(world: World) -> None:
    world.has("C-1", phone="+44 4155550142")

    assert found(world, ADA) == []


def test_all_who_share_a_number_are_found(world: World) -> None:
    world.has("C-1", phone="(415) 555-0142")
    world.has("C-2", phone="+1 415 555 0142")

    assert found(world, ADA) == ["C-1", "C-2"]


def test_nobody_is_nobody(world: World) -> None:
    assert found(world, ADA) == []


def test_a_customer_says_which_crm_it_is_of(world: World) -> None:
    world.has("C-1", phone="(415) 555-0142")

    (customer,) = world.crm.find(ADA, deadline=soon())

    assert (customer.key, customer.name) == ("sandbox:C-1", "Ada Byron")
    assert world.crm.connector == "sandbox"


def test_an_outage_is_never_nobody(world: World) -> None:
    world.goes_down()

    with pytest.raises(UpstreamUnavailable):
        world.crm.find(ADA, deadline=soon())
    with pytest.raises(UpstreamUnavailable):
        world.crm.log_interaction(record(), deadline=soon())


def test_after_the_deadline_nothing_is_asked_and_nothing_written(world: World) -> None:
    with pytest.raises(UpstreamUnavailable):
        world.crm.find(ADA, deadline=Deadline.after(0))
    with pytest.raises(UpstreamUnavailable):
        world.crm.log_interaction(record(), deadline=Deadline.after(0))

    assert world.remarks() == {}


def test_an_interaction_logged_twice_is_one_record(world: World) -> None:
    first = world.crm.log_interaction(record(), deadline=soon())
    second = world.crm.log_interaction(record(), deadline=soon())

    assert (first.created, second.created) == (True, False)
    assert first.record_id == second.record_id
    assert world.remarks() == {"i-1": "first"}


def test_a_later_revision_replaces_the_record_and_an_older_one_does_not(world: World) -> None:
    world.crm.log_interaction(record(2, "second"), deadline=soon())
    world.crm.log_interaction(record(3, "third"), deadline=soon())
    world.crm.log_interaction(record(1, "first"), deadline=soon())

    assert world.remarks() == {"i-1": "third"}


def test_a_lost_answer_is_unknown_and_repeating_it_doubles_nothing(world: World) -> None:
    world.loses_the_next_answer()

    with pytest.raises(UpstreamUnknown):
        world.crm.log_interaction(record(), deadline=soon())
    again = world.crm.log_interaction(record(), deadline=soon())

    assert not again.created
    assert world.remarks() == {"i-1": "first"}


def test_several_records_have_an_outcome_each_in_their_order(world: World) -> None:
    world.crm.log_interaction(record(id_="i-2"), deadline=soon())

    told = world.crm.log_interactions(
        [record(id_="i-3"), record(2, "second", id_="i-2"), record(id_="i-1")], deadline=soon()
    )

    outcomes = [each for each in told if isinstance(each, Logged)]
    assert [each.created for each in outcomes] == [True, False, True]
    assert [each.record_id for each in outcomes] == ["A-i-3", "A-i-2", "A-i-1"]
    assert world.remarks() == {"i-1": "first", "i-2": "second", "i-3": "first"}


def test_a_batch_whose_answer_was_lost_can_be_repeated(world: World) -> None:
    world.loses_the_next_answer()
    several = [record(id_="i-1"), record(id_="i-2")]

    with pytest.raises(UpstreamUnknown):
        world.crm.log_interactions(several, deadline=soon())
    again = world.crm.log_interactions(several, deadline=soon())

    assert all(isinstance(each, Logged) for each in again)
    assert world.remarks() == {"i-1": "first", "i-2": "first"}


@pytest.mark.parametrize("who", [ADA, EmailAddress("ada@example.com")])
def test_somebody_unknown_becomes_a_contact_that_is_found(world: World, who: Identity) -> None:
    made = world.crm.create_contact(who, reference="i-1", deadline=soon())

    assert found(world, who) == [made.id]


@pytest.mark.parametrize("id_", ["a/b", "../x", "a b?c#d", "ä"])
def test_an_id_of_any_form_is_one_record(world: World, id_: str) -> None:
    world.crm.log_interaction(record(id_=id_), deadline=soon())

    assert list(world.remarks()) == [id_]


def test_the_sandbox_declares_what_makes_a_repeat_safe(world: World) -> None:
    assert world.crm.idempotency is Idempotency.UPSERT
    assert world.crm.settle_s == 0
    assert world.crm.batch_most == 100
    assert not world.crm.needs_customer
    assert world.crm.ignores_older
    assert world.crm.can_find_records
    assert world.crm.can_list_records


MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
A_DAY = timedelta(days=1)


def begun(at: datetime, id_: str) -> InteractionRecord:
    began = at.isoformat().replace("+00:00", "Z")
    return InteractionRecord(id_, 1, {"channel": "voice", "started_at": began})


def listed(world: World, start: datetime, end: datetime) -> set[str]:
    return {found.key for found in world.crm.list_records(start, end, deadline=soon())}


@pytest.mark.parametrize("record_id", ["A-i-1", ""])
def test_a_record_is_found_by_its_key_in_the_revision_that_stands(
    world: World, record_id: str
) -> None:
    world.crm.log_interaction(record(2, "second"), deadline=soon())
    world.crm.log_interaction(record(1, "first"), deadline=soon())

    seen = world.crm.find_record("i-1", record_id=record_id, deadline=soon())

    assert seen == FoundRecord("A-i-1", "i-1", revision=2)


def test_a_record_that_nobody_wrote_is_not_found(world: World) -> None:
    world.crm.log_interaction(record(), deadline=soon())

    assert world.crm.find_record("i-10", record_id="A-i-1", deadline=soon()) is None


def test_the_records_of_a_period_are_listed_each_once(world: World) -> None:
    for number in range(5):
        world.crm.log_interaction(
            begun(MIDNIGHT + timedelta(hours=number), f"i-{number}"), deadline=soon()
        )
    world.crm.log_interaction(begun(MIDNIGHT - A_DAY, "i-before"), deadline=soon())
    world.crm.log_interaction(begun(MIDNIGHT + A_DAY, "i-after"), deadline=soon())

    keys = [
        each.key for each in world.crm.list_records(MIDNIGHT, MIDNIGHT + A_DAY, deadline=soon())
    ]

    assert sorted(keys) == ["i-0", "i-1", "i-2", "i-3", "i-4"]


def test_a_period_is_the_same_wherever_it_is_told_from(world: World) -> None:
    world.crm.log_interaction(begun(MIDNIGHT, "i-1"), deadline=soon())
    there = timezone(timedelta(hours=-8))

    assert listed(world, MIDNIGHT.astimezone(there), MIDNIGHT + A_DAY) == {"i-1"}
    assert listed(world, MIDNIGHT - A_DAY, MIDNIGHT.astimezone(there)) == set()


def test_an_outage_is_never_a_missing_record(world: World) -> None:
    world.goes_down()

    with pytest.raises(UpstreamUnavailable):
        world.crm.find_record("i-1", record_id="", deadline=soon())
    with pytest.raises(UpstreamUnavailable):
        list(world.crm.list_records(MIDNIGHT, MIDNIGHT + A_DAY, deadline=soon()))
