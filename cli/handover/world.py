"""Runs the functions that ECS calls: as deployed, on tables in this process, for fictional people.

Nothing is pretended but the CRM: a request takes the way that it takes on AWS, through authorizer
and function, and they read what the stage has published. Nothing leaves this machine.
"""

import io
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any, Final, Self
from unittest.mock import patch
from urllib.parse import urlsplit

from cli.deployment import Target
from cli.handover.invocation import Context, http_event
from cli.handover.methods import app
from cli.handover.people import FictionalCrm, crms_of
from cli.handover.stage import Stage
from cli.handover.state import create_state, empty, variables
from cli.publishing import create_key, publish
from switchboard import observability, wiring
from switchboard.edges import arrivals
from switchboard.edges.http_api import KEY_HEADER

REQUEST_ID: Final = "JKJaXmPLvHcESHA="
_REGION: Final = "us-east-1"
# Nothing listens there.
_NOWHERE: Final = "http://127.0.0.1:9"
_AWS: Final = {
    "AWS_DEFAULT_REGION": _REGION,
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "Switchboard",
    "POWERTOOLS_SERVICE_NAME": "handover",
}
_FOR_ARRIVALS_AND_TRIGGERS: Final = ("/v1/arrivals/", "/v1/triggers/")
_ELSEWHERE: Final = ("/v1/outbound-requests",)
_A_WHILE_S: Final = 60
_STEP: Final = timedelta(minutes=15)
_MOST_STEPS: Final = 60 * 24 * 4  # sixty days
_DATE: Final = datetime(2026, 1, 5, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Answer:
    """What ECS gets."""

    status: int
    content_type: str
    text: str
    headers: Mapping[str, str]


@dataclass
class World:
    """One Switchboard, as it stands for one stage."""

    stage: Stage
    target: Target
    crms: dict[str, FictionalCrm]
    keys: dict[str, str] = field(repr=False)
    dynamodb: Any = field(repr=False)

    def ask(
        self,
        job: str,
        verb: str,
        path: str,
        *,
        key: str,
        body: str | None = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "",
    ) -> Answer:
        """One request. `key` is the word for one of `keys`, or empty for none."""
        headers = {"content-type": content_type} if content_type else {}
        if key:
            headers[KEY_HEADER] = self.keys[key]
        event = http_event(self._host, verb, path, headers, body=body, query=query or {})
        verdict = app("authorizer").handler({**event, "type": "REQUEST"}, Context("authorizer"))
        event["requestContext"]["authorizer"] = {"lambda": verdict["context"]}
        given = app(job).handler(event, Context(job))
        given_headers = {name.lower(): str(value) for name, value in given["headers"].items()}
        return Answer(
            given["statusCode"], given_headers.get("content-type", ""), given["body"], given_headers
        )

    @property
    def _host(self) -> str:
        return urlsplit(self.stage.base_url).netloc

    @contextmanager
    def with_crms_down(self) -> Iterator[None]:
        for crm in self.crms.values():
            crm.is_down = True
        try:
            yield
        finally:
            for crm in self.crms.values():
                crm.is_down = False

    @contextmanager
    def with_crms_down_for_a_while(self) -> Iterator[None]:
        """What was asked before the block is no longer fresh in it, and not yet stale."""
        rules = self.stage.lookup
        fresh_s = rules.fresh_s * (1 + rules.jitter)
        ahead = timedelta(seconds=fresh_s + rules.renew_s + _A_WHILE_S)

        later = _clock_ahead(self.opens_in + ahead)
        with self.with_crms_down(), patch.object(arrivals, "datetime", later):
            yield

    @contextmanager
    def with_nothing_published(self) -> Iterator[None]:
        """As before the first `switchboard publish`."""
        empty(self.dynamodb, "Config", lambda item: item["id"]["S"].startswith("active#"))
        wiring.forget()
        try:
            yield
        finally:
            self._publish()

    @contextmanager
    def without_tables(self) -> Iterator[None]:
        """DynamoDB does not answer, and nothing is known from before."""
        with patch.dict(os.environ, {"AWS_ENDPOINT_URL_DYNAMODB": _NOWHERE}):
            wiring.forget()
            yield
        wiring.forget()

    @cached_property
    def opens_in(self) -> timedelta:
        """From now until the next opening hour: samples are of a normal day.

        No time at all where the rules look at no calendar, or it never opens.
        """
        calendar = self.stage.ruleset.calendars.get("main")
        now = datetime.now(UTC)
        waits = (number * _STEP for number in range(_MOST_STEPS))
        return next(
            (
                wait
                for wait in waits
                if calendar and calendar.is_open(now + wait) and not calendar.is_holiday(now + wait)
            ),
            timedelta(),
        )

    def forget(self) -> None:
        """No interaction and no lookup was ever seen."""
        for table in ("Interactions", "Lookups", "Coordination"):
            empty(self.dynamodb, table, lambda _: True)
        wiring.forget()

    def _publish(self) -> None:
        documents = {"lookup": self.stage.lookup_body, "routing": self.stage.routing_body}
        publish(self.target, {k: dict(v) for k, v in documents.items()}, now=_DATE)
        wiring.forget()


@contextmanager
def world(stage: Stage) -> Iterator[World]:
    """A Switchboard of this stage's configuration, until the block ends."""
    # Imported here: it takes a second, and only this command needs it.
    from moto import mock_aws

    with ExitStack() as everything:
        everything.enter_context(patch.dict(os.environ, _AWS))
        everything.enter_context(mock_aws())
        everything.callback(wiring.forget)
        wiring.forget()
        dynamodb, urls = create_state(_REGION)
        everything.enter_context(patch.dict(os.environ, variables(urls)))
        everything.enter_context(_silence())
        target = Target(tables={"Config": "Config"}, region=_REGION)
        crms = crms_of(stage)
        keys = {
            "good": create_key(target, "ecs-1", _FOR_ARRIVALS_AND_TRIGGERS),
            "elsewhere": create_key(target, "application-1", _ELSEWHERE),
            "wrong": "ecs-1.this-is-not-the-secret",
        }
        everything.enter_context(patch.object(wiring, "crms", lambda: crms))
        everything.enter_context(patch.object(wiring, "desk_link_key", lambda: b"of the samples"))
        standing = World(stage, target, crms, keys, dynamodb)
        everything.enter_context(
            patch.object(arrivals, "datetime", _clock_ahead(standing.opens_in))
        )
        standing._publish()
        yield standing


def _clock_ahead(by: timedelta) -> type[datetime]:
    """The time of day as functions see it, so much later than it is."""

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp((datetime.now(tz) + by).timestamp(), tz)

    return Ahead


@contextmanager
def _silence() -> Iterator[None]:
    """The functions' own log lines and metrics are not for whoever writes a sheet."""
    metrics = observability.metrics.provider
    names = (metrics.namespace, metrics.service)
    metrics.namespace, metrics.service = "Switchboard", "handover"
    disabled = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(disabled)
        metrics.namespace, metrics.service = names
