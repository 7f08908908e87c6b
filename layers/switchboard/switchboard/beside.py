"""Work beside the one who waits: who waits leaves in time, and the work ends by itself.

Where a function is frozen after its answer, work that goes on is thawed with the next call. So
whatever runs here may be late or lost without harm.
"""

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def run_beside(work: Callable[[], T], *, name: str) -> "Future[T]":
    """Start the work in a thread of its own; what it returns or raises is in the future.

    The thread is a daemon: a process may end without it.
    """
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            result = context.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            future.set_exception(error)
        else:
            future.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
