"""CRMs of a few lines each, in memory: they keep the records that our connectors write.

Each reads the real requests of one connector, just far enough to do what its vendor says it does
where records could be doubled: its keys, its unique fields, its searches that trail. A request
that it does not know is a mistake of the connector's, and fails the test.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer


@dataclass
class Record:
    """What a CRM keeps. `key` is what it, or its search, knows the interaction by."""

    id: str
    key: str
    made_at: datetime
    kept: dict[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.kept, ensure_ascii=False)


@dataclass(frozen=True)
class Asked:
    """A request, read. `matches` are the groups of the pattern that its line matched."""

    line: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    matches: tuple[str, ...] = ()


@dataclass
class StandIn:
    """One CRM's records. Its search does not see a record before `lag_s` have passed."""

    clock: Callable[[], datetime]
    lag_s: float
    records: dict[str, Record] = field(default_factory=dict)
    remembered: dict[str, tuple[Any, Record]] = field(default_factory=dict)

    def of(self, key: str) -> Record | None:
        """The record that has this key: what a unique index knows at once."""
        return next((record for record in self.records.values() if record.key == key), None)

    def searched(self, key: str) -> list[Record]:
        """What the search finds by now."""
        return [record for record in self.visible if record.key == key]

    @property
    def visible(self) -> list[Record]:
        seen = self.clock() - timedelta(seconds=self.lag_s)
        return [record for record in self.records.values() if record.made_at <= seen]

    def make(self, key: str, kept: Mapping[str, Any], *, id: str = "") -> Record:  # noqa: A002
        record = Record(id or str(1000 + len(self.records)), key, self.clock(), dict(kept))
        self.records[record.id] = record
        return record

    def upsert(self, key: str, kept: Mapping[str, Any]) -> tuple[Record, bool]:
        there = self.of(key)
        if there:
            there.kept |= kept
        return (there, False) if there else (self.make(key, kept), True)


Answered = tuple[int, Any]
Dialect = Mapping[str, Callable[[StandIn, Asked], Answered]]


def answer(crm: StandIn, dialect: Dialect, request: HttpRequest) -> HttpAnswer:
    """What this CRM says to a request, and does."""
    address = urlsplit(request.url)
    line = f"{request.method} {unquote(address.path)}"
    query = {name: values[0] for name, values in parse_qs(address.query).items()}
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = json.loads(request.body) if request.body else None
    for pattern, does in dialect.items():
        if match := re.fullmatch(pattern, line):
            status, said = does(crm, Asked(line, query, headers, body, match.groups()))
            content = b"" if said is None else json.dumps(said).encode()
            return HttpAnswer(status, {}, content)
    raise AssertionError(f"the stand-in does not know {line}")


def _changed(crm: StandIn, record_id: str, kept: Mapping[str, Any]) -> Record:
    record = crm.records[record_id]
    record.kept |= kept
    return record


# Salesforce: a query by CallObject, then a Task; or an upsert by an external id.


def _sf_query(crm: StandIn, asked: Asked) -> Answered:
    found = re.search(r"CallObject = 'ecs:(.*?)'", asked.query["q"])
    assert found
    return 200, {"records": [{"Id": record.id} for record in crm.searched(found[1])][:1]}


def _sf_made(crm: StandIn, asked: Asked) -> Answered:
    key = asked.body["CallObject"].removeprefix("ecs:")
    return 201, {"id": crm.make(key, asked.body).id, "success": True}


def _sf_changed(crm: StandIn, asked: Asked) -> Answered:
    _changed(crm, asked.matches[0], asked.body)
    return 204, None


def _sf_upserted(crm: StandIn, asked: Asked) -> Answered:
    record, created = crm.upsert(asked.matches[0], asked.body)
    return 201 if created else 200, {"id": record.id, "success": True, "created": created}


