"""A preview in lines of text; people hidden unless the mask shows them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

from rich.console import Console
from rich.markup import escape

from cli.connector_trace import as_json, as_lines
from cli.masking import Mask
from cli.posting.rehearsal import Rehearsed, rehearse_log
from cli.posting.settings import PreviewSettings
from cli.posting.told_interactions import ToldInteraction
from switchboard.adapters.connector.field_templates import FieldTemplates
from switchboard.adapters.connector.methods import LOG_METHOD
from switchboard.adapters.connector.rendering import HttpRequest
from switchboard.domain.customer import Customer
from switchboard.domain.interaction import Interaction
from switchboard.domain.posting import InteractionRecord
from switchboard.domain.posting_profile import WantedRecord, record_fields, wanted_records

_FORM: Final = "application/x-www-form-urlencoded"
_NOBODY: Final = {
    "leave": "nobody is found: it is written without a customer",
    "create": "nobody is found: a contact is created first",
    "attach": "nobody is found: it is written without a customer, who is looked for again later",
}
_NOBODY_BUT_NEEDED: Final = {
    "leave": "nobody is found, and this CRM needs somebody: it is parked",
    "create": "nobody is found: a contact is created first",
    "attach": "nobody is found, and this CRM needs somebody: it waits, and is looked for again",
}


def tell(
    console: Console,
    mask: Mask,
    told: ToldInteraction,
    settings: PreviewSettings,
    *,
    whose: Callable[[str], Customer | None],
    now: datetime,
) -> None:
    """Raises: what `whose` raises."""
    interaction = told.interaction
    wanted = wanted_records(
        settings.profiles, interaction, first_at=told.first_at, ended_at=told.ended_at, now=now
    )
    ended = "ended" if told.ended_at else "not ended yet"
    console.print(
        f"[bold]interaction {escape(interaction.id)}[/], revision {interaction.revision}, {ended}"
    )
    if not settings.profiles:
        console.print("  no profile is there, so nothing is written")
    for record in wanted.records:
        for line in _record(record, told, settings, whose, mask, now):
            console.print(line)
    for one in wanted.unwanted:
        part = f" #{one.part}" if one.part else ""
        console.print(f"[dim]{escape(f'{one.connector}{part}: no record, {one.why}')}[/]")


def _record(
    record: WantedRecord,
    told: ToldInteraction,
    settings: PreviewSettings,
    whose: Callable[[str], Customer | None],
    mask: Mask,
    now: datetime,
) -> Iterator[str]:
    interaction = told.interaction
    record_id = record.record_id(interaction)
    yield (
        f"[green]{escape(record.connector)}[/]: record {escape(record_id)}, by profile "
        f"{escape(record.profile.name)}, {_when(record, told, now)}"
    )
    system = settings.systems.get(record.connector)
    if system is None or LOG_METHOD not in system.definition["methods"]:
        yield f"  [red]{escape(record.connector)} is not connected, or cannot keep interactions[/]"
        return
    yield from _failed_templates(record, interaction)
    customer = whose(record.connector)
    needs_customer = bool(system.definition["methods"][LOG_METHOD]["needs_customer"])
    if customer is None:
        words = _NOBODY_BUT_NEEDED if needs_customer else _NOBODY
        yield f"  {words[record.profile.unknown_customer]}"
        if needs_customer:
            return
    fields: Any = record.fields(interaction)
    posted = InteractionRecord(record_id, interaction.revision, fields, customer)
    region = system.region or settings.lookup.default_region
    yield from _requests(rehearse_log(system, posted, default_region=region), mask)


def _when(record: WantedRecord, told: ToldInteraction, now: datetime) -> str:
    if record.not_before is None:
        return "at once"
    wait_s = (record.not_before - now).total_seconds()
    waits_for = "a disposition code" if told.ended_at else "its end"
    return f"with {waits_for}, or at {record.not_before:%Y-%m-%d %H:%M:%S} UTC (in {wait_s:.0f} s)"


def _failed_templates(record: WantedRecord, interaction: Interaction) -> Iterator[str]:
    mapping = record.profile.mapping
    if isinstance(mapping, FieldTemplates):
        for name, why in mapping.failed(record_fields(interaction, record.part)):
            yield f"  [yellow]fields.{escape(name)} cannot be made: {escape(why)}[/]"


def _requests(rehearsed: Rehearsed, mask: Mask) -> Iterator[str]:
    for request in rehearsed.requests:
        yield f"  [bold]→ {request.method}[/] {escape(mask.address(request.url))}"
        yield from (f"      {escape(line)}" for line in _body(request, mask))
    if rehearsed.stopped:
        yield f"  [red]cannot be written: {escape(rehearsed.stopped)}[/]"


def _body(request: HttpRequest, mask: Mask) -> list[str]:
    if request.body is None:
        return []
    is_form = request.headers.get("Content-Type", "").startswith(_FORM)
    document = dict(parse_qsl(request.body.decode())) if is_form else as_json(request.body)
    if document is None:
        return [f"<{len(request.body)} bytes that are no JSON; not shown>"]
    return as_lines(mask.value(document))
