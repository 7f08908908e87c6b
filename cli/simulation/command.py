"""`switchboard rules simulate`: what a ruleset would do to waiting, if the past can be met."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.rules.ruleset_file import checked_ruleset
from cli.simulation.forecast import Forecast, forecast, rounds
from cli.simulation.preparation import Asked, Prepared, prepared
from cli.simulation.recording import read_recording
from cli.simulation.refusal import CannotSimulate
from cli.simulation.report import as_json, show
from switchboard.adapters.publication_items import digest_of
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.errors import Misconfigured

_FEWEST_RUNS: Final = 20


def simulate(
    new: Annotated[Path, typer.Argument(help="The ruleset to try.")],
    recorded: Annotated[Path, typer.Option(help="What `switchboard rules recorded` wrote.")],
    staffing: Annotated[
        Path | None, typer.Option(help="Who answers and when; without it, whoever answered then.")
    ] = None,
    by: Annotated[str, typer.Option(help="Also report by this attribute, for example tier.")] = "",
    volume: Annotated[
        float, typer.Option(min=0.1, max=10, help="1.2 forecasts with a fifth more callers.")
    ] = 1.0,
    contained: Annotated[
        float, typer.Option(min=0, max=1, help="Share of callers whom new self-service helps.")
    ] = 0.0,
    as_written: Annotated[
        bool,
        typer.Option("--as-written", help="As if the centre did growing and exact priorities."),
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=_FEWEST_RUNS, max=1000, help="How many runs; more take longer.")
    ] = _FEWEST_RUNS,
    as_json_: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Forecast waits, service level, hang-ups and last-agent hits under another ruleset.

    First the decisions of then are simulated and compared with what happened. Where that does not
    come out, there is no forecast and the exit code is 1.
    """
    try:
        document = checked_ruleset(new)
        ruleset = read_ruleset(document)
        asked = Asked(staffing, by, contained, as_written, digest_of(document))
        given = prepared(read_recording(recorded), ruleset, asked)
        with _progress(rounds(seeds, volume)) as advance:
            found = forecast(
                given.scene, given.then, given.new, seeds=seeds, volume=volume, progress=advance
            )
    except (CannotSimulate, Misconfigured, ValueError) as error:
        _fail(str(error))
    _tell(found, given, as_json_)
    if not found.is_calibrated:
        raise typer.Exit(1)


def _tell(found: Forecast, given: Prepared, is_for_program: bool) -> None:
    threshold_s = given.scene.threshold_s
    if is_for_program:
        typer.echo(json.dumps(as_json(found, given.notes, threshold_s), indent=2))
    else:
        show(found, given.notes, threshold_s, Console(highlight=False))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar beside the report, which can go to a file."""
    columns = (TextColumn("simulating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)


def _fail(message: str) -> NoReturn:
    typer.secho(message, fg="red", err=True)
    raise typer.Exit(1)
