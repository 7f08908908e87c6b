"""What a person asked for, read or refused, and the codes that a command ends with."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, NoReturn

import typer

from cli.rules.period import Period, read_period
from switchboard.domain.report_csv import NoReport
from switchboard.errors import Misconfigured, SwitchboardError

DIFFERENT: Final = 1
WRONGLY_ASKED: Final = 2
UNFINISHED: Final = 3
INTERRUPTED: Final = 130
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)%")


@contextmanager
def answering() -> Iterator[None]:
    """What cannot be read ends the command with what to do."""
    try:
        yield
    except NoReport as error:
        refuse(f"The report cannot be read: {error}")
    except OSError as error:
        refuse(f"{error.filename}: {error.strerror}")
    except Misconfigured as error:
        refuse(str(error))
    except SwitchboardError as error:
        say(f"Stopped: {error}")
        raise typer.Exit(UNFINISHED) from None


def period_of(first: str | None, last: str | None, time_zone: str, now: datetime) -> Period:
    if first is None and last is None:
        # Today's are still under way.
        first = last = (now - timedelta(days=1)).date().isoformat()
    try:
        return read_period(first or last, last or first, time_zone=time_zone, now=now)
    except ValueError as error:
        refuse(str(error))


def share_of(text: str) -> float:
    found = _SHARE.fullmatch(text.strip())
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        refuse(f"--sample {text!r} is no share; write it as 5%")
    return share


def say(message: str) -> None:
    typer.secho(message, fg="red", err=True)


def refuse(message: str) -> NoReturn:
    say(message)
    raise typer.Exit(WRONGLY_ASKED)
