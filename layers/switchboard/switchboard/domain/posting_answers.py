"""Where an interaction stands, in a sentence for each CRM: what is read first, and often alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from switchboard.domain.posting import RESOLVED
from switchboard.domain.posting_report import RecordTold, Standing, UnwantedTold, moment

_MOST_URGENT_FIRST: Final = (
    Standing.PARKED,
    Standing.WAITING,
    Standing.WRITING,
    Standing.AMENDING,
    Standing.NOT_AMENDED,
    Standing.LEFT_OUT,
    Standing.IN_CRM,
)

# Outcomes of a try, or of a person's search, after which it stands in the CRM.
_THERE: Final = frozenset({"done", RESOLVED})


def answers(
    records: Sequence[RecordTold], unwanted: Sequence[UnwantedTold], *, has_triggers: bool
) -> tuple[str, ...]:
    """The most urgent first; where no CRM is to have it, why not."""
    if not has_triggers:
        return ("Not yet: no trigger of it reached us, only the question on its arrival.",)
    if not records:
        return _not_wanted(unwanted)
    order = sorted(records, key=lambda told: _MOST_URGENT_FIRST.index(told.standing))
    return tuple(_answer(told) for told in order)


def _answer(told: RecordTold) -> str:
    where = f"the CRM {told.connector}" + (f", segment {told.part}" if told.part else "")
    match told.standing:
        case Standing.IN_CRM:
            return f"In {where} as {told.record_id or told.reference}{_since(told)}."
        case Standing.NOT_AMENDED:
            return (
                f"In {where} as {told.record_id or told.reference}{_since(told)}, without what "
                f"came later: its records cannot be amended without risking a second one."
            )
        case Standing.AMENDING:
            return f"In {where} as {told.record_id}, without what came later: {_soon(told)}."
        case Standing.LEFT_OUT:
            return f"Not in {where}: {told.meaning}."
        case Standing.PARKED:
            there = f", where an earlier {told.record_id} stands" if told.record_id else ""
            return f"Waits for a person ({where}{there}): {told.meaning}."
        case Standing.WRITING:
            return f"Being written to {where}: {_soon(told)}."
    return f"Not yet in {where}: {_soon(told)}."


def _since(told: RecordTold) -> str:
    at = _written_at(told)
    return f" since {moment(at)}" if at else ""


def _written_at(told: RecordTold) -> datetime | None:
    """When it was written last, as far as the kept tries reach."""
    return next((one.at for one in reversed(told.tries) if one.outcome in _THERE), None)


def _soon(told: RecordTold) -> str:
    """Why not yet, and when it goes on."""
    when = f" ({moment(told.next_at)})" if told.next_at else ""
    what = f"{told.next}{when}"
    return f"{told.meaning}; {what}" if told.meaning else what


def _not_wanted(unwanted: Sequence[UnwantedTold]) -> tuple[str, ...]:
    if not unwanted:
        return ("Not wanted: no posting profile is published.",)
    whys = "; ".join(dict.fromkeys(each.why for each in unwanted))
    return (f"Not wanted: no posting profile takes it ({whys}).",)
