"""The vendor's client on one side, our engine with nothing but its connector file on the other."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.engine import Engine
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


@dataclass(frozen=True)
class VendorClient:
    """Calls `clients/<crm>.py` in the vendors' environment, against a server of its own."""

    python: Path

    def does(
        self, crm: str, operation: str, *answers: Answer, may_raise: bool = False, **arguments: Any
    ) -> Heard:
        with Recorder(answers) as server:
            asked = {
                "crm": crm,
                "operation": operation,
                "server": server.url,
                "arguments": arguments,
            }
            said = self._ask(asked)
        heard = Heard(tuple(server.sent), said.get("result"), said.get("raised"))
        assert may_raise or heard.raised is None, f"the vendor's client refused: {heard.raised}"
        return heard

    def _ask(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        done = subprocess.run(
            [str(self.python), str(RUN_CLIENT)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said


class RecordingTransport:
    """Takes the engine's requests in place of the network, and plays answers in order."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.sent: list[Sent] = []
        self._answers = list(answers)

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        self.sent.append(
            Sent.of(request.method, request.url, request.headers, request.body or b"")
        )
        if not self._answers:
            raise NoAnswerError("no more answers were scripted", sent=True)
        answer = self._answers.pop(0)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return HttpAnswer(answer.status, headers, answer.content)

    def close(self) -> None:
        """Nothing is kept."""


@dataclass
class OurSide:
    """Our engine with one connector file. Secrets have their own names as values."""

    connector: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    region: str = "US"

    def __post_init__(self) -> None:
        text = (CONNECTORS / f"{self.connector}.yaml").read_text(encoding="utf-8")
        self.document: dict[str, Any] = yaml.safe_load(text)
        self.definition = compile_connector(self.document)
        self.sent: tuple[Sent, ...] = ()

    def find(self, contact: str, *answers: Answer) -> tuple[Customer, ...]:
        identity = read_contact(contact, default_region=self.region)
        assert isinstance(identity, PhoneNumber | EmailAddress)
        transport = RecordingTransport(answers)
        crm = RestCrm(
            self.definition,
            self.settings,
            self._secrets,
            default_region=self.region,
            transport=transport,
        )
        try:
            return crm.find(identity, deadline=Deadline.after(_PATIENCE_S))
        finally:
            self.sent = tuple(transport.sent)
            crm.close()

    def write(self, method: str, data: Mapping[str, Any], *answers: Answer) -> Any:
        """Run a writing method with this input; fields left out are null, as in real use."""
        return self._run(method, data, answers, reads=False)

    def read(self, method: str, data: Mapping[str, Any], *answers: Answer) -> Any:
        return self._run(method, data, answers, reads=True)

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

    def _run(
        self, method: str, data: Mapping[str, Any], answers: Sequence[Answer], *, reads: bool
    ) -> Any:
        transport = RecordingTransport(answers)
        engine = Engine(self.definition, self.settings, self._secrets, transport=transport)
        deadline = Deadline.after(_PATIENCE_S)
        try:
            if reads:
                return engine.read(method, data, deadline=deadline)
            definition = self.definition["methods"][method]
            return engine.write(method, definition, data, deadline=deadline)
        finally:
            self.sent = tuple(transport.sent)
            engine.close()

    def _secrets(self) -> Mapping[str, str]:
        return {name: name for name in self.definition["secrets"]}
