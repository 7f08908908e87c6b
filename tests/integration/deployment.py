"""Switchboard deployed into an AWS in this process, beside a real CRM and a real ECS emulator.

Each function gets exactly the environment that template.yaml gives it, and every request takes the
way that it takes on AWS: route, authorizer, function. What functions print and put into queues is
kept, so that it can be searched for what must not be there.
"""

import importlib
import io
import json
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Self
from unittest.mock import patch
from uuid import uuid4

import boto3
from moto import mock_aws

from cli.configuration import Document, read_folder
from cli.deployment import Target
from cli.publishing import create_key, publish
from local.ecs_emulator.centre_file import load
from local.ecs_emulator.server import serving
from local.opening import open_at_any_hour
from switchboard import observability, wiring
from switchboard.adapters.aws_clients import aws_session
from switchboard.adapters.connector import engine
from switchboard.edges import arrivals
from tests.events import Event, LambdaContext, authorizer_event, http_event, sqs_event
from tests.integration import template
from tests.integration.canaries import DESK_KEY, ECS_KEY, EDITOR_KEY
from tests.integration.rights import Rights
from tests.local.ecs_emulator.person import Person
from tests.local.sandbox_crm.harness import (
    CREDENTIALS,
    WEBHOOK_SECRET,
    Client,
    TurnableClock,
    running_crm,
)
from tests.tables import create_tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

REGION: Final = "eu-west-2"
# Nothing listens there.
NOWHERE: Final = "http://127.0.0.1:9"
_AWS: Final = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
_STATE: Final = ("Interactions", "Lookups", "Outbound", "Coordination")
CENTRE: Final = template.ROOT / "local" / "ecs_emulator" / "centre.yaml"
_QUICK_CENTRE: Final = (
    *(f"agents.{n}.{key}=0.02" for n in range(3) for key in ("ring_s", "talk_s", "wrap_up_s")),
    "timeouts.dialing_s=0.05",
    "knobs.delay_max_s=0",
    "knobs.seed=7",
)
_WORK_BESIDE: Final = frozenset(
    {
        "lookup",
        "crm",
        "renewal",
        "keeping",
        "finding",
        "history",
        "note",
        "refresh",
        "ruleset",
        "desk key",
        "agent",
        "agent load",
    }
)
_OUR_LOGGERS: Final = ("switchboard", observability.logger.name)
_QUEUE_OF: Final = {"disposition_posting": "PostingQueue", "outbound_dialing": "DialingQueue"}
WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Answer:
    """What a caller of the HTTP API got, and how long the function took over it."""

    status: int
    text: str
    headers: Mapping[str, str]
    took_s: float

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.text)
        return body


@dataclass(frozen=True)
class Sent:
    """A message that waits in a queue."""

    url: str
    body: str


