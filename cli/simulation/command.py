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
from cli.simulation.contacts import Recording, read_recording
from cli.simulation.forecast import Forecast, forecast, rounds
from cli.simulation.habits import ENOUGH, Habits, habits_of
from cli.simulation.plans import Plan, decided_plan, groups, recorded_plan
from cli.simulation.refusal import CannotSimulate
from cli.simulation.report import as_json, elsewhere_note, show
from cli.simulation.runs import Scene
from cli.simulation.staffing import Person, derived_staffing, read_staffing
from switchboard.domain.ruleset import Ruleset
from switchboard.domain.ruleset_reader import read_ruleset
from switchboard.errors import Misconfigured

# Callers of the last minutes are still answered after the last contact.
_AFTER_S: Final = 86_400
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
        ruleset = read_ruleset(checked_ruleset(new))
        asked = _Asked(read_recording(recorded), ruleset, staffing, by, contained)
        with _progress(rounds(seeds, volume)) as advance:
            found = forecast(
                asked.scene, asked.then, asked.new, seeds=seeds, volume=volume, progress=advance
            )
    except (CannotSimulate, Misconfigured, ValueError) as error:
        _fail(str(error))
    _tell(found, asked, as_json_)
    if not found.is_calibrated:
        raise typer.Exit(1)


class _Asked:
    """Everything read, and what is to be said of it."""

    def __init__(
        self,
        recording: Recording,
        ruleset: Ruleset,
        staffing: Path | None,
        by: str,
        contained: float,
    ) -> None:
        contacts = recording.contacts
        self.then, self.new = recorded_plan(contacts), decided_plan(contacts, ruleset)
        people = self._people(recording, staffing)
        habits = habits_of(contacts)
        self.scene = Scene(
            contacts,
            people,
            habits,
            ruleset.service_level_s,
            groups(contacts, ruleset, by) if by else (),
            contained,
        )
        self.notes = (*recording.notes, *_notes(self.then, self.new, habits, people, staffing))

    def _people(self, recording: Recording, staffing: Path | None) -> tuple[Person, ...]:
        contacts = recording.contacts
        if staffing is None:
            return derived_staffing(contacts)
        last_s = contacts[-1].at_s + _AFTER_S
        return read_staffing(staffing, first_s=contacts[0].at_s, last_s=last_s)


def _notes(
    then: Plan, new: Plan, habits: Habits, people: tuple[Person, ...], staffing: Path | None
) -> Iterator[str]:
    if staffing is None:
        yield (
            f"no --staffing: {len(people)} agents who answered in the recording, in the queues "
            "they answered, from their first call to their last; breaks cannot be seen"
        )
    if said := elsewhere_note(then.elsewhere, new.elsewhere):
        yield said
    for queue in sorted(queue for queue in new.queues if habits.borrows(queue)):
        yield (
            f"queue {queue}: fewer than {ENOUGH} calls handled, so they are taken to last as "
            "those of all queues do"
        )
    if new.without_agent:
        yield (
            f"{new.without_agent} contacts should go back to an agent whom the recording does not "
            "tell; they are taken to go to anybody, so there are more last-agent hits than shown"
        )
    if unknown := _not_on_staff(then, new, people):
        yield f"{unknown} agents whom contacts should go back to are not on the staff"
    if not habits.all_patience.rate_per_s:
        yield "nobody hung up in the recording, so nobody does in the simulation"


def _not_on_staff(then: Plan, new: Plan, people: tuple[Person, ...]) -> int:
    wanted = {place.agent for plan in (then, new) for place in plan.places if place} - {""}
    return len(wanted - {person.extension for person in people})


def _tell(found: Forecast, asked: _Asked, is_for_program: bool) -> None:
    threshold_s = asked.scene.threshold_s
    if is_for_program:
        typer.echo(json.dumps(as_json(found, asked.notes, threshold_s), indent=2))
    else:
        show(found, asked.notes, threshold_s, Console(highlight=False))


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
