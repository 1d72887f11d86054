"""`callboard plan`: place everything, then improve."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.common import (
    STDIN,
    BadInput,
    complaints,
    console,
    counted,
    json_line,
    output_format,
    read_conference,
    say_left_out,
    say_warnings,
    time_limit,
    write_output,
)
from webapp.commands.repair import ended_by_ctrl_c

if TYPE_CHECKING:
    from solver.plan import Plan, Progress
    from webapp.schemas import Imported

STATUS = {"complete": 0, "infeasible": 1, "partial": 3}


@click.command()
@click.argument("file")
@click.option("--from-scratch", is_flag=True, help="Place all that is not pinned anew, wherever it was.")
@time_limit("Stop then, with the best found.")
@click.option("--seed", default=0, show_default=True, help="Search in another order.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "-o", "--output", metavar="PLANNED", help="Write the planned schedule, in FILE's format or what the suffix says."
)
def plan(file: str, from_scratch: bool, time_limit: float, seed: int, as_json: bool, output: str | None) -> int:
    """Place every session of FILE without a violation, then improve the schedule by what people prefer.

    The time limit is used up unless nothing can be better.  Exit status 0: everything is placed; 3: some sessions are
    not; 1: not everything can be placed, and that is proved.
    """
    if output == STDIN and as_json:
        raise BadInput("standard output: it cannot take both the JSON answer and the planned schedule")
    imported = read_conference(file)
    say_warnings(imported, file)
    with ended_by_ctrl_c(), _progress(time_limit) as progress:
        from solver.countdown import countdown
        from solver.plan import plan as solve

        found = solve(
            imported.conference,
            imported.schedule,
            from_scratch=from_scratch,
            seed=seed,
            remaining=countdown(time_limit),
            progress=progress,
        )
    written = output is not None and found.status != "infeasible"
    if output is not None and written:
        _write(output, imported, found)
    if as_json:
        json_line(_json(imported, found))
    elif output != STDIN:
        _print(imported, found)
        if written:
            console(err=True).print(f"written to {output}")
    return STATUS[found.status]


def _json(imported: Imported, found: Plan) -> dict[str, Any]:
    from webapp.schemas import violation_json

    return {
        "status": found.status,
        "placed": len(found.schedule),
        "unplaced": list(found.unplaced),
        "moved": found.moved,
        "objective": found.objective,
        "bound": found.bound,
        "costs": dict(found.costs),
        "violations": [violation_json(imported.conference, one, camel=False, offset=False) for one in found.violations],
        "reasons": list(found.reasons),
        "first_complete": None if found.first_complete is None else round(found.first_complete, 6),
        "seconds": round(found.seconds, 6),
    }


def _write(output: str, imported: Imported, found: Plan) -> None:
    from webapp.schemas import write_document

    format = output_format(output, imported.format)
    with complaints():
        data = write_document(format, imported.conference, dict(found.schedule), imported.carried)
    write_output(output, data)
    say_left_out(format, imported.conference, found.schedule)


@contextmanager
def _progress(seconds: float) -> Iterator[Callable[[Progress], None] | None]:
    """A bar on a terminal's standard error that runs with the time, and says how good the best plan is."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    out = console(err=True)
    if not out.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as bars:
        bar = bars.add_task("Placing …", total=seconds)

        def tell(progress: Any) -> None:
            if progress.unplaced:
                said = f"{counted(progress.unplaced, 'session')} unplaced"
            else:
                said = f"{progress.objective} points, at least {progress.bound}"
            bars.update(bar, completed=progress.seconds, description=said)

        yield tell


def _print(imported: Imported, found: Plan) -> None:
    out = console()
    sessions = len(imported.conference.sessions)
    match found.status:
        case "complete":
            out.print(f"✓ all {counted(sessions, 'session')} placed", style="green")
        case "partial":
            out.print(f"? {len(found.schedule)} of {counted(sessions, 'session')} placed in this time", style="yellow")
            for one in found.unplaced:
                out.print(f"  unplaced: {imported.conference.session[one].label}")
        case "infeasible":
            out.print("✗ not everything can be placed, and that is proved", style="red")
            for reason in found.reasons:
                out.print(f"  {reason}")
            return
    out.print(
        f"{counted(found.moved, 'session')} moved; {found.objective} points, "
        f"no complete plan has fewer than {found.bound} ({found.seconds:.1f} s)"
    )
    for name, points in found.costs.items():
        if points:
            out.print(f"  {name.ljust(14)} {points}")


COMMANDS = {"plan": plan}