@dataclass
class Deployment:
    """The whole of it, for one test after another."""

    target: Target
    queue_urls: dict[str, str]
    documents: dict[str, Document]
    crm: Client
    ecs: Person
    dynamodb: "DynamoDBClient"
    s3: Any
    key: str = ""
    output: io.StringIO = field(default_factory=io.StringIO)
    queued: list[Sent] = field(default_factory=list)
    ever_sent: list[str] = field(default_factory=list)
    rights: Rights = field(default_factory=Rights)
    _changed: dict[str, str] = field(default_factory=dict)
    _warm: str = ""
    _is_changed: bool = False
    _ahead: timedelta = field(default_factory=timedelta)

    def http(
        self,
        method: str,
        path: str,
        *,
        body: bytes | str | None = None,
        json_body: object = None,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        in_base64: bool = False,
    ) -> Answer:
        """A request over the HTTP API. `key` is the deployment's unless another one is given."""
        presented = self.key if key is None else key
        event = http_event(
            method,
            path,
            body=json.dumps(json_body) if json_body is not None else body,
            headers={**({"x-switchboard-key": presented} if presented else {}), **(headers or {})},
            query=query,
            in_base64=in_base64,
        )
        route, parameters = _route_to(path)
        event["routeKey"] = event["requestContext"]["routeKey"] = f"ANY {route.path}"
        if parameters:
            event["pathParameters"] = parameters
        if route.is_guarded:
            verdict = self.invoke("authorizer", authorizer_event(event, event["routeKey"]))
            assert verdict["isAuthorized"]
            event["requestContext"]["authorizer"] = {"lambda": verdict["context"]}
        started = time.monotonic()
        given = self.invoke(route.job, event)
        return Answer(
            given["statusCode"], given["body"], given["headers"], time.monotonic() - started
        )

    def invoke(self, job: str, event: Event) -> Any:
        """The function's answer. It starts cold unless it was the last one to run."""
        app = importlib.import_module(f"functions.{job}.app")
        # The authorizer builds nothing that others use but the key store, which they do not ask.
        if job not in {self._warm, "authorizer"}:
            wiring.forget()
            self._warm = job
        variables = template.environment(job, self.queue_urls)
        variables |= {n: v for n, v in self._changed.items() if n in variables or "ENDPOINT" in n}
        with patch.dict(os.environ, {**variables, **_AWS}), self._heard(), self._time_of(app):
            _only(variables)
            with self.rights.of(job):
                return app.handler(event, LambdaContext(job, uuid4().hex))

    def deliver(self, job: str) -> list[str]:
        """Hand over what was sent to the job's queue so far, delays being over; the bodies."""
        url = self.queue_urls[_QUEUE_OF[job]]
        sent = [message for message in self.queued if message.url == url]
        for message in sent:
            self.queued.remove(message)
            answer = self.invoke(job, sqs_event([message.body]))
            assert answer == {"batchItemFailures": []}, "nothing that we send may fail"
        return [message.body for message in sent]

    def publish(self, **documents: Document) -> None:
        publish(self.target, documents, now=datetime.now(UTC))
        self._is_changed = True
        wiring.forget()

    def new_key(self, key_id: str, *routes: str) -> str:
        return create_key(self.target, key_id, routes)

    def fault(self, kind: str, **more: object) -> None:
        answer = self.crm.put("/faults", {"kind": kind, **more})
        assert answer.status_code == 200, answer.text

    def put_aside(self, kind: str) -> dict[str, bytes]:
        """What lies in the second place, by its key."""
        bucket = template.BUCKETS["Aside"]
        there = self.s3.list_objects_v2(Bucket=bucket, Prefix=f"{kind}/").get("Contents", ())
        keys = [stored["Key"] for stored in there]
        return {key: self.s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def activity(self, interaction_id: str) -> dict[str, Any] | None:
        """The record in the CRM."""
        answer = self.crm.get(f"/api/activities/{interaction_id}")
        return answer.json() if answer.status_code == 200 else None

    @contextmanager
    def without_aws(self, service: str) -> Iterator[None]:
        """That service of AWS cannot be reached while the block runs; functions start cold."""
        with self.changed(f"AWS_ENDPOINT_URL_{service.upper()}", NOWHERE):
            yield

    @contextmanager
    def changed(self, variable: str, value: str) -> Iterator[None]:
        """Functions that have the variable find this in it while the block runs."""
        self._changed[variable] = value
        wiring.forget()
        try:
            yield
        finally:
            del self._changed[variable]
            wiring.forget()

    @contextmanager
    def later(self, **duration: float) -> Iterator[None]:
        """The functions' clocks are that much ahead while the block runs."""
        self._ahead = timedelta(**duration)
        try:
            yield
        finally:
            self._ahead = timedelta()

    def clean(self) -> None:
        """No state, no messages, no faults, and the configuration of the start."""
        self.crm.call("DELETE", "/faults")
        _wait_for_what_was_left_behind()
        for table in _STATE:
            for item in self.dynamodb.scan(TableName=table)["Items"]:
                self.dynamodb.delete_item(TableName=table, Key={"id": item["id"]})
        for bucket in template.BUCKETS.values():
            for stored in self.s3.list_objects_v2(Bucket=bucket).get("Contents", ()):
                self.s3.delete_object(Bucket=bucket, Key=stored["Key"])
        if self._is_changed:
            self.publish(**self.documents)
            self._is_changed = False
        self.output.seek(0)
        self.output.truncate()
        self.queued.clear()
        self.ever_sent.clear()
        self.rights.denied.clear()
        wiring.forget()
        self._warm = ""

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Keep what CloudWatch would: log lines and metrics of ours, and warnings of libraries."""
        # Read by Powertools when our module is imported, which here was before any environment.
        metrics = observability.metrics.provider
        metrics.namespace = os.environ["POWERTOOLS_METRICS_NAMESPACE"]
        metrics.service = os.environ["POWERTOOLS_SERVICE_NAME"]
        metrics.dimension_set["service"] = metrics.service
        of_libraries = logging.StreamHandler(self.output)
        of_libraries.addFilter(lambda record: not record.name.startswith(_OUR_LOGGERS))
        logging.getLogger().addHandler(of_libraries)
        ours = [h for h in observability.logger.handlers if isinstance(h, logging.StreamHandler)]
        streams = [handler.setStream(self.output) for handler in ours]
        try:
            with redirect_stdout(self.output):
                yield
        finally:
            logging.getLogger().removeHandler(of_libraries)
            for handler, stream in zip(ours, streams, strict=True):
                if stream is not None:
                    handler.setStream(stream)

    @contextmanager
    def _time_of(self, app: ModuleType) -> Iterator[None]:
        ahead = self._ahead

        class Ahead(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cls.fromtimestamp((datetime.now(tz) + ahead).timestamp(), tz)

        if ahead:  # a retry budget remembers a minute, by a clock that nobody moves
            wiring.retry_budget.cache_clear()
        with ExitStack() as clocks:
            for module in (app, arrivals, engine) if ahead else ():
                if hasattr(module, "datetime"):
                    clocks.enter_context(patch.object(module, "datetime", Ahead))
            yield


@contextmanager
def deployed(home: Path) -> Iterator[Deployment]:
    """Everything up, published and seeded, until the block ends."""
    settings = [*_QUICK_CENTRE, "timeouts.agent_console_no_answer_s=60"]
    centre = load(CENTRE, settings)
    with (
        patch.dict(os.environ, _AWS),
        mock_aws(),
        running_crm(home / "crm.sqlite", TurnableClock()) as crm,
        serving(centre, port=0, api_key=ECS_KEY, stop_within_s=0.01) as served,
    ):
        dynamodb = boto3.client("dynamodb", region_name=REGION)
        create_tables(dynamodb)
        s3: Any = boto3.client("s3", region_name=REGION)
        for name in template.BUCKETS.values():
            where = {"LocationConstraint": REGION}
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)
        sqs = boto3.client("sqs", region_name=REGION)
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in template.queues()}
        ecs = Person(served.url, served.contact_centre)
        target = Target(tables={"Config": "Config"}, region=REGION)
        documents = configuration(crm.base, ecs.url)
        deployment = Deployment(target, urls, documents, crm, ecs, dynamodb, s3)
        deployment.publish(**deployment.documents)
        deployment.key = deployment.new_key("application-1", "/v1/")
        _keep_secrets()
        with _every_message_kept(deployment.queued, deployment.ever_sent):
            yield deployment
        wiring.forget()


@contextmanager
def _every_message_kept(queued: list[Sent], ever_sent: list[str]) -> Iterator[None]:
    """Read as they are sent: a delayed message cannot be received yet."""
    being_sent: list[list[Sent]] = []

    def note(**about: Any) -> None:
        params = about["params"]
        bodies = [entry["MessageBody"] for entry in params.get("Entries", [params])]
        being_sent.append([Sent(params["QueueUrl"], body) for body in bodies])
        ever_sent.extend(bodies)

    def keep(**_: object) -> None:
        queued.extend(being_sent.pop())

    aws_session.cache_clear()
    for operation in ("SendMessage", "SendMessageBatch"):
        aws_session().register(f"before-parameter-build.sqs.{operation}", note)
        aws_session().register(f"after-call.sqs.{operation}", keep)
    try:
        yield
    finally:
        aws_session.cache_clear()


def configuration(crm_url: str, ecs_url: str) -> dict[str, Document]:
    """What `config/` says, with this CRM and contact centre, and with calls at any hour."""
    documents = read_folder(template.ROOT / "config")
    documents["connectors"]["connectors"]["sandbox"]["settings"]["base"] = crm_url
    documents["ecs"]["profile"]["settings"]["base"] = ecs_url
    documents["routing"] = open_at_any_hour(documents["routing"])
    always = {"opens": "00:00", "closes": "24:00", "weekdays": list(WEEK)}
    documents["contact_policy"] = {**documents["contact_policy"], **always}
    return documents


def _keep_secrets() -> None:
    client = boto3.client("secretsmanager", region_name=REGION)
    sandbox = {
        "client_id": CREDENTIALS.client_id,
        "client_secret": CREDENTIALS.client_secret,
        "hook_secret": WEBHOOK_SECRET,
    }
    secrets = {
        "connectors/sandbox": sandbox,
        "ecs": {"api_key": ECS_KEY},
        "desk-link": {"key": DESK_KEY},
        "editor-link": {"key": EDITOR_KEY},
    }
    for name, values in secrets.items():
        client.create_secret(Name=f"{template.STACK_NAME}/{name}", SecretString=json.dumps(values))


def _wait_for_what_was_left_behind() -> None:
    """An answer that left at its deadline left work behind, which still writes to tables."""
    give_up_at_s = time.monotonic() + 6
    while time.monotonic() < give_up_at_s:
        if not any(thread.name in _WORK_BESIDE for thread in threading.enumerate()):
            return
        time.sleep(0.01)


def _route_to(path: str) -> tuple[template.Route, dict[str, str]]:
    for route in template.routes():
        parameters = route.parameters(path)
        if parameters is not None:
            return route, parameters
    raise AssertionError(f"the template has no route for {path}")


def _only(variables: Mapping[str, str]) -> None:
    """Take away what only other functions are given, so that a missing variable is missed here."""
    others = {name for job in template.jobs() for name in template.environment(job, {})}
    for name in others - set(variables):
        os.environ.pop(name, None)
