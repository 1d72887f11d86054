"""Plans from scratch: the time until everything is placed, the objective over time, and CP-SAT beside.

Usage: python -m benchmarks.plan [--sessions 100 --sessions 1000 …] [--seeds 20].  Exit status 1 where a target is
missed.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from dataclasses import dataclass
from time import perf_counter

import click
from ortools.sat.python import cp_model
from rich.table import Table

from benchmarks.measuring import console, percentile
from benchmarks.whole_conference import _Model
from fixtures.generate import conference
from solver.conference import Conference, Placement, Schedule
from solver.countdown import countdown
from solver.plan import Progress, plan

TARGETS = {1000: 3.0, 3000: 20.0}
"""Seconds within which 95 % of the seeds are to be complete."""
SHARE = 0.95
MARKS = (2.0, 5.0, 10.0, 30.0, 60.0)
"""Seconds at which the objective is read."""


@dataclass(frozen=True)
class Run:
    """One conference placed from scratch."""

    complete: float | None
    """Seconds until everything was placed."""
    points: list[tuple[float, int]]
    """Seconds and objective of complete plans."""
    bound: int
    made: int
    """What the schedule costs that the conference was generated with."""

    def at(self, seconds: float) -> int | None:
        """The objective of the best complete plan by then."""
        index = bisect_right([when for when, _ in self.points], seconds)
        return self.points[index - 1][1] if index else None


def ours(built: Conference, schedule: Schedule, seed: int, seconds: float, improving: float) -> Run:
    """Plan until it is complete, and for so long after that."""
    from solver.wishes import costs

    points: list[tuple[float, int]] = []
    began = perf_counter()
    end = [began + seconds]

    def note(progress: Progress) -> None:
        if not progress.unplaced:
            if not points:
                end[0] = perf_counter() + improving
            points.append((progress.seconds, progress.objective))

    found = plan(
        built, schedule, from_scratch=True, seed=seed, remaining=lambda: end[0] - perf_counter(), progress=note
    )
    if found.status == "complete":
        points.append((found.seconds, found.objective))
    return Run(found.first_complete, points, found.bound, sum(costs(built, schedule, {}).values()))


def theirs(built: Conference, schedule: Schedule, seconds: float) -> float | None:
    """Seconds in which CP-SAT, with two workers, finds any complete schedule in the whole-conference model."""
    somewhere = Placement(built.rooms[0].id, built.days[0].hours.start)
    start = {one.id: schedule[one.id] if one.pinned else somewhere for one in built.sessions}
    began = perf_counter()
    model = _Model(built, start, frozenset(), False).model
    model.clear_objective()
    model.clear_hints()
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 2
    left = countdown(seconds - (perf_counter() - began))()
    if left <= 0:
        return None
    solver.parameters.max_time_in_seconds = left
    status = solver.solve(model)
    return perf_counter() - began if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None


def said(seconds: float | None) -> str:
    """A time as people read it."""
    return "never" if seconds is None else f"{seconds:.2f}"


@click.command()
@click.option("--sessions", "sizes", multiple=True, type=int, default=(100, 300, 1000, 3000), show_default=True)
@click.option("--seeds", default=20, show_default=True, help="Conferences of each size.")
@click.option("--fullness", default=0.9, show_default=True)
@click.option("--limit", default=30.0, show_default=True, help="Seconds to complete a plan in.")
@click.option("--improve", "improving", default=0.0, show_default=True, help="Seconds to improve it, for one seed.")
@click.option(
    "--peer-limit", default=60.0, show_default=True, help="Seconds for CP-SAT, for one seed; 0 leaves it out."
)
def main(
    sizes: tuple[int, ...], seeds: int, fullness: float, limit: float, improving: float, peer_limit: float
) -> None:
    """Place generated conferences from scratch, on one core."""
    out, missed = console(), False
    table = Table(title=f"from scratch, {fullness:.0%} full, seconds until everything is placed")
    for head in ("sessions", "seeds", "complete", "p50", "p95", "max", "target", "", "CP-SAT, whole conference"):
        table.add_column(head, justify="right")
    for size in sizes:
        runs = []
        peer = "left out"
        for seed in range(1, seeds + 1):
            built, schedule = conference(seed=seed, sessions=size, fullness=fullness)
            run = ours(built, schedule, seed, limit, improving if seed == 1 else 0.0)
            runs.append(run)
            if seed == 1 and improving:
                marks = [mark for mark in MARKS if mark <= improving]
                told = ", ".join(f"{mark:.0f} s: {run.at(mark)}" for mark in marks)
                out.print(f"{size} sessions, objective by time: {told}; as generated {run.made}, bound {run.bound}")
            if seed == 1 and peer_limit:
                peer = said(theirs(built, schedule, peer_limit))
        times = [run.complete if run.complete is not None else limit for run in runs]
        target = TARGETS.get(size)
        met = target is None or sum(time <= target for time in times) >= SHARE * len(times)
        missed = missed or not met
        complete = sum(run.complete is not None for run in runs)
        figures = [f"{percentile(times, percent):.2f}" for percent in (50, 95, 100)]
        verdict = "" if target is None else "met" if met else "missed"
        table.add_row(str(size), str(seeds), str(complete), *figures, f"{target or ''}", verdict, peer)
    out.print(table)
    sys.exit(int(missed))


if __name__ == "__main__":
    main()
