"""On which terms a challenger runs, read from what was published.

What an operator may write is checked where it is published, by `contracts.challenger`; a function
for which a caller waits only reads it.
"""

from collections.abc import Mapping
from typing import Any

from switchboard.domain.challenger import FORMAT, MODES, SPLITS, Challenger
from switchboard.domain.durations import read_duration
from switchboard.use_cases.published_values import reading, value_of, word_of

KIND = "routing_challenger"


def read_challenger(document: Mapping[str, Any]) -> tuple[Challenger, Mapping[str, Any]]:
    """The terms, and the document of the challenger's ruleset.

    Raises: Misconfigured when it was not published by a version like this one.
    """
    with reading(KIND):
        word_of(document, "format", (FORMAT,))
        terms = Challenger(
            mode=word_of(document, "mode", MODES),
            name=value_of(document, "name", str),
            by=word_of(document, "by", SPLITS),
            share=float(value_of(document, "share", int, float)),
            slice_s=read_duration(value_of(document, "slice", str)),
        )
        return terms, value_of(document, "ruleset", dict)
