"""Plays a connector's samples through the real engine, offline, and says what differs.

For builds, tests and the command line; the running engine knows no samples.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from urllib.parse import parse_qs

from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.event_samples import played_event
from switchboard.adapters.connector.events import connector_events
from switchboard.adapters.connector.exchange import ClassifiedRejection
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.sample_format import Sample, SampleExchange, SampleResponse
from switchboard.adapters.connector.settings import complete_settings, token_address
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.adapters.connector.watching import Watcher
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.found_record import FoundRecord
from switchboard.domain.identity import (
    EmailAddress,
    Identity,
    PhoneNumber,
    Reachable,
    read_account,
    read_contact,
)
from switchboard.domain.posting import InteractionRecord, Logged
from switchboard.errors import (
    InvalidRequest,
    Misconfigured,
    SwitchboardError,
    UpstreamError,
    UpstreamThrottled,
    UpstreamUnavailable,
    UpstreamUnknown,
)

SAMPLE_TOKEN: Final = "token-of-the-sample"  # noqa: S105 - stands in for one
DEFAULT_REGION: Final = "US"
_NOW: Final = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
_BUDGET_S: Final = 60.0


class Difference(str):
    """A line that says what differs, with its parts for whoever shows it better."""

    place: str
    expected: Any
    actual: Any

    def __new__(cls, place: str, expected: Any, actual: Any) -> Self:
        line = super().__new__(cls, f"{place}: expected {expected!r}, got {actual!r}")
        line.place, line.expected, line.actual = place, expected, actual
        return line


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What became of one sample; it passed when nothing differs."""

    name: str
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the engine really makes of a sample's answers: its requests, and what came of it."""

    requests: tuple[HttpRequest, ...]
    result: Any = None
    error_class: str | None = None
    wait: float | None = None


@dataclass(slots=True)
class _Played:
    """A transport that answers from the sample, and notes where a request differs from it."""

    exchanges: list[SampleExchange]
    token_url: str = ""
    position: int = 0
    differences: list[str] = field(default_factory=list)
    sent: list[HttpRequest] = field(default_factory=list)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        if request.url == self.token_url:
            return _json_answer({"access_token": SAMPLE_TOKEN, "expires_in": 3600})
        self.sent.append(request)
        if self.position >= len(self.exchanges):
            self.differences.append(f"one more request was sent: {request.method} {request.url}")
            raise NoAnswerError("the sample has no further exchange", sent=False)
        expected = self.exchanges[self.position]
        place = f"exchange[{self.position}].request"
        self.differences += _request_differences(place, expected, request)
        self.position += 1
        return _answer(expected.response)

    def close(self) -> None:
        """Nothing was opened."""

    def unplayed(self) -> Iterator[str]:
        for position in range(self.position, len(self.exchanges)):
            yield f"exchange[{position}]: this request was never sent"


class _SampleSigner:
    """Signs nothing: a sample's token endpoint gives its token to everybody."""

    def sign(self, key: str, message: bytes) -> bytes:
        return b"signature-of-the-sample"


def run_samples(
    definition: Mapping[str, Any], samples: list[Mapping[str, Any]]
) -> list[SampleReport]:
    """Every sample of a file, played. `definition` is what `compile_connector` made of it."""
    return [run_sample(definition, Sample.model_validate(dict(sample))) for sample in samples]


def run_sample(definition: Mapping[str, Any], sample: Sample) -> SampleReport:
    """Play one sample."""
    played = _Played(sample.exchange)
    try:
        settings = complete_settings(definition, sample.settings)
        played.token_url = token_address(definition["auth"], settings)
        result = _result(definition, sample, played)
    except (UpstreamError, InvalidRequest) as error:
        outcome = list(_failure_differences(sample, error))
    except SwitchboardError as error:
        outcome = [str(error)]
    else:
        outcome = list(_result_differences(sample, result))
    return SampleReport(sample.name, (*played.differences, *played.unplayed(), *outcome))


