"""Work beside the caller, done at once: for tests whose clock stands still."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def run_at_once(work: Callable[[], T], *, name: str) -> "Future[T]":
    """As `run_beside` promises it, and finished when it returns."""
    future: Future[T] = Future()
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
        future.set_exception(error)
    return future
