"""Who of several was in contact last, as far as that can be told without guessing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from switchboard.domain.attribute_values import is_nothing, read_value
from switchboard.domain.customer import Customer, Scalar

Moment = date | datetime

# What was written with a zone means the same moment everywhere.
_ELSEWHERE: Final = timezone(timedelta(hours=1))


def newest_by_ledger(
    customers: Sequence[Customer], last_contacts: Mapping[str, datetime]
) -> Customer | None:
    """The one of the latest contact; None where nobody has one, or two share it."""
    return _newest([(customer, last_contacts.get(customer.key)) for customer in customers])


def newest_by_attribute(customers: Sequence[Customer], attribute: str) -> Customer | None:
    """The same by a CRM's attribute; None also where one of them says something unreadable."""
    moments: list[tuple[Customer, Moment | None]] = []
    for customer in customers:
        written = customer.attributes.get(attribute)
        moment = read_moment(written)
        if moment is None and not is_nothing(written):
            return None
        moments.append((customer, moment))
    return _newest(moments)


def read_moment(written: Scalar) -> Moment | None:
    """A day, a time without a zone, or a moment, as a CRM writes one; None for anything else."""
    moment = read_value("moment", written, UTC)
    if not isinstance(moment, datetime) or moment == read_value("moment", written, _ELSEWHERE):
        return moment if isinstance(moment, datetime) else None
    local = moment.replace(tzinfo=None)
    return local.date() if local.time() == time() else local


def _newest(moments: Sequence[tuple[Customer, Moment | None]]) -> Customer | None:
    known = [(customer, moment) for customer, moment in moments if moment is not None]
    if not known or not _comparable([moment for _, moment in known]):
        return None
    latest = max(moment for _, moment in known)
    first, *others = [customer for customer, moment in known if moment == latest]
    return None if others else first


def _comparable(moments: Sequence[Moment]) -> bool:
    """Days go with days, and times without a zone with such: else hours would decide by chance."""
    return len({_form(moment) for moment in moments}) == 1


def _form(moment: Moment) -> str:
    if not isinstance(moment, datetime):
        return "day"
    return "local" if moment.tzinfo is None else "zoned"
