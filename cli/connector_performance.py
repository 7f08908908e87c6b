"""Runs one method of a connector against the real thing, through the engine that Lambda runs."""

import difflib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from cli.connector_files import read_text, stop
from cli.connector_live import Connection
from cli.connector_records import RECORD_METHODS, asked_of_records, records_found
from cli.connector_trace import Trace
from cli.masking import Mask
from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.lint_expressions import nearest
from switchboard.adapters.connector.lint_places import INTERACTION_FIELDS
from switchboard.adapters.connector.methods import BATCH_METHOD, CREATE_METHOD, LOG_METHOD
from switchboard.adapters.connector.samples import class_of
from switchboard.adapters.connector.signing import KmsSigner
from switchboard.adapters.crm_records import asked_for, customer_of
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer, Known, match_customers, stored_values
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import Identity, read_account, read_contact
from switchboard.domain.posting import InteractionRecord, Logged
from switchboard.errors import Misconfigured, SwitchboardError, UpstreamError

FIND: Final = "find"
_REACHABLE: Final = frozenset({"phone", "email"})
_KEYS: Final = _REACHABLE | {"account"}
_NOUNS: Final = {"phone": "number", "email": "address", "account": "account number"}
_SAFE: Final = frozenset({"GET"})
_BUDGET_S: Final = 60.0


@dataclass(frozen=True)
class Ask:
    """What is asked of a connector: a search for somebody, or a method with its input.

    `is_a_record` says that the method reads one customer's record.
    """

    method: str
    input: Mapping[str, Any] = field(default_factory=dict, repr=False)
    identity: Identity | None = None
    writes: bool = False
    is_a_record: bool = False


@dataclass(frozen=True)
class Came:
    """What came of it. `error_class` is empty when it went well."""

    result: Any = field(default=None, repr=False)
    error_class: str = ""
    error: SwitchboardError | None = None


