"""`make bench-solver`: the targets with our figures beside them, and how the cost grows with the size.

The short form ends in some minutes; `--full` takes more seeds, sizes and scenarios.  Everything is measured
through `solver.repair.repair`, in this process.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from benchmarks import itc2007, peers, real, sweep, targets
from benchmarks.measuring import RESULTS, console, warm_up
from benchmarks.targets import Effort

UNIVERSITY_SECONDS = 10.0
"""For one repair of a real timetable."""
PARTS = ("targets", "sweep", "peers", "published", "university")
FULL_SIZES = (100, 200, 300, 500, 750, 1000, 1500, 2000, 3000)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and how much of it."""

    sizes: tuple[int, ...]
    seeds: int
    count: int
    effort: Effort
    crowded: bool = False
    """Whether the targets are measured at nearly full booking, too."""


def short_plan(sizes: tuple[int, ...], seeds: int, count: int, limit: float) -> Plan:
    """Thirty edits of each size and fullness, and somewhat fewer of what takes longer."""
    effort = Effort(seeds, checks=count, mass=4, alternatives=count, impossible=4, maps=4, limit=limit)
    return Plan(sizes, seeds, count, effort)


def full_plan(limit: float) -> Plan:
    """More than thirty scenarios of everything, at every size of the curve."""
    effort = Effort(3, checks=22, mass=11, alternatives=11, impossible=11, maps=11, limit=limit)
    return Plan(FULL_SIZES, 3, 11, effort, crowded=True)


@click.command()
@click.option("--sessions", "sizes", multiple=True, type=int, default=targets.SIZES, show_default=True)
@click.option("--seeds", default=3, show_default=True, help="Conferences of each size and fullness.")
@click.option("--count", default=11, show_default=True, help="Single edits of each conference.")
@click.option("--limit", default=2.0, show_default=True, help="Seconds for one repair; a mass event has one.")
@click.option("--peer-edits", default=4, show_default=True, help="Edits that the peers get; 0 for none.")
@click.option("--peer-limit", default=20.0, show_default=True, help="Seconds for one solve of a peer.")
@click.option(
    "--university/--no-university", default=True, help="Whether to repair real timetables, of ITC-2007 and FOSDEM, too."
)
@click.option(
    "--only", "parts", multiple=True, type=click.Choice(PARTS), default=PARTS, help="One of the parts; may be repeated."
)
@click.option("--full", is_flag=True, help="More sizes, seeds and scenarios; takes long.")
@click.option("--results", type=click.Path(file_okay=False, path_type=Path), default=RESULTS, help="Where plots go.")
def main(
    sizes: tuple[int, ...],
    seeds: int,
    count: int,
    limit: float,
    peer_edits: int,
    peer_limit: float,
    university: bool,
    parts: tuple[str, ...],
    full: bool,
    results: Path,
) -> None:
    """Measure the repair engine against its targets."""
    plan = full_plan(limit) if full else short_plan(tuple(sorted(set(sizes))), seeds, count, limit)
    page = console()
    page.print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, one of them used")
    warm_up()
    if "targets" in parts or "sweep" in parts:
        _grown(page, plan, parts, results)
    if peer_edits and "peers" in parts:
        peers.report(page, count=peer_edits, limit=peer_limit, workers=os.cpu_count() or 1, sizes=(100, 300))
    if university and "published" in parts:
        real.report(page, limit=UNIVERSITY_SECONDS)
    if university and "university" in parts:
        itc2007.report(page, itc2007.INSTANCES, seeds=3 if full else 1, limit=UNIVERSITY_SECONDS)


def _grown(page: Console, plan: Plan, parts: Sequence[str], results: Path) -> None:
    """The targets and the sweep, which share the single edits; the sweep alone has every size of the curve."""
    asked = tuple(size for size in plan.sizes if size in targets.SIZES)
    sizes = plan.sizes if "sweep" in parts else asked
    with _progress(len(sizes) * 2 * plan.seeds * plan.count, "sweep") as advance:
        cells = sweep.measure(sizes, seeds=plan.seeds, count=plan.count, limit=plan.effort.limit, advance=advance)
    if "targets" in parts:
        for fullness in (sweep.ORDINARY, sweep.CROWDED) if plan.crowded else (sweep.ORDINARY,):
            with _progress(len(asked) * plan.effort.steps, f"targets at {fullness:.0%}") as advance:
                figures = targets.measure(asked, cells, plan.effort, advance, fullness=fullness)
            shown = targets.table(figures, asked)
            page.print(f"At {fullness:.0%} full, ours, and in brackets what is asked:", shown, sep="\n")
            click.echo(f"The same for the history:\n{targets.rows(figures, asked)}")
    page.print("Single edits by size:", sweep.table(cells), sep="\n")
    results.mkdir(parents=True, exist_ok=True)
    plot = results / "growth.svg"
    plot.write_text(sweep.growth(cells), encoding="utf-8")
    page.print(f"How the cost grows: {plot}")


@contextmanager
def _progress(steps: int, what: str) -> Iterator[Callable[[], object]]:
    """A bar on the terminal while something is measured; what it gives moves the bar on."""
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=steps)
        yield lambda: bar.advance(task)


if __name__ == "__main__":
    main()
