"""What the connector engine costs beside the HTTP client, for every connector that ships.

    python -m bench.connector_engine [--check]

CPU time, best of several rounds, because these machines are shared. `load` is what a process pays
for a connector once: reading its compiled JSON, building the engine, and compiling the expressions
of its first lookup, that lookup included. `call` is what each later lookup pays: rendering the
request, authentication, reading the answer, mapping, checking every row. The reference is the same
request sent by `requests` to a server on this machine, in the same run.
"""

import argparse
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import requests
import yaml
from jmespath.parser import Parser
from rich.console import Console
from rich.table import Table

from switchboard.adapters.connector.compile import compile_connector
from switchboard.adapters.connector.expressions import compiled, parts_of
from switchboard.adapters.connector.patience import CallLimits
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.adapters.connector.sample_format import Sample
from switchboard.adapters.connector.samples import SAMPLE_TOKEN
from switchboard.adapters.connector.transport import HttpAnswer
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import PhoneNumber, read_contact

CONNECTORS: Final = Path(__file__).parents[1] / "layers/switchboard/switchboard/connectors"
MOST_LOAD_MS: Final = 5.0
MOST_CALL_MS: Final = 1.0
# What it was on the machine that the promise was measured on.
USUAL_REQUEST_MS: Final = 1.14
_ROUNDS: Final = 15
_CALLS: Final = 20


@dataclass
class Replay:
    """Answers every request as the sample does, round and round, without a network."""

    contents: list[bytes]
    position: int = 0

    def exchange(self, request: HttpRequest, limits: CallLimits) -> HttpAnswer:
        if b"grant_type" in (request.body or b""):
            token = {"access_token": SAMPLE_TOKEN, "expires_in": 3600}
            return HttpAnswer(200, {}, json.dumps(token).encode())
        content = self.contents[self.position % len(self.contents)]
        self.position += 1
        return HttpAnswer(200, {}, content)

    def close(self) -> None:
        """Nothing was opened."""


@dataclass(frozen=True)
class Measured:
    """One connector's cost, in milliseconds of CPU."""

    connector: str
    load_ms: float
    call_ms: float
    requests_per_call: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--check", action="store_true", help="fail above the promised figures")
    asked = parser.parse_args()
    found = [measured for file in sorted(CONNECTORS.glob("*.yaml")) if (measured := measure(file))]
    reference_ms = http_client_ms()
    show(found, reference_ms)
    # A machine on which the HTTP client itself takes longer gets more time.
    slower = max(1, reference_ms / USUAL_REQUEST_MS)
    slow = [
        m for m in found if m.load_ms / MOST_LOAD_MS > slower or m.call_ms > slower * MOST_CALL_MS
    ]
    if asked.check and slow:
        raise SystemExit(f"slower than promised: {', '.join(m.connector for m in slow)}")


def measure(file: Path) -> Measured | None:
    """The connector's first good phone sample, played often; None where it has none."""
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    sample = _good_phone_sample(document)
    if sample is None:
        return None
    text = json.dumps(compile_connector(document))
    contents = [json.dumps(each.response.body).encode() for each in sample.exchange]
    replay = Replay(contents)
    asked = read_contact(str(sample.value), default_region=sample.region or "US")
    if not isinstance(asked, PhoneNumber):
        raise SystemExit(f"{file.stem}: the sample asks for no number")
    crm = _built(text, sample, replay)
    crm.find(asked, deadline=Deadline.after(60))
    per_call = replay.position

    def load() -> None:
        forget_expressions()
        _built(text, sample, replay).find(asked, deadline=Deadline.after(60))

    load_ms = best_ms(load, times=1)
    call_ms = best_ms(lambda: crm.find(asked, deadline=Deadline.after(60)), times=_CALLS)
    return Measured(file.stem, load_ms, call_ms, per_call)


def forget_expressions() -> None:
    """As in a process that has just begun."""
    compiled.cache_clear()
    parts_of.cache_clear()
    Parser.purge()


def http_client_ms() -> float:
    """What one request costs the HTTP client alone."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  theirs
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, requests.Session() as session:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        # Only this thread's CPU: the server's is not the client's.
        cost_ms = best_ms(
            lambda: session.get(address, timeout=5).content, times=_CALLS, clock=time.thread_time
        )
        server.shutdown()
    return cost_ms


def best_ms(
    work: Callable[[], object], *, times: int, clock: Callable[[], float] = time.process_time
) -> float:
    """Milliseconds of CPU for one piece of work, in the best of several rounds."""

    def round_ms() -> float:
        started_s = clock()
        for _ in range(times):
            work()
        return (clock() - started_s) * 1000 / times

    return min(round_ms() for _ in range(_ROUNDS))


def show(found: list[Measured], reference_ms: float) -> None:
    table = Table(title="CPU per connector, milliseconds")
    for heading in ("connector", "load", "a lookup", "requests in it", "of one HTTP request"):
        table.add_column(heading, justify="left" if heading == "connector" else "right")
    for one in found:
        share = one.call_ms / one.requests_per_call / reference_ms
        table.add_row(
            one.connector,
            f"{one.load_ms:.2f}",
            f"{one.call_ms:.2f}",
            str(one.requests_per_call),
            f"{share:.0%}",
        )
    console = Console()
    console.print(table)
    console.print(f"one request by `requests` alone: {reference_ms:.2f} ms")
    console.print(f"promised: load under {MOST_LOAD_MS:g} ms, a lookup under {MOST_CALL_MS:g} ms")


def _built(text: str, sample: Sample, replay: Replay) -> RestCrm:
    definition: Mapping[str, Any] = json.loads(text)
    secrets = {name: name for name in definition["secrets"]} | sample.secrets
    return RestCrm(
        definition, sample.settings, lambda: secrets, default_region="US", transport=replay
    )


def _good_phone_sample(document: Mapping[str, Any]) -> Sample | None:
    samples = (Sample.model_validate(each) for each in document.get("samples", []))
    good = (s for s in samples if s.find == "phone" and s.result and len(s.exchange) == 1)
    return next(good, None)


class _Plain(argparse.RawDescriptionHelpFormatter):
    """The docstring as it was written."""


if __name__ == "__main__":
    main()
