"""Connections lead to public addresses only, and to the very address that was judged."""

import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard import settings
from switchboard.adapters.connector import addresses
from switchboard.adapters.connector.addresses import AddressRules, private_networks
from switchboard.adapters.connector.patience import CallLimits, PatientSocket
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import (
    AddressRefusedError,
    HttpTransport,
    NoAnswerError,
)
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import PhoneNumber
from switchboard.domain.posting import InteractionRecord
from switchboard.errors import AddressNotPublic, Misconfigured, UpstreamUnavailable
from tests.unit.connector.examples import compiled
from tests.unit.connector.hostile_server import hostile_server, http

ADA = PhoneNumber("+14155550142")
PUBLIC = "93.184.215.14"
NOWHERE_ELSE = AddressRules()

INNER = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "fd00::1",
    "fc00::1",
    "169.254.169.254",
    "169.254.170.2",
    "fe80::1",
    "fe80::1%1",
    "fd00:ec2::254",
    "fec0::1",
    "224.0.0.1",
    "ff0e::1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
    "5f00::1",
    "4000::1",
]
WRAPPED = [
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2002:5db8:d70e::1",
    "2001:0:5db8:d70e::f5ff:fffe",
    "192.88.99.1",
]
OPEN_TO_ALL = [PUBLIC, "8.8.8.8", "2606:4700::1111", "2a00:1450:4009::1", "64:ff9b::8.8.8.8"]


def answers_with(*texts: str) -> Callable[..., list[Any]]:
    """A resolver that knows one host."""

    def system_lookup(_: str, port: int) -> list[Any]:
        return [
            (
                socket.AF_INET6 if ":" in text else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (text, port, 0, 0) if ":" in text else (text, port),
            )
            for text in texts
        ]

    return system_lookup