def rehearse(definition: Mapping[str, Any], sample: Sample) -> Rehearsal:
    """Play a sample whose requests and outcome are not written yet, to write them.

    Raises: SwitchboardError when that fails for another reason than the server's answer.
    """
    played = _Played(sample.exchange)
    settings = complete_settings(definition, sample.settings)
    played.token_url = token_address(definition["auth"], settings)
    try:
        result = _result(definition, sample, played)
    except UpstreamError as error:
        wait = getattr(error, "retry_after_s", None)
        return Rehearsal(tuple(played.sent), error_class=class_of(error), wait=wait)
    return Rehearsal(tuple(played.sent), result)


def mapped_rows(definition: Mapping[str, Any], sample: Sample) -> list[Mapping[str, Any]]:
    """The records that the connector's maps make of a sample's answers, before we drop anything.

    Whether the sample comes out as it says is not asked here.
    """
    played, rows = _Played(sample.exchange), _MappedRows()
    try:
        settings = complete_settings(definition, sample.settings)
        played.token_url = token_address(definition["auth"], settings)
        _found(definition, sample, played, watcher=rows)
    except SwitchboardError:
        pass
    return rows.seen


@dataclass(slots=True)
class _MappedRows:
    """A watcher that keeps every record that a map made."""

    seen: list[Mapping[str, Any]] = field(default_factory=list)

    def decided(self, step: str, condition: str, expression: str, *, held: bool) -> None:
        """Not our question."""

    def mapped(self, method: str, expression: str, value: Any) -> None:
        rows = value if isinstance(value, list) else [value]
        self.seen += [row for row in rows if isinstance(row, Mapping) and "attributes" in row]


