"""One run of a backfill: what it has done is kept, told of and shown while it goes on."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.backfill_checkpoint import Checkpoint, refusals_beside
from cli.backfill_file import PastFile
from cli.backfill_traffic import LiveTraffic, posting_queue_of, written_connectors
from cli.deployment import Target
from cli.exit_codes import INTERRUPTED
from cli.publishing import operator_name
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.backfill_pace import Share
from switchboard.domain.report_header import NoReport
from switchboard.errors import Misconfigured, StateUnavailable
from switchboard.use_cases.backfill import Backfill, Came, Line, Pace, Step


@dataclass(frozen=True)
class Run:
    """One run over a file, from where the one before ended."""

    past: PastFile
    others: tuple[str, ...]
    only: tuple[str, ...]
    per_s: float
    where: Target

    def go(self, from_line: int | None) -> int:
        """How many lines were refused, those of an earlier run over the file included."""
        done = self.done_before()
        if from_line is not None:
            done = Checkpoint(done.path, done.digest, line=from_line - 1)
        elif done.line:
            typer.echo(f"Going on after line {done.line:,} of {self.past.path}.")
        try:
            with refusals_beside(self.past.path, goes_on=done.line > 0) as refusals:
                self._work(done, refusals)
        except KeyboardInterrupt:
            done.save()
            typer.echo(f"\n{_told(done)} Stopped after line {done.line:,}.")
            typer.echo("The same command goes on there.")
            raise typer.Exit(INTERRUPTED) from None
        except (StateUnavailable, Misconfigured, NoReport):
            done.save()
            typer.secho(f"{_told(done)} Stopped after line {done.line:,}.", err=True)
            raise
        done.forget()
        typer.echo(_told(done))
        if done.refused:
            typer.echo(f"Refused lines: {self.past.path}.refused")
        return done.refused

    def done_before(self) -> Checkpoint:
        """How far an earlier run came with the same file, into the same deployment."""
        ledger = f"{self.where.tables['Interactions']} {self.where.api_url}"
        return Checkpoint.beside(self.past.path, " ".join([self.past.digest, *self.only, ledger]))

    def _work(self, done: Checkpoint, refusals: IO[str]) -> None:
        now = datetime.now(UTC)
        with (
            _bar(self.past.lines) as bar,
            closing(self.past.read(from_line=done.line + 1, now=now)) as lines,
        ):
            for step in self._backfill(bar).run(lines):
                _note(step, done, refusals)
                done.save(time.monotonic())
                bar.shows(done)

    def _backfill(self, bar: "Bar") -> Backfill:
        table = DynamoDbTable(self.where.client("dynamodb"), self.where.tables["Interactions"])
        ledger, queue = DynamoDbInteractionLedger(table), posting_queue_of(self.where)
        written = self.only or written_connectors(self.where)
        look = LiveTraffic(self.where, queue, ledger, written)
        return Backfill(
            ledger,
            queue,
            Pace(self.per_s, look, time.monotonic, time.sleep, bar.tells),
            clock=lambda: datetime.now(UTC),
            request_id=f"backfill-{self.past.digest[:12]}",
            only=self.only,
            others=self.others,
            by=operator_name() or "backfill",
        )


class Bar:
    """How far it is, on the error stream."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress, self._task = progress, task

    def shows(self, done: Checkpoint) -> None:
        self._progress.update(self._task, completed=done.line, counts=_told(done))

    def tells(self, share: Share) -> None:
        slow = {0.0: "waiting: ", 0.5: "at half the rate: "}.get(share.of_rate, "")
        self._progress.update(self._task, pace=f"{slow}{share.why}")


@contextmanager
def _bar(lines: int) -> Iterator[Bar]:
    columns = (
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[counts]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Bar(progress, progress.add_task("", total=max(lines, 1), counts="", pace=""))


def _note(step: Step, done: Checkpoint, refusals: IO[str]) -> None:
    done.line = step.line.number
    match step.came:
        case Came.TAKEN:
            done.taken += 1
        case Came.REPEATED:
            done.repeated += 1
        case Came.REFUSED:
            done.refused += 1
            refusals.write(f"{refusal(Line(step.line.number, None, step.why))}\n")


def refusal(line: Line) -> str:
    return f"line {line.number}: {line.why}"


def _told(done: Checkpoint) -> str:
    counts = ((done.taken, "taken"), (done.repeated, "known already"), (done.refused, "refused"))
    return ", ".join(f"{count:,} {what}" for count, what in counts) + "."
