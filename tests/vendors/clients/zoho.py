# mypy: ignore-errors
"""Zoho's own client for CRM 8 (Apache 2.0): searching, inserting and updating records with it.

It reads the module's fields before the first use, and writes them and its token to files; each run
has a folder of its own for them.
"""

import tempfile
from datetime import datetime
from pathlib import Path

from zohocrmsdk.src.com.zoho.api.authenticator import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.dc import USDataCenter
from zohocrmsdk.src.com.zoho.crm.api.record import (
    BodyWrapper,
    GetRecordParam,
    Record,
    RecordOperations,
    SearchRecordsParam,
)
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig
from zohocrmsdk.src.com.zoho.crm.api.util import Choice

# As Zoho's client wants them: moments, references and choices are values of their own.
MOMENTS, REFERENCES, CHOICES = (
    {"Call_Start_Time"},
    {"Who_Id", "What_Id"},
    {"Call_Type", "Call_Result"},
)


def _operations(module, folder):
    Initializer.initialize(
        USDataCenter.PRODUCTION(),
        OAuthToken(
            client_id="client_id",
            client_secret="client_secret",
            refresh_token="refresh_token",
            find_user=False,
        ),
        store=FileStore(str(Path(folder) / "tokens")),
        sdk_config=SDKConfig(pick_list_validation=False),
        resource_path=folder,
    )
    return RecordOperations(module)


def _record(fields):
    record = Record()
    for name, value in fields.items():
        record.add_key_value(name, _value(name, value))
    return record


def _value(name, value):
    if name in MOMENTS:
        return datetime.fromisoformat(value)
    if name in REFERENCES:
        referred = Record()
        referred.set_id(int(value["id"]))
        return referred
    if name == "id":
        return int(value)
    return Choice(value) if name in CHOICES else value


def _body(records, duplicate_check_fields=None):
    body = BodyWrapper()
    body.set_data([_record(fields) for fields in records])
    if duplicate_check_fields:
        body.set_duplicate_check_fields(duplicate_check_fields)
    return body


def _outcomes(response):
    """What the client made of each record's answer."""
    answer = response.get_object()
    rows = answer.get_data() if hasattr(answer, "get_data") else [answer]
    return [
        {
            "kind": type(row).__name__,
            "code": row.get_code().get_value(),
            "details": {
                name: str(getattr(value, "get_id", lambda value=value: value)())
                for name, value in (row.get_details() or {}).items()
            },
        }
        for row in rows
    ]


def search(_server, module, parameters):
    with tempfile.TemporaryDirectory() as folder:
        asked = ParameterMap()
        for name, value in parameters.items():
            asked.add(getattr(SearchRecordsParam, name), value)
        answer = _operations(module, folder).search_records(asked, HeaderMap())
        if answer.get_status_code() == 204:
            return []
        return [
            {"id": str(row.get_id()), **{k: str(v) for k, v in row.get_key_values().items()}}
            for row in answer.get_object().get_data()
        ]


def read(_server, module, record_id, fields):
    with tempfile.TemporaryDirectory() as folder:
        asked = ParameterMap()
        asked.add(GetRecordParam.fields, fields)
        answer = _operations(module, folder).get_record(int(record_id), asked, HeaderMap())
        if answer.get_status_code() == 204:
            return None
        (row,) = answer.get_object().get_data()
        return {"id": str(row.get_id()), **{k: str(v) for k, v in row.get_key_values().items()}}


def create(_server, module, records):
    with tempfile.TemporaryDirectory() as folder:
        return _outcomes(_operations(module, folder).create_records(_body(records), HeaderMap()))


def update(_server, module, records):
    with tempfile.TemporaryDirectory() as folder:
        return _outcomes(_operations(module, folder).update_records(_body(records), HeaderMap()))


def update_one(_server, module, record_id, fields):
    with tempfile.TemporaryDirectory() as folder:
        operations = _operations(module, folder)
        return _outcomes(operations.update_record(int(record_id), _body([fields]), HeaderMap()))


def upsert(_server, module, records, duplicate_check_fields):
    with tempfile.TemporaryDirectory() as folder:
        body = _body(records, duplicate_check_fields)
        return _outcomes(_operations(module, folder).upsert_records(body, HeaderMap()))
