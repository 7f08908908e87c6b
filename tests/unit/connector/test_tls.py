"""The same promises over TLS: the certificate is checked, and a drip still ends in time."""

import ipaddress
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from switchboard.adapters.connector import addresses
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpTransport, NoAnswerError
from switchboard.domain.deadline import Deadline
from tests.unit.connector.hostile_server import Visit, hostile_server, http

LOOPBACK = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
YESTERDAY, TOMORROW = timedelta(days=-1), timedelta(days=1)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that signed itself, with its key in the same file."""
    return signed_by_itself(tmp_path_factory.mktemp("tls") / "server.pem", LOOPBACK)


def signed_by_itself(
    file: Path,
    subject: x509.GeneralName,
    *,
    begins: timedelta = YESTERDAY,
    ends: timedelta = TOMORROW,
) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hostile server")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + begins)
        .not_valid_after(now + ends)
        .add_extension(
            x509.SubjectAlternativeName([subject]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def limits(budget_s: float) -> CallLimits:
    return CallLimits(Deadline.after(budget_s), connect_s=2, read_s=5)


def drip(visit: Visit) -> None:
    visit.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    visit.drip(b" " * 1000)


def test_a_trusted_server_answers(certificate: Path) -> None:
    tls = server_tls(certificate)
    transport = HttpTransport(ca_bundle=str(certificate), allow_loopback=True)
    with hostile_server(lambda visit: visit.send(http(b"{}")), tls=tls) as server:
        answer = transport.exchange(HttpRequest("GET", f"{server.base}/"), limits(5))
        transport.close()

    assert (answer.status, answer.content) == (200, b"{}")


def test_a_server_that_nobody_vouches_for_gets_no_request(certificate: Path) -> None:
    tls = server_tls(certificate)
    with hostile_server(lambda visit: visit.send(http(b"{}")), tls=tls) as server:
        with pytest.raises(NoAnswerError) as caught:
            HttpTransport(allow_loopback=True).exchange(
                HttpRequest("GET", f"{server.base}/"), limits(5)
            )

        assert server.visits == []
    assert not caught.value.sent
    assert caught.value.reason == "TLS failed"


def test_a_drip_over_tls_ends_at_the_deadline(certificate: Path) -> None:
    transport = HttpTransport(ca_bundle=str(certificate), allow_loopback=True)
    with hostile_server(drip, tls=server_tls(certificate)) as server:
        started_s = time.monotonic()
        answer = transport.exchange(HttpRequest("GET", f"{server.base}/"), limits(0.5))
        took_s = time.monotonic() - started_s

    assert answer.content is None
    assert 0.4 < took_s < 0.9


def test_a_handshake_that_never_ends_is_ended(certificate: Path) -> None:
    """The server speaks no TLS: the client's greeting is taken, and nothing comes back."""

    def silent(visit: Visit) -> None:
        visit.hang()

    transport = HttpTransport(ca_bundle=str(certificate), allow_loopback=True)
    with hostile_server(silent) as server:
        address = server.base.replace("http://", "https://")
        started_s = time.monotonic()
        with pytest.raises(NoAnswerError) as caught:
            transport.exchange(HttpRequest("GET", f"{address}/"), limits(0.5))

    assert not caught.value.sent
    assert time.monotonic() - started_s < 0.9


def refused(tls: ssl.SSLContext, ca_bundle: Path, host: str = "127.0.0.1") -> NoAnswerError:
    """The server vouches for itself; nothing of the request may reach it all the same."""
    transport = HttpTransport(ca_bundle=str(ca_bundle), allow_loopback=True)
    with hostile_server(lambda visit: visit.send(http(b"{}")), tls=tls) as server:
        url = server.base.replace("127.0.0.1", host)
        with pytest.raises(NoAnswerError) as caught:
            transport.exchange(HttpRequest("POST", f"{url}/", body=b"{}"), limits(5))

        assert server.visits == []
    assert (caught.value.reason, caught.value.sent) == ("TLS failed", False)
    return caught.value


def test_a_trusted_certificate_of_another_host_is_not_enough(tmp_path: Path) -> None:
    file = signed_by_itself(tmp_path / "other.pem", x509.DNSName("crm.example.com"))

    refused(server_tls(file), file)


def test_the_name_in_the_settings_is_what_the_certificate_must_bear(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Connections go to a judged address, and the certificate is still asked for the name."""

    def leads_here(_: str, port: int) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(addresses, "system_lookup", leads_here)
    refused(server_tls(certificate), certificate, host="crm.example.com")

    named = signed_by_itself(tmp_path / "named.pem", x509.DNSName("crm.example.com"))
    transport = HttpTransport(ca_bundle=str(named), allow_loopback=True)
    with hostile_server(lambda visit: visit.send(http(b"{}")), tls=server_tls(named)) as server:
        url = server.base.replace("127.0.0.1", "crm.example.com")
        assert transport.exchange(HttpRequest("GET", f"{url}/"), limits(5)).status == 200
        transport.close()


@pytest.mark.parametrize(
    ("begins", "ends"),
    [(2 * YESTERDAY, YESTERDAY), (TOMORROW, 2 * TOMORROW)],
    ids=["over", "early"],
)
def test_a_certificate_is_good_only_in_its_time(
    tmp_path: Path, begins: timedelta, ends: timedelta
) -> None:
    file = signed_by_itself(tmp_path / "untimely.pem", LOOPBACK, begins=begins, ends=ends)

    refused(server_tls(file), file)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_a_version_of_tls_that_is_broken_is_not_spoken(certificate: Path) -> None:
    old = server_tls(certificate)
    old.minimum_version = ssl.TLSVersion.TLSv1_1
    old.maximum_version = ssl.TLSVersion.TLSv1_1

    refused(old, certificate)


def test_a_server_that_speaks_no_tls_gets_no_request(certificate: Path) -> None:
    transport = HttpTransport(ca_bundle=str(certificate), allow_loopback=True)
    with hostile_server(lambda visit: visit.send(http(b"{}"))) as server:
        address = server.base.replace("http://", "https://")
        with pytest.raises(NoAnswerError) as caught:
            transport.exchange(HttpRequest("POST", f"{address}/", body=b"secret"), limits(5))

        assert not any(b"secret" in visit for visit in server.visits)
    assert not caught.value.sent