def _result(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    if sample.event:
        return _signal(definition, sample, played)
    if sample.operation:
        method = definition["operations"].get(sample.operation)
        return _written(definition, sample, played, sample.operation, method)
    if sample.find:
        return _found(definition, sample, played)
    match sample.method:
        case "log_interaction":
            return _logged(definition, sample, played)
        case "log_interactions":
            return _logged_together(definition, sample, played)
        case "create_contact":
            return _created(definition, sample, played)
        case "find_interaction":
            return _found_record(definition, sample, played)
        case "list_interactions":
            return _listed(definition, sample, played)
    return _read(definition, sample, played)


def _found(
    definition: Mapping[str, Any],
    sample: Sample,
    played: _Played,
    *,
    watcher: Watcher | None = None,
) -> Any:
    identity = _asked(str(sample.value), sample)
    crm = _crm(definition, sample, played, watcher=watcher)
    found = crm.find(identity, deadline=Deadline.after(_BUDGET_S))
    return [_shown(customer) for customer in found]


def _logged(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    record = _record(definition, sample.input)
    crm = _crm(definition, sample, played)
    return _shown_log(crm.log_interaction(record, deadline=Deadline.after(_BUDGET_S)))


def _logged_together(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    records = [_record(definition, said) for said in sample.input["records"]]
    crm = _crm(definition, sample, played)
    return [
        {"class": class_of(told)} if isinstance(told, SwitchboardError) else _shown_log(told)
        for told in crm.log_interactions(records, deadline=Deadline.after(_BUDGET_S))
    ]


def _created(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    said = sample.input.get("phone") or sample.input.get("email") or ""
    identity = _identity(str(said), sample)
    reference = str(sample.input.get("reference", ""))
    crm = _crm(definition, sample, played)
    return _shown(
        crm.create_contact(identity, reference=reference, deadline=Deadline.after(_BUDGET_S))
    )


def _found_record(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    found = _crm(definition, sample, played).find_record(
        str(sample.input.get("id", "")),
        record_id=str(sample.input.get("record_id") or ""),
        deadline=Deadline.after(_BUDGET_S),
    )
    return shown_record(found) if found else None


def _listed(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    start, end = (_moment(sample, name) for name in ("from", "to"))
    deadline = Deadline.after(_BUDGET_S)
    found = _crm(definition, sample, played).list_records(start, end, deadline=deadline)
    return [shown_record(record) for record in found]


def _moment(sample: Sample, name: str) -> datetime:
    try:
        return datetime.fromisoformat(str(sample.input.get(name)))
    except ValueError:
        raise Misconfigured(f"the sample's input.{name} is no moment") from None


def _read(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    method = str(sample.method)
    if method not in definition["methods"]:
        raise Misconfigured(f"there is no {method} in this file")
    crm = _crm(definition, sample, played)
    found = crm.read_record(method, sample.input, deadline=Deadline.after(_BUDGET_S))
    return _shown(found) if found else None


def _record(definition: Mapping[str, Any], said: Mapping[str, Any]) -> InteractionRecord:
    fields = dict(said)
    customer = fields.pop("customer", None)
    record_id = str(fields.pop("record_id", None) or "")
    return InteractionRecord(
        id=str(fields.pop("id", "")),
        revision=int(fields.pop("revision", 1)),
        fields={name: str(value) for name, value in fields.items() if value is not None},
        customer=_customer(definition, customer) if customer else None,
        record_id=record_id,
    )


def _asked(value: str, sample: Sample) -> Identity:
    if sample.find != "account":
        return _identity(value, sample)
    account = read_account(value)
    if account is None:
        raise Misconfigured("the value of the sample is no account number")
    return account


def _identity(value: str, sample: Sample) -> Reachable:
    identity = read_contact(value, default_region=_region(sample))
    if not isinstance(identity, PhoneNumber | EmailAddress):
        raise Misconfigured("the value of the sample is neither a number nor an address")
    return identity


def _shown_log(logged: Logged) -> dict[str, Any]:
    return {"id": logged.record_id, "created": logged.created}


def shown_record(found: FoundRecord) -> dict[str, Any]:
    """A record as a sample's result shows it."""
    return {
        "id": found.record_id,
        "key": found.key,
        "revision": found.revision,
        "copies": found.copies,
    }


def _written(
    definition: Mapping[str, Any],
    sample: Sample,
    played: _Played,
    name: str,
    method: Mapping[str, Any] | None,
) -> Any:
    if method is None:
        raise Misconfigured(f"there is no {name} in this file")
    engine = Engine(
        definition,
        sample.settings,
        lambda: _secrets(definition, sample),
        transport=played,
        shared=Shared(signer=_SampleSigner()),
    )
    return engine.write(name, method, sample.input, deadline=Deadline.after(_BUDGET_S))


def _signal(definition: Mapping[str, Any], sample: Sample, played: _Played) -> Any:
    events = {event.name: event for event in connector_events(definition, sample.settings)}
    if sample.event not in events:
        raise Misconfigured(f"there is no event {sample.event} in this file")

    def read(method: str, said: Mapping[str, Any]) -> Customer | None:
        deadline = Deadline.after(_BUDGET_S)
        return _crm(definition, sample, played).read_record(method, said, deadline=deadline)

    return played_event(events[sample.event], sample, read, default_region=_region(sample))


def _crm(
    definition: Mapping[str, Any],
    sample: Sample,
    played: _Played,
    *,
    watcher: Watcher | None = None,
) -> RestCrm:
    return RestCrm(
        definition,
        sample.settings,
        lambda: _secrets(definition, sample),
        default_region=_region(sample),
        transport=played,
        wall_clock=lambda: _NOW,
        shared=Shared(signer=_SampleSigner()),
        watcher=watcher,
    )


def _customer(definition: Mapping[str, Any], said: Mapping[str, Any]) -> Customer:
    return Customer(
        connector=str(definition["id"]),
        id=str(said.get("id", "")),
        kind=str(said.get("kind", "customer")),
        name=str(said.get("name", "")),
    )


def _shown(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "kind": customer.kind,
        "name": customer.name,
        "phones": list(customer.phones),
        "emails": list(customer.emails),
        "accounts": list(customer.accounts),
        "merged_into": customer.merged_into,
        "attributes": dict(customer.attributes),
        "url": customer.url,
    }


def _region(sample: Sample) -> str:
    return sample.region or DEFAULT_REGION


def _secrets(definition: Mapping[str, Any], sample: Sample) -> Mapping[str, str]:
    return {name: name for name in definition["secrets"]} | sample.secrets


def _answer(response: SampleResponse) -> HttpAnswer:
    if response.fault:
        raise NoAnswerError(f"the connection was {response.fault}", sent=response.fault == "lost")
    if response.text is not None:
        content = response.text.encode()
    else:
        content = b"" if response.body is None else json.dumps(response.body).encode()
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(response.status, headers, content)


def _json_answer(document: object) -> HttpAnswer:
    return HttpAnswer(200, {}, json.dumps(document).encode())


def _request_differences(place: str, expected: SampleExchange, sent: HttpRequest) -> Iterator[str]:
    wanted = expected.request
    if wanted.method:
        yield from _differences(f"{place}.method", wanted.method, sent.method)
    if wanted.url:
        yield from _differences(f"{place}.url", wanted.url, sent.url)
    lower = {name.lower(): value for name, value in sent.headers.items()}
    for name, value in wanted.headers.items():
        yield from _differences(f"{place}.headers.{name}", value, lower.get(name.lower()))
    if "body" in wanted.model_fields_set:
        body = None if sent.body is None else json.loads(sent.body)
        yield from _differences(f"{place}.body", wanted.body, body)
    if wanted.form is not None:
        form = parse_qs((sent.body or b"").decode(), keep_blank_values=True)
        lists = {name: v if isinstance(v, list) else [v] for name, v in wanted.form.items()}
        yield from _differences(f"{place}.form", lists, form)


def _failure_differences(sample: Sample, error: SwitchboardError) -> Iterator[str]:
    if sample.fails is None:
        yield f"it failed: {error}"
        return
    yield from _differences("fails.class", sample.fails.error_class, class_of(error))
    if sample.fails.wait is not None:
        waited = getattr(error, "retry_after_s", None)
        yield from _differences("fails.wait", sample.fails.wait, waited)
    if sample.fails.detail is not None:
        _, _, code = str(getattr(error, "detail", "")).partition(": ")
        yield from _differences("fails.detail", sample.fails.detail, code)


def class_of(error: SwitchboardError) -> str:
    match error:
        case ClassifiedRejection():
            return error.error_class.value
        case UpstreamThrottled():
            return error.detail.split(":")[0]
        case UpstreamUnavailable():
            return "transient"
        case UpstreamUnknown():
            return "unknown"
    return "invalid"


def _result_differences(sample: Sample, result: Any) -> Iterator[str]:
    if sample.fails is not None:
        yield f"it should have failed as {sample.fails.error_class}"
        return
    yield from _differences("result", sample.result, _only_named(sample.result, result))


def _only_named(expected: Any, actual: Any) -> Any:
    """The keys that the sample names, of the result and of its rows."""
    match expected, actual:
        case Mapping(), Mapping():
            return {name: value for name, value in actual.items() if name in expected}
        case list(), list() if len(expected) == len(actual):
            return [_only_named(*pair) for pair in zip(expected, actual, strict=True)]
    return actual


def _differences(place: str, expected: Any, actual: Any) -> Iterator[str]:
    match expected, actual:
        case Mapping(), Mapping():
            for name in sorted(expected.keys() | actual.keys()):
                yield from _differences(f"{place}.{name}", expected.get(name), actual.get(name))
        case list(), list() if len(expected) == len(actual):
            for index, pair in enumerate(zip(expected, actual, strict=True)):
                yield from _differences(f"{place}[{index}]", *pair)
        case _ if expected != actual or isinstance(expected, bool) != isinstance(actual, bool):
            yield Difference(place, expected, actual)