def _sf_upserted_together(crm: StandIn, asked: Asked) -> Answered:
    rows = []
    for said in asked.body["records"]:
        record, created = crm.upsert(said["ECS_Interaction_Id__c"], said)
        rows.append({"id": record.id, "success": True, "created": created, "errors": []})
    return 200, rows


# HubSpot: batch upserts by a unique property, then an association.


def _hs_upserted(crm: StandIn, asked: Asked) -> Answered:
    rows = []
    for said in asked.body["inputs"]:
        # One unique property for calls and one for notes: they do not know of each other.
        record, new = crm.upsert(f"{asked.matches[0]} {said['id']}", said["properties"])
        rows.append({"id": record.id, "new": new, "properties": record.kept})
    return 200, {"status": "COMPLETE", "results": rows}


def _hs_linked(crm: StandIn, asked: Asked) -> Answered:
    _changed(crm, asked.matches[0], {"contact": asked.matches[1]})
    return 200, {}


def _hs_linked_together(crm: StandIn, asked: Asked) -> Answered:
    for said in asked.body["inputs"]:
        _changed(crm, said["from"]["id"], {"contact": said["to"]["id"]})
    return 200, {"status": "COMPLETE", "results": []}


# Zoho: a unique field refuses a second insert and names the first; then an update by id.


def _zoho_inserted(crm: StandIn, asked: Asked) -> Answered:
    rows = []
    for said in asked.body["data"]:
        there = crm.of(said["ECS_Interaction_ID"])
        if there:
            named = {"api_name": "ECS_Interaction_ID", "duplicate_record": {"id": there.id}}
            rows.append({"code": "DUPLICATE_DATA", "status": "error", "details": named})
            continue
        made = crm.make(said["ECS_Interaction_ID"], said)
        rows.append({"code": "SUCCESS", "status": "success", "details": {"id": made.id}})
    refused = all(row["code"] != "SUCCESS" for row in rows)
    return 400 if refused and len(rows) == 1 else 207 if refused else 201, {"data": rows}


def _zoho_updated(crm: StandIn, asked: Asked) -> Answered:
    rows = []
    for said in asked.body["data"]:
        record = _changed(crm, asked.matches[0] or said["id"], said)
        rows.append({"code": "SUCCESS", "status": "success", "details": {"id": record.id}})
    return 200, {"data": rows}


# Odoo: `load` writes rows under external ids, made the first time and changed after that.


def _odoo_loaded(crm: StandIn, columns: list[str], rows: list[list[str]]) -> list[int]:
    told = [dict(zip(columns, row, strict=True)) for row in rows]
    return [int(crm.upsert(row["id"], row)[0].id) for row in told]


def _odoo(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"ids": _odoo_loaded(crm, asked.body["fields"], asked.body["data"]), "messages": []}


def _odoo_rpc(crm: StandIn, asked: Asked) -> Answered:
    *_, model, method, (columns, rows), _options = asked.body["params"]["args"]
    assert (model, method) == ("calendar.event", "load")
    return 200, {"jsonrpc": "2.0", "result": {"ids": _odoo_loaded(crm, columns, rows)}}


# ServiceNow: a search, and a unique index that refuses a second row. Work notes are a journal.


def _sn_searched(crm: StandIn, asked: Asked) -> Answered:
    key = asked.query["sysparm_query"].removeprefix("u_ecs_interaction_id=")
    columns = ("u_ecs_interaction_id", "u_ecs_revision")
    rows = [
        {"sys_id": found.id, **{name: str(found.kept[name]) for name in columns}}
        for found in crm.searched(key)
    ]
    return 200, {"result": rows}


def _sn_made(crm: StandIn, asked: Asked) -> Answered:
    if crm.of(asked.body["u_ecs_interaction_id"]):
        return 403, {"error": {"message": "Operation Failed", "detail": "Unique Key violation"}}
    return 201, {"result": {"sys_id": crm.make(asked.body["u_ecs_interaction_id"], asked.body).id}}


def _sn_changed(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"result": {"sys_id": _changed(crm, asked.matches[0], asked.body).id}}


