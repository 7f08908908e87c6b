"""Which columns of somebody's file are not read: nothing is left out in silence."""

from collections.abc import Iterator, Sequence
from typing import Final

from cli.rules.printable import printable

_SHOWN: Final = 20


def columns_told(kept: Sequence[str], unused: Sequence[str]) -> Iterator[str]:
    """What becomes of columns that are none of our fields, and how to have them read."""
    if kept:
        yield f"Columns kept under their own names: {_list(kept)}."
    if unused:
        yield (
            f"Columns that are NOT USED: {_list(unused)}. "
            'Say what each is with --columns, as remarks="Note".'
        )


def _list(names: Sequence[str]) -> str:
    """Those with a name, each once, then how many have none."""
    named = list(dict.fromkeys(printable(name) for name in names if name))
    without = sum(not name for name in names)
    told = named[:_SHOWN]
    if more := len(named) - len(told):
        told.append(f"{more} more")
    if without:
        told.append(f"{without} without a name")
    return ", ".join(told)
