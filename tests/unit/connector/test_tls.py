"""The same promises over TLS: the certificate is checked, and a drip still ends in time."""

import ipaddress
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpTransport, NoAnswerError
from switchboard.domain.deadline import Deadline
from tests.unit.connector.hostile_server import Visit, hostile_server, http


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that signed itself, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hostile server")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
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
