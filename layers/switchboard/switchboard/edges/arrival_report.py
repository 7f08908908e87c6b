"""What a lookup leaves for operators: one log line and some counts, without personal data."""

from collections.abc import Mapping
from typing import Any

from switchboard.contracts.answers import LookupAnswer
from switchboard.observability import count, count_by, logger, measure_ms
from switchboard.use_cases.arrival_lookup import Recognition


def report_lookup(
    values: LookupAnswer, recognition: Recognition, decided: Mapping[str, str] | None = None
) -> None:
    """One line that joins with everything later by request and interaction id."""
    count("Lookups")
    measure_ms("LookupTime", values.elapsed_ms)
    count_by("Lookup", outcome=values.outcome, source=values.source)
    for told in recognition.told:
        count_by("CrmAnswer", connector=told.connector, answer=told.source)
    more: dict[str, Any] = dict(decided or {})
    logger.info(
        "interaction routed" if decided else "contact looked up",
        outcome=values.outcome,
        source=values.source,
        matched_by=values.matched_by,
        match_count=values.match_count,
        resolved_by=values.resolved_by,
        crms=[
            {"connector": told.connector, "answer": told.source, "ms": told.took_ms}
            for told in recognition.told
        ],
        ms=values.elapsed_ms,
        **more,
    )
