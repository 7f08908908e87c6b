"""The run's clock in place of the machine's, for the product's code in a worker.

Installed before that code is imported, so that it meets no other clock; whoever was imported
before keeps the real one. Only what waits on a socket counts real seconds: those times stand in
the connectors of the proof, and are short there.
"""

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from bench.posting_proof.control import Control

_REAL: Final = datetime.datetime
_machine_clock: Final = time.time


class _Tells:
    control: ClassVar[Control | None] = None
    slot: ClassVar[int] = 0
    product_follows: ClassVar[bool] = False


def follow(control: Control, slot: int) -> None:
    """From now on this process's time is the run's, with the skew of its slot."""
    _Tells.control, _Tells.slot = control, slot


def note_product() -> None:
    """The product has been imported whole, and under this clock."""
    _Tells.product_follows = True


def require_product() -> None:
    """Raises: RuntimeError where the product would tell another time than the run."""
    if not _Tells.product_follows:
        raise RuntimeError(
            "the product cannot be imported: `python -m bench.posting_proof.preload`"
        )


def now_s() -> float:
    return _Tells.control.now(_Tells.slot) if _Tells.control else _machine_clock()


class _AnyDatetime(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL)


class FastDatetime(datetime.datetime, metaclass=_AnyDatetime):
    """The class that imported code knows as `datetime`."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _REAL.fromtimestamp(now_s(), tz)


def install() -> None:
    """Everything that is imported after this tells the run's time."""
    datetime.datetime = FastDatetime  # type: ignore[misc]
    time.time = now_s


@contextmanager
def in_defaults() -> Iterator[None]:
    """What is imported meanwhile has clocks and pauses of the run as its defaults.

    For the rest of the process they stay real: waiting for a lock or a socket is real, too.
    """
    real = time.monotonic, time.sleep
    time.monotonic, time.sleep = now_s, _sleep  # type: ignore[assignment]
    try:
        yield
    finally:
        time.monotonic, time.sleep = real


def _sleep(seconds: float, _real: Callable[[float], None] = time.sleep) -> None:
    _real(seconds / (_Tells.control.factor if _Tells.control else 1.0))
