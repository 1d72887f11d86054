"""How long repairs take: single edits on generated conferences, with the obvious model beside them.

Every edit is repaired several times and counts with its median.  Building, proving and checking are in the
time; making the conference and loading ortools are not.  Both methods answer the same edits in the same run,
and the run fails if two proved answers differ.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median

import click
from rich.console import Console
from rich.progress import Progress, TaskID
from rich.table import Table

from benchmarks import whole_conference
from benchmarks.measuring import PROVED, console, milliseconds, percentile, spread, tally, timed, warm_up
from fixtures.disruptions import SINGLE_EDITS, Scenario, disruptions
from fixtures.generate import conference, fullness_of
from fixtures.mishaps import KINDS
from solver.answer import Answer
from solver.conference import Conference, Placement
from solver.repair import Engine


@dataclass(frozen=True)
class Case:
    """One edit of one conference, repaired."""

    scenario: Scenario
    answer: Answer
    seconds: float
    """Median over the runs."""
    peer: whole_conference.Outcome | None = None

    @property
    def proved(self) -> bool:
        return self.answer.status in PROVED

    @property
    def disagrees(self) -> bool:
        """Whether both methods claim a proof, of different things."""
        if self.peer is None or not self.peer.proved or not self.proved:
            return False
        return (self.answer.moved, self.answer.price) != (self.peer.moved, self.peer.price)


@dataclass(frozen=True)
class Size:
    """All cases of one number of sessions."""

    sessions: int
    rooms: int
    fullness: float
    cases: list[Case]


@dataclass(frozen=True)
class Plan:
    """What is measured, and how patiently."""

    fullness: float
    seeds: int
    count: int
    runs: int
    kinds: tuple[str, ...]
    time_limit: float
    engine: Engine
    peer_edits: int
    peer_limit: float
    peer_workers: int
    peer_up_to: int


def measure(plan: Plan, sessions: int, progress: Progress, task: TaskID) -> Size:
    """Repair `plan.count` disruptions of each of `plan.seeds` conferences of one size."""
    cases: list[Case] = []
    shares: list[float] = []
    rooms = 0
    for seed in range(1, plan.seeds + 1):
        built, schedule = conference(seed=seed, sessions=sessions, fullness=plan.fullness)
        shares.append(fullness_of(built, schedule))
        rooms = len(built.rooms)
        told = disruptions(built, schedule, seed=seed, count=plan.count, kind=plan.kinds)
        for number, scenario in enumerate(told):
            compare = sessions <= plan.peer_up_to and number in spread(ceil(plan.peer_edits / plan.seeds), plan.count)
            cases.append(_case(plan, built, schedule, scenario, compare=compare))
            progress.advance(task)
    return Size(sessions, rooms, sum(shares) / len(shares), cases)


def _case(plan: Plan, built: Conference, schedule: dict[str, Placement], scenario: Scenario, *, compare: bool) -> Case:
    sample = timed(built, schedule, scenario.edits, limit=plan.time_limit, runs=plan.runs, engine=plan.engine)
    peer = None
    if compare:
        peer = whole_conference.solve(
            built, schedule, scenario.edits, seconds=plan.peer_limit, workers=plan.peer_workers
        )
    return Case(scenario, sample.answer, sample.seconds, peer)


def repairs_table(sizes: Sequence[Size]) -> Table:
    """What the repairs took and what they proved."""
    table = Table(
        "sessions", "rooms", "full", "edits", "p50 ms", "p95 ms", "max ms", "< 2 s", "answers", "moves", "engine"
    )
    for size in sizes:
        times = [case.seconds for case in size.cases]
        statuses = Counter(case.answer.status for case in size.cases)
        moves = Counter(case.answer.moved for case in size.cases if case.answer.moved is not None)
        engines = Counter(case.answer.engine for case in size.cases)
        table.add_row(
            str(size.sessions),
            str(size.rooms),
            f"{size.fullness:.1%}",
            str(len(size.cases)),
            *(milliseconds(percentile(times, percent)) for percent in (50, 95, 100)),
            f"{sum(seconds < 2 for seconds in times)}",
            tally(statuses.most_common()),
            tally(sorted(moves.items())),
            tally(engines.most_common()),
        )
    return table


def peer_table(sizes: Sequence[Size]) -> Table:
    """The same edits with the whole conference in one model; ratios over those that both have proved."""
    table = Table(
        "sessions", "edits", "peer proved", "peer p50 ms", "ours p50 ms", "peer ÷ ours, median", "answers differ"
    )
    for size in sizes:
        asked = [(case, case.peer) for case in size.cases if case.peer is not None]
        if not asked:
            continue
        ratios = [peer.seconds / case.seconds for case, peer in asked if peer.proved and case.proved]
        table.add_row(
            str(size.sessions),
            str(len(asked)),
            str(sum(peer.proved for _, peer in asked)),
            milliseconds(percentile([peer.seconds for _, peer in asked], 50)),
            milliseconds(percentile([case.seconds for case, _ in asked], 50)),
            f"{median(ratios):.0f} ×" if ratios else "no proof to compare",
            str(sum(case.disagrees for case, _ in asked)),
        )
    return table


def slowest_table(sizes: Sequence[Size]) -> Table:
    """The slowest repairs, and every one without a proof."""
    table = Table("sessions", "ms", "kind", "status", "moves", "bound", "what happened")
    for size in sizes:
        slow = sorted(size.cases, key=lambda case: -case.seconds)
        for case in slow[:3] + [case for case in slow[3:] if not case.proved]:
            table.add_row(
                str(size.sessions),
                milliseconds(case.seconds),
                case.scenario.kind,
                case.answer.status,
                str(case.answer.moved),
                str(case.answer.moved_lower_bound),
                case.scenario.what,
            )
    return table


@click.command()
@click.option("--sessions", "sizes", multiple=True, type=int, default=(100, 300, 1000), show_default=True)
@click.argument("more_sizes", nargs=-1, type=int)
@click.option("--fullness", default=0.9, show_default=True, help="Booked minutes ÷ open minutes.")
@click.option("--seeds", default=3, show_default=True, help="Conferences of each size.")
@click.option("--count", default=30, show_default=True, help="Edits per conference.")
@click.option("--runs", default=3, show_default=True, help="Repairs of each edit; the median counts.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(list(KINDS)), help="By default, the single edits.")
@click.option("--time-limit", default=10.0, show_default=True, help="Seconds for one repair.")
@click.option("--engine", type=click.Choice(["auto", "cp_sat"]), default="auto", show_default=True)
@click.option(
    "--peer-edits", default=3, show_default=True, help="Edits of each size that the peer gets too; 0 for none."
)
@click.option("--peer-limit", default=60.0, show_default=True, help="Seconds for one solve of the peer.")
@click.option("--peer-workers", default=os.cpu_count(), show_default=True, help="Its threads; repairs have one.")
@click.option("--peer-up-to", default=300, show_default=True, help="The largest conference that the peer gets.")
@click.option("--slowest", is_flag=True, help="Name the slowest repairs.")
def main(sizes: tuple[int, ...], more_sizes: tuple[int, ...], slowest: bool, **given: object) -> None:
    """Measure repairs of disrupted conferences: `--sessions 100 300 1000`."""
    plan = Plan(**{**given, "kinds": given["kinds"] or SINGLE_EDITS})  # type: ignore[arg-type]
    page = console()
    page.print(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {plan.engine} engine"
    )
    warm_up()
    wanted = dict.fromkeys([*sizes, *more_sizes])
    measured = []
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for sessions in wanted:
            task = progress.add_task(f"{sessions} sessions", total=plan.seeds * plan.count)
            measured.append(measure(plan, sessions, progress, task))
    page.print(repairs_table(measured))
    if any(case.peer for size in measured for case in size.cases):
        page.print("The whole conference as one CP-SAT model, on some of the same edits:")
        page.print(peer_table(measured))
    if slowest:
        page.print(slowest_table(measured))
    differing = [case for size in measured for case in size.cases if case.disagrees]
    if differing:
        raise click.ClickException(f"proved answers differ, first for: {differing[0].scenario.what}")


if __name__ == "__main__":
    main()
