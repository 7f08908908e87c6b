"""`switchboard run`: the whole of Switchboard on this machine, and its story."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Annotated

import requests
import typer
from rich.console import Console
from rich.markup import escape

from local.aws.clients import client
from local.aws.logs import LogReader, follow
from local.aws.ministack import StackError
from local.peers import ApplicationError
from local.running import CrmName, Ports, Running, Say, prepare, running
from local.story import Narrator, StepFailed, play
from local.venvs import SetupError
from switchboard.errors import SwitchboardError

_FAILURES = (ApplicationError, StackError, SetupError, SwitchboardError, StepFailed)


class _Terminated(BaseException):
    """SIGTERM, as something that unwinds like Ctrl-C."""


def run(
    crm: Annotated[str, typer.Option(help="sandbox, tryton or roundup")] = "sandbox",
    once: Annotated[bool, typer.Option(help="Stop after the story.")] = False,
    follow_logs: Annotated[bool, typer.Option("--logs", help="Show the functions' log.")] = False,
) -> None:
    """Start everything here, play one contact from ring to record, and stay up."""
    console = Console(highlight=False)
    try:
        name = _known(crm)
        with _ending_on_sigterm(), _ignoring_second_thoughts():
            _run(console, name, once=once, follow_logs=follow_logs)
    except (KeyboardInterrupt, _Terminated):
        console.print("\nStopped.")
    except _FAILURES as error:
        console.print(f"\n[bold red]Failed:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    except requests.RequestException as error:
        console.print(f"\n[bold red]Failed:[/] {escape(type(error).__name__)} while talking to it")
        raise typer.Exit(1) from None


def _run(console: Console, crm: CrmName, *, once: bool, follow_logs: bool) -> None:
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s  {escape(line)}[/]")

    prepare(say)
    with running(crm, Ports.from_environment(), say) as everything:
        _first_request(everything, say)
        _play(console, everything)
        _addresses(console, everything)
        if once:
            return
        console.print("\nUp until Ctrl-C. `make logs` follows the functions' log lines.")
        if follow_logs:
            for line in follow(
                LogReader(client(everything.aws.endpoint, "logs"), everything.deployment.functions),
                None,
            ):
                console.print(line, markup=False)
        while True:
            time.sleep(3600)


def _first_request(everything: Running, say: Say) -> None:
    started = time.monotonic()
    answer = requests.post(
        f"{everything.target.api_url}/v1/arrivals/route",
        json={"contact": "+1 415 555 0199"},
        headers={"x-switchboard-key": everything.target.key},
        timeout=60,
    )
    if answer.status_code != 200:
        raise StepFailed(f"the first request answered {answer.status_code}: {answer.text}")
    took = time.monotonic() - started
    say(f"first request served {everything.ready_after_s + took:.1f} s after the start")


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


def _known(name: str) -> CrmName:
    match name:
        case "sandbox" | "tryton" | "roundup":
            return name
    raise ApplicationError(f"There is no CRM {name!r} here; choose sandbox, tryton or roundup.")


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _ignoring_second_thoughts() -> Iterator[None]:
    """After the first Ctrl-C, let everything be stopped in peace."""
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
