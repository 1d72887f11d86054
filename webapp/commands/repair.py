"""`callboard repair`: minimal repairs, with proof."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

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
    read_edit_file,
    say_left_out,
    say_warnings,
    spoken,
    time_limit,
    write_output,
)

if TYPE_CHECKING:
    from solver.answer import Answer, Progress, Repair, RepairMove
    from solver.conference import Conference, Placement
    from solver.edits import Edited
    from webapp.schemas import Imported

STATUS = {
    "nothing_to_repair": 0,
    "proved_minimal": 0,
    "infeasible": 1,
    "proved_moved": 3,
    "best_found": 3,
    "unknown": 3,
}
INTERRUPTED = 130
PROVED = {
    "moved+price": "proved: {}no repair is better",
    "moved": "proved: {}no repair moves fewer",
    "no": "not proved",
}


@click.command()
@click.argument("file")
@click.option("--edits", "edits_file", metavar="EDITS", help="Make these edits first; what they place stays.")
@click.option("--alternatives", default=1, type=click.IntRange(1, 100), help="At most so many repairs.  [default: 1]")
@time_limit("Stop then, with the best found and its bounds.")
@click.option(
    "--scope",
    type=click.Choice(["all", "edit"]),
    default="all",
    help="Repair everything, or only what the edits touch.  [default: all]",
)
@click.option("--place", is_flag=True, help="Place unplaced sessions too.")
@click.option(
    "--engine", type=click.Choice(["auto", "cp_sat"]), default="auto", help="The search to use.  [default: auto]"
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "-o",
    "--output",
    metavar="REPAIRED",
    help="Write the repaired schedule, in FILE's format or what the suffix says.",
)
def repair(
    file: str,
    edits_file: str | None,
    alternatives: int,
    time_limit: float,
    scope: str,
    place: bool,
    engine: str,
    as_json: bool,
    output: str | None,
) -> int:
    """Find the fewest moves that leave no violation in FILE."""
    from webapp.schemas import answer_json, apply_edits

    if file == STDIN == edits_file:
        raise BadInput("standard input: it cannot be both the file and the edits")
    if output == STDIN and as_json:
        raise BadInput("standard output: it cannot take both the JSON answer and the repaired schedule")
    imported = read_conference(file)
    conference, schedule = imported.conference, imported.schedule
    edits = [] if edits_file is None else read_edit_file(edits_file, conference, schedule)
    with complaints():
        edited = apply_edits(conference, schedule, edits, name=spoken(edits_file or ""))
    say_warnings(imported, file)

    with ended_by_ctrl_c(), _progress() as progress:
        from solver.countdown import countdown
        from solver.repair import repair as solve

        answer = solve(
            conference,
            schedule,
            edits,
            alternatives=alternatives,
            remaining=countdown(time_limit),
            scope="edit" if scope == "edit" else "all",
            place=place,
            engine="cp_sat" if engine == "cp_sat" else "auto",
            progress=progress,
        )
    written = output is not None and _write(output, imported, edited, answer)
    if as_json:
        json_line(answer_json(edited.conference, answer, camel=False, offset=False))
    elif output != STDIN:
        _print(edited.conference, answer)
        if written:
            console(err=True).print(f"written to {output}")
    return STATUS[answer.status]


def _write(output: str, imported: Imported, edited: Edited, answer: Answer) -> bool:
    """Write the schedule with the first repair in it; nothing where there is none."""
    from webapp.schemas import write_document

    if not answer.repairs and answer.status != "nothing_to_repair":
        return False
    schedule: dict[str, Placement] = dict(edited.schedule)
    for move in answer.repairs[0].moves if answer.repairs else ():
        schedule[move.session] = move.target
    format = output_format(output, imported.format)
    with complaints():
        data = write_document(format, edited.conference, schedule, imported.carried)
    write_output(output, data)
    say_left_out(format, edited.conference, schedule)
    return True


@contextmanager
def ended_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the command at once, also while CP-SAT holds the signal's handler for itself.

    The signal waits for one thread alone; threads that libraries start inside the block inherit that, so that
    no handler of theirs is ever run.  Load such libraries inside it.
    """
    over = Event()

    def watch() -> None:
        while not over.is_set():
            if signal.sigtimedwait({signal.SIGINT}, 0.1) is not None:
                console(err=True).show_cursor()
                os._exit(INTERRUPTED)

    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _progress() -> Iterator[Callable[[Progress], None] | None]:
    """A line on a terminal's standard error that says how far the search has come."""
    out = console(err=True)
    if not out.is_terminal:
        yield None
        return
    with out.status("Looking for the smallest repair …") as line:

        def tell(progress: Progress) -> None:
            best = "none yet" if progress.moved is None else counted(progress.moved, "move")
            line.update(
                f"best: {best} · at least {counted(progress.moved_lower_bound, 'move')} · {progress.seconds:.0f} s"
            )

        yield tell


def _print(conference: Conference, answer: Answer) -> None:
    out = console()
    before = f"{counted(answer.violations_before, 'violation')} before ({answer.seconds:.3f} s)"
    bound = f"at least {counted(answer.moved_lower_bound or 0, 'move')}"
    out.print(before, style="bold")
    match answer.status:
        case "nothing_to_repair":
            out.print("✓ nothing to repair", style="green")
        case "infeasible":
            out.print("✗ no repair exists, and that is proved", style="red")
            for reason in answer.reasons:
                out.print(f"  {reason}")
        case "unknown":
            out.print(f"? the time ran out with nothing in hand; it takes {bound}", style="yellow")
        case "best_found":
            out.print(f"? the time ran out; this is the best found, and it takes {bound}", style="yellow")
    for number, one in enumerate(answer.repairs, 1):
        _print_repair(conference, one, number, len(answer.repairs))


def _print_repair(conference: Conference, one: Repair, number: int, of: int) -> None:
    out = console()
    which = f"Repair {number}" if of > 1 else "Repair"
    style = "yellow" if one.proved == "no" else "green"
    proved = PROVED[one.proved].format("apart from those above, " if number > 1 else "")
    out.print(f"{which}: {counted(one.moved, 'move')}, price {one.price} ({proved})", style=style)
    for move in one.moves:
        out.print(f"  {_said(conference, move)}")


def _said(conference: Conference, move: RepairMove) -> str:
    session = conference.session[move.session]
    origin = "unplaced" if move.origin is None else _place(conference, move.origin)
    return f"{session.label}: {origin} → {_place(conference, move.target)}"


def _place(conference: Conference, placement: Placement) -> str:
    return f"{conference.clock.spoken(placement.start)} {conference.room[placement.room].label}"


COMMANDS = {"repair": repair}