# Freshdesk: a requester's tickets are listed at once, the search index trails; nothing is unique.


def _fd_rows(records: list[Record]) -> list[dict[str, Any]]:
    return [{"id": int(r.id), "custom_fields": r.kept["custom_fields"]} for r in records]


def _fd_listed(crm: StandIn, asked: Asked) -> Answered:
    whose = int(asked.query["requester_id"])
    return 200, _fd_rows([r for r in crm.records.values() if r.kept.get("requester_id") == whose])


def _fd_searched(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"results": _fd_rows(crm.visible)}


def _fd_made(crm: StandIn, asked: Asked) -> Answered:
    made = crm.make(asked.body["custom_fields"]["cf_ecs_interaction_id"], asked.body)
    return 201, {"id": int(made.id)}


def _fd_changed(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"id": int(_changed(crm, asked.matches[0], asked.body).id)}


# Freshsales: activities are read from the contact they belong to.


def _fs_read(crm: StandIn, asked: Asked) -> Answered:
    whose = int(asked.matches[0])
    rows = [
        {"id": int(r.id), "title": r.kept["title"]}
        for r in crm.visible
        if r.kept["targetable_id"] == whose
    ]
    return 200, {"contact": {"id": whose}, "sales_activities": rows}


def _fs_made(crm: StandIn, asked: Asked) -> Answered:
    said = asked.body["sales_activity"]
    return 201, {"sales_activity": {"id": int(crm.make(said["title"], said).id)}}


def _fs_changed(crm: StandIn, asked: Asked) -> Answered:
    record = _changed(crm, asked.matches[0], asked.body["sales_activity"])
    return 200, {"sales_activity": {"id": int(record.id)}}


# Pipedrive: one person's activities, newest first.


def _pd_listed(crm: StandIn, asked: Asked) -> Answered:
    whose = int(asked.query["person_id"])
    mine = [r for r in crm.visible if r.kept["participants"][0]["person_id"] == whose]
    return 200, {"data": [{"id": int(r.id), "note": r.kept["note"]} for r in reversed(mine)]}


def _pd_made(crm: StandIn, asked: Asked) -> Answered:
    return 201, {"data": {"id": int(crm.make(asked.body["note"], asked.body).id)}}


def _pd_changed(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"data": {"id": int(_changed(crm, asked.matches[0], asked.body).id)}}


# SuiteCRM: the client chooses the id, and a second record with it is refused.


def _suite_made(crm: StandIn, asked: Asked) -> Answered:
    said = asked.body["data"]
    if f"{said['type']} {said['id']}" in crm.records:
        detail = f"Bean {said['type']} with id {said['id']} is already exist"
        return 400, {"errors": {"status": 400, "detail": detail}}
    crm.make(said["id"], said["attributes"], id=f"{said['type']} {said['id']}")
    return 201, {"data": {"type": said["type"], "id": said["id"]}}


def _suite_changed(crm: StandIn, asked: Asked) -> Answered:
    said = asked.body["data"]
    _changed(crm, f"{said['type']} {said['id']}", said["attributes"])
    return 200, {"data": {"type": said["type"], "id": said["id"]}}


def _suite_linked(crm: StandIn, asked: Asked) -> Answered:
    _changed(crm, f"Calls {asked.matches[0]}", {"linked": asked.body["data"]["id"]})
    return 201, {"meta": {"message": "linked"}}


# Dynamics: a PATCH on a primary key makes or changes; each table has keys of its own.


def _dyn_upserted(crm: StandIn, asked: Asked) -> Answered:
    table, key = asked.matches
    if asked.headers.get("if-match") == "*" and not crm.of(f"{table} {key}"):
        return 404, {"error": {"code": "0x80040217"}}
    _, created = crm.upsert(f"{table} {key}", asked.body)
    if "return=representation" not in asked.headers.get("prefer", ""):
        return 204, None
    return 201 if created else 200, {"activityid": key}