class Dialled(OSError):
    """Instead of connecting."""


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Where connections would have gone; none of them comes about."""
    seen: list[Any] = []

    def connect(_: PatientSocket, address: Any) -> None:
        seen.append(address)
        raise Dialled

    monkeypatch.setattr(PatientSocket, "connect", connect, raising=False)
    return seen


@pytest.fixture
def name_server(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def say(*texts: str) -> None:
        monkeypatch.setattr(addresses, "system_lookup", answers_with(*texts))

    return say


def limits(budget_s: float = 2) -> CallLimits:
    return CallLimits(Deadline.after(budget_s), connect_s=1, read_s=1)


def ask(transport: HttpTransport, url: str = "https://crm.example.com/") -> NoAnswerError:
    with pytest.raises(NoAnswerError) as caught:
        transport.exchange(HttpRequest("GET", url), limits())
    transport.close()
    return caught.value


@pytest.mark.parametrize("address", [*INNER, *WRAPPED])
def test_an_inner_address_is_forbidden_however_it_is_written(address: str) -> None:
    assert NOWHERE_ELSE.forbidden_kind(address)


@pytest.mark.parametrize("address", OPEN_TO_ALL)
def test_a_public_address_is_allowed(address: str) -> None:
    assert NOWHERE_ELSE.forbidden_kind(address) is None


@given(st.ip_addresses(v=4))
def test_what_is_allowed_of_ipv4_is_global_and_an_ipv6_wrapping_changes_nothing(
    address: ipaddress.IPv4Address,
) -> None:
    kind = NOWHERE_ELSE.forbidden_kind(str(address))

    assert kind or (address.is_global and not address.is_multicast)
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        wrapped = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
        assert NOWHERE_ELSE.forbidden_kind(str(wrapped)) == kind


@given(st.ip_addresses(v=6))
def test_what_is_allowed_of_ipv6_is_global_unicast_or_wraps_a_public_ipv4_address(
    address: ipaddress.IPv6Address,
) -> None:
    if NOWHERE_ELSE.forbidden_kind(str(address)) is None:
        assert address.is_global
        assert not address.is_multicast


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_reached_where_the_deployment_says_so_and_nothing_else_is(
    address: str,
) -> None:
    rules = AddressRules(allow_loopback=True)

    assert rules.forbidden_kind(address) is None
    assert rules.forbidden_kind("10.0.0.1") == "private"
    assert rules.forbidden_kind("0.0.0.0")
    assert rules.forbidden_kind("169.254.169.254")


def test_a_private_network_that_was_opened_is_reached_and_its_neighbours_are_not() -> None:
    rules = AddressRules(private_networks=private_networks(["10.20.0.0/16", "fd12:3456::/32"]))

    assert rules.forbidden_kind("10.20.3.4") is None
    assert rules.forbidden_kind("::ffff:10.20.3.4") is None
    assert rules.forbidden_kind("fd12:3456::9") is None
    assert rules.forbidden_kind("10.21.0.1") == "private"
    assert rules.forbidden_kind("fd12:3457::9") == "private"


@pytest.mark.parametrize("address", ["169.254.169.254", "fd00:ec2::254", "fe80::1"])
def test_no_opened_network_opens_the_metadata_of_the_machine(address: str) -> None:
    rules = AddressRules(True, private_networks(["fc00::/7", "10.0.0.0/8"]))

    assert rules.forbidden_kind(address) == "link-local or metadata"


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0/0", "::/0", "169.254.0.0/16", "127.0.0.0/8", "8.8.8.0/24", "10.0.0.0/7", "fe80::/10"],
)
def test_only_private_networks_can_be_opened(text: str) -> None:
    with pytest.raises(Misconfigured, match="no private network"):
        private_networks([text])


@pytest.mark.parametrize("text", ["10.0.0.1/8", "ten", "10.0.0.0/33"])
def test_a_network_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(Misconfigured, match="is no network"):
        private_networks([text])


def test_the_deployment_says_what_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWITCHBOARD_ALLOW_LOOPBACK", raising=False)
    monkeypatch.delenv("SWITCHBOARD_PRIVATE_NETWORKS", raising=False)
    assert (settings.allows_loopback(), settings.private_networks()) == (False, ())

    monkeypatch.setenv("SWITCHBOARD_ALLOW_LOOPBACK", "yes")
    monkeypatch.setenv("SWITCHBOARD_PRIVATE_NETWORKS", "10.20.0.0/16, fd12::/16")
    assert settings.allows_loopback()
    assert settings.private_networks() == ("10.20.0.0/16", "fd12::/16")


@pytest.mark.parametrize("said", ["", "no", "YES", "true", "1"])
def test_nothing_but_yes_opens_loopback(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("SWITCHBOARD_ALLOW_LOOPBACK", said)

    assert not settings.allows_loopback()


@pytest.mark.parametrize("address", [*INNER, *WRAPPED])
def test_a_name_that_leads_inside_is_not_connected_to(
    address: str, name_server: Callable[..., None], dialled: list[Any]
) -> None:
    name_server(address)

    error = ask(HttpTransport())

    assert isinstance(error, AddressRefusedError)
    assert not error.sent
    assert dialled == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/",
        "http://[::1]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://localhost/",
    ],
)
def test_an_inner_address_in_the_settings_is_refused_in_any_spelling(
    url: str, dialled: list[Any]
) -> None:
    assert isinstance(ask(HttpTransport(), url), AddressRefusedError)
    assert dialled == []


def test_one_inner_address_among_public_ones_is_enough_to_refuse(
    name_server: Callable[..., None], dialled: list[Any]
) -> None:
    name_server(PUBLIC, "10.0.0.1")

    assert isinstance(ask(HttpTransport()), AddressRefusedError)
    assert dialled == []


def test_a_public_name_is_dialled_at_the_address_that_was_judged(
    name_server: Callable[..., None], dialled: list[Any]
) -> None:
    name_server(PUBLIC, "2606:4700::1111")

    error = ask(HttpTransport())

    assert (error.reason, error.sent) == ("no connection", False)
    assert [address[0] for address in dialled] == [PUBLIC, "2606:4700::1111"]


def test_a_name_that_changes_its_mind_after_it_was_judged_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, dialled: list[Any]
) -> None:
    """DNS rebinding: the first answer is public, every later one is the machine's metadata."""
    asked = []

    def rebinding(host: str, port: int) -> list[Any]:
        asked.append(host)
        return answers_with(PUBLIC if len(asked) == 1 else "169.254.169.254")(host, port)

    monkeypatch.setattr(addresses, "system_lookup", rebinding)
    transport = HttpTransport()

    ask(transport)
    assert isinstance(ask(transport), AddressRefusedError)

    assert asked == ["crm.example.com"] * 2
    assert dialled == [(PUBLIC, 443)]


