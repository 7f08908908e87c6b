"""What the CRM's own record makes of a signal."""

import pytest

from switchboard.domain.customer import Customer
from switchboard.domain.signals import CallBackSignal, confirmed_by

SIGNAL = CallBackSignal("e-1", "C-7", phone="0044 1632 960001", name="Somebody", remarks="soon")


def confirmed(*phones: str, identifier: str = "C-7") -> CallBackSignal | None:
    customer = Customer("crm", identifier, "contact", "Ada Byron", phones=phones)
    return confirmed_by(SIGNAL, customer, default_region="GB")


@pytest.mark.parametrize(
    ("phones", "called"),
    [
        (("+1 415 555 0142", "01632 960001"), "01632 960001"),
        (("+1 415 555 0142", "01632 960002"), "+1 415 555 0142"),
        (("see notes", "01632 960002"), "01632 960002"),
        (("see notes",), ""),
        ((), ""),
    ],
)
def test_only_a_number_of_the_record_is_called(phones: tuple[str, ...], called: str) -> None:
    signal = confirmed(*phones)

    assert signal is not None
    assert (signal.phone, signal.name, signal.remarks) == (called, "Ada Byron", "soon")


@pytest.mark.parametrize("identifier", ["C-8", "c-7", "C-77", ""])
def test_another_record_confirms_nothing(identifier: str) -> None:
    assert confirmed("01632 960001", identifier=identifier) is None


def test_the_event_keeps_its_id() -> None:
    signal = confirmed("01632 960002")

    assert signal is not None
    assert signal.event_id == "e-1"


def test_neither_side_prints_the_customer() -> None:
    shown = repr(SIGNAL) + repr(confirmed("01632 960002"))

    assert "960001" not in shown
    assert "960002" not in shown
    assert "Ada" not in shown