# Zendesk: a list by external id that may trail, and a key that makes a second ticket impossible.


def _zd_listed(crm: StandIn, asked: Asked) -> Answered:
    found = crm.searched(asked.query["external_id"])
    rows = [
        {"id": int(r.id), "external_id": r.key, "updated_at": str(len(r.kept["comments"]))}
        for r in found
    ]
    return 200, {"tickets": rows}


def _zd_comments(crm: StandIn, asked: Asked) -> Answered:
    said = crm.records[asked.matches[0]].kept["comments"]
    return 200, {"comments": [{"id": n, "body": said[n]} for n in reversed(range(len(said)))]}


def _zd_made(crm: StandIn, asked: Asked) -> Answered:
    key = asked.headers["idempotency-key"]
    if key in crm.remembered:
        body, ticket = crm.remembered[key]
        if body != asked.body:
            return 400, {"error": "IdempotencyKeyMismatch"}
    else:
        said = asked.body["ticket"]
        ticket = crm.make(said["external_id"], {**said, "comments": [said["comment"]["body"]]})
        crm.remembered[key] = (asked.body, ticket)
    return 201, {"ticket": {"id": int(ticket.id)}}


def _zd_changed(crm: StandIn, asked: Asked) -> Answered:
    ticket, said = crm.records[asked.matches[0]], asked.body["ticket"]
    if said["updated_stamp"] != str(len(ticket.kept["comments"])):
        return 409, {"error": "UpdateConflict"}
    ticket.kept["comments"].append(said["comment"]["body"])
    ticket.kept |= {name: said[name] for name in said.keys() & {"requester_id", "subject"}}
    return 200, {"ticket": {"id": int(ticket.id)}}


# EspoCRM: a search by a field of ours, with nothing unique.


def _espo_searched(crm: StandIn, asked: Asked) -> Answered:
    found = crm.searched(asked.query["where[0][value]"])
    return 200, {"list": [{"id": r.id, "cSwitchboardId": r.key} for r in found]}


def _espo_made(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"id": crm.make(asked.body["cSwitchboardId"], asked.body).id}


def _espo_changed(crm: StandIn, asked: Asked) -> Answered:
    return 200, {"id": _changed(crm, asked.matches[0], asked.body).id}


# Tryton: notes on the party; they are written and deleted, never changed.


def _tryton_searched(crm: StandIn, asked: Asked) -> Answered:
    begins = json.loads(urlsafe_b64decode(asked.query["d"]))[0][2]
    mine = [r for r in crm.visible if r.kept["message"].startswith(begins)]
    newest = sorted(mine, key=lambda record: -int(record.id))[:3]
    return 200, [{"id": int(r.id), "message": r.kept["message"]} for r in newest]


def _tryton_made(crm: StandIn, asked: Asked) -> Answered:
    record_id = str(1000 + len(crm.remembered))
    crm.remembered[record_id] = (asked.body, crm.make("", asked.body, id=record_id))
    return 200, {"id": int(record_id)}


def _tryton_dropped(crm: StandIn, asked: Asked) -> Answered:
    del crm.records[asked.matches[0]]
    return 204, None


# The sandbox's own API, and the order desk of the in-house example: one record for each reference.


def _sandbox(crm: StandIn, asked: Asked) -> Answered:
    record, created = crm.upsert(asked.matches[0], asked.body)
    return 200, {"id": record.id, "created": created}


def _sandbox_together(crm: StandIn, asked: Asked) -> Answered:
    rows = []
    for said in asked.body["activities"]:
        record, created = crm.upsert(said["external_id"], said)
        rows.append({"external_id": record.key, "id": record.id, "created": created})
    return 200, {"results": rows}


def _desk(crm: StandIn, asked: Asked) -> Answered:
    record, new = crm.upsert(asked.body["reference"], asked.body)
    return 200, {"ok": True, "record": {"id": record.id, "state": "new" if new else "known"}}


