"""What a lookup leaves for operators: one log line and some counts, without personal data."""

from collections.abc import Mapping
from typing import Any, Final

from switchboard.domain.customer import Scalar
from switchboard.observability import count, count_by, logger, measure_ms
from switchboard.use_cases.arrival_lookup import Recognition

# Of what was decided: names of ours, never a value of anybody.
_OF_A_DECISION: Final = ("row", "action", "queue", "ruleset", "arm")


def report_lookup(
    said: Mapping[str, str], recognition: Recognition, decided: Mapping[str, Scalar] | None = None
) -> None:
    """One line that joins with everything later by request and interaction id.

    `said` is the answer as it leaves, flat; `decided` the part of it that routing gave.
    """
    took_ms = int(said["elapsed_ms"])
    count("Lookups")
    measure_ms("LookupTime", took_ms)
    count_by("Lookup", outcome=said["outcome"], source=said["source"])
    for told in recognition.told:
        count_by("CrmAnswer", connector=told.connector, answer=told.source)
    more: dict[str, Any] = {name: decided[name] for name in _OF_A_DECISION} if decided else {}
    logger.info(
        "interaction routed" if decided else "contact looked up",
        outcome=said["outcome"],
        source=said["source"],
        matched_by=said["matched_by"],
        match_count=int(said["match_count"]),
        resolved_by=said["resolved_by"],
        crms=[
            {"connector": told.connector, "answer": told.source, "ms": told.took_ms}
            for told in recognition.told
        ],
        ms=took_ms,
        **more,
    )
