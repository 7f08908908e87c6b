"""What a person asked for, read or refused."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import typer

from cli.exit_codes import cannot
from cli.rules.period import Period, read_period
from switchboard.domain.compared_record import IN_FLIGHT
from switchboard.domain.durations import read_duration
from switchboard.domain.report_header import NoReport
from switchboard.errors import Misconfigured, SwitchboardError

_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")


@contextmanager
def answering() -> Iterator[None]:
    """What cannot be read ends the command with what to do."""
    try:
        yield
    except NoReport as error:
        cannot(f"The report cannot be read: {error}")
    except OSError as error:
        cannot(f"{error.filename}: {error.strerror}")
    except Misconfigured as error:
        cannot(str(error))
    except SwitchboardError as error:
        cannot(f"Stopped: {error}")


def period_of(first: str | None, last: str | None, time_zone: str, now: datetime) -> Period:
    if first is None and last is None:
        # Today's are still under way.
        first = last = (now - timedelta(days=1)).date().isoformat()
    try:
        return read_period(first or last, last or first, time_zone=time_zone, now=now)
    except ValueError as error:
        cannot(str(error))


def patience_of(text: str) -> timedelta:
    """How long something may take before it counts as a difference; an hour at most."""
    try:
        patience = timedelta(seconds=read_duration(text))
    except ValueError as error:
        cannot(f"--patience: {error}")
    if patience > IN_FLIGHT:
        cannot("--patience is an hour at most")
    return patience


def share_of(text: str) -> float:
    found = _SHARE.fullmatch(text.strip())
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        cannot(f"--sample {text!r} is no share; write it as 5%")
    return share


def say(message: str) -> None:
    typer.secho(message, fg="red", err=True)
