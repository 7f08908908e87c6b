"""`switchboard deadletters`: messages that failed five times, which only a bug brings about."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.controls import Stack
from cli.dead_letter_box import DeadLetterBox, Letter
from cli.dead_letter_work import QUEUES, Pointed, Queue, WorkState
from cli.deployment import Target, target
from cli.exit_codes import LOOK, cannot, ending, look
from cli.rules.printable import printable
from switchboard.adapters.sqs_queue import SqsWorkQueue
from switchboard.domain.durations import read_duration, spoken_duration
from switchboard.edges.work import Pointer

app = typer.Typer(help="Messages that failed too often.", no_args_is_help=True)


class Of(StrEnum):
    """The queues that have dead letters."""

    POSTING = "posting"
    DIALING = "dialing"


QueueName = Annotated[Of, typer.Option("--queue", help="Whose dead letters.")]
Ids = Annotated[
    list[str] | None,
    typer.Option("--id", help="Only this one: what it points at, or the message's id; repeatable."),
]
OlderThan = Annotated[
    str | None, typer.Option(help="Only those sent at least this long ago, for example 30m or 2d.")
]
Limit = Annotated[int, typer.Option(min=1, help="At most this many.")]


class _Wanted:
    """Which letters a command means."""

    def __init__(self, ids: list[str] | None, older_than: str | None, now: datetime) -> None:
        self._ids = frozenset(ids or ())
        self._before = now - timedelta(seconds=_seconds(older_than)) if older_than else None

    def means(self, letter: Letter) -> bool:
        pointed = letter.pointer.id if letter.pointer else ""
        is_named = not self._ids or bool(self._ids & {letter.id, pointed})
        return is_named and (self._before is None or letter.sent_at <= self._before)


@app.command("list")
def list_letters(
    queue: QueueName = Of.POSTING,
    ids: Ids = None,
    older_than: OlderThan = None,
    limit: Limit = 100,
    in_json: Annotated[bool, typer.Option("--json", help="One JSON object in each line.")] = False,
    stack: Stack = None,
) -> None:
    """What is in a dead-letter queue, how that stands now, and what sending it again would do.

    Nothing is taken out; letters are hidden from others for as long as it takes to look. Ends with
    1 when there are some.
    """
    now = datetime.now(UTC)
    wanted, where, of = _Wanted(ids, older_than, now), target(stack), QUEUES[queue]
    with ending(), _box(where, of) as box:
        state_of = of.states(where, now)
        number = 0
        for letter in _first(box, wanted, limit):
            number += 1
            facts = _facts(letter, state_of, now)
            typer.echo(json.dumps(facts) if in_json else printable("\n".join(_told(facts))))
    if number:
        raise typer.Exit(LOOK)
    if not in_json:
        typer.echo(f"No dead letters of {of.name}.")


@app.command("show")
def show(
    work_id: Annotated[str, typer.Argument(help="What it points at, or the message's id.")],
    queue: QueueName = Of.POSTING,
    stack: Stack = None,
) -> None:
    """One letter; fails when there is none."""
    now = datetime.now(UTC)
    where, of = target(stack), QUEUES[queue]
    with ending(), _box(where, of) as box:
        found = [_facts(each, of.states(where, now), now)
                 for each in _first(box, _Wanted([work_id], None, now), 1)]  # fmt: skip
    if not found:
        look(f"No dead letter of {of.name} points at it.")
    typer.echo(printable("\n".join(_told(found[0]))))


@app.command("redrive")
def redrive(
    queue: QueueName = Of.POSTING,
    ids: Ids = None,
    older_than: OlderThan = None,
    limit: Limit = 1000,
    drop_unreadable: Annotated[
        bool, typer.Option("--drop-unreadable", help="Delete letters that point at nothing.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be sent; change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether all are meant.")] = False,
    stack: Stack = None,
) -> None:
    """Send dead letters again. Mend the bug first, or they come back.

    Always safe: a letter is a pointer, and what it points at says what is left to do. It is sent
    before it is deleted, so an interruption between the two repeats it, which is harmless.
    """
    now = datetime.now(UTC)
    wanted, where, of = _Wanted(ids, older_than, now), target(stack), QUEUES[queue]
    if not (ids or dry_run or yes):
        typer.confirm(f"Send the dead letters of {of.name} again?", abort=True, err=True)
    with ending(), _box(where, of) as box:
        again = _Again(where, of, now, dry_run=dry_run, drop_unreadable=drop_unreadable)
        for letter in _first(box, wanted, limit):
            typer.echo(printable(again.send(letter, box)))
    typer.echo(again.summary())
    if again.left or (ids and not again.has_met_any):
        raise typer.Exit(LOOK)


class _Again:
    """Sends letters, one after the other, and counts what became of them."""

    def __init__(
        self, where: Target, of: Queue, now: datetime, *, dry_run: bool, drop_unreadable: bool
    ) -> None:
        self._queue = SqsWorkQueue(where.client("sqs"), _address(where, of.work))
        self._state_of = of.states(where, now)
        self._dry_run, self._drops = dry_run, drop_unreadable
        self.sent = self.dropped = self.left = 0

    def send(self, letter: Letter, box: DeadLetterBox) -> str:
        """What is told of it. Raises: StateUnavailable, and then the letter is still there."""
        if letter.pointer is None:
            return self._unreadable(letter, box)
        brings = self._state_of(letter.pointer.id).sending
        if not self._dry_run:
            self._queue.send(letter.pointer.id, request_id=letter.pointer.request_id)
            box.discard(letter)
        self.sent += 1
        return f"{letter.pointer.id}: {'would be sent' if self._dry_run else 'sent'}; {brings}"

    @property
    def has_met_any(self) -> bool:
        return bool(self.sent or self.dropped or self.left)

    def _unreadable(self, letter: Letter, box: DeadLetterBox) -> str:
        if not self._drops:
            self.left += 1
            return f"message {letter.id}: left, it points at nothing; see --drop-unreadable"
        self.dropped += 1
        if not self._dry_run:
            box.discard(letter)
        return f"message {letter.id}: {'would be deleted' if self._dry_run else 'deleted'}"

    def summary(self) -> str:
        counted = ((self.sent, "sent"), (self.dropped, "deleted"), (self.left, "left"))
        told = ", ".join(f"{number} {what}" for number, what in counted if number)
        prefix = "It would be: " if self._dry_run and told else ""
        return f"{prefix}{told or 'There was nothing to send.'}"


def _first(box: DeadLetterBox, wanted: _Wanted, limit: int) -> Iterator[Letter]:
    number = 0
    for letter in box.letters():
        if wanted.means(letter):
            yield letter
            number += 1
            if number == limit:
                return


def _facts(letter: Letter, state_of: WorkState, now: datetime) -> dict[str, Any]:
    """What is told of a letter. Of one that is not ours, nothing that stands in it."""
    pointer = letter.pointer or Pointer("", "")
    pointed = state_of(pointer.id) if letter.pointer else _UNREADABLE
    return {
        "message_id": letter.id,
        "points_at": pointer.id,
        "request_id": pointer.request_id,
        "sent_at": letter.sent_at.isoformat(timespec="seconds"),
        "age": spoken_duration((now - letter.sent_at).total_seconds()),
        "received": letter.received,
        "state": pointed.state,
        "redriving": pointed.sending,
    }


_UNREADABLE = Pointed(
    "it is no message of ours, so it points at nothing",
    "not possible; `switchboard deadletters redrive --drop-unreadable` deletes it",
)


def _told(facts: dict[str, Any]) -> Iterator[str]:
    what = facts["points_at"] or "unreadable"
    yield f"{what}  (message {facts['message_id']}, {facts['age']} old, {facts['received']} times)"
    if facts["request_id"]:
        yield f"   request   {facts['request_id']}"
    yield f"   now       {facts['state']}"
    yield f"   redriving {facts['redriving']}"


def _box(where: Target, of: Queue) -> DeadLetterBox:
    return DeadLetterBox(where.client("sqs"), _address(where, of.letters))


def _address(where: Target, name: str) -> str:
    if name not in where.queues:
        cannot(
            f"The address of {name} is not known here. Start `make run` anew, or name a --stack."
        )
    return where.queues[name]


def _seconds(written: str) -> float:
    try:
        return read_duration(written)
    except ValueError as error:
        cannot(f"--older-than: {error}.")
