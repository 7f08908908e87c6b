"""Work beside the one who waits: who waits leaves in time, and the work ends by itself.

Where a function is frozen after its answer, work that goes on is thawed with the next call. So
whatever runs here may be late or lost without harm.
"""

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from queue import SimpleQueue
from typing import Any, Final, TypeVar

T = TypeVar("T")

IDLE: Final = "beside, idle"

_Job = Callable[[], None]
# A new thread costs three times what an idle one does. There are as many as ever worked at once.
_idle: Final[list["SimpleQueue[_Job]"]] = []
_lock: Final = threading.Lock()


def run_beside(work: Callable[[], T], *, name: str) -> "Future[T]":
    """Start the work in a thread beside ours; what it returns or raises is in the future.

    The thread is a daemon: a process may end without it. `name` is for who looks at threads.
    """
    future: Future[T] = Future()
    context = contextvars.copy_context()

    def job() -> None:
        threading.current_thread().name = name
        try:
            result = context.run(work)
        except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
            future.set_exception(error)
        else:
            future.set_result(result)

    _hand_over(job)
    return future


def in_turn(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each returns, one after the other."""
    return [work() for work in works]


def side_by_side(works: Sequence[Callable[[], T]]) -> list[T]:
    """What each returns, all at the same time; raises the first error when all have ended."""
    futures = [run_beside(work, name="side by side") for work in works[1:]]
    if not works:
        return []
    try:
        first = works[0]()
    finally:
        wait(futures)
    return [first, *(future.result() for future in futures)]


def _hand_over(job: _Job) -> None:
    with _lock:
        jobs = _idle.pop() if _idle else None
    if jobs is None:
        jobs = SimpleQueue()
        threading.Thread(target=_work_off, args=(jobs,), daemon=True).start()
    jobs.put(job)


def _work_off(jobs: "SimpleQueue[Any]") -> None:
    while True:
        jobs.get()()
        threading.current_thread().name = IDLE
        with _lock:
            _idle.append(jobs)
