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
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self
from unittest.mock import patch
from uuid import uuid4

import boto3
from moto import mock_aws

from cli.configuration import Document, read_folder
from cli.deployment import Target
from cli.publishing import create_key, publish
from local.ecs_emulator.centre_file import load
from local.ecs_emulator.server import serving
from switchboard import observability, wiring
from tests.events import Event, LambdaContext, authorizer_event, http_event, sqs_event
from tests.integration import template
from tests.integration.canaries import DESK_KEY, ECS_KEY
from tests.local.ecs_emulator.person import Person
from tests.local.sandbox_crm.harness import (
    CREDENTIALS,
    WEBHOOK_SECRET,
    Client,
    TurnableClock,
    running_crm,
)
from tests.tables import create_tables, empty_tables

REGION: Final = "eu-west-2"
# Nothing listens there.
NOWHERE: Final = "http://127.0.0.1:9"
_AWS: Final = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}
_CENTRE: Final = template.ROOT / "local" / "ecs_emulator" / "centre.yaml"
_QUICK_CENTRE: Final = (
    *(f"agents.{n}.{key}=0.02" for n in range(3) for key in ("ring_s", "talk_s", "wrap_up_s")),
    "timeouts.dialing_s=0.05",
    "knobs.delay_max_s=0",
    "knobs.seed=7",
)
_LONGEST_IN_QUEUE_S: Final = 10
_QUEUE_OF: Final = {"disposition_posting": "PostingQueue", "outbound_dialing": "DialingQueue"}
_WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


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


@dataclass
class Deployment:
    """The whole of it, for one test after another."""

    target: Target
    queue_urls: dict[str, str]
    documents: dict[str, Document]
    crm: Client
    ecs: Person
    key: str = ""
    output: io.StringIO = field(default_factory=io.StringIO)
    queued: list[str] = field(default_factory=list)
    _changed: dict[str, str] = field(default_factory=dict)
    _warm: str = ""
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
            return app.handler(event, LambdaContext(job, uuid4().hex))

    def deliver(self, job: str, *, within_s: float = _LONGEST_IN_QUEUE_S) -> list[str]:
        """Hand the job's queue over, as Lambda does, until nothing is visible; the bodies."""
        url = self.queue_urls[_QUEUE_OF[job]]
        delivered: list[str] = []
        ends_at = time.monotonic() + within_s
        while time.monotonic() < ends_at and (messages := self._receive(url)):
            bodies = [message["Body"] for message in messages]
            delivered += bodies
            failed = self.invoke(job, sqs_event(bodies))["batchItemFailures"]
            assert failed == [], "nothing that we send may fail"
        return delivered

    def waiting(self, queue: str) -> list[str]:
        """Take what is visible in a queue; the bodies."""
        return [message["Body"] for message in self._receive(self.queue_urls[queue])]

    def publish(self, **documents: Document) -> None:
        publish(self.target, documents, now=datetime.now(UTC))
        wiring.forget()

    def new_key(self, key_id: str, *routes: str) -> str:
        return create_key(self.target, key_id, routes)

    def fault(self, kind: str, **more: object) -> None:
        answer = self.crm.put("/faults", {"kind": kind, **more})
        assert answer.status_code == 200, answer.text

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
        empty_tables(self.target.client("dynamodb"))
        self.publish(**self.documents)
        self.key = self.new_key("application-1", "/v1/")
        for name, url in self.queue_urls.items():  # a queue may be purged once a minute only
            self.target.client("sqs").delete_queue(QueueUrl=url)
            self.target.client("sqs").create_queue(QueueName=name)
        self.output.seek(0)
        self.output.truncate()
        self.queued.clear()
        self._warm = ""

    def _receive(self, url: str) -> Sequence[Any]:
        sqs = self.target.client("sqs")
        received: Sequence[Any] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=5).get(
            "Messages", []
        )
        for message in received:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return received

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Keep what CloudWatch would: our log lines, our metrics, and whatever libraries warn of."""
        # Read by Powertools when our module is imported, which here was before any environment.
        metrics = observability.metrics.provider
        metrics.namespace = os.environ["POWERTOOLS_METRICS_NAMESPACE"]
        metrics.service = os.environ["POWERTOOLS_SERVICE_NAME"]
        metrics.dimension_set["service"] = metrics.service
        of_libraries = logging.StreamHandler(self.output)
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
        if not self._ahead or not hasattr(app, "datetime"):
            yield
            return
        ahead = self._ahead

        class Ahead(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                moment = datetime.now(tz) + ahead
                return cls.fromtimestamp(moment.timestamp(), tz)

        with patch.object(app, "datetime", Ahead):
            yield


@contextmanager
def deployed(home: Path) -> Iterator[Deployment]:
    """Everything up, published and seeded, until the block ends."""
    settings = [*_QUICK_CENTRE, "timeouts.agent_console_no_answer_s=60"]
    centre = load(_CENTRE, settings)
    with (
        patch.dict(os.environ, _AWS),
        mock_aws(),
        running_crm(home / "crm.sqlite", TurnableClock()) as crm,
        serving(centre, port=0, api_key=ECS_KEY, stop_within_s=0.01) as served,
    ):
        create_tables(boto3.client("dynamodb", region_name=REGION))
        sqs = boto3.client("sqs", region_name=REGION)
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in template.queues()}
        ecs = Person(served.url, served.contact_centre)
        target = Target(tables={"Config": "Config"}, stack_name=template.STACK_NAME, region=REGION)
        deployment = Deployment(target, urls, configuration(crm.base, ecs.url), crm, ecs)
        _keep_secrets()
        with _every_message_kept(deployment.queued):
            yield deployment
        wiring.forget()


@contextmanager
def _every_message_kept(bodies: list[str]) -> Iterator[None]:
    """Also those that are delayed, and so cannot be received."""
    boto3.setup_default_session()
    assert boto3.DEFAULT_SESSION
    boto3.DEFAULT_SESSION.events.register(
        "before-parameter-build.sqs.SendMessage",
        lambda params, **_: bodies.append(params["MessageBody"]),
    )
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = None


def configuration(crm_url: str, ecs_url: str) -> dict[str, Document]:
    """What `config/` says, pointed at this CRM and contact centre; people may be called any time."""
    documents = read_folder(template.ROOT / "config")
    documents["connectors"]["connectors"]["sandbox"]["settings"]["base"] = crm_url
    documents["ecs"]["profile"]["settings"]["base"] = ecs_url
    always = {"opens": "00:00", "closes": "24:00", "weekdays": list(_WEEK)}
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
    }
    for name, values in secrets.items():
        client.create_secret(Name=f"{template.STACK_NAME}/{name}", SecretString=json.dumps(values))


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