def asked(definition: Mapping[str, Any], method: str, values: Sequence[str], region: str) -> Ask:
    """The ask that the words of a command mean; the command ends when they mean nothing."""
    given = values_of(values)
    if method == FIND:
        return _search(given, region)
    known = {**definition["methods"], **definition["operations"]}
    if method not in known:
        near = difflib.get_close_matches(method, [FIND, *known], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        stop([f"there is no method {method}{hint} There are {FIND}, {', '.join(sorted(known))}."])
    is_lookup = _is_a_lookup(definition, method)
    is_operation = method in definition["operations"]
    writes = is_operation or (not is_lookup and not all(map(_reads, known[method]["steps"])))
    if method == CREATE_METHOD:
        return _creation(given, region)
    if method in RECORD_METHODS:
        return Ask(method, asked_of_records(method, given))
    if method == LOG_METHOD:
        given = _interaction(given, known[method])
    if method == BATCH_METHOD:
        told = given.get("records") or []
        given = {**given, "records": [_interaction(one, known[method]) for one in told]}
    if is_lookup:
        given = _with_identity(given, region)
    return Ask(method, given, writes=writes, is_a_record=not writes and not is_lookup)


def perform(at: Connection, ask: Ask, trace: Trace, mask: Mask, *, region: str) -> Came:
    """Do it, and say with the trace what became of it."""
    try:
        return Came(_result(at, ask, trace, region))
    except UpstreamError as error:
        return Came(error_class=class_of(error), error=error)
    except Misconfigured as error:
        stop([str(error)])
    finally:
        if ask.method == FIND and ask.identity is not None:
            _explain_rows(at, ask.identity, trace, mask, region)


def values_of(texts: Sequence[str]) -> dict[str, Any]:
    """`a=1 customer.id=42 remarks=@file.json` as a tree; what is JSON is read as JSON."""
    tree: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            stop([f"{text!r} must be key=value"])
        node = tree
        *owners, last = name.split(".")
        for owner in owners:
            inner = node.setdefault(owner, {})
            if not isinstance(inner, dict):
                stop([f"{name}: {owner} has a value of its own already"])
            node = inner
        node[last] = _value(value)
    return tree


def _value(text: str) -> Any:
    if text.startswith("@"):
        text = read_text(Path(text[1:]))
    try:
        return json.loads(text)
    except ValueError:
        return text.rstrip("\n")


def _interaction(given: Any, method: Mapping[str, Any]) -> dict[str, Any]:
    """A record as it is written, complete: `record` must keep what was really sent."""
    if not isinstance(given, Mapping):
        stop(["""say records='[{"id": "try-1", "remarks": "…"}]'"""])
    if unknown := sorted(set(given) - INTERACTION_FIELDS):
        hint = nearest(unknown[0], sorted(INTERACTION_FIELDS))
        stop([f"an interaction has no `{unknown[0]}`{hint or '.'} There are"
              f" {', '.join(sorted(INTERACTION_FIELDS))}."])  # fmt: skip
    customer = given.get("customer")
    if method["needs_customer"] and not (isinstance(customer, Mapping) and customer.get("id")):
        stop(["it can only be written on somebody's record: say customer.id=…"])
    return {"id": f"try-{uuid.uuid4().hex[:8]}", "channel": "voice", **given}


def _search(given: Mapping[str, Any], region: str) -> Ask:
    if len(given) != 1 or not _KEYS & set(given):
        stop(
            ["say `find phone=+14155550142`, `find email=ada@example.com` or `find account=C-1001`"]
        )
    ((key, value),) = given.items()
    return Ask(FIND, {key: str(value)}, _identity(key, value, region))


def _creation(given: Mapping[str, Any], region: str) -> Ask:
    keys = _REACHABLE & set(given)
    if len(keys) != 1 or set(given) - _REACHABLE - {"reference"}:
        stop(["say `create_contact phone=+14155550142` or `create_contact email=ada@example.com`"])
    (key,) = keys
    reference = str(given.get("reference") or f"try-{uuid.uuid4().hex[:8]}")
    asked_with = {key: str(given[key]), "reference": reference}
    return Ask(CREATE_METHOD, asked_with, _identity(key, given[key], region), writes=True)


def _identity(key: str, value: Any, region: str) -> Identity:
    text = str(value)
    read = read_account(text) if key == "account" else read_contact(text, default_region=region)
    if not isinstance(read, Identity) or read.kind != key:
        ways = {
            "phone": f"with its country code, like +14155550142, or say --region (now {region})",
            "email": "like ada@example.com",
            "account": "with at most 40 letters and digits, like C-1001",
        }
        # Not repeated: it may be somebody's.
        stop([f"what stands behind {key}= cannot be read as one: give it {ways[key]}"])
    return read


def _with_identity(given: Mapping[str, Any], region: str) -> dict[str, Any]:
    """A number, an address or an account number as a lookup sees it."""
    result = dict(given)
    for key in _KEYS & set(given):
        if isinstance(given[key], str | int):
            result |= asked_for(_identity(key, given[key], region))
    return result


def _is_a_lookup(definition: Mapping[str, Any], method: str) -> bool:
    return any(method in names for names in definition["lookups"].values())


def _reads(step: Mapping[str, Any]) -> bool:
    return bool(step["reads"]) or step["request"]["method"] in _SAFE


def _result(at: Connection, ask: Ask, trace: Trace, region: str) -> Any:
    deadline = Deadline.after(_BUDGET_S)
    shared = Shared(signer=_signer(at))
    crm = RestCrm(
        at.definition,
        at.settings,
        lambda: at.secrets,
        default_region=region,
        transport=trace,
        shared=shared,
        watcher=trace,
    )
    match ask.method, ask.identity:
        case "find", identity if identity is not None:
            return [shown(customer) for customer in crm.find(identity, deadline=deadline)]
        case "create_contact", identity if identity is not None:
            reference = str(ask.input["reference"])
            return shown(crm.create_contact(identity, reference=reference, deadline=deadline))
        case "log_interaction", _:
            return _logged(crm.log_interaction(_record(at, ask.input), deadline=deadline))
        case "log_interactions", _:
            records = [_record(at, one) for one in ask.input.get("records") or []]
            return [_logged(one) for one in crm.log_interactions(records, deadline=deadline)]
    if ask.method in RECORD_METHODS:
        return records_found(crm, ask.method, ask.input, deadline)
    if ask.is_a_record:
        found = crm.read_record(ask.method, ask.input, deadline=deadline)
        return shown(found) if found else None
    return _run(at, ask, trace, shared, deadline)


def _logged(told: Logged | UpstreamError) -> dict[str, Any]:
    if isinstance(told, UpstreamError):
        return {"class": class_of(told)}
    return {"id": told.record_id, "created": told.created}


def _record(at: Connection, given: Mapping[str, Any]) -> InteractionRecord:
    said = {"revision": 1, **given}
    customer = said.pop("customer", None)
    record_id = str(said.pop("record_id", None) or "")
    return InteractionRecord(
        id=str(said.pop("id")),
        revision=int(said.pop("revision")),
        fields={name: str(value) for name, value in said.items() if value is not None},
        customer=_customer(at, customer) if isinstance(customer, Mapping) else None,
        record_id=record_id,
    )


def _customer(at: Connection, said: Mapping[str, Any]) -> Customer:
    return Customer(
        connector=str(at.definition["id"]),
        id=str(said.get("id", "")),
        kind=str(said.get("kind", "customer")),
        name=str(said.get("name", "")),
        url=str(said.get("url", "")),
    )


def _run(at: Connection, ask: Ask, trace: Trace, shared: Shared, deadline: Deadline) -> Any:
    """A lookup by its own name, an operation of an ECS profile, or a write of the file's own."""
    engine = Engine(
        at.definition,
        at.settings,
        lambda: at.secrets,
        transport=trace,
        shared=shared,
        watcher=trace,
    )
    known = {**at.definition["methods"], **at.definition["operations"]}
    if ask.writes:
        return engine.write(ask.method, known[ask.method], ask.input, deadline=deadline)
    return engine.read(ask.method, ask.input, deadline=deadline)


def _signer(at: Connection) -> KmsSigner | None:
    if at.definition["auth"]["scheme"] != "oauth2_jwt_bearer":
        return None
    import boto3

    return KmsSigner(lambda: boto3.client("kms"))


def shown(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "kind": customer.kind,
        "name": customer.name,
        "phones": list(customer.phones),
        "emails": list(customer.emails),
        "accounts": list(customer.accounts),
        "attributes": dict(customer.attributes),
        "url": customer.url,
    }


def _explain_rows(
    at: Connection, identity: Identity, trace: Trace, mask: Mask, region: str
) -> None:
    """Each row of each lookup: kept, or dropped and why. The engine's own rule, row by row."""
    what = _NOUNS[identity.kind]
    for method, rows in trace.mapped_values:
        for row in rows if isinstance(rows, list) else []:
            customer = customer_of(str(at.definition["id"]), row, lambda _: "")
            if customer is None:
                trace.say(
                    f"  row of {method}: [red]no id[/]; the whole answer counts as unreadable"
                )
                continue
            carried = stored_values(customer, identity)
            is_kept = isinstance(
                match_customers([customer], identity, default_region=region), Known
            )
            verdict = "[green]kept[/]" if is_kept else "[yellow]dropped[/]"
            why = (
                f"carries the {what}" if is_kept
                else _others(carried, what, region)
                if carried else f"has no {what}"
            )  # fmt: skip
            trace.say(f"  row {mask.text(customer.id, 'id')}: {verdict}, {why}")


def _others(carried: Sequence[str], what: str, region: str) -> str:
    count = f"{len(carried)} {what}{'' if len(carried) == 1 else 's'}"
    verdict = f"its {count} {'is' if len(carried) == 1 else 'are'} not the one asked for"
    if what == "number" and not all(one.strip().startswith("+") for one in carried):
        # A wrong country looks like a wrong number.
        return f"{verdict} (read in {region} where no country code stands there: --region)"
    return verdict
