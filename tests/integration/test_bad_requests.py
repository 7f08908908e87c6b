"""Every entry point, sent nonsense: a flat error that says what to do, and nothing else.

While a caller waits even nonsense is answered: see `test_odd_arrivals`.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchboard.adapters.dynamodb_config import DynamoDbKeyStore
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.edges.http_api import LARGEST_BODY
from switchboard.ports import HeaderKey
from switchboard.use_cases.authorizer import digest_of
from tests.integration.answers import is_refused, the_end_of
from tests.integration.canaries import NUMBER, REMARK, STRANGER
from tests.integration.deployment import Answer, Deployment


@dataclass(frozen=True)
class Entry:
    """One route that takes a body, and a body that it likes."""

    path: str
    good: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, switchboard: Deployment, body: Any, **more: Any) -> Answer:
        sent = {"body": body} if isinstance(body, str | bytes) else {"json_body": body}
        return switchboard.http("POST", self.path, headers=self.headers, **sent, **more)

    def __str__(self) -> str:
        return self.path


LOOKUP = Entry("/v1/arrivals/lookup", {"contact": NUMBER})
ROUTE = Entry("/v1/arrivals/route", {"contact": NUMBER})
TRIGGER = Entry("/v1/triggers/interaction-ends", the_end_of("int-bad-requests"))
REQUEST = Entry(
    "/v1/outbound-requests", {"contact": NUMBER, "remarks": REMARK}, {"idempotency-key": "k"}
)
COMMAND = Entry("/v1/calls/int-nowhere/transfer", {"target": "2002"})
ECS = (LOOKUP, ROUTE, TRIGGER)
APPLICATIONS = (REQUEST, COMMAND)
OFFERED = {
    "/v1/arrivals/lookup": "GET POST",
    "/v1/arrivals/route": "GET POST",
    "/v1/triggers/interaction-starts": "GET POST",
    "/v1/outbound-requests": "POST",
    "/v1/outbound-requests/out-1": "GET DELETE",
    "/v1/webhooks/sandbox": "POST",
    "/v1/calls/int-1/hold": "POST",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")

entries = pytest.mark.parametrize("entry", [TRIGGER, *APPLICATIONS], ids=str)
ecs_entries = pytest.mark.parametrize("entry", ECS, ids=str)


@entries
@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[1]",
        '"text"',
        '{"contact": NaN}',
        '{"contact": "' + NUMBER,
        '{"a":' * 50_000,
        '{"a": "\\ud800" x}',
        b"\xff\xfe{",
    ],
    ids=["cut", "list", "text", "nan", "cut-in-data", "deep", "surrogate", "no-utf8"],
)
def test_a_malformed_body_is_refused(switchboard: Deployment, entry: Entry, body: Any) -> None:
    answer = entry.send(switchboard, body, in_base64=isinstance(body, bytes))

    assert is_refused(answer, 400, "malformed_request")


@pytest.mark.parametrize("body", ["neither json nor form", "a=1&b", "&"])
def test_a_body_in_no_form_is_refused(switchboard: Deployment, body: str) -> None:
    assert is_refused(TRIGGER.send(switchboard, body), 400, "malformed_request")


@pytest.mark.parametrize("value", [["a", "list"], {"an": "object"}, "x" * 10_001])
def test_values_that_are_not_flat_are_refused(switchboard: Deployment, value: Any) -> None:
    answer = TRIGGER.send(switchboard, {**TRIGGER.good, "contact": value})

    assert is_refused(answer, 422, "invalid_request")
    assert answer.json["message"].startswith("contact ")


@pytest.mark.parametrize("identifier", ["with space", "ü", "x" * 129, "a\nb"])
def test_an_interaction_id_that_cannot_be_one_is_refused(
    switchboard: Deployment, identifier: str
) -> None:
    answer = TRIGGER.send(switchboard, {**TRIGGER.good, "interaction_id": identifier})

    assert is_refused(answer, 422, "invalid_request")
    assert "interaction_id" in answer.json["message"]


def test_more_parameters_than_anybody_needs_are_refused(switchboard: Deployment) -> None:
    names = [f"p{number}" for number in range(201)]

    answers = [
        TRIGGER.send(switchboard, dict.fromkeys(names, "x")),
        TRIGGER.send(switchboard, "&".join(f"{name}=x" for name in names)),
    ]

    assert all(is_refused(answer, 422, "invalid_request") for answer in answers)


@ecs_entries
@pytest.mark.parametrize("value", [7, 1.5, True, None, "", 10**400, "\x00", "\ud800"])
def test_any_scalar_is_read_without_falling_over(
    switchboard: Deployment, entry: Entry, value: Any
) -> None:
    answer = entry.send(switchboard, {**entry.good, "contact": value, "channel": value})

    assert answer.status in {200, 202, 409, 422}


@pytest.mark.parametrize("body", [{}, {"interaction_id": "", "contact": ""}, {"contact": NUMBER}])
def test_a_trigger_that_belongs_to_no_interaction_is_refused(
    switchboard: Deployment, body: dict[str, str]
) -> None:
    answer = TRIGGER.send(switchboard, body)

    assert is_refused(answer, 422, "invalid_request")
    assert "interaction_id" in answer.json["message"]


def test_a_trigger_that_contradicts_what_is_known_is_refused(switchboard: Deployment) -> None:
    TRIGGER.send(switchboard, TRIGGER.good)

    answer = TRIGGER.send(switchboard, {**TRIGGER.good, "channel": "email"})

    assert is_refused(answer, 409, "conflict")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"contact": 5}, "contact"),
        ({"contact": ""}, "contact"),
        ({"contact": "no number"}, "contact"),
        ({"contact": None}, "contact"),
        ({"remarks": ["a"]}, "remarks"),
        ({"remarks": "x" * 2001}, "remarks"),
        ({"customer_name": "x" * 201}, "customer_name"),
        ({"not_after": "tomorrow"}, "not_after"),
        ({"not_after": "2026-01-01T00:00:00"}, "not_after"),
        ({"not_after": "2020-01-01T00:00:00Z"}, "not_after"),
        ({"not_before": "2126-01-01T00:00:00Z"}, "not_before"),
        ({STRANGER: "a field named by somebody's number"}, "a field that is not ours"),
    ],
    ids=str,
)
def test_a_request_that_cannot_be_meant_is_refused_by_field(
    switchboard: Deployment, change: dict[str, Any], named: str
) -> None:
    answer = REQUEST.send(switchboard, {**REQUEST.good, **change})

    assert is_refused(answer, 422, "invalid_request")
    assert named in answer.json["message"]
    assert STRANGER not in answer.text


def test_a_request_without_a_contact_is_refused(switchboard: Deployment) -> None:
    assert is_refused(REQUEST.send(switchboard, {}), 422, "invalid_request")
    assert is_refused(REQUEST.send(switchboard, ""), 400, "malformed_request")


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_request_without_a_usable_idempotency_key_is_refused(
    switchboard: Deployment, key: str
) -> None:
    answer = Entry(REQUEST.path, REQUEST.good, {"idempotency-key": key}).send(
        switchboard, REQUEST.good
    )

    assert is_refused(answer, 422, "invalid_request")
    assert "idempotency-key" in answer.json["message"]


@pytest.mark.parametrize("body", [{"target": 5}, {"targt": "2002"}, {}, {"target": ""}], ids=str)
def test_a_transfer_that_names_no_target_is_refused(
    switchboard: Deployment, body: dict[str, Any]
) -> None:
    assert is_refused(COMMAND.send(switchboard, body), 422, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/triggers/interaction-vanishes"),
        ("POST", "/v1/calls/int-1/explode"),
        ("GET", "/v1/outbound-requests/out-unknown"),
        ("DELETE", "/v1/outbound-requests/out-unknown"),
        ("POST", "/v1/webhooks/nobody"),
    ],
)
def test_what_does_not_exist_is_not_found(switchboard: Deployment, method: str, path: str) -> None:
    body = the_end_of("int-1") if "triggers" in path else {}

    assert is_refused(switchboard.http(method, path, json_body=body), 404, "not_found")


@entries
def test_one_byte_more_than_the_limit_is_refused(switchboard: Deployment, entry: Entry) -> None:
    body = json.dumps(entry.good).ljust(LARGEST_BODY + 1)

    assert is_refused(entry.send(switchboard, body), 413, "request_too_large")
    assert is_refused(entry.send(switchboard, body, in_base64=True), 413, "request_too_large")


@ecs_entries
def test_a_body_at_the_limit_is_read(switchboard: Deployment, entry: Entry) -> None:
    answer = entry.send(switchboard, json.dumps(entry.good).ljust(LARGEST_BODY))

    assert answer.status in {200, 202}


@pytest.mark.parametrize(
    ("path", "method"),
    [(path, m) for path, offered in OFFERED.items() for m in METHODS if m not in offered.split()],
)
def test_a_wrong_method_is_told_the_right_ones(
    switchboard: Deployment, path: str, method: str
) -> None:
    answer = switchboard.http(method, path)

    assert is_refused(answer, 405, "method_not_allowed")
    assert answer.json["message"] == f"Use {OFFERED[path].replace(' ', ' or ')} here."


KEYLESS = [*ECS, *APPLICATIONS, Entry("/v1/outbound-requests/out-1", {})]


def method_of(entry: Entry) -> str:
    return "GET" if entry.path.endswith("out-1") else "POST"


@pytest.mark.parametrize("entry", KEYLESS, ids=str)
def test_without_a_key_nothing_is_done(switchboard: Deployment, entry: Entry) -> None:
    answer = switchboard.http(
        method_of(entry), entry.path, json_body=entry.good, headers=entry.headers, key=""
    )

    assert is_refused(answer, 401, "unauthorized")
    assert "x-switchboard-key" in answer.json["message"]
    assert switchboard.queued == []


@pytest.mark.parametrize("entry", KEYLESS, ids=str)
def test_a_key_that_is_not_good_here_is_refused(switchboard: Deployment, entry: Entry) -> None:
    key_id, _, secret = switchboard.key.partition(".")
    elsewhere = switchboard.new_key("elsewhere-1", "/v2/")
    unknown = [
        f"{key_id}.{secret}x",
        f"nobody.{secret}",
        key_id,
        f"{key_id}.",
        ".",
        "ü.ü",
        "x" * 5000,
    ]
    answers = [
        switchboard.http(
            method_of(entry), entry.path, json_body=entry.good, headers=entry.headers, key=key
        )
        for key in [*unknown, elsewhere]
    ]

    assert all(is_refused(answer, 401, "unauthorized") for answer in answers[:-1])
    assert is_refused(answers[-1], 403, "forbidden")
    assert secret not in switchboard.output.getvalue()


def keep(switchboard: Deployment, **bounds: Any) -> str:
    key = HeaderKey("bounded-1", digest_of("secret"), routes=("/v1/",), **bounds)
    DynamoDbKeyStore(DynamoDbTable(switchboard.dynamodb, "Config")).put_key(key)
    return "bounded-1.secret"


def test_a_key_that_has_expired_is_refused(switchboard: Deployment) -> None:
    key = keep(switchboard, expires_at=datetime.now(UTC) - timedelta(seconds=1))

    answer = switchboard.http("POST", LOOKUP.path, json_body=LOOKUP.good, key=key)

    assert is_refused(answer, 401, "unauthorized")
    assert "expired" in answer.json["message"]


@pytest.mark.parametrize(("network", "status"), [("192.0.2.0/24", 200), ("198.51.100.0/24", 403)])
def test_a_key_bound_to_addresses_is_good_from_there_only(
    switchboard: Deployment, network: str, status: int
) -> None:
    key = keep(switchboard, sources=(network,))

    answer = switchboard.http("POST", LOOKUP.path, json_body=LOOKUP.good, key=key)

    assert answer.status == status
    assert status == 200 or is_refused(answer, 403, "forbidden")


@pytest.mark.parametrize("entry", KEYLESS, ids=str)
def test_when_keys_cannot_be_read_nobody_is_let_in(switchboard: Deployment, entry: Entry) -> None:
    with switchboard.without_aws("dynamodb"):
        answer = switchboard.http(
            method_of(entry), entry.path, json_body=entry.good, headers=entry.headers
        )

    assert is_refused(answer, 503, "state_unavailable")
