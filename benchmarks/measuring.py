"""What all measurements share: repairs with a stopwatch, percentiles, and figures as people read them."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

from rich.console import Console

from fixtures.disruptions import SINGLE_EDITS, Scenario, disruptions
from fixtures.generate import conference
from solver import warm
from solver.answer import Answer, Progress
from solver.conference import Conference, Schedule
from solver.edits import Edit
from solver.repair import Engine, countdown, repair

if TYPE_CHECKING:
    from solver.board import Board

RESULTS = Path(__file__).parent / "results"
PAGE_WIDTH = 160
"""Columns where the output is no terminal."""
PROVED = ("proved_minimal", "infeasible", "nothing_to_repair")
"""Statuses that say everything is proved."""
COUNT_PROVED = (*PROVED, "proved_moved")
"""Statuses that say the number of moves is proved, or that there is no repair."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One repair and its stopwatch."""

    answer: Answer
    seconds: float
    """Median over the runs."""
    first: float | None
    """When the first repair was in hand, or the proof that there is none; None where the time ran out before."""
    counted: float | None
    """When the number of moves was proved, as the engine told on the way, or at its end; None where it never was."""

    @property
    def proved(self) -> bool:
        return self.answer.status in PROVED

    @property
    def count_proved(self) -> bool:
        return self.answer.status in COUNT_PROVED


def timed(
    conference: Conference,
    schedule: Schedule,
    edits: Sequence[Edit],
    *,
    limit: float,
    runs: int = 1,
    alternatives: int = 1,
    engine: Engine = "auto",
) -> Sample:
    """Repair so many times, and take the time of each from the call to the judged answer.

    After `warm_up`, on a board that was made before the clock starts, as in a running Callboard.
    """
    board = board_of(conference, schedule) if engine == "auto" else None
    times: list[float] = []
    ears: list[_Ear] = []
    for _ in range(runs):
        gc.collect()
        ear = _Ear(perf_counter())
        answer = repair(
            conference,
            schedule,
            edits,
            remaining=countdown(limit),
            alternatives=alternatives,
            engine=engine,
            progress=ear,
            board=board,
        )
        times.append(perf_counter() - ear.began)
        ear.conclude(answer, times[-1])
        ears.append(ear)
    firsts = [ear.first for ear in ears if ear.first is not None]
    counted = [ear.counted for ear in ears if ear.counted is not None]
    return Sample(answer, median(times), median(firsts) if firsts else None, median(counted) if counted else None)


@dataclass(slots=True)
class _Ear:
    """Hears when a repair was first in hand, and when its count was proved."""

    began: float
    first: float | None = None
    counted: float | None = None

    def __call__(self, progress: Progress) -> None:
        now = perf_counter() - self.began
        if progress.moved is not None and self.first is None:
            self.first = now
        if progress.moved is not None and progress.moved == progress.moved_lower_bound and self.counted is None:
            self.counted = now

    def conclude(self, answer: Answer, seconds: float) -> None:
        """What was never said on the way, the answer says; what it takes back was never so."""
        if self.first is None and (answer.repairs or answer.status in PROVED):
            self.first = seconds
        if answer.status not in COUNT_PROVED:
            self.counted = None
        elif self.counted is None:
            self.counted = seconds


class _Boards:
    """The board of the conference that was asked about last."""

    def __init__(self) -> None:
        self.loaded = False
        self._last: tuple[Conference, Schedule, Board] | None = None

    def board(self, conference: Conference, schedule: Schedule) -> Board | None:
        if not self.loaded:
            return None
        if self._last is None or self._last[0] is not conference or self._last[1] is not schedule:
            from solver.board import Board

            self._last = (conference, schedule, Board(conference, schedule))
            self._last[2].prepare()
        return self._last[2]


_BOARDS = _Boards()


def board_of(conference: Conference, schedule: Schedule) -> Board | None:
    """The board of a conference, laid out; None before `warm_up`."""
    return _BOARDS.board(conference, schedule)


def warm_up() -> None:
    """Let the engines load and compile what they do at their first questions."""
    warm.load(Path(os.environ.get("CALLBOARD_CACHE") or RESULTS / "cache"))
    _BOARDS.loaded = True
    built, schedule = conference(seed=0, sessions=20, fullness=0.5)
    for scenario in disruptions(built, schedule, seed=0, count=2, kind=SINGLE_EDITS):
        repair(built, schedule, scenario.edits, remaining=countdown(5), alternatives=2)
        repair(built, schedule, scenario.edits, remaining=countdown(5), engine="cp_sat")


def percentile(numbers: Sequence[float], percent: float) -> float:
    """The smallest number that `percent` of the numbers do not exceed."""
    return sorted(numbers)[max(0, ceil(len(numbers) * percent / 100) - 1)]


def spread(few: int, count: int) -> set[int]:
    """A few of `count` numbers, evenly spread, so that every kind of edit has its turn."""
    few = min(few, count)
    return {index * count // few for index in range(few)}


def milliseconds(seconds: float) -> str:
    """`0.7`, `12`, `1500`: as many digits as mean something."""
    return f"{seconds * 1000:.1f}" if seconds < 0.0995 else f"{seconds * 1000:.0f}"


def tally(counts: Sequence[tuple[object, int]]) -> str:
    """`1: 20, 2: 7`."""
    return ", ".join(f"{what}: {count}" for what, count in counts)


def console() -> Console:
    """Standard output, as wide as the tables where it is no terminal."""
    return Console(width=None if Console().is_terminal else PAGE_WIDTH)


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario, and how its repair went."""

    scenario: Scenario
    sample: Sample
