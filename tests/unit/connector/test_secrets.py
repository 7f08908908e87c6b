"""Secrets are read when needed, kept a while, and never shown."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from switchboard.adapters.secrets import SecretsManagerSecrets
from switchboard.errors import Misconfigured, StateUnavailable


class SecretsManager:
    """Behaves like the service, as far as we use it."""

    def __init__(self, **documents: str) -> None:
        self.documents = documents
        self.reads = 0
        self.is_down = False

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803
        self.reads += 1
        if self.is_down:
            raise EndpointConnectionError(endpoint_url="https://secrets.example.com")
        if SecretId not in self.documents:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "GetSecretValue")
        return {"SecretString": self.documents[SecretId]}


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def secrets(service: SecretsManager, clock: Clock | None = None) -> SecretsManagerSecrets:
    return SecretsManagerSecrets(service, "switchboard", clock=clock or Clock())  # type: ignore[arg-type]


def service(document: str = '{"api_key": "s3cret"}') -> SecretsManager:
    return SecretsManager(**{"switchboard/connectors/sandbox": document})


def test_a_secret_is_read_when_it_is_needed_and_kept_for_five_minutes() -> None:
    behind, clock = service(), Clock()
    reader = secrets(behind, clock).reader("connectors/sandbox")
    assert behind.reads == 0

    assert reader() == {"api_key": "s3cret"}
    clock.now_s = 299
    reader()
    assert behind.reads == 1
    clock.now_s = 300
    reader()
    assert behind.reads == 2


def test_an_absent_secret_is_named() -> None:
    with pytest.raises(Misconfigured, match="switchboard/ecs does not exist"):
        secrets(service()).read("ecs")


@pytest.mark.parametrize("document", ["s3cret", '["s3cret"]', '{"api_key": {"a": "s3cret"}}', ""])
def test_a_secret_that_is_no_object_of_texts_is_named_and_not_shown(document: str) -> None:
    with pytest.raises(Misconfigured, match="connectors/sandbox") as caught:
        secrets(service(document)).read("connectors/sandbox")

    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


def test_an_outage_is_bridged_with_the_copy_we_have() -> None:
    behind, clock = service(), Clock()
    ours = secrets(behind, clock)
    ours.read("connectors/sandbox")
    behind.is_down, clock.now_s = True, 1000

    assert ours.read("connectors/sandbox") == {"api_key": "s3cret"}


def test_an_outage_without_a_copy_is_an_outage() -> None:
    behind = service()
    behind.is_down = True

    with pytest.raises(StateUnavailable, match="connectors/sandbox"):
        secrets(behind).read("connectors/sandbox")


def test_a_changed_secret_is_noticed() -> None:
    behind, clock = service(), Clock()
    ours = secrets(behind, clock)
    ours.read("connectors/sandbox")
    behind.documents["switchboard/connectors/sandbox"] = json.dumps({"api_key": "new"})
    clock.now_s = 301

    assert ours.read("connectors/sandbox") == {"api_key": "new"}


def test_what_was_refused_is_read_again_after_a_quarter_of_a_minute() -> None:
    behind, clock = service(), Clock()
    ours = secrets(behind, clock)
    ours.read("connectors/sandbox")
    behind.documents["switchboard/connectors/sandbox"] = json.dumps({"api_key": "new"})

    clock.now_s = 14
    ours.is_refused("connectors/sandbox")
    assert ours.read("connectors/sandbox") == {"api_key": "s3cret"}
    clock.now_s = 15

    assert ours.read("connectors/sandbox") == {"api_key": "new"}
    assert behind.reads == 2


def test_a_refused_secret_serves_while_it_cannot_be_read_again() -> None:
    behind, clock = service(), Clock()
    ours = secrets(behind, clock)
    ours.read("connectors/sandbox")
    ours.is_refused("connectors/sandbox")
    behind.is_down, clock.now_s = True, 60

    assert ours.read("connectors/sandbox") == {"api_key": "s3cret"}


@pytest.mark.parametrize(("is_down", "every_s"), [(False, 15), (True, 5)])
def test_calls_that_are_refused_for_hours_ask_for_the_secret_a_few_times_a_minute(
    is_down: bool, every_s: int
) -> None:
    """Each call reads it and has it refused; an outage that lets each wait would be felt."""
    behind, clock = service(), Clock()
    ours = secrets(behind, clock)
    ours.read("connectors/sandbox")
    behind.is_down = is_down

    for half_s in range(2 * 3600):
        clock.now_s = half_s / 2
        ours.read("connectors/sandbox")
        ours.is_refused("connectors/sandbox")

    assert behind.reads <= 1 + 3600 / every_s


def test_that_a_secret_was_refused_which_nobody_read_changes_nothing() -> None:
    behind = service()
    secrets(behind).is_refused("connectors/sandbox")

    assert behind.reads == 0


def test_printing_the_adapter_shows_no_value() -> None:
    ours = secrets(service())
    ours.read("connectors/sandbox")

    assert "s3cret" not in repr(ours) + repr(vars(ours))
