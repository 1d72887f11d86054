"""The targets, our figures beside them, and whether they are met."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median
from time import perf_counter

from rich.table import Table

from benchmarks.measuring import Case, Sample, board_of, milliseconds, percentile, spread, timed
from benchmarks.sweep import CROWDED, ORDINARY, Cell, Setting, settings
from fixtures.disruptions import SINGLE_EDITS, disruptions
from fixtures.mishaps import KINDS
from solver import plan
from solver.breach import Breach
from solver.cost_map import DEPTH, cost_map
from solver.countdown import countdown
from solver.edits import Edit, Move, Resize, Swap
from solver.timetable import Timetable

SIZES = (100, 300, 1000, 3000)
MASS = tuple(name for name, kind in KINDS.items() if kind.many)
PLACING = ("move_onto", "resize_longer", "swap_two", "order_reversed", "apart_together", "keynote_grows")
"""Accidents that are one move, resize or swap."""
HOPELESS = tuple(name for name, kind in KINDS.items() if kind.hopeless)
MASS_SECONDS = 1.0
"""A mass event must be repaired, and its count proved, in this time."""
ALTERNATIVES = 5
MICRO, MILLI, SECOND = 1e-6, 1e-3, 1.0
UNITS = {MICRO: "µs", MILLI: "ms", SECOND: "s"}
MAP_SECONDS, PLAN_SECONDS = 10.0, 20.0
"""For one cost map, and for one plan from scratch; what is not there by then has never come."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked of one line of the table: the usual case and the rare one, in one unit, by size."""

    what: str
    rare: int
    """Which percentile the rare case is."""
    unit: float
    limits: dict[int, tuple[float, float]]


CHECK = Target("check of one edit", 99, MICRO, dict(zip(SIZES, [(2, 20), (2, 20), (3, 20), (3, 30)], strict=True)))
REPAIR = Target(
    "repair, up to 3 roots", 95, MILLI, dict(zip(SIZES, [(0.5, 50), (0.5, 10), (1, 10), (5, 50)], strict=True))
)
FULL_REPAIR = Target("the same, 94 % full", 95, MILLI, {1000: (1, 50)})
FIRST = Target(
    "mass event, first repair",
    95,
    MILLI,
    dict(zip(SIZES, [(30, 500), (50, 500), (100, 1000), (300, 1000)], strict=True)),
)
FIVE = Target("five alternatives", 95, MILLI, dict(zip(SIZES, [(5, 200), (3, 60), (5, 60), (15, 150)], strict=True)))
IMPOSSIBLE = Target(
    "infeasible, proved and explained",
    95,
    MILLI,
    dict(zip(SIZES, [(5, 200), (5, 200), (10, 500), (30, 1000)], strict=True)),
)
COST_MAP = Target(
    f"cost map of a dragged session, to depth {DEPTH}",
    95,
    SECOND,
    dict(zip(SIZES, [(0.1, 0.1), (0.2, 0.2), (1, 1), (3, 3)], strict=True)),
)
FROM_SCRATCH = Target(
    "from scratch, everything placed",
    95,
    SECOND,
    dict(zip(SIZES, [(0.05, 0.05), (0.2, 0.2), (1.5, 1.5), (10, 10)], strict=True)),
)
TARGETS = (CHECK, REPAIR, FULL_REPAIR, FIRST, FIVE, IMPOSSIBLE, COST_MAP, FROM_SCRATCH)
PROVED_SHARE = {100: 0.8, 300: 0.9, 1000: 0.9, 3000: 0.9}
"""Of the mass events, those whose count must be proved within `MASS_SECONDS`."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: seconds by target and size, one number for every scenario; infinite where it never came."""

    seconds: dict[tuple[str, int], list[float]]
    mass_proved: dict[int, list[bool]]


@dataclass(frozen=True, slots=True)
class Effort:
    """How many scenarios there are for each line of the table."""

    seeds: int
    checks: int
    mass: int
    alternatives: int
    impossible: int
    maps: int
    limit: float
    """Seconds for one repair, but for mass events."""

    @property
    def steps(self) -> int:
        """Scenarios of one size."""
        return self.seeds * (self.checks + self.mass + self.alternatives + self.impossible + self.maps + 1)


def measure(
    sizes: Sequence[int],
    cells: Sequence[Cell],
    effort: Effort,
    advance: Callable[[], object],
    *,
    fullness: float = ORDINARY,
) -> Figures:
    """Everything that the table shows; single repairs are taken from the sweep."""
    figures = Figures({}, {})
    for cell in cells:
        if cell.asked == fullness:
            figures.seconds[REPAIR.what, cell.sessions] = cell.times
        elif cell.asked == CROWDED and cell.sessions in FULL_REPAIR.limits:
            figures.seconds[FULL_REPAIR.what, cell.sessions] = cell.times
    for sessions in sizes:
        for setting in settings(sessions, fullness, effort.seeds):
            _measure_one(figures, sessions, setting, effort, advance)
    return figures


def _measure_one(
    figures: Figures, sessions: int, setting: Setting, effort: Effort, advance: Callable[[], object]
) -> None:
    def note(target: Target, seconds: float) -> None:
        figures.seconds.setdefault((target.what, sessions), []).append(seconds)
        advance()

    for seconds in checks(setting, effort.checks):
        note(CHECK, seconds)
    for case in _cases(setting, MASS, effort.mass, limit=MASS_SECONDS):
        note(FIRST, inf if case.sample.first is None else case.sample.first)
        figures.mass_proved.setdefault(sessions, []).append(in_time(case.sample))
    for case in _cases(setting, SINGLE_EDITS, effort.alternatives, limit=effort.limit, alternatives=ALTERNATIVES):
        note(FIVE, case.sample.seconds)
    for case in _cases(setting, HOPELESS, effort.impossible, limit=effort.limit):
        explained = case.sample.answer.status == "infeasible" and case.sample.answer.reasons
        note(IMPOSSIBLE, case.sample.seconds if explained else inf)
    for seconds in maps(setting, effort.maps):
        note(COST_MAP, seconds)
    note(FROM_SCRATCH, from_scratch(setting))


