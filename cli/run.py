"""`switchboard run`: the whole of Switchboard on this machine, and its story."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import requests
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from local.aws.clients import client
from local.aws.logs import LogReader, follow
from local.aws.ministack import StackError
from local.peers import ApplicationError
from local.running import CONFIG, HOME, CrmName, Ports, Running, prepare, running
from local.story import Narrator, StepFailed, play
from local.venvs import SetupError
from switchboard.errors import SwitchboardError

_ENDING: Final = (signal.SIGINT, signal.SIGTERM)
_FAILURES: Final = (
    ApplicationError,
    BotoCoreError,
    ClientError,
    SetupError,
    StackError,
    StepFailed,
    SwitchboardError,
)


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM: everything unwinds."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def run(
    crm: Annotated[str, typer.Option(help="sandbox, tryton or roundup")] = "sandbox",
    once: Annotated[bool, typer.Option(help="Stop after the story.")] = False,
    follow_logs: Annotated[bool, typer.Option("--logs", help="Show the functions' log.")] = False,
    config: Annotated[
        Path, typer.Option(help="The configuration folder to publish.", show_default=False)
    ] = CONFIG,
    state: Annotated[
        Path, typer.Option(help="Where CRM and contact centre keep theirs.", show_default=False)
    ] = HOME,
) -> None:
    """Start everything here, play one contact from ring to record, and stay up."""
    console = Console(highlight=False)
    try:
        name = _known(crm)
        _stop_at_the_first_signal()
        with _started(console, name, config=config.resolve(), state=state.resolve()) as up:
            if not once:
                _stay(console, up, follow_logs=follow_logs)
    except _Stopped as stopped:
        console.print("\nStopped before the story was over.")
        raise typer.Exit(128 + stopped.number) from None
    except _FAILURES as error:
        console.print(f"\n[bold red]Failed:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    except requests.RequestException as error:
        console.print(f"\n[bold red]Failed:[/] {escape(type(error).__name__)} while talking to it")
        raise typer.Exit(1) from None


@contextmanager
def _started(console: Console, crm: CrmName, *, config: Path, state: Path) -> Iterator[Running]:
    """Everything, with its story told."""
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s  {escape(line)}[/]")

    prepare(say)
    ports = Ports.from_environment()
    with running(crm, ports, say, state=state, config=config) as everything:
        try:
            _first_request(everything)
            say("first request served")
            _play(console, everything)
            _addresses(console, everything)
            yield everything
        finally:
            _let_nothing_interrupt()


def _stay(console: Console, everything: Running, *, follow_logs: bool) -> None:
    """Until somebody ends it, which is how this is meant to end."""
    console.print("\nUp until Ctrl-C. `make logs` follows the functions' log lines.")
    try:
        if follow_logs:
            reader = LogReader(
                client(everything.aws.endpoint, "logs"), everything.deployment.functions
            )
            for line in follow(reader, None):
                console.print(line, markup=False)
        while True:
            time.sleep(3600)
    except _Stopped:
        console.print("\nStopping.")


def _first_request(everything: Running) -> None:
    answer = requests.post(
        f"{everything.target.api_url}/v1/arrivals/route",
        json={"contact": "+1 415 555 0199"},
        headers={"x-switchboard-key": everything.target.key},
        timeout=60,
    )
    if answer.status_code != 200:
        raise StepFailed(f"the first request answered {answer.status_code}: {answer.text}")


def _play(console: Console, everything: Running) -> None:
    counter = iter(range(1, 100))
    play(
        everything,
        Narrator(
            step=lambda title: console.print(f"\n[bold]{next(counter)}. {escape(title)}[/]"),
            line=lambda text: console.print(f"   {escape(text)}", soft_wrap=True),
        ),
    )


def _addresses(console: Console, everything: Running) -> None:
    target = everything.target
    console.print("\n[bold green]From ring to record: every step came true.[/]\n")
    for what, where in (
        ("Contact centre (emulator)", f"{target.ecs_url}/"),
        ("CRM", target.crm_url or "no pages of its own"),
        ("Switchboard API", target.api_url),
    ):
        console.print(f"   {what:<26} {where}", soft_wrap=True)
    console.print("\nYour own call:  .venv/bin/switchboard call +14155550142")
    console.print(
        f"or:  curl -X POST {target.ecs_url}/emulator/contacts -H 'content-type: application/json'"
        ' -d \'{"channel":"voice","from":"+14155550142"}\'',
        soft_wrap=True,
    )
    console.print("The routing rules as a grid:  .venv/bin/switchboard rules edit --open")


def _known(name: str) -> CrmName:
    match name:
        case "sandbox" | "tryton" | "roundup":
            return name
    raise ApplicationError(f"There is no CRM {name!r} here; choose sandbox, tryton or roundup.")


def _stop_at_the_first_signal() -> None:
    """Ctrl-C and SIGTERM end the run; whoever repeats them cannot disturb the clearing up.

    `make` passes a SIGTERM on to a command that may have got it already.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        _let_nothing_interrupt()
        raise _Stopped(number)

    for number in _ENDING:
        signal.signal(number, stop)


def _let_nothing_interrupt() -> None:
    """From now on everything is being stopped, and that is not stopped half-way."""
    for number in _ENDING:
        # Not SIG_IGN, which a process started meanwhile would inherit.
        signal.signal(number, lambda _number, _frame: None)
