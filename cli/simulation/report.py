"""What a person reads at the terminal: the past beside its simulation, then what would change."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any, Final

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cli.simulation.calibration import LEVEL_LIMIT, SHARE_RATIO, WAIT_LIMIT, Comparison
from cli.simulation.forecast import Forecast, Outlook
from cli.simulation.measures import Estimate, Estimated, Label, Measured

NOT_KNOWN: Final = (
    "What this cannot know:",
    "- how callers take other prompts or another self-service, and whether they call again;",
    "- that some agents are faster than others: how long a call takes depends on its queue only;",
    "- breaks, after-call work that is not in the handling time, and calls that come another way;",
    "- which callers must avoid an agent; what becomes of those sent to a callback or a message;",
    "- other days: these are the callers of the recording. The intervals are nine of ten runs with",
    "  other luck in patience and handling times, and no more than that.",
)
_TOO_SHORT: Final = (
    "But some runs come to what happened, so this recording is too short to tell whether the "
    "simulation is right. Record more days."
)
_WHY_NOT: Final = (
    f"Allowed are {LEVEL_LIMIT * 100:g} points of service level, {WAIT_LIMIT:.0%} of the wait, and "
    f"{SHARE_RATIO:g} times as many who hang up or are late. Where the past is not met, what is "
    "said of the future means nothing. Is the staffing right (--staffing, breaks included)? Does "
    "`handled_s` hold the work after the call? Did the agents answer anything else at that time?"
)
_NONE: Final = "-"
_DIRECTION: Final = "Read their forecast as a direction, not as a figure."

Write = Callable[[float], str]


def show(forecast: Forecast, notes: Sequence[str], threshold_s: float, console: Console) -> None:
    """The whole report; without a forecast where the past was not met."""
    for note in notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)
    console.print(_calibration(forecast, threshold_s))
    for line in _verdict(forecast):
        console.print(Text(line), soft_wrap=True)
    if forecast.is_calibrated:
        console.print(_outlooks(forecast, threshold_s))
        for line in NOT_KNOWN:
            console.print(Text(line), soft_wrap=True)


def as_json(forecast: Forecast, notes: Sequence[str], threshold_s: float) -> dict[str, Any]:
    """The same for a program; shares are from 0 to 1 and times in seconds."""
    return {
        "calibrated": forecast.is_calibrated,
        "service_level_s": threshold_s,
        "runs": forecast.seeds,
        "notes": list(notes),
        "calibration": [
            {
                **_named(one.label),
                "happened": asdict(one.happened),
                "simulated": asdict(one.simulated),
                "differences": list(one.differences),
                "last_agent_difference": one.hits_differ,
                "is_too_short": one.is_too_short,
                "has_forecast": forecast.is_calibrated and not one.is_refused,
            }
            for one in forecast.comparisons
        ],
        "forecast": [
            {**_named(one.label), **{k: v for k, v in asdict(one).items() if k != "label"}}
            for one in forecast.outlooks
        ],
        "cannot_know": " ".join(line.lstrip("- ") for line in NOT_KNOWN[1:]),
    }


def _named(label: Label) -> dict[str, str]:
    return {"of": label[0], "name": label[1]}


def _calibration(forecast: Forecast, threshold_s: float) -> Table:
    table = _table(f"The recorded decisions, simulated {forecast.seeds} times", threshold_s)
    for one in forecast.comparisons:
        table.add_row(_title(one.label))
        table.add_row("happened", *_happened(one.happened))
        table.add_row("simulated", *_estimated(one.simulated), end_section=True)
    return table


def _verdict(forecast: Forecast) -> Iterator[str]:
    whole, *parts = forecast.comparisons
    if not whole.is_close:
        yield f"No forecast: {' and '.join(whole.differences)} in the simulation."
        yield _TOO_SHORT if whole.is_too_short else _WHY_NOT
        return
    yield (
        "No forecast: the past is met for all callers together, but not where most of them wait."
        if forecast.is_met_by_accident
        else "The past is met: for all callers within the limits."
    )
    for one in parts:
        if not one.is_close:
            yield f"Not for {' '.join(one.label)}: {' and '.join(one.differences)}. {_mind(one)}"
    for one in forecast.comparisons:
        if one.hits_differ:
            yield f"{' '.join(one.label).strip()}: {one.hits_differ}. {_DIRECTION}"
    if forecast.is_met_by_accident:
        yield _WHY_NOT


def _mind(one: Comparison) -> str:
    if one.is_refused:
        short = " Some runs come to it: record more days." if one.is_too_short else ""
        return f"So there is no forecast of it.{short}"
    return f"{_DIRECTION} It had only {one.happened.calls} calls."


def _outlooks(forecast: Forecast, threshold_s: float) -> Table:
    table = _table(f"What would change, over {forecast.seeds} runs", threshold_s)
    for one in forecast.outlooks:
        table.add_row(_title(one.label))
        table.add_row("then", *_estimated(one.now))
        table.add_row("new", *_estimated(one.new))
        table.add_row("change", *_change(one), end_section=True)
    return table


def _table(title: str, threshold_s: float) -> Table:
    """Narrow enough for a terminal of 80 columns: a figure that is cut off is a wrong one."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("")
    for heading in (
        "calls",
        f"% in {threshold_s:g} s",
        "mean wait, s",
        "90 % wait, s",
        "% hung up",
        "% last agent",
    ):
        table.add_column(heading, justify="right", overflow="fold")
    return table


def _title(label: Label) -> RenderableType:
    kind, name = label
    return Text(name if kind == "queue" else f"{kind} {name}".rstrip(), style="bold")


def _happened(one: Measured) -> list[str]:
    return [
        str(one.calls),
        _said(one.service_level, _percent),
        _said(one.mean_wait_s, _seconds),
        _said(one.wait_90_s, _seconds),
        _said(one.abandoned, _percent),
        _said(one.last_agent, _percent),
    ]


def _estimated(one: Estimated) -> list[str]:
    return [
        _said(one.calls.mean if one.calls else None, lambda calls: f"{calls:.0f}"),
        _between(one.service_level, _percent),
        _between(one.mean_wait_s, _seconds),
        _between(one.wait_90_s, _seconds),
        _between(one.abandoned, _percent),
        _between(one.last_agent, _percent),
    ]


def _change(one: Outlook) -> list[str]:
    return [
        "",
        _between(one.level_change, lambda share: f"{share * 100:+.1f}"),
        _between(one.wait_change_s, lambda seconds: f"{seconds:+.1f}"),
        "",
        _between(one.abandoned_change, lambda share: f"{share * 100:+.1f}"),
        "",
    ]


def _between(value: Estimate | None, write: Write) -> str:
    if value is None:
        return _NONE
    return f"{write(value.mean)}\n{write(value.low)}..{write(value.high)}"


def _said(value: float | None, write: Write) -> str:
    return _NONE if value is None else write(value)


def _percent(share: float) -> str:
    return f"{share * 100:.1f}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}"
