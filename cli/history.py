"""`switchboard history`: a customer's contacts, without anybody's name, number or remarks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from cli.deployment import Target, target
from cli.exit_codes import cannot
from cli.operate import Stack
from cli.rules.printable import printable
from switchboard.adapters.dynamodb_ledger import DynamoDbInteractionLedger
from switchboard.adapters.dynamodb_table import DynamoDbTable
from switchboard.contracts.customer_history import HistoryAnswer, PastInteraction
from switchboard.domain.posting import PostingState
from switchboard.edges.history_cursor import cursor_of, places_in
from switchboard.errors import InvalidRequest, StateUnavailable
from switchboard.use_cases.customer_history import HISTORY_READ, MOST_ON_A_PAGE, history_of


def history(
    customer: Annotated[str, typer.Argument(help="connector:id, for example sandbox:C-1001")],
    limit: Annotated[
        int, typer.Option(min=1, max=MOST_ON_A_PAGE, help="At most so many contacts.")
    ] = HISTORY_READ,
    after: Annotated[
        str, typer.Option(help="Go on after an earlier part; it ends with what to write here.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    stack: Stack = None,
) -> None:
    """Show a customer's contacts over all channels, newest first, and which CRMs have them."""
    try:
        told = _told(target(stack), customer, limit=limit, after=after)
    except InvalidRequest as error:
        cannot(str(error))
    except StateUnavailable as error:
        needs = "dynamodb:Query on its index by_customer and BatchGetItem on Interactions"
        cannot(f"The ledger cannot be read: {error}\nIt needs {needs}.")
    if as_json:
        shown = told.model_dump(mode="json", exclude={"request_id"})
        typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False)
    for line in _lines(told):
        console.print(printable(line), markup=False, soft_wrap=True)


def _told(where: Target, customer: str, *, limit: int, after: str) -> HistoryAnswer:
    table = DynamoDbTable(where.client("dynamodb"), where.tables["Interactions"])
    page = history_of(
        customer,
        limit=limit,
        after=places_in(after, customer),
        ledger=DynamoDbInteractionLedger(table),
        now=datetime.now(UTC),
    )
    return HistoryAnswer(
        interactions=[PastInteraction.of(row) for row in page.rows],
        next=cursor_of(customer, page.after),
        request_id="",
    )


def _lines(told: HistoryAnswer) -> Iterator[str]:
    for contact in told.interactions:
        yield _line(contact)
    if told.next:
        yield f"Older ones: --after {told.next}"
    elif not told.interactions:
        yield "No contact is known of this customer, or none of the last 400 days."


def _line(contact: PastInteraction) -> str:
    started = contact.started_at
    when = f"{started.astimezone(UTC):%Y-%m-%d %H:%M}" if started else "?"
    said = (
        " ".join(word for word in (contact.direction, contact.channel) if word),
        contact.business_process,
        f"agent {contact.agent_extension}" if contact.agent_extension else "",
        contact.disposition_code if contact.ended_at else "goes on",
        _recorded(contact),
    )
    return f"{when} UTC  {contact.interaction_id}  {', '.join(part for part in said if part)}"


def _recorded(contact: PastInteraction) -> str:
    """Where it stands, and which records have not come so far."""
    said = [
        f"in {each.connector} as {each.record_id or 'a record without an id'}"
        if each.state is PostingState.DONE
        else f"{each.connector}: {each.state.value}"
        for each in contact.records
    ]
    return ", ".join(said) or "in no CRM"
