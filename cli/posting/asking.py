"""Asking the real CRM whose record it would be. Reads, and writes nothing."""

from collections.abc import Mapping
from typing import Any

from cli.connector_live import connection
from cli.posting.settings import PreviewSettings
from switchboard.adapters.rest_crm import RestCrm
from switchboard.domain.ambiguity import resolve
from switchboard.domain.customer import Customer, Known, Unknown, match_customers
from switchboard.domain.deadline import Deadline
from switchboard.domain.identity import EmailAddress, PhoneNumber, dialled_region, read_contact
from switchboard.domain.interaction import Interaction

_BUDGET_S = 15.0


def asked_customer(
    connector: str,
    interaction: Interaction,
    settings: PreviewSettings,
    *,
    secrets_from: str | None,
    is_live: bool,
) -> Customer | None:
    """Whom the CRM finds by the interaction's contact, as the worker would look; None for nobody.

    Raises: UpstreamError, Misconfigured.
    """
    lookup, system = settings.lookup, settings.systems[connector]
    region = dialled_region(
        interaction.get("dialed_number"),
        lookup.regions_by_dialed_number,
        default_region=lookup.default_region,
    )
    contact = read_contact(
        interaction.get("contact"), default_region=region, channel=interaction.get("channel")
    )
    if not isinstance(contact, PhoneNumber | EmailAddress):
        return None
    definition: dict[str, Any] = dict(system.definition)
    at = connection(
        definition, settings=_texts(system.settings), secrets_from=secrets_from, is_live=is_live
    )
    crm = RestCrm(
        definition,
        at.settings,
        lambda: at.secrets,
        default_region=system.region or lookup.default_region,
        transport=at.transport(),
    )
    try:
        rows = crm.find(contact, deadline=Deadline.after(_BUDGET_S))
    finally:
        crm.close()
    found = match_customers(rows, contact, default_region=crm.default_region)
    if isinstance(found, Unknown):
        return None
    whose = resolve(
        found,
        contact,
        rules=lookup.rules.ambiguity,
        business_process=interaction.get("business_process"),
        chosen=interaction.get("customer_id"),
        last_contacts={},
    )
    return whose.customer if isinstance(whose, Known) else None


def _texts(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in settings.items()}
