"""A status set in the application, as a person would, becomes a signed webhook of its own."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from local.peers import RunningCrm, SeededCustomer
from switchboard.adapters.connector.events import ConnectorEvent, connector_events
from switchboard.domain.identity import PhoneNumber, read_contact
from switchboard.domain.signals import CallBackSignal
from switchboard.edges.webhook_schemes import Delivery
from switchboard.edges.webhooks import verify
from switchboard.errors import Unauthorized
from tests.peers.our_side import definition_of, free_port
from tests.peers.receiver import Receiver, signature_of

pytestmark = pytest.mark.peer


@pytest.fixture
def callback(crm: RunningCrm) -> ConnectorEvent:
    definition = definition_of(crm.connector_id)
    (event,) = connector_events(definition, crm.connector_settings())
    return event


def test_the_webhook_is_signed_so_that_anybody_with_the_secret_can_tell(
    crm: RunningCrm, ada: SeededCustomer, receiver: Receiver
) -> None:
    crm.point_webhook_at(receiver.url)
    crm.ask_for_call_back(ada)

    (delivery,) = receiver.wait_for(1)
    secret = crm.connector_secrets()["hook_secret"]
    assert delivery.headers["webhook-signature"] == signature_of(delivery, secret)
    assert abs(time.time() - int(delivery.headers["webhook-timestamp"])) < 30


def test_our_own_check_lets_the_webhook_in_and_no_other_body(
    crm: RunningCrm, ada: SeededCustomer, receiver: Receiver, callback: ConnectorEvent
) -> None:
    crm.point_webhook_at(receiver.url)
    crm.ask_for_call_back(ada)

    (received,) = receiver.wait_for(1)
    delivery = Delivery(
        method="POST",
        host="127.0.0.1",
        path="/v1/webhooks/peer",
        headers=received.headers,
        raw_body=received.body,
        received_at=datetime.now(UTC),
    )
    verify(callback, delivery, crm.connector_secrets())
    with pytest.raises(Unauthorized):
        verify(callback, replace(delivery, raw_body=received.body + b" "), crm.connector_secrets())


def test_the_webhook_says_whom_to_call(
    crm: RunningCrm, ada: SeededCustomer, receiver: Receiver, callback: ConnectorEvent
) -> None:
    crm.point_webhook_at(receiver.url)
    crm.ask_for_call_back(ada)

    (delivery,) = receiver.wait_for(1)
    signal = callback.signal(delivery.document, delivery.headers)
    assert isinstance(signal, CallBackSignal)
    assert (signal.event_id, signal.customer_id, signal.name) == (delivery.id, ada.id, ada.name)
    assert read_contact(signal.phone, default_region="US") == PhoneNumber(ada.e164)


def test_the_status_set_twice_is_two_deliveries_with_ids_of_their_own(
    crm: RunningCrm, ada: SeededCustomer, receiver: Receiver
) -> None:
    crm.point_webhook_at(receiver.url)
    crm.ask_for_call_back(ada)
    receiver.wait_for(1)
    crm.ask_for_call_back(ada)

    first, second = receiver.wait_for(2)
    assert first.id != second.id


def test_a_delivery_that_was_refused_comes_again_under_its_id(
    crm: RunningCrm, ada: SeededCustomer, receiver: Receiver
) -> None:
    receiver.next_statuses = [500, 401]
    crm.point_webhook_at(receiver.url)
    crm.ask_for_call_back(ada)

    deliveries = receiver.wait_for(3)
    assert len({delivery.id for delivery in deliveries}) == 1
    secret = crm.connector_secrets()["hook_secret"]
    for delivery in deliveries:
        assert delivery.headers["webhook-signature"] == signature_of(delivery, secret)


def test_the_status_is_saved_at_once_when_nobody_takes_the_webhook_and_it_comes_later(
    crm: RunningCrm, ada: SeededCustomer, receiver: Receiver
) -> None:
    crm.point_webhook_at(f"http://127.0.0.1:{free_port()}/")
    started_at = time.monotonic()
    crm.ask_for_call_back(ada)
    assert time.monotonic() - started_at < 3

    crm.point_webhook_at(receiver.url)
    assert len(receiver.wait_for(1)) == 1
