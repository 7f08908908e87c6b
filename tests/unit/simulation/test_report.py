"""What a person is told when the past is met, in part or not at all."""

from collections.abc import Mapping, Sequence

from rich.console import Console

from cli.simulation.calibration import compared
from cli.simulation.forecast import Forecast
from cli.simulation.measures import Call, measure
from cli.simulation.report import as_json, show

# So many calls of each wait, by queue.
Waits = Mapping[str, Sequence[tuple[int, float | None]]]


def calls(waits: Waits) -> list[Call]:
    return [
        Call((("queue", queue),), waited_s)
        for queue, each in waits.items()
        for many, waited_s in each
        for _ in range(many)
    ]


def found(past: Waits, *runs: Waits) -> Forecast:
    measured = [measure(calls(run), 20) for run in runs]
    return Forecast(len(runs), compared(measure(calls(past), 20), measured))


def told(forecast: Forecast) -> str:
    console = Console(width=80)
    with console.capture() as said:
        show(forecast, (), 20, console)
    return said.get()


def test_a_recording_too_short_is_not_blamed_on_the_staff() -> None:
    said = told(found({"a": [(300, 10)]}, {"a": [(300, 9)]}, {"a": [(300, 19)]}))

    assert "too short to tell" in said
    assert "Record more days" in said
    assert "Is the staffing right" not in said


def test_a_past_that_no_run_comes_to_is_asked_about_the_staff() -> None:
    said = told(found({"a": [(300, 10)]}, {"a": [(300, 19)]}))

    assert "No forecast: the mean wait is 9.0 s too high" in said
    assert "Is the staffing right" in said


def test_a_queue_that_was_not_met_is_told_to_have_no_forecast() -> None:
    forecast = found(
        {"a": [(900, 10)], "b": [(300, 10)], "c": [(30, 10)]},
        {"a": [(900, 10)], "b": [(300, 15)], "c": [(30, 1)]},
    )

    said = told(forecast)

    assert "Not for queue b: the mean wait is 5.0 s too high. So there is no forecast" in said
    assert "Not for queue c:" in said
    assert "It had only 30 calls." in said
    assert [one["has_forecast"] for one in as_json(forecast, (), 20)["calibration"]] == [
        *(True, True),
        *(False, True),
    ]


def test_a_past_met_only_because_errors_cancel_out_is_said_to_be_so() -> None:
    said = told(
        found(
            {"a": [(400, 10)], "b": [(400, 30)]},
            {"a": [(400, 30)], "b": [(400, 10)]},
        )
    )

    assert "but not where most of them wait" in said
    assert "cannot know" not in said
