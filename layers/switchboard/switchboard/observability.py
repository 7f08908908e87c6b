"""One logger and one metrics sink, set up the same in every function. Nobody else writes output."""

import functools
import logging
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit

from switchboard.errors import SwitchboardError

_Answer = TypeVar("_Answer")

logger = Logger(stage=os.environ.get("STAGE", "dev"))
metrics = Metrics()

# Use cases know only the standard library's logging; their lines come out like ours, with the
# same keys. Only a logger that exists can be given our handler, so it is named first.
logging.getLogger("switchboard")
copy_config_to_registered_loggers(source_logger=logger, include={"switchboard"})


def count(event: str, number: int = 1) -> None:
    """Add to a metric. Names are ours, never data."""
    metrics.add_metric(name=event, unit="Count", value=number)


def measure_ms(what: str, milliseconds: int) -> None:
    metrics.add_metric(name=what, unit="Milliseconds", value=milliseconds)


def count_by(event: str, **dimensions: str) -> None:
    """Add one to a metric that is told apart by words of ours, such as outcomes; never by data."""
    with single_metric(name=event, unit=MetricUnit.Count, value=1) as metric:
        for name, word in dimensions.items():
            metric.add_dimension(name=name, value=word)


def join(**keys: str) -> None:
    """Put ids on every further line of this invocation; an empty one takes the last one off.

    Work beside us keeps them, also when it is thawed during a later invocation.
    """
    invocation = logger.get_current_keys().get("function_request_id") or ""
    joined = {
        **logger.thread_safe_get_current_keys(),
        "function_request_id": invocation,
        **keys,
    }
    # Clearing begins a new dict. Removing would change the one that work beside us has, too.
    logger.thread_safe_clear_keys()
    logger.thread_safe_append_keys(**{name: value for name, value in joined.items() if value})


def tell_mistake(event: str, mistake: Exception) -> None:
    """Count and log what went wrong and where, for who goes on after it; without its text, which
    may hold what somebody said."""
    count(event)
    frames = traceback.extract_tb(mistake.__traceback__)
    where = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    logger.error("our own code failed", error=type(mistake).__name__, where=where)


class Mistake(Exception):
    """Our own code failed; which error it was, without its text."""


def mistakes_without_words(
    handler: Callable[[dict[str, Any], Any], _Answer],
) -> Callable[[dict[str, Any], Any], _Answer]:
    """A handler whose unforeseen errors stay loud: Lambda logs their type and where they happened.

    Lambda would log their text, too, and that may hold what somebody said.
    """

    @functools.wraps(handler)
    def wordless(event: dict[str, Any], context: Any) -> _Answer:
        try:
            return handler(event, context)
        except SwitchboardError:
            raise
        except Exception as mistake:  # noqa: BLE001 - as loud as it was
            raise Mistake(_kinds_of(mistake)).with_traceback(mistake.__traceback__) from None

    return wordless


def _kinds_of(mistake: Exception) -> str:
    """Its type; of a batch in which everything failed, also the types of what did."""
    failed = getattr(mistake, "child_exceptions", ())
    return " ".join([type(mistake).__name__, *sorted({kind.__name__ for kind, *_ in failed})])
