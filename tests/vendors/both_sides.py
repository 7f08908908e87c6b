"""The vendor's client on one side, our engine with nothing but its connector file on the other."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.engine import Engine, Shared
from switchboard.adapters.connector.expressions import evaluate
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.transport import HttpAnswer, NoAnswerError
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.customer import Customer
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, PhoneNumber, read_contact
from tests.vendors.recorder import Answer, Recorder, Sent

REPOSITORY = Path(__file__).resolve().parents[2]
CONNECTORS = REPOSITORY / "layers" / "switchboard" / "switchboard" / "connectors"
RUN_CLIENT = Path(__file__).with_name("run_client.py")
_PATIENCE_S = 60


@dataclass(frozen=True)
class Heard:
    """What the vendor's client sent, and what it made of the answers."""

    sent: tuple[Sent, ...]
    result: Any = None
    raised: Mapping[str, Any] | None = None

    @property
    def only(self) -> Sent:
        (request,) = self.sent
        return request


class VendorClient:
    """Calls functions of `clients/<crm>.py` in the vendors' environment, each on a new server.

    Starting a client takes longer than asking it, so each CRM's process is kept until `close`.
    """

    def __init__(self, python: Path) -> None:
        self._python = python
        self._running: dict[str, subprocess.Popen[str]] = {}

    def does(
        self, crm: str, operation: str, *answers: Answer, may_raise: bool = False, **arguments: Any
    ) -> Heard:
        """What the client sends when it does the operation, and what it makes of the answers.

        An exception of the client's fails the test, unless it `may_raise` one.
        """
        with Recorder(answers) as server:
            said = self._ask(
                crm, {"operation": operation, "server": server.url, "arguments": arguments}
            )
        heard = Heard(tuple(server.sent), said.get("result"), said.get("raised"))
        assert may_raise or heard.raised is None, f"the vendor's client refused: {heard.raised}"
        return heard

    def close(self) -> None:
        for process in self._running.values():
            process.communicate()

    def _ask(self, crm: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        process = self._running.get(crm) or self._start(crm)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asked) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the client of {crm} ended; what it said stands above"
        said: dict[str, Any] = json.loads(line)
        return said

    def _start(self, crm: str) -> subprocess.Popen[str]:
        self._running[crm] = subprocess.Popen(
            [str(self._python), str(RUN_CLIENT), crm],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self._running[crm]


class RecordingTransport:
    """Takes the engine's requests in place of the network, and plays answers in order."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.sent: list[Sent] = []
        self._answers = list(answers)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        self.sent.append(Sent.of(request.method, request.url, request.headers, request.body or b""))
        if not self._answers:
            raise NoAnswerError("no more answers were scripted", sent=True)
        answer = self._answers.pop(0)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status, headers, answer.content)

    def close(self) -> None:
        """Nothing is kept."""


@dataclass(frozen=True)
class KeyInMemory:
    """Signs as KMS would."""

    key: rsa.RSAPrivateKey

    def sign(self, key: str, message: bytes) -> bytes:
        return self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class OurSide:
    """Our engine with one connector file. Secrets have their own names as values.

    `auth` takes the file's commented alternative of that scheme in place of its own; a secret or
    setting that the comment names is declared as the comment tells the reader to.
    """

    connector: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    region: str = "US"
    auth: str = ""
    signing_key: rsa.RSAPrivateKey | None = None
    sent: tuple[Sent, ...] = ()

    def __post_init__(self) -> None:
        text = (CONNECTORS / f"{self.connector}.yaml").read_text(encoding="utf-8")
        self.document: dict[str, Any] = yaml.safe_load(text)
        if self.auth:
            self.document |= _with_alternative(self.document, text, self.auth, self.settings)
        self.definition = compile_connector(self.document)

    def find(self, contact: str, *answers: Answer) -> tuple[Customer, ...]:
        """Whom the lookups find; `answers` begin with the token endpoint's, where there is one."""
        identity = read_contact(contact, default_region=self.region)
        assert isinstance(identity, PhoneNumber | EmailAddress)
        with self._crm(answers) as crm:
            return crm.find(identity, deadline=Deadline.after(_PATIENCE_S))

    def write(self, method: str, data: Mapping[str, Any], *answers: Answer) -> Any:
        """Run a writing method with this input; fields left out are null, as in real use."""
        with self._engine(answers) as engine:
            declared = self.definition["methods"][method]
            return engine.write(method, declared, data, deadline=Deadline.after(_PATIENCE_S))

    def read(self, method: str, data: Mapping[str, Any], *answers: Answer) -> Any:
        """What a reading method maps the answer to."""
        with self._engine(answers) as engine:
            return engine.read(method, data, deadline=Deadline.after(_PATIENCE_S))

    def budget(self, answer: Answer) -> tuple[Any, Any]:
        """What the file's budget reads from an answer: how much is left, of how much."""
        (budget,) = (limit["budget"] for limit in self.document["limits"] if "budget" in limit)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        scope = {"status": answer.status, "headers": headers, "body": answer.body}
        return evaluate(budget["remaining"], scope), evaluate(budget["limit"], scope)

    def sample(self, name: str) -> dict[str, Any]:
        """A sample of the file by its name."""
        found: dict[str, Any] = next(s for s in self.document["samples"] if s["name"] == name)
        return found

    def sample_answers(self, name: str) -> list[Answer]:
        """The answers that a sample plays, for the vendor's client to read."""
        return [
            Answer(
                body=exchange["response"].get("body"),
                status=exchange["response"].get("status", 200),
                headers=exchange["response"].get("headers", {}),
                text=exchange["response"].get("text"),
            )
            for exchange in self.sample(name)["exchange"]
        ]

    @contextmanager
    def _crm(self, answers: Sequence[Answer]) -> Iterator[RestCrm]:
        transport = RecordingTransport(answers)
        crm = RestCrm(
            self.definition,
            self.settings,
            self._secrets,
            default_region=self.region,
            transport=transport,
            shared=self._shared,
        )
        try:
            yield crm
        finally:
            self.sent = tuple(transport.sent)
            crm.close()

    @contextmanager
    def _engine(self, answers: Sequence[Answer]) -> Iterator[Engine]:
        transport = RecordingTransport(answers)
        engine = Engine(
            self.definition,
            self.settings,
            self._secrets,
            transport=transport,
            shared=self._shared,
        )
        try:
            yield engine
        finally:
            self.sent = tuple(transport.sent)
            engine.close()

    @property
    def _shared(self) -> Shared:
        return Shared(signer=KeyInMemory(self.signing_key) if self.signing_key else None)

    def _secrets(self) -> Mapping[str, str]:
        return {name: name for name in self.definition["secrets"]}


def _with_alternative(
    document: Mapping[str, Any], text: str, scheme: str, settings: Mapping[str, Any]
) -> dict[str, Any]:
    (line,) = re.findall(rf"^# +(auth: {{scheme: {scheme}\b.*)$", text, re.MULTILINE)
    auth = yaml.safe_load(line)["auth"]
    named = {*re.findall(r"secret\.(\w+)", line), "client_id", "client_secret", "refresh_token"}
    declared: dict[str, Any] = {name: {} for name in settings if name not in document["settings"]}
    return {
        "auth": auth,
        "secrets": sorted({*document["secrets"], *named}),
        "settings": {**document["settings"], **declared},
    }
