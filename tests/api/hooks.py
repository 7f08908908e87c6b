# mypy: ignore-errors
"""Loaded by the tester, in its own interpreter: what it cannot know from the document.

What exists, how a CRM proves a webhook, and two checks of ours: that a good key is refused where
it is not good, and that every operation was done at all. A tester that is refused everywhere
finds nothing.
"""

import base64
import hmac
import json
import os
import time
from urllib.parse import urlsplit

import schemathesis
from requests.auth import AuthBase

KEY_HEADER = "x-switchboard-key"
ASKING_FOR_A_CALL = "POST /v1/outbound-requests"
TRIGGER_IN_AN_ADDRESS = "GET /v1/triggers/{event}"
KNOWN = json.loads(os.environ["SWITCHBOARD_KNOWN"])


class AsTheCrmSigns(AuthBase):
    """Standard Webhooks 1.0, over the bytes as they are sent."""

    def __call__(self, request):
        raw = request.body or b""
        raw = raw.encode() if isinstance(raw, str) else raw
        stamp = str(int(time.time()))
        key = base64.b64decode(KNOWN["hook_secret"].removeprefix("whsec_"))
        mac = hmac.digest(key, b".".join((b"msg-1", stamp.encode(), raw)), "sha256")
        request.headers["webhook-id"] = "msg-1"
        request.headers["webhook-timestamp"] = stamp
        request.headers["webhook-signature"] = "v1," + base64.b64encode(mac).decode()
        return request


@schemathesis.hook
def before_call(context, case, kwargs):
    if is_webhook(case) and most_times(case.body):
        kwargs["auth"] = AsTheCrmSigns()


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Ids of what exists, most of the time."""
    return {
        name: one_of(KNOWN["identifiers"][name], value)
        if name in KNOWN["identifiers"] and most_times(value)
        else value
        for name, value in (path_parameters or {}).items()
    }


@schemathesis.hook
def map_case(context, case):
    """What CRMs and applications really say, around what was generated."""
    if is_webhook(case) and case.media_type == "text/xml":
        case.body = KNOWN["message"].encode()
    elif is_webhook(case) and isinstance(case.body, dict):
        case.body = {**case.body, **one_of(KNOWN["deliveries"], case.body)}
    elif is_meant_well(case) and case.operation.label == ASKING_FOR_A_CALL:
        kept = {name: value for name, value in case.body.items() if not name.startswith("not_")}
        case.body = {**kept, "contact": one_of(KNOWN["numbers"], case.body)}
    elif is_meant_well(case) and case.operation.label == TRIGGER_IN_AN_ADDRESS:
        case.query = {**(case.query or {}), "interaction_id": "int-told-by-the-tester"}
    return case


@schemathesis.check
class KeyOfAnotherRoute:
    """Asked once per operation, where the right key did it."""

    def __init__(self):
        self.asked = set()

    def after_response(self, ctx, response, case):
        operation = case.operation
        guarded = operation.definition.raw.get("security")
        if not guarded or operation.label in self.asked or not is_done(response):
            return
        path = urlsplit(response.request.url).path
        keys = KNOWN["keys_elsewhere"].items()
        key = next(key for route, key in keys if not path.startswith(route))
        again = case.call(headers={KEY_HEADER: key})
        assert again.request.headers[KEY_HEADER] == key
        assert again.status_code == 403, f"a key of another route was answered {again.status_code}"
        self.asked.add(operation.label)


@schemathesis.check
class EverythingIsDone:
    """Every operation was done at least once."""

    def __init__(self):
        self.tried = set()
        self.done = set()

    def after_response(self, ctx, response, case):
        self.tried.add(case.operation.label)
        if is_done(response):
            self.done.add(case.operation.label)

    def after_run(self, ctx):
        never = sorted(self.tried - self.done)
        assert not never, "never done: " + ", ".join(never)


def is_done(response):
    return 200 <= response.status_code < 300


def is_meant_well(case):
    """Most of those that the document allows; what was made to be wrong stays so."""
    said = case.meta is not None and case.meta.generation.mode.is_positive
    return said and most_times((case.query, case.body))


def is_webhook(case):
    return "webhooks" in (case.operation.tags or ())


def most_times(value):
    """Three times in four, and the same for the same value: a seed has to repeat itself."""
    return len(repr(value)) % 4 != 0


def one_of(values, value):
    return values[len(repr(value)) % len(values)]
