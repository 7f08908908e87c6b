"""How far it is, on the error stream: what a command answers can still be piped."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

_Item = TypeVar("_Item")
_STEPS: Final = 500


def watched(
    items: Iterable[_Item], what: str, *, total: int | None, size: Callable[[_Item], int]
) -> Iterator[_Item]:
    """The items, while a bar counts them by their size; without a total it only counts."""
    columns = (
        BarColumn(),
        TextColumn("{task.completed:,.0f} {task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total)
        # Drawing for each of a million lines would take longer than what is watched.
        step, passed = (total or 0) / _STEPS, 0
        for item in items:
            yield item
            passed += size(item)
            if passed > step:
                progress.advance(task, passed)
                passed = 0