def test_a_kept_connection_stays_where_it_was_led(monkeypatch: pytest.MonkeyPatch) -> None:
    def keep_answering(visit: Any) -> None:
        visit.send(http(b"{}"))
        while visit.connection.recv(65536):
            visit.send(http(b"{}"))

    transport = HttpTransport(allow_loopback=True)
    with hostile_server(keep_answering) as server:
        port = int(server.base.rsplit(":", 1)[1])
        request = HttpRequest("GET", f"http://crm.example.com:{port}/")
        monkeypatch.setattr(addresses, "system_lookup", answers_with("127.0.0.1"))
        assert transport.exchange(request, limits()).status == 200
        monkeypatch.setattr(addresses, "system_lookup", answers_with("10.0.0.1"))
        assert transport.exchange(request, limits()).status == 200
        transport.close()

        assert len(server.visits) == 1
        assert b"\r\nHost: crm.example.com" in server.visits[0]


@contextmanager
def connector_to(base: str) -> Iterator[RestCrm]:
    definition = compiled(settings={"base": {}})
    crm = RestCrm(definition, {"base": base}, dict, default_region="US")
    yield crm
    crm.close()


def test_by_default_not_even_this_machine_is_reached() -> None:
    with hostile_server(lambda visit: visit.send(http(b"{}"))) as server:
        with connector_to(server.base) as crm, pytest.raises(AddressNotPublic):
            crm.find(ADA, deadline=Deadline.after(2))

        assert server.visits == []


def test_a_refused_address_is_certain_says_what_it_is_and_is_tried_again(
    name_server: Callable[..., None], dialled: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    name_server("10.0.0.1")

    with connector_to("https://crm.example.com") as crm, pytest.raises(AddressNotPublic) as caught:
        crm.log_interaction(InteractionRecord("i-1", 1, {}), deadline=Deadline.after(2))

    error = caught.value
    assert isinstance(error, UpstreamUnavailable)  # written when the name is mended, not parked
    assert error.code == "address_not_public"
    assert str(error) == "example: log_interaction: its address is not public (private)"
    assert "10.0.0.1" not in str(error)
    (line,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert line.getMessage() == "not connected: crm.example.com has a private address"


def test_a_name_server_that_is_silent_ends_with_the_time_for_connecting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    released = threading.Event()

    def silent(*_: object, **__: object) -> list[Any]:
        released.wait(5)
        return []

    monkeypatch.setattr(addresses, "system_lookup", silent)
    started_s = time.monotonic()
    error = ask(HttpTransport())
    took_s = time.monotonic() - started_s
    released.set()

    assert (error.reason, error.sent) == ("no answer in time", False)
    assert 0.9 < took_s < 1.5


def test_silent_name_servers_do_not_pile_up_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def silent(*_: object, **__: object) -> list[Any]:
        released.wait(5)
        return []

    monkeypatch.setattr(addresses, "system_lookup", silent)
    monkeypatch.setattr(addresses, "_LOOKUPS_AT_ONCE", threading.BoundedSemaphore(2))
    before = threading.active_count()
    until = Deadline.after(0.05)
    for _ in range(5):
        with pytest.raises(TimeoutError):
            addresses.addresses_of("crm.example.com", 443, rules=NOWHERE_ELSE, until=until)
    waiting = threading.active_count() - before
    released.set()

    assert waiting <= 2


@pytest.mark.parametrize("failure", [socket.gaierror("no such host"), UnicodeError("no name")])
def test_a_name_that_nobody_knows_is_an_outage(
    monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def unknown(*_: object, **__: object) -> list[Any]:
        raise failure

    monkeypatch.setattr(addresses, "system_lookup", unknown)

    error = ask(HttpTransport())

    assert (error.reason, error.sent) == ("no connection", False)