def in_time(sample: Sample) -> bool:
    """Whether the count was proved, by the clock outside."""
    return sample.counted is not None and sample.counted <= MASS_SECONDS


def checks(setting: Setting, count: int) -> list[float]:
    """Seconds to name everything that one move, resize or swap breaks, as in a process that has run for a while: the
    median of nine times, once all have been checked."""
    built, schedule = setting.built, setting.schedule
    table = Timetable(built, schedule)
    edits = [one.edits[0] for one in disruptions(built, schedule, seed=setting.seed, count=count, kind=PLACING)]
    assert all(_check(table, edit) for edit in edits), "everything drawn breaks something"
    found = []
    for edit in edits:
        gc.collect()
        times = []
        for _ in range(9):
            began = perf_counter()
            _check(table, edit)
            times.append(perf_counter() - began)
        found.append(median(times))
    return found


def maps(setting: Setting, count: int) -> list[float]:
    """Seconds for the whole grid, with every reason said, for sessions that are spread over the programme."""
    built, schedule = setting.built, setting.schedule
    loose = sorted(one for one in schedule if not built.session[one].pinned)
    board = board_of(built, schedule)
    found = []
    for number in spread(count, len(loose)):
        gc.collect()
        began = perf_counter()
        told = list(cost_map(built, schedule, loose[number], remaining=countdown(MAP_SECONDS), board=board))
        seconds = perf_counter() - began
        complete = not any(one.verdict == "more_than" and one.others != DEPTH for one in told)
        found.append(seconds if complete else inf)
    return found


def from_scratch(setting: Setting) -> float:
    """Seconds until everything is placed anew; infinite where that is not so in time."""
    placed = False

    def note(progress: plan.Progress) -> None:
        nonlocal placed
        placed = placed or not progress.unplaced

    clock = countdown(PLAN_SECONDS)
    gc.collect()
    made = plan.plan(
        setting.built, setting.schedule, from_scratch=True, remaining=lambda: 0 if placed else clock(), progress=note
    )
    return inf if made.first_complete is None else made.first_complete


def _check(table: Timetable, edit: Edit) -> list[Breach]:
    match edit:
        case Move(session, room, start):
            place = table.schedule[session]
            return table.breaches_of(session, room or place.room, place.start if start is None else start)
        case Resize(session, minutes):
            place = table.schedule[session]
            return table.breaches_of(session, place.room, place.start, minutes)
        case Swap(first, second):
            return table.breaches_of_swap(first, second)
    raise AssertionError(f"{edit} places nobody")


def _cases(setting: Setting, kinds: Sequence[str], count: int, *, limit: float, alternatives: int = 1) -> list[Case]:
    built, schedule = setting.built, setting.schedule
    told = disruptions(built, schedule, seed=setting.seed, count=count, kind=kinds) if count else []
    return [Case(one, timed(built, schedule, one.edits, limit=limit, alternatives=alternatives)) for one in told]


def table(figures: Figures, sizes: Sequence[int]) -> Table:
    """Each line: what is asked, then what was measured."""
    shown = Table("", "", *(f"{sessions} sessions" for sessions in sizes))
    for target in TARGETS:
        unit = UNITS[target.unit]
        cells = [judged(target, sessions, figures.seconds.get((target.what, sessions), [])) for sessions in sizes]
        if any(cells):
            shown.add_row(target.what, f"p50 / p{target.rare} {unit}", *cells)
    shown.add_row(
        f"mass event, count proved in {MASS_SECONDS:.0f} s",
        "of all",
        *(_judged_share(figures.mass_proved.get(sessions, []), PROVED_SHARE.get(sessions)) for sessions in sizes),
    )
    return shown


def judged(target: Target, sessions: int, seconds: Sequence[float]) -> str:
    """`0.7 / 3.9 (1 / 10) met`: ours, and in brackets what is asked."""
    limits = target.limits.get(sessions)
    if not seconds or limits is None:
        return ""
    ours = [percentile(seconds, percent) / target.unit for percent in (50, target.rare)]
    met = all(figure <= limit for figure, limit in zip(ours, limits, strict=True))
    said = " / ".join(_figure(figure, target.unit) for figure in ours)
    return f"{said} ({limits[0]:g} / {limits[1]:g}) {verdict(met)}"


def _judged_share(proved: Sequence[bool], asked: float | None) -> str:
    if not proved or asked is None:
        return ""
    share = sum(proved) / len(proved)
    return f"{share:.0%} of {len(proved)} ({asked:.0%}) {verdict(share >= asked)}"


def verdict(met: bool) -> str:
    """The word in the table."""
    return "met" if met else "missed"


def _figure(number: float, unit: float) -> str:
    if number == inf:
        return "never"
    return f"{number:.2g}" if unit == SECOND else milliseconds(number / 1000)


def rows(figures: Figures, sizes: Sequence[int]) -> str:
    """The table as Markdown, for the history."""
    shown = table(figures, sizes)
    cells = [list(column.cells) for column in shown.columns]
    lines = [["", "", *(f"{size}" for size in sizes)], ["---"] * len(cells), *zip(*cells, strict=True)]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
