"""What all measurements share: repairs with a stopwatch, percentiles, and figures as people read them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from time import perf_counter

from rich.console import Console

from fixtures.disruptions import SINGLE_EDITS, Scenario, disruptions
from fixtures.generate import conference
from solver.answer import Answer, Progress
from solver.conference import Conference, Schedule
from solver.edits import Edit
from solver.repair import Engine, countdown, repair

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
    """Repair so many times, and take the time of each from the call to the judged answer."""
    times: list[float] = []
    firsts: list[float] = []
    for _ in range(runs):
        gc.collect()
        began = perf_counter()
        heard: list[float] = []
        answer = repair(
            conference,
            schedule,
            edits,
            remaining=countdown(limit),
            alternatives=alternatives,
            engine=engine,
            progress=_first_repair(heard, began),
        )
        times.append(perf_counter() - began)
        if heard or answer.repairs or answer.status in PROVED:
            firsts.append(heard[0] if heard else times[-1])
    return Sample(answer, median(times), median(firsts) if firsts else None)


def _first_repair(heard: list[float], began: float) -> Callable[[Progress], None]:
    def listen(progress: Progress) -> None:
        if progress.moved is not None:
            heard.append(perf_counter() - began)

    return listen


def warm_up() -> None:
    """Let both engines load and compile what they do at their first questions."""
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
