"""`switchboard parked`: records that wait for a person, and what a person decides about them."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated, Any, Final
from uuid import uuid4

import typer

from cli.controls import By, Stack, who
from cli.deployment import Target, target
from cli.exit_codes import LOOK, cannot, ending, look
from cli.parked_choice import Choice, Connector, Process, Reason, Since, Until, Waiting, chosen
from cli.personal import EMAIL, PHONE
from cli.rules.printable import printable
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.domain.posting_reasons import words_of
from switchboard.domain.posting_report import moment
from switchboard.use_cases.parked_postings import Decided, Resolution, resolve, take_up_again

_LONGEST_WHY: Final = 200
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether all of them are meant.")]

app = typer.Typer(help="Records that wait for a person.", no_args_is_help=True)


@app.command("list")
def list_parked(
    connector: Connector = None,
    reason: Reason = None,
    business_process: Process = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    in_json: Annotated[bool, typer.Option("--json", help="One JSON object in each line.")] = False,
    stack: Stack = None,
) -> None:
    """What waits, for which reason, and what to do about each reason.

    An interaction is listed once nothing of it is left to try; `switchboard explain ID` tells of
    one whose other records are still being written. Ends with 1 when something waits.
    """
    choice = Choice(connector, None, reason, business_process, since, until)
    with ending():
        found = list(islice(chosen(_ledger(target(stack)), choice), limit + 1))
    shown = found[:limit]
    for line in map(json.dumps, map(_facts, shown)) if in_json else _lines(shown, choice):
        typer.echo(printable(line))
    if len(found) > limit:
        typer.secho(f"There are more than {limit}; see --limit.", fg="yellow", err=True)
    if found:
        raise typer.Exit(LOOK)


@app.command("retry")
def retry(
    ids: Annotated[list[str] | None, typer.Argument(help="Interactions; or use filters.")] = None,
    connector: Connector = None,
    part: Annotated[str | None, typer.Option(help="Only the record of this segment.")] = None,
    reason: Reason = None,
    business_process: Process = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many records.")] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="Also where a record may stand in the CRM already.")
    ] = False,
    dry_run: DryRun = False,
    yes: Yes = False,
    stack: Stack = None,
) -> None:
    """Have parked records written; the sweeper sends them within a minute."""
    choice = Choice(connector, part, reason, business_process, since, until)
    if not ids and choice.is_open:
        cannot("Name interactions, or say which with a filter such as --connector or --reason.")
    with ending():
        ledger = _ledger(target(stack))
        found = list(islice(chosen(ledger, choice, ids or ()), limit))
        meant = [each for each in found if unknown or not each.posting.is_outcome_unknown]
        _confirm(len(meant), "written", skip=dry_run or yes or (len(ids or ()) == 1))
        told = [(each, _again(ledger, each, dry_run=dry_run)) for each in meant]
    _tell(told, "would be taken up again" if dry_run else "taken up again")
    if left := len(found) - len(meant):
        typer.echo(
            f"{left} left as they are: the record may stand in the CRM. Look there, "
            "then `parked resolve`, or this again with --unknown."
        )
    _end(told, found, named=() if limit else ids or ())


@app.command("resolve")
def settle(
    interaction_id: Annotated[str, typer.Argument(help="ECS's id of the interaction.")],
    connector: Annotated[str, typer.Option(help="The CRM that it is about.")],
    why: Annotated[
        str, typer.Option(help="In a few words, for colleagues. No name, number or address.")
    ],
    record: Annotated[
        str, typer.Option(help="The CRM's id of the record; without it, it is not to be written.")
    ] = "",
    part: Annotated[str | None, typer.Option(help="Only the record of this segment.")] = None,
    by: By = None,
    dry_run: DryRun = False,
    stack: Stack = None,
) -> None:
    """Say that a parked record stands in the CRM, or that it is not to be written.

    Who, when and why are kept and shown by `switchboard explain`. What stands in the CRM is
    amended when more is said of the interaction; what is not to be written stays so.
    """
    _refuse_personal(why)
    choice = Choice(connector, part)
    resolution = Resolution(record.strip(), who(by), why, datetime.now(UTC))
    with ending():
        ledger = _ledger(target(stack))
        found = list(chosen(ledger, choice, [interaction_id]))
        if record and len(found) > 1:
            cannot("Several of its records wait; say which with --part.")
        told = [(each, _settled(ledger, each, resolution, dry_run=dry_run)) for each in found]
    what = f"stands in the CRM as {record}" if record else "is not to be written"
    _tell(told, f"{'would be noted' if dry_run else 'noted'}: it {what}")
    _end(told, found, named=[interaction_id])


def _again(ledger: DynamoDbInteractionLedger, one: Waiting, *, dry_run: bool) -> Decided:
    if dry_run:
        return Decided.DONE
    key = one.posting.key
    token, now = uuid4().hex, datetime.now(UTC)
    return take_up_again(one.id, lambda each: each.key == key, ledger=ledger, token=token, now=now)


def _settled(
    ledger: DynamoDbInteractionLedger, one: Waiting, resolution: Resolution, *, dry_run: bool
) -> Decided:
    if dry_run:
        return Decided.DONE
    key, token = one.posting.key, uuid4().hex
    return resolve(one.id, lambda each: each.key == key, resolution, ledger=ledger, token=token)


def _ledger(where: Target) -> DynamoDbInteractionLedger:
    return DynamoDbInteractionLedger(
        DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
    )


def _confirm(number: int, what: str, *, skip: bool) -> None:
    if number and not skip:
        typer.confirm(f"{number} records are to be {what}. Go on?", abort=True, err=True)


def _refuse_personal(why: str) -> None:
    if not why.strip() or len(why) > _LONGEST_WHY:
        cannot(f"Say why with --why, in at most {_LONGEST_WHY} characters.")
    if EMAIL.search(why) or PHONE.search(why):
        cannot("--why holds a number or an address. It is kept and shown: say it without.")


def _tell(told: Sequence[tuple[Waiting, Decided]], done: str) -> None:
    for one, decided in told:
        said = done if decided is Decided.DONE else decided.value
        typer.echo(printable(f"{one.id}  {one.posting.key}: {said}"))


def _end(
    told: Sequence[tuple[Waiting, Decided]], found: Sequence[Waiting], *, named: Sequence[str]
) -> None:
    """With 1 when nothing waits of what was named, something was left, or a worker was faster."""
    waiting = {one.id for one in found}
    if lost := [each for each in named if each not in waiting]:
        what = "Nothing that waits for a person is meant by"
        look(f"{what} {', '.join(lost)}; `switchboard explain ID` tells more.")
    if not found:
        typer.echo("Nothing that waits for a person is meant.")
    if len(told) < len(found) or any(decided is Decided.BUSY for _, decided in told):
        raise typer.Exit(LOOK)


def _lines(shown: Sequence[Waiting], choice: Choice) -> Iterator[str]:
    for one in shown:
        since = moment(one.since) if one.since else "unknown"
        yield f"{one.id}  {one.posting.key}  {one.posting.reason}  since {since}"
    if not shown:
        # A filter with a typo in it must not look like an empty list.
        few = "Nothing that waits for a person is meant; without filters, all is listed."
        yield "Nothing waits for a person." if choice.is_open else few
        return
    for reason, number in Counter(one.posting.reason for one in shown).most_common():
        words = words_of(reason)
        yield f"{reason} ({number}): {words.meaning}. {words.mend}".rstrip()
    yield "Once it is mended: `switchboard parked retry ID`; else `switchboard parked resolve ID`."


def _facts(one: Waiting) -> dict[str, Any]:
    return {
        "interaction_id": one.id,
        "connector": one.posting.connector,
        "part": one.posting.part,
        "reason": one.posting.reason,
        "since": one.since.isoformat() if one.since else None,
        "revision": one.posting.revision,
    }
