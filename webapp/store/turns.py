"""Where database work runs: on native threads, and one writer at a time in first-come order.

SQLite blocks the thread that calls it, and under gevent that would be everybody's thread.  So each write
transaction runs whole on the one writer thread, and reads run on the hub's thread pool.  Unpatched (the
commands, the tests) the same holds without gevent: one writer thread, and reads in the caller's.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, cast

Result = TypeVar("Result")
Outcome = tuple[Result | None, BaseException | None]


class Turns(Protocol):
    """Runs work where it does not block the others."""

    def write(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, run when all earlier writes are done."""

    def read(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, run beside others."""

    def close(self) -> None:
        """Wait for what runs; take nothing more."""


def here(*, one_writer: bool) -> Turns:
    """The turns that suit this process: with gevent if it patched the threads, else plain."""
    if not _threads_are_patched():
        return PlainTurns() if one_writer else DirectTurns()
    # A server database's driver yields to the hub by itself.
    return GeventTurns() if one_writer else DirectTurns()


def _threads_are_patched() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


class DirectTurns:
    """Everything in the caller's own thread."""

    def write(self, work: Callable[[], Result]) -> Result:
        return work()

    def read(self, work: Callable[[], Result]) -> Result:
        return work()

    def close(self) -> None:
        return None


class PlainTurns(DirectTurns):
    """One writer thread; its queue is first come, first served."""

    def __init__(self) -> None:
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")

    def write(self, work: Callable[[], Result]) -> Result:
        return self._writer.submit(work).result()

    def close(self) -> None:
        self._writer.shutdown()


class GeventTurns:
    """A thread pool of one for writes; the hub's pool for reads."""

    def __init__(self) -> None:
        from gevent.threadpool import ThreadPool

        # The hub and the native threads share one interpreter: the hub, which has little to do, must not wait long
        # for a thread that has much.  (At 1 ms instead of 5 the hub's p99 lag under 16 editors fell from 17 to 6 ms.)
        sys.setswitchinterval(0.001)
        self._writer = ThreadPool(1)
        self._busy = False
        self._waiting: deque[Any] = deque()

    def write(self, work: Callable[[], Result]) -> Result:
        self._enter()
        try:
            outcome: Outcome[Result] = self._writer.apply(_outcome, (work,))
            return _unwrapped(outcome)
        finally:
            self._leave()

    def read(self, work: Callable[[], Result]) -> Result:
        from gevent import get_hub

        outcome: Outcome[Result] = get_hub().threadpool.apply(_outcome, (work,))
        return _unwrapped(outcome)

    def close(self) -> None:
        self._writer.kill()

    def _enter(self) -> None:
        """Wait for our turn: it is handed from one to the next, so nobody overtakes."""
        from gevent.event import Event

        if not self._busy:
            self._busy = True
            return
        turn = Event()
        self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:
            if turn.is_set():
                self._leave()
            else:
                self._waiting.remove(turn)
            raise

    def _leave(self) -> None:
        if self._waiting:
            self._waiting.popleft().set()
        else:
            self._busy = False


def _outcome(work: Callable[[], Result]) -> Outcome[Result]:
    """What came of `work`.  The pool would print an exception that passes through it; most of ours are refusals."""
    try:
        return work(), None
    except BaseException as error:
        return None, error


def _unwrapped(outcome: Outcome[Result]) -> Result:
    result, error = outcome
    if error is not None:
        raise error
    return cast("Result", result)
