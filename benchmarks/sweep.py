"""How repairs grow with the conference: every size at ordinary and at nearly full booking, several seeds of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from rich.table import Table

from benchmarks.measuring import Case, milliseconds, percentile, tally, timed
from benchmarks.plot import Line, svg
from fixtures.disruptions import SINGLE_EDITS, disruptions
from fixtures.generate import conference, fullness_of
from solver.conference import Conference, Placement

ORDINARY, CROWDED = 0.9, 0.94
"""Booked minutes ÷ open minutes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One made-up conference with its schedule."""

    seed: int
    built: Conference
    schedule: dict[str, Placement]


@dataclass(frozen=True, slots=True)
class Cell:
    """All cases of one size and fullness."""

    sessions: int
    rooms: int
    asked: float
    """The fullness that was asked for."""
    fullness: float
    cases: tuple[Case, ...]

    @property
    def times(self) -> list[float]:
        return [case.sample.seconds for case in self.cases]

    @property
    def open(self) -> int:
        """Cases that were not proved in their time."""
        return sum(not case.sample.proved for case in self.cases)


def settings(sessions: int, fullness: float, seeds: int) -> Iterator[Setting]:
    """The same conferences for the same numbers."""
    for seed in range(1, seeds + 1):
        yield Setting(seed, *conference(seed=seed, sessions=sessions, fullness=fullness))


def measure(sizes: Sequence[int], *, seeds: int, count: int, limit: float, advance: Callable[[], object]) -> list[Cell]:
    """Repair `count` single edits of each of `seeds` conferences of every size, ordinary and crowded."""
    return [
        _cell(sessions, fullness, seeds, count, limit, advance)
        for sessions, fullness in product(sizes, (ORDINARY, CROWDED))
    ]


def _cell(sessions: int, fullness: float, seeds: int, count: int, limit: float, advance: Callable[[], object]) -> Cell:
    cases: list[Case] = []
    shares: list[float] = []
    rooms = 0
    for setting in settings(sessions, fullness, seeds):
        shares.append(fullness_of(setting.built, setting.schedule))
        rooms = len(setting.built.rooms)
        for scenario in disruptions(setting.built, setting.schedule, seed=setting.seed, count=count, kind=SINGLE_EDITS):
            cases.append(Case(scenario, timed(setting.built, setting.schedule, scenario.edits, limit=limit)))
            advance()
    return Cell(sessions, rooms, fullness, sum(shares) / len(shares), tuple(cases))


def growth(cells: Sequence[Cell]) -> str:
    """The plot: median and 95th percentile against the size."""
    lines = [
        Line(
            f"p{percent}, {asked:.0%} full",
            tuple((cell.sessions, percentile(cell.times, percent) * 1000) for cell in cells if cell.asked == asked),
            dashed=percent == 95,
        )
        for asked in (ORDINARY, CROWDED)
        for percent in (50, 95)
    ]
    return svg("Repair of one edit, open ones counted", "sessions", "ms", [line for line in lines if line.points])


def table(cells: Sequence[Cell]) -> Table:
    """Times, the histogram of the proved K, and what stayed open."""
    shown = Table("sessions", "rooms", "full", "edits", "p50 ms", "p95 ms", "max ms", "K: edits", "no repair", "open")
    for cell in cells:
        answers = [case.sample.answer for case in cell.cases if case.sample.count_proved]
        counts = Counter(answer.moved for answer in answers if answer.moved is not None)
        shown.add_row(
            str(cell.sessions),
            str(cell.rooms),
            f"{cell.fullness:.1%}",
            str(len(cell.cases)),
            *(milliseconds(percentile(cell.times, percent)) for percent in (50, 95, 100)),
            tally(sorted(counts.items())),
            str(sum(answer.status == "infeasible" for answer in answers)),
            str(cell.open),
        )
    return shown
