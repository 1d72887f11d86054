"""A proof that there is no repair, sought beside the chains: whichever comes first ends the other.

Chains show that there is a repair by finding it, and can go on for long where there is none.  The lazy feasibility
model is the other way round.  Both leave the interpreter while they work, so two threads are enough.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import perf_counter
from types import TracebackType

from solver import cp_sat
from solver.problem import Finding, Problem

Remaining = Callable[[], float]

HEAD_START = 0.08
"""Seconds; most questions are answered before, and need no thread."""
MOST_PLACES = 400_000
"""A model with more choices would take longer to build than people wait."""


class Race:
    """A context in which a second thread tries to prove that there is no repair."""

    def __init__(self, problem: Problem, remaining: Remaining) -> None:
        self.problem = problem
        self.remaining = remaining
        self._over = Event()
        self._culprits: tuple[str, ...] | None = None
        self._stop: Callable[[], None] = lambda: None
        self._thread: Thread | None = None

    def __enter__(self) -> Race:
        self._starts_at = perf_counter() + HEAD_START
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._over.set()
        self._stop()
        if self._thread is not None:
            self._thread.join()

    def clock(self, remaining: Remaining) -> Remaining:
        """The same clock, but out of time once it is proved that there is no repair; looking at it starts the race."""

        def left() -> float:
            if self._thread is None and perf_counter() >= self._starts_at:
                self._thread = Thread(target=self._run, name="race", daemon=True)
                self._thread.start()
            return 0.0 if self._culprits is not None else remaining()

        return left

    def join(self, finding: Finding) -> None:
        """Hand over the proof, if there is one by now."""
        if self._culprits is not None and finding.places is None:
            finding.refuted("cp_sat", self._culprits, confirmed_by="presolve_off")

    def _run(self) -> None:
        self._culprits = cp_sat.refute(self.problem, self._left, self._hold, most_places=MOST_PLACES)

    def _left(self) -> float:
        return 0.0 if self._over.is_set() else self.remaining()

    def _hold(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        if self._over.is_set():
            stop()
