"""What commands about postings end with, so that a script or a night watch can tell.

0: nothing is left to do. 1: something is for a person to look at, or a part was not done.
2: asked wrongly, or what it needs cannot be reached or read. 130: interrupted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import typer

from cli.rules.printable import printable
from switchboard.errors import InvalidRequest, SwitchboardError

LOOK: Final = 1
CANNOT: Final = 2
INTERRUPTED: Final = 130


@contextmanager
def ending() -> Iterator[None]:
    """What stops us is told, and ends the command with the code that fits.

    What somebody sent, or an id that nobody knows, is for a person; everything else is out of
    reach, or configured wrongly.
    """
    try:
        yield
    except InvalidRequest as error:
        look(str(error))
    except SwitchboardError as error:
        cannot(str(error))


def look(message: str) -> NoReturn:
    """A person has to look at this."""
    typer.secho(printable(message), fg="red", err=True)
    raise typer.Exit(LOOK)


def cannot(message: str) -> NoReturn:
    """It was asked wrongly, or something is out of reach."""
    typer.secho(printable(message), fg="red", err=True)
    raise typer.Exit(CANNOT)