def _desk_together(crm: StandIn, asked: Asked) -> Answered:
    rows = []
    for said in asked.body["records"]:
        record, new = crm.upsert(said["reference"], said)
        state = "new" if new else "known"
        rows.append({"reference": record.key, "id": record.id, "state": state})
    return 200, {"ok": True, "results": rows}


_SF = "/services/data/v66.0"
DIALECTS: Mapping[str, Dialect] = {
    "dynamics365": {r"PATCH /api/data/v9.2/(phonecalls|tasks)\((.*)\)": _dyn_upserted},
    "espocrm": {
        "GET /api/v1/Call": _espo_searched,
        "POST /api/v1/Call": _espo_made,
        "PUT /api/v1/Call/(.*)": _espo_changed,
    },
    "freshdesk": {
        "GET /api/v2/tickets": _fd_listed,
        "GET /api/v2/search/tickets": _fd_searched,
        "POST /api/v2/tickets": _fd_made,
        "PUT /api/v2/tickets/(.*)": _fd_changed,
    },
    "freshsales": {
        "GET /crm/sales/api/contacts/(.*)": _fs_read,
        "POST /crm/sales/api/sales_activities": _fs_made,
        "PUT /crm/sales/api/sales_activities/(.*)": _fs_changed,
    },
    "hubspot": {
        "POST /crm/v3/objects/(calls|notes)/batch/upsert": _hs_upserted,
        "PUT /crm/v4/objects/(?:calls|notes)/(.*)/associations/default/contacts/(.*)": _hs_linked,
        "POST /crm/v4/associations/.*/contacts/batch/associate/default": _hs_linked_together,
    },
    "inhouse": {"POST /api/v3/records": _desk, "POST /api/v3/records/batch": _desk_together},
    "odoo": {"POST /json/2/calendar.event/load": _odoo},
    "odoo_rpc": {"POST /jsonrpc": _odoo_rpc},
    "pipedrive": {
        "GET /api/v2/activities": _pd_listed,
        "POST /api/v2/activities": _pd_made,
        "PATCH /api/v2/activities/(.*)": _pd_changed,
    },
    "salesforce": {
        f"GET {_SF}/query/": _sf_query,
        f"POST {_SF}/sobjects/Task": _sf_made,
        f"PATCH {_SF}/sobjects/Task/(.*)": _sf_changed,
    },
    "salesforce-upsert": {
        f"PATCH {_SF}/sobjects/Task/ECS_Interaction_Id__c/(.*)": _sf_upserted,
        f"PATCH {_SF}/composite/sobjects/Task/ECS_Interaction_Id__c": _sf_upserted_together,
    },
    "sandbox": {
        "PUT /api/activities/(.*)": _sandbox,
        "POST /api/activities": _sandbox_together,
    },
    "servicenow": {
        "GET /api/now/table/interaction": _sn_searched,
        "POST /api/now/table/interaction": _sn_made,
        "PATCH /api/now/table/interaction/(.*)": _sn_changed,
    },
    "suitecrm": {
        "POST /Api/V8/module": _suite_made,
        "PATCH /Api/V8/module": _suite_changed,
        "POST /Api/V8/module/Calls/(.*)/relationships": _suite_linked,
    },
    "tryton": {
        "GET /books/rest/model/ir.note": _tryton_searched,
        "POST /books/rest/model/ir.note": _tryton_made,
        "DELETE /books/rest/model/ir.note/(.*)": _tryton_dropped,
    },
    "zendesk": {
        "GET /api/v2/tickets.json": _zd_listed,
        "GET /api/v2/tickets/(.*)/comments.json": _zd_comments,
        "POST /api/v2/tickets.json": _zd_made,
        "PUT /api/v2/tickets/(.*).json": _zd_changed,
    },
    "zoho": {"POST /crm/v8/Calls": _zoho_inserted, "PUT /crm/v8/Calls(?:/(.*))?": _zoho_updated},
}
