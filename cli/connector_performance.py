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
from cli.connector_trace import Trace
from cli.masking import Mask
from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.methods import CREATE_METHOD, LOG_METHOD
from switchboard.adapters.connector.samples import class_of
from switchboard.adapters.connector.signing import KmsSigner
from switchboard.adapters.crm_records import customer_of
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer, Known, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, Identity, PhoneNumber, read_contact
from switchboard.domain.posting import InteractionRecord
from switchboard.errors import SwitchboardError, UpstreamError

FIND: Final = "find"
_SAFE: Final = frozenset({"GET"})


@dataclass(frozen=True)
class Ask:
    """What is asked of a connector: a search for somebody, or a method with its input."""

    method: str
    input: Mapping[str, Any] = field(default_factory=dict, repr=False)
    identity: Identity | None = None
    writes: bool = False


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
    steps = known[method]["steps"]
    writes = any(not _reads(step) for step in steps) and not _is_a_lookup(definition, method)
    if method == LOG_METHOD:
        given = {"id": f"try-{uuid.uuid4().hex[:8]}", "revision": 1, "channel": "voice", **given}
    return Ask(method, _with_identity(given, definition, method, region), writes=writes)


def perform(at: Connection, ask: Ask, trace: Trace, mask: Mask, *, region: str) -> Came:
    """Do it, and say with the trace what became of it."""
    deadline = Deadline.after(60)
    shared = Shared(signer=_signer(at))
    try:
        if ask.identity is not None or ask.method == LOG_METHOD:
            crm = RestCrm(
                at.definition,
                at.settings,
                lambda: at.secrets,
                default_region=region,
                transport=trace,
                shared=shared,
                watcher=trace,
            )
            result = (
                _found(crm, ask.identity, deadline)
                if ask.identity is not None
                else _logged(crm, at, ask, deadline)
            )
        else:
            result = _run(at, ask, trace, shared, deadline)
    except UpstreamError as error:
        return Came(error_class=class_of(error), error=error)
    finally:
        if ask.identity is not None:
            _explain_rows(at, ask.identity, trace, mask, region)
    return Came(result)


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


def _search(given: Mapping[str, Any], region: str) -> Ask:
    if len(given) != 1 or not {"phone", "email"} & set(given):
        stop(["say `find phone=+14155550142` or `find email=ada@example.com`"])
    ((key, value),) = given.items()
    identity = read_contact(str(value), default_region=region)
    wanted = PhoneNumber if key == "phone" else EmailAddress
    if not isinstance(identity, wanted):
        # Not repeated: it may be somebody's.
        stop([f"what stands behind {key}= cannot be read as one (region {region})"])
    return Ask(FIND, {key: str(value)}, identity)


def _with_identity(
    given: Mapping[str, Any], definition: Mapping[str, Any], method: str, region: str
) -> Mapping[str, Any]:
    """A number or address as a lookup or `create_contact` sees it."""
    if not (_is_a_lookup(definition, method) or method == CREATE_METHOD):
        return given
    from switchboard.adapters.crm_records import asked_for

    result = dict(given)
    for key in ("phone", "email"):
        if isinstance(given.get(key), str | int):
            identity = read_contact(str(given[key]), default_region=region)
            if not isinstance(identity, PhoneNumber | EmailAddress):
                stop([f"what stands behind {key}= cannot be read as one (region {region})"])
            result |= asked_for(identity)
    if method == CREATE_METHOD:
        reference = f"try-{uuid.uuid4().hex[:8]}"
        result = {"phone": None, "email": None, "name": "", "reference": reference, **result}
    return result


def _is_a_lookup(definition: Mapping[str, Any], method: str) -> bool:
    return any(method in names for names in definition["lookups"].values())


def _reads(step: Mapping[str, Any]) -> bool:
    return bool(step["reads"]) or step["request"]["method"] in _SAFE


def _found(crm: RestCrm, identity: Identity, deadline: Deadline) -> list[dict[str, Any]]:
    return [shown(customer) for customer in crm.find(identity, deadline=deadline)]


def _logged(crm: RestCrm, at: Connection, ask: Ask, deadline: Deadline) -> dict[str, Any]:
    said = dict(ask.input)
    customer = said.pop("customer", None)
    record = InteractionRecord(
        id=str(said.pop("id")),
        revision=int(said.pop("revision")),
        fields={name: str(value) for name, value in said.items() if value is not None},
        customer=_customer(at, customer) if isinstance(customer, Mapping) else None,
    )
    logged = crm.log_interaction(record, deadline=deadline)
    return {"id": logged.record_id, "created": logged.created}


def _customer(at: Connection, said: Mapping[str, Any]) -> Customer:
    return Customer(
        connector=str(at.definition["id"]),
        id=str(said.get("id", "")),
        kind=str(said.get("kind", "customer")),
        name=str(said.get("name", "")),
        url=str(said.get("url", "")),
    )


def _run(at: Connection, ask: Ask, trace: Trace, shared: Shared, deadline: Deadline) -> Any:
    engine = Engine(
        at.definition,
        at.settings,
        lambda: at.secrets,
        transport=trace,
        shared=shared,
        watcher=trace,
    )
    if ask.method in at.definition["operations"]:
        operation = at.definition["operations"][ask.method]
        return engine.write(ask.method, operation, ask.input, deadline=deadline)
    if ask.writes:
        method = at.definition["methods"][ask.method]
        return engine.write(ask.method, method, ask.input, deadline=deadline)
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
        "attributes": dict(customer.attributes),
        "url": customer.url,
    }


def _explain_rows(
    at: Connection, identity: Identity, trace: Trace, mask: Mask, region: str
) -> None:
    """Each row of each lookup: kept, or dropped and why. The engine's own rule, row by row."""
    what = "number" if isinstance(identity, PhoneNumber) else "address"
    for method, rows in trace.mapped_values:
        for row in rows if isinstance(rows, list) else []:
            customer = customer_of(str(at.definition["id"]), row, lambda _: "")
            if customer is None:
                trace.say(
                    f"  row of {method}: [red]no id[/]; the whole answer counts as unreadable"
                )
                continue
            carried = customer.phones if isinstance(identity, PhoneNumber) else customer.emails
            is_kept = isinstance(
                match_customers([customer], identity, default_region=region), Known
            )
            verdict = "[green]kept[/]" if is_kept else "[yellow]dropped[/]"
            why = (
                f"carries the {what}" if is_kept
                else f"its {len(carried)} {what}{'' if len(carried) == 1 else 's'} "
                     f"{'is' if len(carried) == 1 else 'are'} not the one asked for"
                if carried else f"has no {what}"
            )  # fmt: skip
            trace.say(f"  row {mask.text(customer.id, 'id')}: {verdict}, {why}")
